"""Ready indicators: complete, computable, taken over under other names, explained, compared with forms."""

import dataclasses
import json

import numpy as np
import pytest
import yaml

from tests.registry_answers import registry_dataset
from xzz_analysis.cli import main
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.needs.answerable import computable, unknown_options
from xzz_analysis.needs.indicator import DOMAINS, KINDS, Indicator, item, read_indicators
from xzz_analysis.needs.policy import read_crosswalk
from xzz_analysis.needs.registry import canonical_questions, coverage, describe, explain, find, indicators, take
from xzz_analysis.needs.registry.explaining import FIELDS
from xzz_analysis.needs.rewriting import numbers_named, options_named, renamed
from xzz_analysis.study import open_study
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import estimate_means, estimate_ratios, estimate_shares

SIZE = 400
READY = indicators()
DATA = registry_dataset(SIZE)
TOLD = ("label", "definition", "recall", "respondent", "cutoff_source", "licence", "evidence")
DECLARED = {"base", "missing", "direction", "version", "unit", "kind", "domain", "policy"}


def form_of(names: list[str], **changed: Question) -> Form:
    """A form that asks some of the registry's questions, some of them in its own way."""
    asked = {name: canonical_questions()[name].question() for name in names}
    return Form("f", "1", ("zh",), asked | changed, (), ())


def taken(**entry) -> Indicator:
    made, findings = take(entry, "indicators.yml: x")
    assert findings == []
    return made


def refused(**entry) -> list:
    made, findings = take(entry, "indicators.yml: x")
    assert made is None
    return findings


# ------------------------------------------------------------------ what is in it


def test_there_are_enough_indicators_of_every_domain_and_kind():
    assert len(READY) >= 60
    assert {one.domain for one in READY} == set(DOMAINS)
    assert min(sum(one.domain == domain for one in READY) for domain in DOMAINS) >= 15
    assert {one.kind for one in READY} == set(KINDS)
    assert {one.statistic for one in READY} == {"share", "mean", "ratio", "rank"}
    assert len({one.id for one in READY}) == len(READY)


def test_one_domain_is_listed_and_an_unknown_one_named():
    assert {one.domain for one in indicators("health")} == {"health"}
    with pytest.raises(InputError, match="did you mean 'health'"):
        indicators("helth")


@pytest.mark.parametrize("one", READY, ids=lambda one: one.id)
def test_every_field_is_there_in_both_languages(one):
    for name in TOLD:
        text = getattr(one, name)
        assert set(text) == {"zh", "en"}, name
        assert all(part.strip() for part in text.values()), name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text["zh"]), name
    assert set(one.model_fields_set) >= DECLARED - {"base"}
    assert one.unit in ("child", "family")
    assert one.ages or one.unit == "family"


@pytest.mark.parametrize("one", READY, ids=lambda one: one.id)
def test_what_was_written_from_memory_says_so(one):
    for name in ("cutoff_source", "licence", "evidence"):
        text = getattr(one, name)
        doubtful = "凭记忆" in text["zh"] or "请核对" in text["zh"]
        assert doubtful == (name in one.to_check), name
        assert ("to be checked" in text["en"]) == doubtful, name


@pytest.mark.parametrize("one", [one for one in READY if one.unit == "child"], ids=lambda one: one.id)
def test_the_base_of_a_child_keeps_to_the_declared_ages(one):
    low, high = one.ages
    assert "${age" in one.base
    data = registry_dataset(SIZE, missing=0)
    years = data.unit("child").values["age"].to_numpy()
    months = data.unit("child").values["age_months"].to_numpy() / 12
    age = months if "age_months" in one.base else years
    inside = item(one, data, np.ones(SIZE, bool)).reasons if not one.rank else None
    column = item(one, data, np.ones(SIZE, bool)).y
    measured = ~np.isnan(column)
    assert inside is not None
    assert measured.any()
    assert age[measured].min() >= low
    assert np.floor(age[measured].max()) <= high


def test_every_question_is_explained_and_used():
    used = {name for one in READY for name in one.questions()}
    assert used == set(canonical_questions())
    for name, question in canonical_questions().items():
        assert question.options or question.kind in ("integer", "decimal"), name
        assert len(question.range) == 2 or question.options, name


@pytest.mark.parametrize("one", READY, ids=lambda one: one.id)
def test_every_option_is_one_of_its_question(one):
    questions = {name: asked.question() for name, asked in canonical_questions().items()}
    assert unknown_options(one, questions) == []
    assert {questions[name].kind for name in one.questions()} <= {
        "select_one",
        "select_multiple",
        "integer",
        "decimal",
    }
    assert all(canonical_questions()[name].unit in (one.unit, "family") for name in one.questions())


