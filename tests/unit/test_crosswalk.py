"""The crosswalk: what two codebooks say, what a person decides, and what becomes of an earlier round's export."""

from dataclasses import replace

import pandas as pd
import pytest

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.rounds import (
    apply,
    check,
    codebook,
    comparable,
    draft,
    read_crosswalks,
    write_crosswalks,
)
from xzz_analysis.intake.rounds.logic import translate
from xzz_analysis.intake.rounds.wording import compare, plain
from xzz_analysis.survey.change.comparability import read_crosswalk


def options(**labels):
    return tuple(Option(name.removeprefix("_"), {"zh": label}) for name, label in labels.items())


def form(*questions):
    return Form("问卷", "1", ("zh",), {one.name: one for one in questions}, (), ())


TENURE = Question("tenure", "select_one", {"zh": "您家现在的住房是"}, options(rent="租房", own="自有", other="其他"))
HELP = Question(
    "help", "select_multiple", {"zh": "您家最需要哪些帮助？"}, options(tutor="辅导", health="体检", none="都不需要")
)
INCOME = Question("income", "integer", {"zh": "过去一个月的总收入是多少元？"})
RENT = Question("rent", "integer", {"zh": "每月房租多少元？"}, relevant=("${tenure} = 'rent'",))


def with_options(question, *listed, **parts):
    return replace(question, options=tuple(Option(name, {"zh": label}) for name, label in listed), **parts)


def only(earlier, later):
    (entry,) = draft(form(earlier), form(later)).entries
    return entry


def export(earlier, **columns):
    return Export("q2.csv", pd.DataFrame(columns, dtype=str), earlier)


# --- wordings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1、您的孩子 上学吗？", "3．你的孩子上学吗"),
        ("请问家里有几口人？", "家里有几口人?"),
        ("其他（请注明）____", "其他"),
        ("3–5岁", "３-5岁"),
        ("爸爸、妈妈", "爸爸，妈妈"),
        ("哪些帮助？【多选题】", "哪些帮助？（可多选）"),
        ("Don't know", "don’t  know."),
        ("<b>孩子</b>几岁", "*孩子几岁"),
    ],
)
def test_what_cannot_matter(first, second):
    assert compare({"zh": first}, {"zh": second}, numbered=True).change == "none"


@pytest.mark.parametrize(
    ("first", "second", "aspect"),
    [
        ("孩子上学吗", "孩子没上学吗", "negation"),
        ("过去一个月的收入", "过去一年的收入", "time"),
        ("Income in the past month", "Income in the past year", "time"),
        ("收入多少元", "收入多少万元", "unit"),
        ("父亲的学历", "母亲的学历", "asked"),
        ("3个月以上", "6个月以上", "number"),
        ("至少去过一次", "去过一次", "amount"),
        ("收入增加了吗", "收入减少了吗", "direction"),
        ("He did see a doctor", "He didn't see a doctor", "negation"),
    ],
)
def test_words_that_change_a_meaning(first, second, aspect):
    found = compare({"zh": first}, {"zh": second})
    assert found.change == "some" and aspect in found.aspects


@pytest.mark.parametrize(("first", "second"), [("US", "us"), ("1.5小时", "5小时"), ("1.", "2."), ("12", "1、2")])
def test_small_differences_that_matter(first, second):
    assert plain(first, numbered=True) != plain(second, numbered=True)


# --- draft --------------------------------------------------------------------------------------------------


def test_the_same_form_needs_nobody():
    same = form(TENURE, HELP, INCOME, RENT)
    drafted = draft(same, same)
    assert all(entry.trivial for entry in drafted.entries) and not drafted.added


def test_renamed_is_certain_and_its_name_elsewhere_is_said():
    drafted = draft(form(TENURE, INCOME), form(replace(INCOME, name="tenure"), replace(TENURE, name="home")))
    assert {entry.question: entry.becomes for entry in drafted.entries} == {"tenure": "home", "income": "tenure"}
    assert not drafted.undecided
    assert "name belongs to another question" in drafted.by_question["tenure"].reason["en"]


