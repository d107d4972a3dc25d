"""A real cleaning: the raw export of Tal Afar (Iraq, July 2021), its cleaning log, its clean data and its form.

Raw data and log reproduce the clean data. The cells that differ all the same, by class (`docs/methods/talafar.md`):

- 321 numbers that the raw CSV writes as ``3e+05`` and the clean one as ``300000``;
- 3 answers taken out, which are empty there and marked as removed here;
- 8 zeros that the publisher's program wrote as ``FALSE``, because the whole column was zero or empty;
- 4 own cells of two select-multiple questions that the publisher did not make again after changing an option;
- 2 columns that the publisher added.

The form explains 41,785 of 42,223 empty answers as skipped (a select-multiple counts once). The other 438 were left
blank although the form requires an answer: 437 amounts of ``spend_piped``, which 7 of 19 tablets asked, 3 from their
first interview on and 4 from one moment on, never missing it afterwards (two versions of the form were in the field;
the export does not say which), and one ``water_source_cook``. 35 of the skipped need one option declared, which the
form on file names otherwise than the tablets did.

The log takes out 11 interviews as short by an audit that is not published, and 11 as duplicates that are what eight
neighbourhoods had above the plan of the sample. The checks list all of the first with 2 others, and count all of the
second, of which the answers tell 1.
"""

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xzz_analysis import open_study
from xzz_analysis.intake.answers import Answers, Reason
from xzz_analysis.intake.corrections import REMOVED_WORD, Applied, Log, apply, compare, derive, read_log
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form, read_form
from xzz_analysis.intake.quality import CHECKS, QualityRules, Records, check_records, records_of
from xzz_analysis.intake.quality.checks.duplicates import begun_together
from xzz_analysis.intake.quality.checks.likeness import gower
from xzz_analysis.intake.store import read_study
from xzz_analysis.intake.table.arrival import local_times
from xzz_analysis.intake.workbook import read_raw

pytestmark = pytest.mark.real

KEY = "X_uuid"
NO_PART_OF_THE_LOG = (
    "X.U.FEFF.reported_date",
    "enumerator_num",
    "Comments.for.Field.Officer",
    "Field.Officer.s.response",
)


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "talafar_wash_2021"


@pytest.fixture(scope="module")
def form(folder: Path) -> Form:
    return read_form(folder / "form_xlsform.xlsx")


@pytest.fixture(scope="module")
def raw(folder: Path, form: Form) -> Export:
    return Export("raw_data.csv.gz", read_raw(folder / "raw_data.csv.gz").frame, form)


@pytest.fixture(scope="module")
def clean(folder: Path, form: Form) -> Export:
    return Export("clean_data.csv.gz", read_raw(folder / "clean_data.csv.gz").frame, form)


@pytest.fixture(scope="module")
def log(folder: Path) -> Log:
    return read_log(folder / "cleaning_log.csv", dict.fromkeys(NO_PART_OF_THE_LOG, ""))


@pytest.fixture(scope="module")
def made(raw: Export, log: Log) -> tuple[Export, Applied]:
    return apply(raw, log, KEY)


# --- raw + log → clean --------------------------------------------------------------------------------------


def test_the_log_is_read_whole(log):
    changes = Counter(one.change for one in log.corrections)
    assert changes == {"no_action": 620, "remove_survey": 55, "change_response": 48, "blank_response": 3}
    assert log.findings == ()


def test_the_log_is_applied(raw, made):
    export, applied = made
    assert (len(raw.frame), len(export.frame), len(applied.taken_out), applied.cells) == (632, 578, 54, 47)
    done = applied.counts.groupby("change")["n"].sum().to_dict()
    assert done == {"blank_response": 3, "change_response": 46, "no_action": 620, "remove_survey": 54}


def test_what_is_odd_in_the_log_is_told(made):
    found = Counter()
    for finding in made[1].findings:
        found[finding.rule] += finding.count
    assert found == {
        "correction_unguarded": 38,  # most of them dates: the log does not say what the cell held
        "correction_repeated": 2,  # two fees are corrected twice, with the same values
        "correction_without_effect": 1,  # one record is removed twice
    }


