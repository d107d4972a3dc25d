"""A study whose earlier round had another questionnaire: it stops, asks, and reads on once a person has decided."""

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml

import xzz_analysis as xzz
from xzz_analysis.cli import main
from xzz_analysis.errors import XzzError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.expression import evaluate
from xzz_analysis.intake.quality import missing_by_reason
from xzz_analysis.intake.quality.records import records_of
from xzz_analysis.intake.store import load, read_study
from xzz_analysis.needs.indicator import Indicator, item
from xzz_analysis.study import open_study
from xzz_analysis.survey.sampling import sample_of
from xzz_analysis.survey.tabulate import tabulate

RENAMED = {"sex": "gender", "性别": "孩子是男孩还是女孩？", "female": "girl", "male": "boy"}


def rewrite(path, target, change):
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = change(cell.value)
    book.save(target)


def run(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    return caught.value.code, captured.out + captured.err


@pytest.fixture
def study(tmp_path):
    """The demonstration, its first round of children asked with the sex named and worded otherwise."""
    folder = tmp_path / "study"
    with pytest.raises(SystemExit):
        main(["init", str(folder), "--quiet"])
    form, earlier = folder / "forms" / "child.xlsx", folder / "forms" / "child_2025Q2.xlsx"
    rewrite(form, earlier, lambda text: RENAMED.get(text, text.replace("select_one sex", "select_one gender")))
    for flavour in ("text", "number"):
        raw = folder / "raw" / f"2025Q2_child_{flavour}.xlsx"
        rewrite(raw, raw, lambda text: text.replace("3、性别", "3、孩子是男孩还是女孩？"))
    path = folder / "study.yml"
    text = path.read_text(encoding="utf-8")
    assert text.count("    form: forms/child.xlsx\n") == 1
    text = text.replace(
        "    form: forms/child.xlsx\n",
        "    form: forms/child.xlsx\n    forms: {2025Q2: forms/child_2025Q2.xlsx}\n",
    )
    path.write_text(text, encoding="utf-8")
    return folder


def sexes(folder):
    children = read_study(open_study(folder)).unit("child")
    return children.values.loc[children.rounds == "2025Q2", "sex"].value_counts().to_dict()


def test_a_change_that_nobody_decided_stops_with_the_question_named(study, capsys):
    with pytest.raises(XzzError) as caught:
        read_study(open_study(study))
    assert "crosswalk.yml" in str(caught.value)
    assert "gender" in str(caught.value)


def test_decided_once_the_rounds_are_one_question(study, demo_children, capsys):
    code, text = run(["crosswalk", str(study)], capsys)
    assert code in (0, None) and "wait for a decision" in text
    path = study / "crosswalk.yml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    (entry,) = written["child"]["2025Q2 to 2025Q4"]
    assert entry["question"] == "gender" and entry["confirmed"] is False
    entry |= {"becomes": "sex", "relation": "recoded", "options": {"girl": "female", "boy": "male"}, "confirmed": True}
    path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    once = demo_children["2025Q2"].drop_duplicates("child_id")
    assert sexes(study) == pd.Series(once["sex"]).value_counts().to_dict()


def test_a_study_with_one_questionnaire_needs_no_crosswalk(root, capsys):
    code, text = run(["crosswalk", str(root / "data" / "demo")], capsys)
    assert code == 2 and "names no form of an earlier round" in text


# --- an option that a round did not offer -------------------------------------------------------------------------

SMALL = """
id: small
title: {zh: 小样, en: Small}
publisher: {zh: 某站, en: A station}
population: {zh: 家庭, en: Families}
rounds:
  r1: {collected: [2025-05-01, 2025-05-31]}
  r2: {collected: [2025-11-01, 2025-11-30]}
tables:
  family:
    key: id
    reader: kobo
    form: form.md
    raw: {r1: r1.csv, r2: r2.csv}
    missing: {DONT_KNOW: [dk]}
design: {kind: nonprobability}
"""
FORM = """
| survey |
| | type | name | label::中文 (zh) |
| | text | id | 编号 |
| | select_multiple help | help | 需要哪些帮助 |
| choices |
| | list_name | name | label::中文 (zh) |
| | help | food | 食物 |
| | help | tutor | 辅导 |
| | help | clinic | 体检 |
| | help | dk | 不知道 |
"""
WITHOUT = FORM.replace("| | help | tutor | 辅导 |\n", "")


@pytest.fixture
def small(tmp_path):
    """Write a study of two rounds and read it; a form of its own for the first round is optional."""

    def read(first, second, earlier=""):
        (tmp_path / "form.md").write_text(FORM, encoding="utf-8")
        text = SMALL
        if earlier:
            (tmp_path / "earlier.md").write_text(earlier, encoding="utf-8")
            text = text.replace("    form: form.md\n", "    form: form.md\n    forms: {r1: earlier.md}\n")
        for name, raw in (("study.yml", text), ("r1.csv", first), ("r2.csv", second)):
            (tmp_path / name).write_text(raw, encoding="utf-8")
        return open_study(tmp_path)

    return read


def told(study, column="help/tutor"):
    answers = read_study(study).unit("family")
    return answers.values[column].tolist(), [Reason(code).name for code in answers.reasons[column]]


FIRST = "id,help/food,help/clinic\n1,1,0\n2,0,1\n3,,\n"
SECOND = "id,help/food,help/tutor,help/clinic\n1,1,1,0\n2,0,0,1\n3,,,\n"


def test_an_option_without_a_column_was_not_offered(small):
    values, reasons = told(small(FIRST, SECOND))
    assert reasons == ["NOT_ASKED"] * 3 + ["ANSWERED", "ANSWERED", "BLANK"]
    np.testing.assert_array_equal(values, [np.nan, np.nan, np.nan, 1, 0, np.nan])


def test_the_other_options_of_the_question_stay_answered_and_the_question_keeps_its_reason(small):
    answers = read_study(small(FIRST, SECOND)).unit("family")
    assert [Reason(code).name for code in answers.reasons["help/food"][:3]] == ["ANSWERED", "ANSWERED", "BLANK"]
    assert answers.reasons_of("help").tolist() == [0, 0, 2, 0, 0, 2]
    (note,) = [finding for finding in answers.findings if finding.rule == "option_not_asked"]
    assert (note.where, note.severity, note.count) == ("r1.csv", "note", 1) and note.message.endswith("help/tutor")


def test_an_option_that_the_round_s_own_form_lacks_was_not_offered(small):
    study = small("id,help\n1,food\n2,clinic\n3,\n", "id,help\n1,food tutor\n2,clinic\n3,\n", WITHOUT)
    decide(study)
    values, reasons = told(study)
    assert reasons == ["NOT_ASKED"] * 3 + ["ANSWERED", "ANSWERED", "BLANK"]
    assert values[3:5] == [1, 0]
    assert [option.name for option in read_study(study).question("family", "help").options] == [
        "food", "tutor", "clinic"
    ]  # fmt: skip


def decide(study):
    """Confirm everything that the crosswalk asks."""
    with pytest.raises(SystemExit):
        main(["crosswalk", str(study.folder), "--quiet"])
    path = study.settings.crosswalk
    path.write_text(path.read_text(encoding="utf-8").replace("confirmed: no", "confirmed: yes"), encoding="utf-8")


def test_an_option_that_the_newest_round_dropped_comes_last(small):
    study = small(SECOND, FIRST)
    values, reasons = told(study)
    assert reasons == ["ANSWERED", "ANSWERED", "BLANK"] + ["NOT_ASKED"] * 3 and values[:2] == [1, 0]


def test_an_empty_column_among_columns_of_0_and_1_was_not_offered(small):
    assert told(small("id,help/food,help/tutor\n1,1,\n2,0,\n", SECOND))[1][:2] == ["NOT_ASKED"] * 2


def test_an_empty_column_among_columns_of_ticks_was_offered_and_never_chosen(small):
    values, reasons = told(small("id,help/food,help/tutor\n1,1,\n2,1,\n", SECOND))
    assert (values[:2], reasons[:2]) == ([0, 0], ["ANSWERED", "ANSWERED"])


def test_a_declared_code_in_the_columns_of_options_is_the_question_s_reason(small):
    _, reasons = told(small(FIRST, "id,help/food,help/tutor\n1,dk,dk\n2,0,1\n"))
    assert reasons[3:] == ["DONT_KNOW", "ANSWERED"]


@pytest.mark.parametrize("verb", [xzz.share, xzz.multiple, tabulate])
def test_a_share_of_an_option_has_those_who_were_offered_it_as_its_base(small, verb):
    study = small(FIRST, SECOND)
    dataset = read_study(study)
    asked = [dataset.question("family", "help")] if verb is tabulate else "help"
    rows = {}
    for name in study.rounds:
        found = verb(sample_of(study, dataset, "family", name), asked)
        rows[name] = found[(found["option"] == "tutor") & (found["statistic"] == "share")].to_dict("records")
    (after,) = rows["r2"]
    assert (after["estimate"], after["n"], after["n_blank"], after["n_not_asked"]) == (0.5, 2, 1, 0)
    for before in rows["r1"]:
        assert np.isnan(before["estimate"]) and (before["n"], before["n_not_asked"]) == (0, 3)
        assert before["reason"] == "nobody_answered"
    assert len(rows["r1"]) == (0 if verb is xzz.multiple else 1)


def test_the_other_options_keep_their_base(small):
    study = small(FIRST, SECOND)
    found = xzz.multiple(sample_of(study, read_study(study), "family", "r1"), "help", exclusive="tutor")
    shares = found[found["statistic"] == "share"].set_index("option")
    assert shares["estimate"].to_dict() == {"food": 0.5, "clinic": 0.5} and (shares["n_blank"] == 1).all()


@pytest.mark.parametrize(
    ("need", "measured"),
    [
        ("selected(${help}, 'tutor')", [None, None, None, 1, 0, None]),
        ("selected(${help}, 'food')", [1, 0, None, 1, 0, None]),
        ("selected(${help}, 'food') or selected(${help}, 'tutor')", [1, None, None, 1, 0, None]),
        ("count-selected(${help}) > 1", [0, 0, None, 1, 0, None]),
    ],
)
def test_an_indicator_of_an_option_is_unknown_where_it_was_not_offered(small, need, measured):
    dataset = read_study(small(FIRST, SECOND))
    words = {"zh": "需要", "en": "Need"}
    indicator = Indicator(
        id="a", domain="support", kind="felt", unit="family", label=words, definition=words, need=need
    )
    found = item(indicator, dataset, np.ones(6, bool))
    assert [None if np.isnan(one) else one for one in found.y] == measured
    reasons = [Reason(code).name for code in found.reasons]
    assert [reasons[2], reasons[5]] == ["BLANK", "BLANK"]
    assert {reasons[row] for row in (0, 1) if measured[row] is None} <= {"NOT_ASKED"}


HOUSING = """
| survey |
| | type | name | label::中文 (zh) |
| | text | id | 编号 |
| | select_one home | home | 住在哪里 |
| choices |
| | list_name | name | label::中文 (zh) |
| | home | own | 自己的房子 |
| | home | rent | 租房 |
| | home | site | 工地 |
"""


@pytest.fixture
def housing(small):
    """The first round did not offer ``site``; somebody left the question empty."""
    study = small(
        "id,home\n1,own\n2,rent\n3,\n",
        "id,home\n1,site\n2,rent\n3,\n",
        HOUSING.replace("| | home | site | 工地 |\n", ""),
    )
    (study.folder / "form.md").write_text(HOUSING, encoding="utf-8")
    decide(study)
    return study


def test_an_option_of_one_answer_that_a_round_did_not_offer_is_told(housing):
    answers = read_study(housing).unit("family")
    assert {column: rows.tolist() for column, rows in answers.unoffered.items()} == {
        "home/site": [True] * 3 + [False] * 3
    }
    reasons = answers.reasons_of_options()["home/site"]
    assert [Reason(code).name for code in reasons] == ["NOT_ASKED"] * 3 + ["ANSWERED", "ANSWERED", "BLANK"]
    assert [Reason(code).name for code in answers.reasons_of("home")] == ["ANSWERED", "ANSWERED", "BLANK"] * 2
    (note,) = [finding for finding in answers.findings if finding.rule == "option_not_asked"]
    assert (note.where, note.count) == ("r1.csv", 1) and note.message.endswith("home/site")


def test_the_store_keeps_what_was_not_offered(housing):
    assert load(housing).unit("family").unoffered.equals(load(housing).unit("family").unoffered)
    assert load(housing).unoffered("family", "home")["site"].tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("${home} = 'site'", [-1, -1, -1, 1, 0, -1]),
        ("${home} != 'site'", [-1, -1, -1, 0, 1, -1]),
        ("'site' = ${home}", [-1, -1, -1, 1, 0, -1]),
        ("selected(${home}, 'site')", [-1, -1, -1, 1, 0, -1]),
        ("${home} = 'rent'", [0, 1, -1, 0, 1, -1]),
    ],
)
def test_whether_an_option_of_one_answer_was_chosen_is_unknown_where_it_was_not_offered(housing, text, truth):
    dataset = read_study(housing)
    assert evaluate(text, dataset.bindings("family"), 6).truth().tolist() == truth
    second = np.arange(6) > 2
    assert evaluate(text, dataset.bindings("family", second), 3).truth().tolist() == truth[3:]


def test_checks_of_quality_see_the_options_that_the_round_offered(small):
    answers = read_study(small(FIRST, SECOND)).unit("family")
    keys = pd.Series([f"k{row}" for row in range(6)], dtype="str")
    first, second = (records_of(answers, name, keys) for name in ("r1", "r2"))
    assert [option.name for option in first.questions["help"].options] == ["food", "clinic"]
    assert len(second.questions["help"].options) == 3
    assert (first.coded.codes >= 0).sum() == 2
    assert missing_by_reason(answers, "r1").set_index("question").loc["help", ["answered", "blank"]].tolist() == [2, 1]