def test_shifted_codes_follow_the_wording():
    earlier = with_options(TENURE, ("1", "租房"), ("2", "自有"), ("3", "其他"))
    entry = only(earlier, with_options(TENURE, ("1", "自有"), ("2", "租房"), ("3", "其他")))
    assert entry.mapping() == {"1": "2", "2": "1", "3": "3"}
    assert entry.confirmed and entry.relation == "recoded" and "codes of options shifted" in entry.reason["en"]


def test_names_that_speak_and_moved_wait_for_a_person():
    entry = only(with_options(TENURE, ("yes", "是"), ("no", "否")), with_options(TENURE, ("yes", "否"), ("no", "是")))
    assert not entry.confirmed and entry.mapping() == {"yes": "no", "no": "yes"}


@pytest.mark.parametrize(
    ("later", "relation", "words"),
    [
        (
            replace(INCOME, label={"zh": "过去一年的总收入是多少元？"}),
            "not comparable",
            "the time it asks about changed",
        ),
        (replace(INCOME, label={"zh": "过去一个月的总收入有多少元？"}), "same", "the wording changed"),
        (replace(INCOME, constraint=". < 100"), "same", "the allowed values changed"),
        (replace(INCOME, relevant=("${tenure} = 'rent'",)), "not comparable", "the skip logic changed"),
        (replace(INCOME, kind="text"), "not comparable", "the kind of question changed (integer, text)"),
        (replace(INCOME, repeat="child"), "not comparable", "into or out of a repeat (-, child)"),
        (replace(INCOME, label={}), "same", "one round has no wording"),
    ],
)
def test_changed_questions_wait_for_a_person(later, relation, words):
    entry = only(INCOME, later)
    assert not entry.confirmed and entry.confidence < 1
    assert entry.relation == relation and words in entry.reason["en"] and entry.reason["zh"]


@pytest.mark.parametrize(
    ("listed", "mapping", "words"),
    [
        ([("both", "租房或自有"), ("other", "其他")], ["both", "both", "other"], "options may have been merged"),
        ([("rent", "租房"), ("own", "自有")], ["rent", "own", ""], "an option was dropped (other)"),
        (
            [("rent", "租房"), ("own", "自有"), ("lent", "借住"), ("other", "其他")],
            ["rent", "own", "other"],
            "added (lent)",
        ),
        (
            [("rent", "借住"), ("own", "自有"), ("other", "其他")],
            ["", "own", "other"],
            "stands for something else (rent",
        ),
        ([("rent", "没有租房"), ("own", "自有"), ("other", "其他")], ["", "own", "other"], "negation"),
        (
            [("rent", "租房"), ("own", "自有"), ("x", "其他"), ("other", "其他")],
            ["rent", "own", "other"],
            "same wording",
        ),
    ],
)
def test_changed_options_wait_for_a_person(listed, mapping, words):
    entry = only(TENURE, with_options(TENURE, *listed))
    assert not entry.confirmed and list(entry.mapping().values()) == mapping and words in entry.reason["en"]


def test_split_option():
    later = with_options(TENURE, ("flat", "租整套"), ("room", "租单间"), ("own", "自有"), ("other", "其他"))
    entry = only(with_options(TENURE, ("rent", "租整套或租单间"), ("own", "自有"), ("other", "其他")), later)
    assert entry.mapping()["rent"] == "" and not entry.confirmed


def test_fewer_points_on_a_scale():
    five = [(f"s{place}", text) for place, text in enumerate(("很差", "较差", "一般", "较好", "很好"), start=1)]
    entry = only(with_options(TENURE, *five), with_options(TENURE, *five[:2], *five[3:]))
    assert entry.relation == "not comparable" and "another number of points (5, 4)" in entry.reason["en"]


def test_reversed_scale_follows_the_wording():
    points = [("s1", "很差"), ("s2", "一般"), ("s3", "很好")]
    entry = only(with_options(TENURE, *points), with_options(TENURE, *points[::-1]))
    assert entry.confirmed and entry.relation == "same" and "reversed" in entry.reason["en"]