def differences(made: Export, clean: Export) -> pd.DataFrame:
    """Every cell that is not the same text: column, what we made, and what the publisher has."""
    columns = list(made.frame.columns)
    ours, theirs = (one.frame.set_index(KEY, drop=False)[columns] for one in (made, clean))
    theirs = theirs.loc[ours.index]
    rows, places = np.nonzero((ours != theirs).to_numpy())
    return pd.DataFrame(
        {
            "column": [columns[place] for place in places],
            "ours": ours.to_numpy(object)[rows, places],
            "theirs": theirs.to_numpy(object)[rows, places],
        }
    )


def explained(column: str, ours: str, theirs: str) -> str:
    """The class of a difference."""
    if ours == REMOVED_WORD and theirs == "":
        return "removed"
    if "e+" in ours and float(ours) == float(theirs):
        return "scientific notation"
    if (column, ours, theirs) == ("spend_tap", "0", "FALSE"):
        return "zero as FALSE"
    if column in ("water_sources", "treat_drink_water_how") and set(ours.split()) != set(theirs.split()):
        return "own cell not made again"
    return "unexplained"


def test_raw_and_log_reproduce_the_clean_data(made, clean):
    export = made[0]
    assert set(export.frame[KEY]) == set(clean.frame[KEY])
    assert [name for name in clean.frame if name not in export.frame] == ["socio_eco_division", "water_sector"]
    assert [name for name in export.frame if name not in clean.frame] == []
    differ = differences(export, clean)
    classes = Counter(explained(*row) for row in differ.itertuples(index=False))
    assert classes == {"scientific notation": 321, "zero as FALSE": 8, "own cell not made again": 4, "removed": 3}
    assert Counter(differ["column"]) == {
        "tot_expenses": 317,
        "spend_tap": 8,
        "connection_fees_amount": 4,
        "return_date": 3,
        "water_sources": 2,
        "treat_drink_water_how": 2,
    }


def test_own_cells_are_made_again_from_the_options_that_both_have(made, clean):
    export = made[0]
    for name in ("water_sources", "treat_drink_water_how"):
        options = [column for column in export.frame if column.startswith(f"{name}.")]
        ours, theirs = (one.frame.set_index(KEY)[options].sort_index() for one in (export, clean))
        pd.testing.assert_frame_equal(ours, theirs)


def test_the_log_is_derived_back(raw, clean, log, form):
    derived = derive(raw, clean, KEY)
    changes = Counter(one.change for one in derived.corrections)
    assert changes == {"remove_survey": 54, "change_response": 52, "blank_response": 3}
    found = compare(log, derived, form)
    assert Counter(zip(found["difference"], found["question"], strict=True)) == {("data_only", "spend_tap"): 8}
    assert {finding.rule: finding.count for finding in derived.findings if finding.rule == "columns_added"} == {
        "columns_added": 2
    }
    assert sum(finding.count for finding in derived.findings if finding.rule == "options_disagree") == 4


def test_nothing_else_differs_from_what_was_applied(made, clean):
    derived = derive(made[0], clean, KEY)
    assert Counter((one.change, one.question) for one in derived.corrections) == {("change_response", "spend_tap"): 8}


def test_a_log_written_for_another_export_is_refused(clean, log):
    with pytest.raises(Exception, match="expect another value than the cell holds") as error:
        apply(clean, log, KEY)
    assert not [one for one in log.corrections if one.key in str(error.value)]


# --- skip logic ---------------------------------------------------------------------------------------------

STUDY = """
id: talafar
title: {{zh: 塔尔阿法尔, en: Tal Afar}}
publisher: {{zh: 甲, en: A}}
population: {{zh: 家庭, en: households}}
rounds: {{july: {{collected: [2021-07-01, 2021-07-31]}}}}
design: {{kind: nonprobability}}
data_folder: {folder}
tables:
  household:
    key: _uuid
    form: form_xlsform.xlsx
    raw: {{july: {file}}}
    added_options: {added}
"""
ADDED = "{pay_water_charges_when: {about_half: {en: About half of the time}}}"


def answers_of(file: str, folder: Path, study: Path, added: str = ADDED) -> Answers:
    study.mkdir()
    text = STUDY.format(folder=folder.as_posix(), file=file, added=added)
    (study / "study.yml").write_text(text, encoding="utf-8")
    return read_study(open_study(study)).unit("household")


@pytest.fixture(scope="module")
def answers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    return answers_of("raw_data.csv.gz", folder, tmp_path_factory.mktemp("talafar") / "raw")