def test_policy_tags_name_what_the_crosswalk_knows():
    tagged = read_crosswalk().with_tags({one.id: one.policy for one in READY})
    assert tagged.link("edu_no_kindergarten").national == ["early_years"]
    assert all(one.policy for one in READY)


# ------------------------------------------------------------------ computed


@pytest.mark.parametrize("one", [one for one in READY if not one.rank], ids=lambda one: one.id)
def test_every_indicator_can_be_computed(one):
    assert computable(one, DATA) == ""
    column = item(one, DATA, np.ones(SIZE, bool))
    assert (~np.isnan(column.y)).sum() > 0
    assert (column.reasons[~np.isnan(column.y)] == Reason.ANSWERED).all() or one.over
    estimate = {"share": estimate_shares, "mean": estimate_means, "ratio": estimate_ratios}[one.statistic]
    row = estimate(Sample(DATA.unit(one.unit).values), [column], None).iloc[0]
    assert row["n"] > 0
    assert np.isfinite(row["estimate"])


def test_an_indicator_of_ranks_says_how_it_is_estimated():
    one = find("sup_priorities")
    assert (one.statistic, one.questions()) == ("rank", ["help_first", "help_second", "help_third"])
    assert computable(one, DATA) == ""
    with pytest.raises(InputError, match=r"priorities\(sample, \['help_first'"):
        item(one, DATA, np.ones(SIZE, bool))


def test_a_scale_with_a_cut_off_is_the_share_beyond_it():
    score, share = (
        item(find(name), DATA, np.ones(SIZE, bool)) for name in ("health_wellbeing", "health_wellbeing_low")
    )
    known = ~np.isnan(share.y)
    np.testing.assert_array_equal(share.y[known], (score.y <= 50)[known])
    assert (np.isnan(share.y) == np.isnan(score.y)).all()
    assert known.sum() > 20


# ------------------------------------------------------------------ taken over


def test_an_indicator_is_taken_over_under_the_studys_names():
    made = taken(use="edu_out_of_school", questions={"enrolment": "q12"}, options={"enrolment": {"none": "3"}})
    assert made.need == "${q12} = '3'"
    assert made.base == "${age} >= 6 and ${age} <= 15"
    assert (made.id, made.version, made.label) == ("edu_out_of_school", 1, find("edu_out_of_school").label)


def test_several_options_may_mean_one():
    made = taken(use="edu_no_public_place", options={"enrolment": {"private": ["3", "4"], "none": ["8", "9"]}})
    assert made.need == "${enrolment} = '3' or ${enrolment} = '4'"
    assert made.base.endswith("and (${enrolment} != '8' and ${enrolment} != '9')")


def test_bare_yes_and_no_of_yaml_are_options():
    entry = yaml.safe_load("{use: live_no_contract, options: {contract: {no: [2]}, job: {employee: 1, platform: 2}}}")
    made = taken(**entry)
    assert made.need == "${contract} = '2'"
    assert "${job} = '1' or ${job} = '2' or ${job} = 'casual'" in made.base


def test_scales_growth_and_ranks_are_renamed_too():
    assert taken(use="sup_priorities", questions={"help_first": "r1"}).rank == ["r1", "help_second", "help_third"]
    grown = taken(use="health_stunted", questions={"sex": "s", "height_cm": "h"}, options={"sex": {"male": "1"}})
    assert grown.growth.sex == "if(${s} = '1', 'male', if(${s} = 'female', 'female', ''))"
    assert (grown.growth.value, grown.growth.age) == ("${h}", "${age_months}")
    assert taken(use="health_wellbeing", questions={"who5_3": "w3"}).scale.items[2] == "${w3}"


def test_what_a_study_says_in_its_own_way_stands():
    label = {"zh": "没上学", "en": "Not at school"}
    made = taken(use="edu_out_of_school", label=label, base="${q1} > 6", missing={"DONT_KNOW": "need"}, version=2)
    assert (made.label, made.base, made.missing, made.version) == (label, "${q1} > 6", {"DONT_KNOW": "need"}, 2)
    assert taken(use="edu_out_of_school", unit="pupil").unit == "pupil"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"use": "edu_out_of_schol"}, "did you mean 'edu_out_of_school'"),
        (
            {"use": "edu_absent", "questions": {"absent_day": "q"}},
            "no question 'absent_day'; did you mean 'absent_days'",
        ),
        (
            {"use": "edu_absent", "options": {"enrolment": {"non": "3"}}},
            "'non' of 'enrolment'; did you mean 'none'",
        ),
        ({"use": "edu_absent", "version": 0, "label": {"zh": "缺课"}}, "no text in en"),
        ({"use": "edu_absent", "need": "${x} > 0"}, "unknown key 'need'"),
        ({"use": "edu_absent", "missing": {"BLANK": "no_need"}}, "'exclude' or 'need'"),
    ],
)
def test_a_use_that_points_nowhere_is_named(entry, said):
    assert said in str(refused(**entry)[0])