def test_exclusive_changed():
    later = replace(HELP, options=(*HELP.options[:2], replace(HELP.options[2], exclusive=True)))
    assert "exclude others changed (none)" in only(HELP, later).reason["en"]


def test_skip_logic_follows_renamed_questions_and_options():
    later = with_options(TENURE, ("a", "租房"), ("b", "自有"), ("c", "其他"), name="home")
    drafted = draft(form(TENURE, RENT), form(later, replace(RENT, relevant=("${home}='a'",))))
    assert not drafted.undecided
    left = draft(form(TENURE, RENT), form(replace(later, name="tenure"), RENT))
    assert [entry.question for entry in left.undecided] == ["rent"]


def test_short_question_after_another_one():
    why = Question("why", "text", {"zh": "为什么？"})
    drafted = draft(form(TENURE, why, INCOME), form(TENURE, INCOME, why))
    assert [entry.question for entry in drafted.undecided] == ["why"]
    assert "leans on the question before" in drafted.undecided[0].reason["en"]


def test_a_name_that_was_a_note_keeps_its_column_apart():
    note = Question("income", "other", {"zh": "请拍照"})
    crosswalk = draft(form(note), form(INCOME))
    applied = apply(export(form(note), income=["picture.jpg"]), crosswalk, "2025Q2")
    assert not crosswalk.undecided and list(applied.frame) == ["income_2025Q2"]


# --- logic --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${q} = 'a' and ${n} > 3", "${r} = 'b' and ${n} > 3"),
        ("selected(${q}, 'b') or ${q}!='a'", "selected(${r}, 'a') or ${r}!='b'"),
        ("${n} = 'a'", "${n} = 'a'"),
        (". = 'a'", ". = 'b'"),
        ("selected(., 'b')", "selected(., 'a')"),
        (". >= 3", ". >= 3"),
        ("'a' = ${q}", None),
        ("${q} > 1", None),
        ("string-length(${q}) > 0", None),
        ("${q} = 'c'", None),
    ],
)
def test_translated_expressions(text, expected):
    recoded = {"a": "b", "b": "a", "c": "x", "d": "x"}
    assert translate(text, {"q": "r"}, {"q": recoded, ".": recoded}) == expected


# --- apply --------------------------------------------------------------------------------------------------


def confirmed(earlier, later, **changes):
    crosswalk = draft(earlier, later)
    entries = [one.model_copy(update={"confirmed": True, **changes}) for one in crosswalk.entries]
    return replace(crosswalk, entries=tuple(entries))


def test_undecided_stops_with_the_named_question():
    earlier, later = form(INCOME), form(replace(INCOME, label={"zh": "过去一年的总收入是多少元？"}))
    (finding,) = check(export(earlier, income=["1"]), draft(earlier, later))
    assert (finding.severity, finding.rule) == ("error", "crosswalk_undecided")
    assert "question 'income' → 'income' differs" in str(finding) and "crosswalk.yml" in finding.remedy
    with pytest.raises(InputError, match="'income'"):
        apply(export(earlier, income=["1"]), draft(earlier, later), "2025Q2")
    assert not check(export(earlier, key=["1"]), draft(earlier, later))  # it was not exported


def test_merged_options_of_one_and_of_several_choices():
    one = with_options(TENURE, ("home", "租房或自有"), ("other", "其他"))
    several = with_options(HELP, ("help", "辅导或体检"), ("none", "都不需要"))
    earlier, later = form(TENURE, HELP), form(one, several)
    marks = {"help/tutor": ["0", "1", "", "0"], "help/health": ["1", "0", "", ""], "help/none": ["0", "0", "", "0"]}
    raw = export(earlier, tenure=["rent", "own", "other", ""], **marks)
    frame = apply(raw, confirmed(earlier, later), "2025Q2").frame
    assert frame["tenure"].tolist() == ["home", "home", "other", ""]
    assert frame["help/help"].tolist() == ["1", "1", "", ""]
    assert list(frame) == ["tenure", "help/help", "help/none"]