def blanks(answers: Answers, reason: Reason) -> dict[str, int]:
    """Answers with a reason, by question."""
    counts = {
        name: int((answers.reasons[question.columns[0]] == reason).sum())
        for name, question in answers.questions.items()
        if question.columns
    }
    return {name: count for name, count in counts.items() if count}


def count(answers: Answers, rule: str) -> dict[str, int]:
    found = [finding for finding in answers.findings if finding.rule == rule]
    return {finding.where.rpartition(": ")[2]: finding.count for finding in found}


def test_skip_logic_explains_the_empty_answers(answers):
    skipped, blank = blanks(answers, Reason.SKIPPED), blanks(answers, Reason.BLANK)
    assert (len(answers), sum(skipped.values()), len(skipped)) == (632, 41_785, 105)
    assert blank == {"spend_piped": 437, "water_source_cook": 1}
    assert count(answers, "required_blank") == blank


def test_no_answer_stands_where_the_question_was_not_shown(answers):
    assert count(answers, "answer_not_shown") == {}
    assert count(answers, "skip_unknown") == {}


def test_an_option_of_another_name_leaves_35_blanks_unexplained_until_it_is_declared(folder, tmp_path):
    """The form says ``about_half_pay``, the tablets said ``about_half``."""
    undeclared = answers_of("raw_data.csv.gz", folder, tmp_path / "raw", added="{}")
    assert blanks(undeclared, Reason.BLANK) == {
        "spend_piped": 437,
        "pay_water_charges_why_not": 35,
        "water_source_cook": 1,
    }
    assert blanks(undeclared, Reason.INVALID) == {"neighbourhood": 632, "pay_water_charges_when": 35}


def test_piped_expenses_were_asked_from_one_day_on_each_tablet(answers, raw):
    frame = raw.frame.sort_values("X.U.FEFF.start")
    frame = frame[frame["water_sources.piped"] == "TRUE"]
    asked = frame.assign(asked=frame["spend_piped"] != "").groupby("deviceid")["asked"]
    assert asked.apply(lambda tablet: tablet.is_monotonic_increasing).all()
    kinds = Counter(
        "never" if not tablet.any() else "always" if tablet.all() else "from one day on" for _, tablet in asked
    )
    assert kinds == {"never": 12, "always": 3, "from one day on": 4}


def test_the_log_leaves_two_answers_behind_a_question_it_closed(folder, tmp_path):
    clean = answers_of("clean_data.csv.gz", folder, tmp_path / "clean")
    assert count(clean, "answer_not_shown") == {"treat_drink_water_how": 2}
    assert blanks(clean, Reason.BLANK) == {"spend_piped": 393, "return_date": 3}


# --- checks of quality --------------------------------------------------------------------------------------

FEWEST_MINUTES = 25
"""What the organisation called short, in minutes that its audit counted inside the questions."""


@pytest.fixture(scope="module")
def planned(folder: Path) -> dict[str, int]:
    frame = pd.read_csv(folder / "sample_frame.csv")
    return dict(zip(frame["Neighbourhood"], frame["Total.no.of.HH"].astype(int).tolist(), strict=True))


@pytest.fixture(scope="module")
def rules(planned: dict[str, int]) -> QualityRules:
    plan = {"unit": "household", "by": "neighbourhood", "targets": {"july": planned}}
    return QualityRules.model_validate({"thresholds": {"least_minutes": FEWEST_MINUTES}, "plans": [plan]})


def with_parts(planned: dict[str, int]) -> str:
    """The added options, with the neighbourhoods as the publisher scrambled them."""
    names = ", ".join(f"{name}: {{en: {name}}}" for name in planned)
    return f"{{neighbourhood: {{{names}}}, {ADDED[1:]}"