def test_a_version_below_the_registrys_is_refused(monkeypatch):
    newer = [one.model_copy(update={"version": 3}) for one in READY]
    monkeypatch.setattr("xzz_analysis.needs.registry.taking.indicators", lambda: newer)
    (finding,) = refused(use="edu_absent", version=2)
    assert (finding.rule, "below the registry's 3" in finding.message) == ("version_below", True)
    assert taken(use="edu_absent").version == 3


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    with pytest.raises(SystemExit):
        main(["init", str(folder), "--quiet"])

    def opened(text: str):
        (folder / "indicators.yml").write_text(text, encoding="utf-8")
        return open_study(folder)

    return opened


def test_a_study_lists_its_own_and_the_registrys(study):
    opened = study("- use: edu_out_of_school\n- {use: live_debt, version: 2}\n")
    assert [(one.id, one.version) for one in read_indicators(opened)] == [("edu_out_of_school", 1), ("live_debt", 2)]


def test_all_problems_of_a_studys_indicators_are_told_together(study):
    opened = study("- use: edu_absent\n- use: edu_absent\n- use: edu_absnt\n- {use: live_debt, unit: famly}\n")
    with pytest.raises(StudyError) as caught:
        read_indicators(opened)
    assert {finding.rule for finding in caught.value.findings} == {"duplicate_id", "unknown_name"}
    text = str(caught.value)
    assert "'edu_absent' is declared 2 times" in text
    assert "did you mean 'edu_absent'" in text
    assert "did you mean 'family'" in text


# ------------------------------------------------------------------ names in expressions


def test_names_are_found_as_names_and_never_as_text():
    text = "${q1} = 'q1' and not(selected(${q12}, 'q1')) and ${q1} > 'q1'"
    assert renamed(text, {"q1": "z"}) == "${z} = 'q1' and not(selected(${q12}, 'q1')) and ${z} > 'q1'"
    assert renamed(text, {}, {"q12": {"q1": ["9"]}}) == "${q1} = 'q1' and not(selected(${q12}, '9')) and ${q1} > 'q1'"
    assert options_named(text) == {"q1": ["q1"], "q12": ["q1"]}
    assert renamed(text, {"other": "x"}) is text


def test_a_number_that_is_an_option_is_renamed_as_one():
    assert renamed("${job} = 3", {}, {"job": {"3": ["employee"]}}) == "${job} = 'employee'"
    assert options_named("selected-at(${r}, 0) = 'a' or 'b' != ${r}") == {"r": ["a", "b"]}


def test_what_is_compared_by_size_has_to_be_a_number():
    assert numbers_named("if(${a} > 3, ${b}, round(${c}, 1)) or ${d} = 4") == ["a", "c"]
    assert numbers_named("${x}", whole=True) == ["x"]


# ------------------------------------------------------------------ beside a form


def row_of(table, name):
    return table.set_index("indicator").loc[name]


def test_a_form_that_asks_everything_can_answer_everything():
    table = coverage(form_of([*canonical_questions()]))
    assert table["computable"].all()
    assert (table[["missing_questions", "missing_options", "wrong_kind", "missing_unit"]] == "").all().all()


def test_missing_questions_options_and_kinds_are_told():
    enrolment = Question("enrolment", "select_one", options=(Option("public"), Option("private")))
    absent = Question("absent_days", "select_one", options=(Option("few"), Option("many")))
    coded = Question("who5_1", "select_one", options=tuple(Option(str(code)) for code in range(1, 7)))
    names = ["age", *(f"who5_{place}" for place in range(1, 6))]
    table = coverage(form_of(names, enrolment=enrolment, absent_days=absent, who5_1=coded))
    assert row_of(table, "edu_out_of_school")["missing_options"] == "enrolment: none"
    assert row_of(table, "edu_absent")["wrong_kind"] == "absent_days: select_one"
    assert row_of(table, "edu_no_homework_help")["missing_questions"] == "homework_help"
    assert row_of(table, "health_wellbeing")["wrong_kind"] == "who5_1: 6"
    assert not table["computable"].any()