def test_options_without_a_place_stay_apart():
    """Dropped options keep a name of their own, new ones have no column: unmeasured is not unchosen."""
    later = form(with_options(HELP, ("tutor", "法律援助"), ("health", "体检"), ("none", "都不需要")))
    crosswalk = confirmed(form(HELP), later)
    raw = export(form(HELP), **{"help/tutor": ["1"], "help/health": ["0"], "help/none": ["0"]})
    applied = apply(raw, crosswalk, "2025Q2")
    assert list(applied.frame) == ["help/tutor_2025Q2", "help/health", "help/none"]
    assert [one.name for one in applied.form.questions["help"].options] == ["health", "none", "tutor_2025Q2"]
    assert [one.name for one in codebook(later, [applied.form]).questions["help"].options][-1] == "tutor_2025Q2"
    refused = read_crosswalk(comparable({"2025Q2": crosswalk}, "en"))
    assert refused.refuses("help", "tutor") and refused.refuses("help", "tutor_2025Q2")
    assert not refused.refuses("help", "health")
    assert refused.why("help", "tutor") == "was not offered in 2025Q2"


def test_not_comparable_question_is_carried_with_its_reason():
    later = form(replace(INCOME, label={"zh": "过去一年的总收入是多少元？"}))
    crosswalk = confirmed(form(INCOME), later)
    applied = apply(export(form(INCOME), income=["5"]), crosswalk, "2025Q2")
    assert applied.frame["income"].tolist() == ["5"]
    assert "时间范围有改动" in comparable({"2025Q2": crosswalk}, "zh")["income", ""]


def test_one_choice_becomes_several():
    later = form(replace(TENURE, kind="select_multiple"))
    raw = Export("q2.csv", pd.DataFrame({"tenure": ["rent", "", "(跳过)"]}, dtype=str), form(TENURE))
    frame = apply(raw, confirmed(form(TENURE), later), "2025Q2").frame
    assert frame["tenure/rent"].tolist() == ["1", "", "(跳过)"] and frame["tenure/own"].tolist() == ["0", "", "(跳过)"]


def test_the_rounds_own_logic_in_the_new_names():
    later = form(replace(TENURE, name="home"), replace(RENT, name="paid", relevant=()))
    applied = apply(
        export(form(TENURE, RENT), tenure=["rent"], rent=["9"]), confirmed(form(TENURE, RENT), later), "2025Q2"
    )
    assert applied.form.questions["paid"].relevant == ("${home} = 'rent'",)


def test_roles_follow_renamed_columns():
    earlier = form(INCOME)
    raw = replace(export(earlier, income=["5"]), roles={"seconds": "income"})
    applied = apply(raw, draft(earlier, form(replace(INCOME, name="earned"))), "2025Q2")
    assert applied.roles == {"seconds": "earned"}


def test_repeats_are_brought_along():
    age = Question("age", "integer", {"zh": "这个孩子几岁？"}, repeat="child")
    earlier, later = form(INCOME, age), form(INCOME, replace(age, name="years"))
    raw = replace(export(earlier, income=["5"]), repeats={"child": export(earlier, age=["7"])})
    applied = apply(raw, draft(earlier, later), "2025Q2")
    assert applied.repeats["child"].frame["years"].tolist() == ["7"]


@pytest.mark.parametrize(
    ("earlier", "columns", "rule"),
    [
        (form(INCOME), {"tenure": ["rent"]}, "column_taken"),
        (
            form(with_options(TENURE, ("rent", "租房"), ("own", "自有"))),
            {"tenure": ["rent", "other"]},
            "option_unmapped",
        ),
    ],
)
def test_what_only_the_newest_codebook_knows_is_no_match(earlier, columns, rule):
    crosswalk = confirmed(earlier, form(TENURE, INCOME))
    assert [finding.rule for finding in check(export(earlier, **columns), crosswalk)] == [rule]
    assert not check(export(earlier, **columns), crosswalk, ["other"]) or rule == "column_taken"