@pytest.fixture(scope="module")
def records(folder: Path, raw: Export, planned: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Records:
    study = tmp_path_factory.mktemp("checked") / "raw"
    answers = answers_of("raw_data.csv.gz", folder, study, with_parts(planned))
    frame = raw.frame
    start, end = (local_times(frame[name], "Asia/Baghdad") for name in ("X.U.FEFF.start", "end"))
    submission = {"interviewer": frame["enumerator_num"], "device": frame["deviceid"], "start": start, "end": end}
    submission["seconds"] = (end - start).dt.total_seconds()
    return records_of(answers, "july", frame[KEY], submission=pd.DataFrame(submission))


def of_some(records: Records, rows: pd.Series) -> Records:
    names = ("values", "reasons", "keys", "submission")
    kept = rows.to_numpy(bool)
    return dataclasses.replace(records, **{name: getattr(records, name)[kept].reset_index(drop=True) for name in names})


def listed(records: Records, rules: QualityRules, *names: str) -> set[str]:
    """Keys of the records that checks list."""
    found = [check.run(records, rules).frame for check in CHECKS if check.rule in names]
    return {key for frame in found for keys in frame["keys"] for key in keys}


def in_log(log: Log, words: str, change: str = "") -> set[str]:
    """Keys of the records that the log names with an issue or a reason."""
    named = [one for one in log.corrections if one.issue.startswith(words) or one.reason == words]
    return {one.key for one in named if change in ("", one.change)}


@pytest.fixture(scope="module")
def short(log: Log) -> set[str]:
    """The short interviews that were taken out."""
    return in_log(log, "Survey completed", "remove_survey")


@pytest.fixture(scope="module")
def audited(log: Log) -> set[str]:
    """All that the audit calls short; most of them were left as they are."""
    return in_log(log, "Survey completed")


@pytest.fixture(scope="module")
def surplus(log: Log) -> set[str]:
    """What the log calls duplicated."""
    return in_log(log, "duplicated")


def test_what_the_log_calls_short_and_duplicated(log, short, audited, surplus):
    assert (len(short), len(audited), len(surplus)) == (11, 45, 11)
    assert (len(short & surplus), len(audited & surplus)) == (0, 2)
    assert len(in_log(log, "Distance") & surplus) == 6  # far from the point that was drawn; no point is published


def test_short_interviews_are_found(records, rules, short, audited):
    """The checks of durations list 16 interviews: all 11 that were taken out, and 3 more that the audit calls short."""
    told = {rule: listed(records, rules, rule) for rule in ("short_interview", "speeding", "hurried_day")}
    counts = {rule: (len(keys), len(keys & audited), len(keys & short)) for rule, keys in told.items()}
    assert counts == {"short_interview": (5, 5, 3), "speeding": (5, 5, 3), "hurried_day": (13, 11, 11)}
    either = set().union(*told.values())
    assert (len(either), len(either & audited), len(either & short)) == (16, 14, 11)


def test_half_of_the_short_interviews_are_not_short_from_start_to_end(records, short, log):
    """The audit counts the minutes in the questions; a form left open looks long."""
    minutes = (records.submission["seconds"] / 60)[records.keys.isin(short)]
    inside = [
        float(one.old.split()[0])
        for one in log.corrections
        if one.key in short and one.issue.startswith("Survey completed")
    ]
    assert max(inside) < 19 and min(inside) == 7
    assert sorted(minutes.round().astype(int)) == [21, 21, 21, 26, 26, 27, 37, 159, 184, 214, 246]


def test_hurried_days_do_not_hang_on_their_limit(records, rules, short):
    """One in a hundred: two of the three days. One in ten or in five: six days, with fewer that were short."""
    counts = []
    for rate in (0.01, 0.05, 0.1, 0.2):
        limits = rules.thresholds.model_copy(update={"hurried": rate})
        keys = listed(records, rules.model_copy(update={"thresholds": limits}), "hurried_day")
        counts.append((len(keys), len(keys & short)))
    assert counts == [(8, 7), (13, 11), (25, 11), (25, 11)]


def test_the_audit_knows_short_interviews_that_start_and_end_cannot_tell(records, audited, short):
    """Those that were left as they are took as long as others, from start to end."""
    left = records.keys.isin(audited - short)
    minutes = records.submission["seconds"] / 60
    assert (minutes[left] > minutes.quantile(0.05)).sum() == 24


def test_duplicates_are_what_is_above_the_plan(raw, log, records, rules, short, surplus):
    """Without trials and short interviews, eight neighbourhoods have eleven records too many: those taken out."""
    trials = in_log(log, "pilot")
    (before,) = check_records(records, rules).of("sample_surplus").to_dict("records")
    assert before["count"] == len(trials | short | surplus) == 54
    left = of_some(records, ~records.keys.isin(trials | short))
    (after,) = check_records(left, rules).of("sample_surplus").to_dict("records")
    assert after["en"].startswith("8 of 42 parts of the sample have more interviews than planned, 11 in all")
    place = raw.frame.set_index(KEY)["neighbourhood"]
    for part, many in Counter(place[list(surplus)]).items():
        made = (place[list(left.keys)] == part).sum()
        assert f"{part} {made}/{made - many}" in after["en"]


def nearest(records: Records) -> pd.Series:
    """Gower distance of each record to the nearest of all others."""
    places = np.arange(len(records))
    least = [gower(records.coded, np.full(len(places) - 1, place), np.delete(places, place)).min() for place in places]
    return pd.Series(least, records.keys)


def test_the_answers_of_nine_duplicates_are_like_nobody_elses(records, surplus):
    distance = nearest(records)
    assert sorted(distance[list(surplus)]) == pytest.approx(
        [0.079, 0.112, 0.163, 0.2, 0.205, 0.234, 0.24, 0.257, 0.268, 0.358, 0.381], abs=1e-3
    )
    assert [(distance <= limit).sum() for limit in (0.081, 0.12)] == [99, 183]


def test_duplicates_that_other_checks_list(records, rules, surplus):
    assert len(listed(records, rules, "exact_duplicate", "near_duplicate") & surplus) == 0
    assert len(listed(records, rules, "interviews_together") & surplus) == 1
    assert len(listed(records, rules, "short_interview", "speeding", "hurried_day") & surplus) == 2


def test_three_pairs_of_interviewers_have_interviews_that_are_too_alike(records, rules, log):
    """Ninety-nine times two of them began within five minutes; 65 times hardly an answer but the numbers differs."""
    told = listed(records, rules, "interviews_together")
    taken_out = {one.key for one in log.corrections if one.change == "remove_survey"}
    assert (len(told), len(told - taken_out)) == (130, 119)
    first, second = begun_together(records, pd.Timedelta(minutes=5))
    who = records.submission["interviewer"].to_numpy(object)
    team = np.array(
        [
            tuple(sorted(two)) in {("1", "3"), ("4", "5"), ("6", "7")}
            for two in zip(who[first], who[second], strict=True)
        ]
    )
    distance = gower(records.coded, first, second)
    assert (len(first), team.sum()) == (966, 99)
    assert np.median(distance[team]) == pytest.approx(0.094, abs=5e-4)
    assert np.median(distance[~team]) == pytest.approx(0.45, abs=5e-4)
    alike = team & records.keys.isin(told).to_numpy()[first] & (distance < 0.13)
    one, other = records.coded.codes[first[alike]], records.coded.codes[second[alike]]
    both, numeric = (one >= 0) & (other >= 0), records.coded.numeric
    shares = [((one != other) & both)[:, part].sum() / both[:, part].sum() for part in (numeric, ~numeric)]
    assert (alike.sum(), *np.round(shares, 2)) == (65, 0.66, 0.06)


def test_near_duplicates_are_mostly_those_of_the_pairs_of_interviewers(records, rules):
    near = listed(records, rules, "near_duplicate")
    assert (len(near), len(near & listed(records, rules, "interviews_together"))) == (45, 42)


def test_the_checks_of_a_study_find_the_same(folder, tmp_path, planned):
    """Through study.yml; the trials lie before the first day, and so does one interview of the night after them."""
    study = tmp_path / "raw"
    study.mkdir()
    text = STUDY.format(folder=folder.as_posix(), file="raw_data.csv.gz", added=with_parts(planned))
    text += "    start: start\n    end: end\n    interviewer: enumerator_num\ntime_zone: Asia/Baghdad\n"
    targets = ", ".join(f"{part}: {count}" for part, count in planned.items())
    text += f"quality:\n  thresholds: {{least_minutes: {FEWEST_MINUTES}}}\n"
    text += f"  plans: [{{unit: household, by: neighbourhood, targets: {{july: {{{targets}}}}}}}]\n"
    (study / "study.yml").write_text(text.replace("[2021-07-01", "[2021-07-06"), encoding="utf-8")
    frame = read_study(open_study(study)).quality.findings.frame
    expected = {
        "short_interview": 5,
        "speeding": 5,
        "hurried_day": 13,
        "near_duplicate": 45,
        "interviews_together": 130,
        "sample_surplus": 54,
        "outside_round": 33,
    }
    counts = dict(zip(frame["rule"], frame["count"], strict=True))
    assert {rule: counts[rule] for rule in expected} == expected