def test_a_form_of_children_alone_asks_nothing_of_families():
    table = coverage({"child": form_of([*canonical_questions()])})
    assert row_of(table, "live_debt")["missing_unit"] == "family"
    assert row_of(table, "edu_absent")["computable"]


def test_the_demonstration_answers_some_and_lacks_some(root):
    table = coverage(open_study(root / "data" / "demo"))
    able = set(table[table["computable"]]["indicator"])
    assert 30 <= len(able) < len(table)
    assert {"edu_out_of_school", "live_rent_share", "health_care_cost", "live_income_per_head"} <= able
    assert row_of(table, "edu_few_books")["missing_questions"] == "books"
    assert row_of(table, "edu_out_of_school")["declared"]
    forms = {unit: read_form(root / "data" / "demo" / "forms" / f"{unit}.xlsx") for unit in ("child", "family")}
    assert set(coverage(forms).query("computable")["indicator"]) == able


def test_a_study_is_compared_in_its_own_names(study):
    opened = study("- {use: edu_few_books, questions: {books: friends_count}}\n- use: edu_seldom_reads\n")
    table = coverage(opened)
    assert row_of(table, "edu_few_books")["missing_questions"] == "friends_count"
    assert row_of(table, "edu_seldom_reads")["missing_questions"] == "reading"


def test_an_option_that_is_not_offered_is_a_reason_and_no_need_of_nobody():
    short = dataclasses.replace(
        DATA.unit("child").questions["enrolment"], options=(Option("public"), Option("private"))
    )
    child = dataclasses.replace(DATA.unit("child"), questions=DATA.unit("child").questions | {"enrolment": short})
    data = dataclasses.replace(DATA, answers={**DATA.answers, "child": child})
    assert "has no option 'none'" in computable(find("edu_out_of_school"), data)


# ------------------------------------------------------------------ in words


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("one", READY, ids=lambda one: one.id)
def test_every_indicator_is_explained_in_full(one, language):
    told = explain(one.id, language)
    assert told["title"] == one.label[language]
    fields = [row["field"] for row in told["rows"]]
    assert fields == [name for name in FIELDS if name in fields]
    assert set(FIELDS) - set(fields) <= {"to_check", "ages"}
    assert all(row["text"].strip() for row in told["rows"])
    assert [question["name"] for question in told["questions"]] == one.questions()
    json.dumps(told)


def test_an_explanation_says_what_becomes_of_the_missing():
    texts = {row["field"]: row["text"] for row in explain("par_use_unknown", "en")["rows"]}
    others = "every other reason: left out of the base, and counted"
    assert texts["missing"] == f"Don't know: counted as having the need; {others}"
    assert texts["base"] == "everybody of the unit"
    assert texts["statistic"] == "share"


def test_a_studys_own_indicator_is_explained_too():
    both = {"zh": "甲", "en": "A"}
    own = Indicator(id="x", domain="health", kind="felt", unit="pet", label=both, definition=both, value="${weight}")
    told = describe(own, "zh")
    assert [row["field"] for row in told["rows"]][:2] == ["definition", "domain"]
    assert told["questions"] == [{"name": "weight", "kind": "", "wording": "", "note": "", "options": []}]


def test_an_unknown_id_is_told_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'edu_absent'"):
        explain("edu_abcent")


# ------------------------------------------------------------------ the command


def run(arguments, capsys) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        main(["indicators", *arguments])
    captured = capsys.readouterr()
    return caught.value.code, captured.out + captured.err


def test_the_command_lists_explains_and_checks(root, capsys):
    code, text = run(["--domain", "health"], capsys)
    assert not code
    assert "health_stunted" in text
    assert "edu_absent" not in text
    code, text = run([str(root / "data" / "demo")], capsys)
    assert "no   edu_few_books" in text
    assert "questions that are not asked: books" in text
    assert "can be computed" in text
    code, text = run(["--explain", "edu_absent", "--language", "zh"], capsys)
    assert "近30个上学日有缺课" in text
    assert "Example:" in run(["--help"], capsys)[1]


def test_the_command_writes_json_and_refuses_what_it_does_not_know(root, capsys):
    code, text = run([str(root / "data" / "demo" / "forms" / "child.xlsx"), "--json"], capsys)
    assert not code
    assert {row["indicator"]: row["computable"] for row in json.loads(text)}["edu_absent"]
    assert json.loads(run(["--explain", "edu_absent", "--json"], capsys)[1])["id"] == "edu_absent"
    code, text = run(["--domain", "helth"], capsys)
    assert code == 1
    assert "did you mean 'health'" in text
    code, text = run(["--explain", "edu_absnt"], capsys)
    assert code == 1
    assert "did you mean 'edu_absent'" in text