def test_questions_and_options_of_the_export_that_no_codebook_has():
    crosswalk = confirmed(form(TENURE), form(TENURE))
    other = with_options(TENURE, ("rent", "租房"), ("lent", "借住"))
    raw = replace(export(form(TENURE), tenure=["lent"], more=["1"]), form=form(other, Question("more", "text")))
    assert {finding.rule for finding in check(raw, crosswalk)} == {"option_unmapped", "question_unmapped"}


# --- crosswalk.yml ------------------------------------------------------------------------------------------

EARLIER = form(TENURE, HELP, INCOME)
LATER = form(
    with_options(TENURE, ("home", "租房或自有"), ("other", "其他")),
    replace(HELP, name="needs"),
    replace(INCOME, label={"zh": "过去一年的总收入是多少元？"}),
)
FORMS = {"family": {"2025Q2": EARLIER, "2025Q4": LATER}}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "crosswalk.yml"
    write_crosswalks(file, FORMS)
    return file


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def read(path, forms=FORMS):
    return read_crosswalks(path, forms)["family"]["2025Q2"]


def test_file_asks_the_doubtful_first_and_shows_both_wordings(path):
    text = path.read_text(encoding="utf-8")
    assert text.index("question: income") < text.index("question: tenure") < text.index("question: help")
    assert "# 2025Q2 income: 过去一个月" in text and "# 2025Q4 income: 过去一年" in text
    assert "to decide: 2 of 3" in text and "confirmed: no" in text
    assert len(read(path).undecided) == 2


def test_writing_again_leaves_the_file_alone(path):
    edit(path, "confirmed: no", "confirmed: yes")
    before = path.read_bytes()
    write_crosswalks(path, FORMS)
    assert path.read_bytes() == before and not read(path).undecided


def test_a_decision_wins_over_a_new_draft(path):
    edit(
        path,
        "relation: not comparable\n      confirmed: no",
        "relation: same\n      confirmed: yes\n      note: 问过设计者",
    )
    write_crosswalks(path, {"family": {**FORMS["family"]}})
    entry = read(path).by_question["income"]
    assert (entry.relation, entry.confirmed, entry.note) == ("same", True, "问过设计者")


def test_another_counterpart_is_a_decision_too(path):
    edit(path, "becomes: needs\n      relation: same", "becomes: ''\n      relation: not comparable")
    crosswalk = read(path)
    assert crosswalk.by_question["help"].becomes == "" and crosswalk.by_question["help"].confirmed
    assert crosswalk.added == ("needs",)


def test_a_changed_form_reopens_the_decision_and_keeps_it_as_a_note(path):
    edit(path, "confirmed: no", "confirmed: yes")
    changed = {**LATER.questions, "income": replace(LATER.questions["income"], label={"zh": "过去一周的收入？"})}
    forms = {"family": {"2025Q2": EARLIER, "2025Q4": replace(LATER, questions=changed)}}
    write_crosswalks(path, forms)
    entry = read(path, forms).by_question["income"]
    assert not entry.confirmed and "a form changed after" in entry.reason["en"] and "时间范围有改动" in entry.note
    assert read(path, forms).by_question["tenure"].confirmed


def test_decisions_are_carried_on_to_a_newer_codebook(path):
    edit(path, "confirmed: no", "confirmed: yes")
    newest = {name: replace(one, name=f"{name}_v3") for name, one in LATER.questions.items()}
    newest = form(*newest.values(), RENT)
    forms = {"family": {**FORMS["family"], "2026Q2": newest}}
    found = write_crosswalks(path, forms)["family"]
    assert list(found) == ["2025Q2", "2025Q4"] and not found["2025Q2"].undecided
    assert found["2025Q2"].by_question["tenure"].mapping() == {"rent": "home", "own": "home", "other": "other"}
    assert found["2025Q2"].by_question["income"].relation == "not comparable"
    assert "2025Q2 to 2025Q4" in path.read_text(encoding="utf-8")
    assert read(path, forms).entries == found["2025Q2"].entries


def test_dropped_stays_dropped_in_a_newer_codebook(tmp_path):
    path, rounds = tmp_path / "crosswalk.yml", {"2025Q2": form(TENURE, RENT), "2025Q4": form(TENURE)}
    write_crosswalks(path, {"family": rounds})
    edit(path, "confirmed: no", "confirmed: yes")
    newer = {"family": {**rounds, "2026Q2": form(TENURE, INCOME)}}
    assert not read(path, newer).undecided
    again = {"family": {**rounds, "2026Q2": form(TENURE, RENT)}}
    assert read(path, again).by_question["rent"].becomes == "rent"


def test_nothing_to_say_is_a_file_that_can_be_read(tmp_path):
    path = tmp_path / "crosswalk.yml"
    same = {"family": {"2025Q2": EARLIER, "2025Q4": EARLIER}}
    write_crosswalks(path, same)
    assert all(entry.trivial for entry in read(path, same).entries)
    assert read_crosswalks(tmp_path / "none.yml", same)["family"]["2025Q2"].entries


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("confidence:", "confidense:", "unknown key 'confidense'; did you mean 'confidence'?"),
        ("becomes: needs", "becomes: need", "no question of the later round 'need'; did you mean 'needs'?"),
        ("question: help", "question: helps", "no question of the earlier round 'helps'; did you mean 'help'?"),
        ("question: help", "question: income", "question 'income' is in 2 entries"),
        ("becomes: needs", "becomes: tenure", "becomes 'tenure' is in 2 entries"),
        ("own: home", "own: hom", "the later round has no option 'hom'; did you mean 'home'?"),
        ("own: home", "rent: home", "'rent' is written twice"),
        ("own: home", "owned: home", "the earlier round has no option 'owned'; did you mean 'own'?"),
        ("relation: recoded", "relation: recode", "'recode'"),
        ("own: home", "own: 1", "write the name in quotes"),
        ("family:", "famly:", "no unit 'famly'; did you mean 'family'?"),
        ("2025Q2 to 2025Q4:", "2025Q1 to 2025Q4:", "no round of this unit '2025Q1'; did you mean"),
        ("2025Q2 to 2025Q4:", "2025Q4 to 2025Q2:", "rounds would run in a circle"),
        ("2025Q2 to 2025Q4:", "2025Q2:", "names no two rounds"),
        ("confirmed: yes", "confirmed: maybe", "'maybe'"),
        ("becomes: needs\n      relation: same", "becomes: ''\n      relation: same", "it becomes nothing and is same"),
    ],
)
def test_strict_reading(path, old, new, message):
    edit(path, old, new)
    before = path.read_bytes()
    with pytest.raises(StudyError) as error:
        read(path)
    assert message in str(error.value) and "crosswalk.yml" in str(error.value)
    with pytest.raises(StudyError):
        write_crosswalks(path, FORMS)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("own: home, ", "", "it does not say what becomes of own"),
        ("relation: recoded", "relation: same", "it is the same, and yet rent, own become something else"),
        ("becomes: income", "becomes: needs", "answers of kind integer cannot become answers of kind select_multiple"),
    ],
)
def test_contradictions_of_what_is_confirmed(path, old, new, message):
    edit(path, "confirmed: no", "confirmed: yes")
    edit(path, old, new)
    with pytest.raises(StudyError) as error:
        read(path)
    assert message in str(error.value)


def test_an_option_of_a_comparable_question_may_be_refused(path):
    edit(path, "confirmed: no", "confirmed: yes")
    edit(path, "other: other", "other: {becomes: other, relation: not comparable, reason: {zh: 范围不同, en: wider}}")
    crosswalk = read(path)
    assert comparable({"2025Q2": crosswalk}, "en")["tenure", "other"] == "2025Q2: wider"
    assert write_crosswalks(path, FORMS) and read(path) == crosswalk


def test_no_answer_is_ever_shown():
    earlier = form(with_options(TENURE, ("rent", "租房"), ("own", "自有")), INCOME)
    raw = export(earlier, tenure=["王小明的家", "other"], income=["13800138000", ""])
    crosswalk = confirmed(earlier, form(TENURE, replace(INCOME, label={"zh": "上周收入"})))
    said = " ".join(map(str, check(raw, crosswalk))) + repr(crosswalk)
    assert "王小明" not in said and "13800138000" not in said
