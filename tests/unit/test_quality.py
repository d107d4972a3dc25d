"""Quality checks on records small enough to check by hand."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway, fisher_exact

from xzz_analysis.declaration import check
from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import Option, Question, Reason
from xzz_analysis.intake.quality import (
    CHECKS,
    RULES,
    QualityRules,
    Records,
    agreement,
    check_records,
    gate,
    interviewer_table,
    joined,
    quality_score,
    records_of,
    rule_table,
)
from xzz_analysis.intake.quality.check import COLUMNS, robust_z
from xzz_analysis.intake.quality.checks import declared, duplicates, interviewers, likeness, patterns, times, values
from xzz_analysis.intake.quality.records import NEEDS, blocks, code
from xzz_analysis.intake.store import read_study
from xzz_analysis.study import open_study

RULE = {one.rule: one for one in CHECKS}


def single(name, *options, group=()):
    return Question(name, "select_one", options=tuple(Option(one) for one in options), group=group)


def several(name, *options):
    return Question(name, "select_multiple", options=tuple(Option(one) for one in options))


def small(columns, questions, **more):
    """Records whose answers are all there but NaN, None and NaT."""
    frame = pd.DataFrame(columns)
    reasons = frame.isna().astype(np.int8) * np.int8(Reason.BLANK)
    keys = pd.Series([f"key{row}" for row in range(len(frame))], dtype="str")
    asked = {one.name: one for one in questions}
    return Records("child", "2025Q4", frame, reasons, asked, keys, **more)


def run(rule, records, **rules):
    return RULE[rule].run(records, QualityRules.model_validate(rules)).frame


def only(rule, records, **rules):
    (row,) = run(rule, records, **rules).to_dict("records")
    return row


def submitted(**columns):
    rows = len(next(iter(columns.values())))
    age = pd.DataFrame({"age": np.arange(rows) * 1.0})
    return small(age, [Question("age", "integer")], submission=pd.DataFrame(columns))


def moments(*texts):
    return pd.Series(pd.to_datetime(list(texts), format="ISO8601"))


# --- declarations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.rule)
def test_every_check_declares_itself_in_both_languages(one):
    assert one.rule in RULES and one.find.__doc__
    for said in (one.label, one.message, one.remedy, one.example):
        assert set(said) == {"zh", "en"} and all(said.values())
    for need in one.needs:
        assert set(NEEDS[need]) == {"zh", "en"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rule_table_prints_every_check(language):
    table = rule_table(language, QualityRules.model_validate({"without": {"same_ip": "a shared network"}}))
    assert list(table["rule"]) == [one.rule for one in CHECKS]
    assert table["rule"].is_unique and (table[["label", "example", "remedy"]] != "").all(axis=None)
    assert table.set_index("rule").loc["same_ip", "off"] == "a shared network"


def test_limits_are_printed_with_their_values():
    row = rule_table("en").set_index("rule").loc["near_duplicate"]
    assert row["limits"] == ("largest Gower distance of near duplicates: 0.05; answered questions needed to judge: 15")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"treshold": {}}, "unknown key 'treshold'; did you mean 'thresholds'?"),
        ({"thresholds": {"kapa": 0.5}}, "unknown key 'kapa'; did you mean 'kappa'?"),
        ({"without": {"speding": "x"}}, "no check 'speding'; did you mean 'speeding'?"),
        ({"thresholds": {"near": 0.7}}, "less than 0.5"),
        ({"logic": [{"name": "a", "unit": "child", "when": "1", "message": {"en": "x"}}]}, "no text in zh"),
    ],
)
def test_a_wrong_declaration_names_the_nearest(given, said):
    made, findings = check(QualityRules, given, "study.yml: quality")
    assert made is None and said in str(findings[0])


# --- records ----------------------------------------------------------------------------------------------------


def test_records_show_nobody():
    assert repr(submitted(seconds=[1.0, 2.0])) == "Records('child', round='2025Q4', 2 records, 1 questions)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"keys": pd.Series(["a", "a"])}, "1 pseudonyms of .* repeat"),
        ({"submission": pd.DataFrame({"intervewer": ["a", "b"]})}, "did you mean 'interviewer'"),
        ({"broken": pd.DataFrame({"age": [True]})}, "different numbers of rows"),
        ({"parent_rows": np.zeros(1, int)}, "1 links to it; one per record is needed"),
    ],
)
def test_records_that_do_not_fit_are_refused(change, said):
    good = dataclasses.replace(submitted(seconds=[1.0, 2.0]), parent=submitted(seconds=[1.0]), parent_rows=np.zeros(2))
    with pytest.raises(InputError, match=said):
        dataclasses.replace(good, **change)


def test_a_check_that_cannot_run_says_why():
    records = submitted(seconds=[1.0, 2.0])
    told = check_records(records).not_run.set_index("rule")
    assert told.loc["several_days", "en"] == "no column tells the start"
    assert told.loc["contradiction", "zh"] == "没有声明逻辑规则"
    off = check_records(records, QualityRules.model_validate({"without": {"outlier": "no numbers"}}))
    assert off.not_run.set_index("rule").loc["outlier", "en"] == "switched off in study.yml: no numbers"


def test_moment_is_the_start_else_the_submission():
    records = submitted(start=moments("2025-11-03", None), submitted=moments("2025-11-04", "2025-11-05"))
    assert list(records.moment.dt.day) == [3, 5]


def test_codes_do_not_depend_on_the_order():
    questions = [single("a", "x", "y"), several("m", "u", "v"), Question("n", "integer")]
    columns = {"a": ["y", "x", None], "m/u": [1.0, 0, 1], "m/v": [0.0, 1, 0], "n": [7.0, 3, 7]}
    one = code(small(columns, questions))
    two = code(small(pd.DataFrame(columns).iloc[::-1].reset_index(drop=True), questions))
    assert one.names == ("a", "m", "n") and list(one.numeric) == [False, False, True]
    assert (one.codes == two.codes[::-1]).all()
    assert one.codes[2, 0] == -1 and one.codes[0, 1] == one.codes[2, 1] != one.codes[1, 1]
    assert list(one.fingerprint) == list(two.fingerprint[::-1])


def test_blocks_are_neighbours_with_the_same_options_or_declared():
    scale = [single(f"s{item}", "1", "2", "3", group=("mood",)) for item in range(5)]
    other = [single(f"t{item}", "1", "2", "3", group=("school",)) for item in range(4)]
    loose = [single("yes", "y", "n"), single("u0", "1", "2", "3")]
    asked = {one.name: one for one in (*scale, *other, *loose)}
    assert blocks(asked, {}, 5) == [("s0", "s1", "s2", "s3", "s4")]
    assert blocks(asked, {"x": ["t0", "t1", "u0", "none"]}, 3)[0] == ("t0", "t1", "u0")


def test_robust_deviations_of_equal_values_are_unknown():
    assert np.isnan(robust_z(np.array([1.0, 1, 1, 1, 9]))).all()
    assert robust_z(np.array([1.0, 2, 3, 4, 100]))[4] == pytest.approx(97 / 1.4826)


# --- times ------------------------------------------------------------------------------------------------------


def test_short_interviews_are_said_in_both_languages():
    row = only("short_interview", submitted(seconds=[2400.0] * 20 + [700.0]))
    assert row["en"] == "1 of 21 interviews took less than 13.3 minutes (the round's median is 40 minutes)"
    assert row["zh"] == "21 次访问中有 1 次用时不到 13.3 分钟（本轮中位数为 40 分钟）"
    assert row["keys"] == ("key20",) and row["share"] == pytest.approx(1 / 21)


def test_fewest_minutes_may_be_declared():
    records = submitted(seconds=[2400.0] * 20 + [1400.0])
    assert run("short_interview", records).empty
    assert only("short_interview", records, thresholds={"least_minutes": 25})["count"] == 1


def test_pace_counts_only_what_was_answered():
    skipped = {"a": ["x"] * 3, "b": ["x", None, None]}
    records = small(skipped, [single("a", "x"), single("b", "x")], submission=pd.DataFrame({"seconds": [60.0, 60, -1]}))
    assert list(times.seconds_per_question(records)[:2]) == [30, 60]
    assert np.isnan(times.seconds_per_question(records)[2])


def begun(*starts, minutes, who=None):
    """Interviews of one interviewer, with the minutes that each took."""
    return submitted(
        interviewer=who or ["a"] * len(starts), start=moments(*starts), seconds=[60.0 * one for one in minutes]
    )


def test_time_attended_ends_with_the_next_interview_of_the_same_interviewer():
    day = [f"2025-11-03 {hour}" for hour in ("09:00", "10:00", "10:20", "11:00")]
    records = begun(*day, minutes=[50, 180, 30, 30])  # the second was finished in the afternoon
    assert list(times.attended(records) / 60) == [50, 20, 30, 30]
    others = begun(*day, minutes=[50, 180, 30, 30], who=["a", "b", "c", ""])
    assert list(times.attended(others) / 60) == [50, 180, 30, 30]


def test_who_has_several_interviews_under_way_is_given_the_whole_time():
    class_room = begun("2025-11-03 09:00", "2025-11-03 09:01", "2025-11-03 09:02", minutes=[30, 30, 30])
    assert list(times.attended(class_room) / 60) == [30, 30, 30]


def test_time_attended_keeps_what_is_unknown():
    records = begun("2025-11-03 09:00", None, "2025-11-03 10:00", "2025-11-03 10:00", minutes=[np.nan, 40, 30, 20])
    assert list(times.attended(records)[1:] / 60) == [40, 30, 20] and np.isnan(times.attended(records)[0])
    assert list(times.attended(submitted(seconds=[60.0, 70]))) == [60, 70]


def test_forms_left_open_do_not_widen_the_scale():
    values = np.array([40.0, 38, 36, 42, 200, 300, 20, 50, 60])
    low, middle = np.quantile(values, [0.25, 0.5])
    assert times.below(values, values)[6] == pytest.approx((42 - 20) / ((middle - low) / 0.674490), rel=1e-5)
    assert np.isnan(times.below(values, np.array([1.0, 1, 1, 2]))).all()
    assert np.isnan(times.below(values, np.array([np.nan]))).all()


def test_what_may_be_chance_is_not_believed():
    p = np.array([0.001, 0.02, 0.03, 0.5])
    assert list(patterns.discoveries(p, 0.05)) == [True, True, True, False]  # 0.03 <= 0.05 * 3 / 4
    assert list(patterns.discoveries(p, 0.02)) == [True, False, False, False]
    assert not patterns.discoveries(np.empty(0), 0.05).size


def test_a_fast_day_is_told_by_its_fastest_interviews_alone():
    pace, day_of = np.arange(1.0, 101), np.arange(100) % 25 + 1
    day_of[[0, 1, 2, 99]] = 0  # the three fastest, and one that was left open
    days, p = patterns.fast_days(pace, day_of)
    assert list(days) == list(range(26))
    assert p[0] == pytest.approx(4 * (4 * 0.03**3 * 0.97 + 0.03**4))  # three of four in 3 %
    assert (p[1:] > 0.1).all() and (p[11:] == 1).all()


def hurried_work(seed=8):
    """Twenty days of three interviewers, four interviews each; one interviewer hurries on one day."""
    random = np.random.default_rng(seed)
    rows = np.arange(240)
    start = pd.Timestamp("2025-11-03 09:00") + pd.to_timedelta(rows // 12 * 24 * 60 + rows // 3 % 4 * 90, unit="min")
    seconds = np.exp(random.normal(7.5, 0.15, 240))
    seconds[[24, 27, 30]] = 700, 750, 720
    return submitted(interviewer=[f"w{row % 3}" for row in rows], start=pd.Series(start), seconds=seconds)


def test_all_interviews_of_a_hurried_day_are_listed():
    row = only("hurried_day", hurried_work())
    assert row["keys"] == ("key24", "key27", "key30", "key33") and row["interviewers"] == ("w0",)
    assert row["en"].startswith("on 1 of 60 days of work an interviewer was faster than chance explains; 4 records")


def test_overlap_ignores_other_interviewers_and_interviews_of_days():
    start = moments("2025-11-03 10:00", "2025-11-03 10:25", "2025-11-03 10:30", "2025-11-01 08:00", "2025-11-03 11:00")
    end = moments("2025-11-03 10:40", "2025-11-03 11:00", "2025-11-03 10:50", "2025-11-09 08:00", "2025-11-03 11:30")
    records = submitted(interviewer=["a", "a", "b", "a", "a"], start=start, end=end)
    assert only("interviews_overlap", records)["keys"] == ("key1",)


def test_round_holds_its_last_day_to_the_end():
    records = submitted(start=moments("2025-10-31 23:59", "2025-11-28 23:59", "2025-11-29 00:00"))
    records = dataclasses.replace(records, collected=(dt.date(2025, 11, 1), dt.date(2025, 11, 28)))
    row = only("outside_round", records)
    assert row["keys"] == ("key0", "key2")
    assert row["en"].endswith("(2025-11-01 to 2025-11-28): 1 before, 1 after")
    assert run("outside_round", records, thresholds={"margin_days": 1}).empty


def test_future_is_after_the_data_were_received():
    records = submitted(submitted=moments("2025-12-01 20:00", "2025-12-03"))
    records = dataclasses.replace(records, read_on=pd.Timestamp("2025-12-01 12:00"))
    assert only("in_future", records)["keys"] == ("key1",)


def test_old_version_after_a_new_one_came_into_use():
    days = moments("2025-11-03", "2025-11-04", "2025-11-10", "2025-11-11", "2025-11-10 12:00", "2025-11-20")
    records = submitted(version=["1", "1", "2", "2", "1", "1"], start=days)
    assert only("version_drift", records)["keys"] == ("key5",)


def test_busy_days_are_compared_with_the_usual():
    day = [f"2025-11-{3 + row // 4:02d} {9 + row % 4}:00" for row in range(40)]
    many = [f"2025-11-20 {8 + row // 2}:{row % 2 * 30:02d}" for row in range(17)]
    records = submitted(interviewer=["a"] * 57, start=moments(*day, *many))
    row = only("interviewer_day", records)
    assert row["count"] == 17 and row["interviewers"] == ("a",)
    assert "on 1 of 11 days of work" in row["en"] and "median 4, at most 17" in row["en"]


# --- patterns ---------------------------------------------------------------------------------------------------


def test_pattern_of_a_line_a_zigzag_and_gaps():
    told = patterns.pattern(np.array([[2, 2, 2, 2], [0, 4, 0, 4], [1, -1, 1, 3], [-1, -1, 2, -1]]), 5)
    assert list(told.longest) == [4, 1, 2, 1]
    assert list(told.answered) == [4, 4, 3, 1]
    assert told.deviation[:2] == pytest.approx([0, 1])
    assert told.entropy[:2] == pytest.approx([0, np.log(2) / np.log(4)])
    assert np.isnan(told.deviation[3]) and np.isnan(told.entropy[3])


def test_lines_that_a_leaning_explains_are_likely():
    random = np.random.default_rng(1)
    lean = random.normal(size=(2000, 1))
    symptoms = np.searchsorted([1.0, 1.7, 2.3], lean + 0.7 * random.normal(size=(2000, 10)))  # most say 0
    lines = np.array([[0], [2], [3]])
    never, often, _ = patterns.line_chances([patterns.Block(symptoms, 4)], lines)
    assert never > 0.3 and often < 1e-3
    assert never == pytest.approx((symptoms == 0).all(axis=1).mean(), abs=0.2)  # too high rather than too low


# --- duplicates -------------------------------------------------------------------------------------------------


def test_gower_distance_by_hand():
    questions = [single("a", "x", "y"), Question("n", "integer"), several("m", "u", "v")]
    columns = {"a": ["x", "x", "y"], "n": [0.0, 5, None], "m/u": [1.0, 1, None], "m/v": [0.0, 1, None]}
    records = small(columns, questions)
    distance = likeness.gower(records.coded, np.array([0, 0]), np.array([1, 2]))
    assert distance == pytest.approx([(0 + 1 + 1) / 3, 1])  # the range of n is 5; only one answered counts as apart


def form(rows, questions, seed, options=4):
    random = np.random.default_rng(seed)
    names = np.array(list("abcdefgh"))[:options]
    asked = [single(f"q{item:02d}", *names) for item in range(questions)]
    return small({one.name: names[random.integers(0, options, rows)] for one in asked}, asked)


def copied(records, changed):
    table = records.values.copy()
    table.iloc[1] = table.iloc[0]
    for column in range(changed):
        table.iloc[1, column] = "a" if table.iloc[0, column] != "a" else "b"
    return dataclasses.replace(records, values=table)


@pytest.mark.parametrize(("changed", "rule"), [(0, "exact_duplicate"), (2, "near_duplicate")])
def test_a_copy_is_found(changed, rule):
    records = copied(form(300, 40, 2), changed)
    row = only(rule, records)
    assert row["keys"] == ("key0", "key1")
    assert row["severity"] == RULE[rule].severity


def test_equal_answers_to_a_short_form_are_only_a_note():
    row = only("exact_duplicate", form(2000, 10, 3, options=2), thresholds={"duplicate_questions": 10})
    assert row["severity"] == "note" and row["count"] > 1000


def test_equal_answers_to_fewer_questions_than_needed_are_not_judged():
    assert run("exact_duplicate", form(2000, 10, 3, options=2)).empty


def test_records_that_say_little_are_not_compared():
    records = form(30, 40, 4)
    reasons = records.reasons.copy()
    reasons.iloc[:5, 5:] = np.int8(Reason.BLANK)
    empty = dataclasses.replace(records, reasons=reasons, values=records.values.where(reasons == 0))
    assert duplicates.distinct(empty, QualityRules()).members[:5].tolist() == [-1] * 5


def team(seed=9, changed=4, apart=1, who=("a", "b")):
    """Two interviewers who begin a minute apart ten times; their first two interviews differ in a few answers."""
    records = copied(form(300, 40, seed), changed)
    start = pd.Timestamp("2025-11-03 09:00") + pd.to_timedelta(
        np.arange(300) // 2 * 60 + np.arange(300) % 2 * apart, "min"
    )
    return dataclasses.replace(
        records, submission=pd.DataFrame({"interviewer": list(who) * 150, "start": pd.Series(start)})
    )


def test_interviews_of_two_at_once_are_found_where_they_are_too_alike():
    row = only("interviews_together", team())
    assert row["keys"] == ("key0", "key1") and row["interviewers"] == ("a", "b") and row["base"] == 300
    assert "(1 pairs of 1 team(s))" in row["en"] and "0.100 at least" in row["en"]
    assert run("near_duplicate", team()).empty  # a distance of 0.1 says nothing by itself


@pytest.mark.parametrize("given", [{"apart": 20}, {"who": ("a", "a")}, {"who": ("a", "")}, {"changed": 24}])
def test_interviews_apart_or_of_one_interviewer_or_unlike_are_left_alone(given):
    assert run("interviews_together", team(**given)).empty


def test_pairs_begun_within_minutes():
    records = submitted(
        interviewer=["a", "b", "a", "c", ""],
        start=moments(
            "2025-11-03 09:00", "2025-11-03 09:05", "2025-11-03 09:04", "2025-11-03 09:30", "2025-11-03 09:00"
        ),
    )
    first, second = duplicates.begun_together(records, pd.Timedelta(minutes=5))
    assert {frozenset(two) for two in zip(first.tolist(), second.tolist(), strict=True)} == {
        frozenset({0, 1}),
        frozenset({1, 2}),
    }


def test_devices_and_addresses_are_counted_where_people_answer_themselves():
    records = submitted(device=["d"] * 4 + ["e", ""], ip=["h"] * 6)
    row = only("same_device", records)
    assert row["count"] == 4 and row["base"] == 5 and "at most 4" in row["en"]
    assert run("same_ip", records).empty
    assert (
        "interviewers share"
        in RULE["same_device"]
        .run(submitted(device=["d"] * 4, interviewer=["a"] * 4), QualityRules())
        .not_run["en"]
        .item()
    )


# --- values -----------------------------------------------------------------------------------------------------


def test_both_scales_of_an_outlier_are_said():
    random = np.random.default_rng(6)
    income = np.append(np.exp(random.normal(8, 0.8, 300)), 9e6)
    row = only("outlier", small({"income": income}, [Question("income", "decimal")]))
    assert row["count"] == 1 and row["question"] == "income" and row["threshold"] == pytest.approx(3.76, abs=0.01)
    raw, log = values.far_on_both_scales(income, 3.5, 20)
    assert raw.sum() > 5 and log.sum() == 1


def test_where_most_say_nothing_the_others_are_judged():
    rent = np.concatenate([np.zeros(60), np.random.default_rng(0).normal(900, 50, 40), [90_000]])
    raw, log = values.far_on_both_scales(rent, 3.5, 20)
    assert list(np.flatnonzero(raw & log)) == [100]


def test_missing_names_the_share():
    records = small({"income": [1.0, None, None, 4.0] * 10}, [Question("income", "integer")])
    row = only("missing_question", records)
    assert (row["count"], row["base"], row["keys"]) == (20, 40, ())
    assert row["en"] == "20 of 40 asked (50%) have no usable answer, more than 20%"


def test_exclusive_options():
    columns = {"m/none": [1.0, 1, 0], "m/x": [0.0, 1, 1]}
    records = small(columns, [several("m", "none", "x")], exclusive={"m": ("none",), "gone": ("none",)})
    assert only("exclusive_with_others", records)["keys"] == ("key1",)


# --- interviewers -----------------------------------------------------------------------------------------------


def fieldwork(shares, size=40, places=None):
    """One yes/no question asked by interviewers with given shares of yes."""
    yes = np.concatenate([np.arange(size) < round(share * size) for share in shares])
    who = np.repeat([f"w{place}" for place in range(len(shares))], size)
    columns = {"q": np.where(yes, "yes", "no"), "place": np.full(len(yes), "here") if places is None else places}
    questions = [single("q", "no", "yes"), single("place", *sorted(set(columns["place"])))]
    return small(columns, questions, submission=pd.DataFrame({"interviewer": who}))


def counted(records, **rules):
    declared_rules = QualityRules.model_validate(rules)
    work = interviewers.fieldwork(records, declared_rules)
    return interviewers.outcomes(records.coded, work, declared_rules.places)


def test_share_of_variance_is_that_of_the_analysis_of_variance():
    records = fieldwork([0.2, 0.3, 0.5, 0.9])
    icc, p = interviewers.intraclass(counted(records))
    groups = (records.values["q"] == "yes").to_numpy(float).reshape(4, 40)
    between = 40 * groups.mean(axis=1).var(ddof=1)
    within = groups.var(axis=1, ddof=1).mean()
    assert icc == pytest.approx([(between - within) / (between + 39 * within)], rel=1e-12)  # the same sums
    assert p == pytest.approx([f_oneway(*groups).pvalue], rel=1e-9)


def test_exact_test_is_that_of_fisher_doubled():
    found = counted(fieldwork([0.2, 0.2, 0.6]))
    p = interviewers.outlying(found)[2, 0]
    table = [[24, 16], [16, 64]]
    one_sided = fisher_exact(table, alternative="greater").pvalue
    assert p == pytest.approx(min(1, 3 * 2 * one_sided), rel=1e-6)  # Holm's first of three


def test_holm_by_hand():
    assert interviewers.holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])


def test_one_interviewer_unlike_the_others():
    records = fieldwork([0.5, 0.45, 0.5, 0.55, 0.5, 0.05])
    row = only("interviewer_outlying", records)
    assert row["interviewers"] == ("w5",) and row["count"] == 40
    assert "one of 6 interviewers differs from the others in 1 of 1 questions (such as q)" in row["en"]
    assert interviewer_table(records, QualityRules()).set_index("interviewer").loc["w5", "unlike"] == 1


def test_places_are_not_laid_at_the_door_of_interviewers():
    shares = [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]
    records = fieldwork(shares, places=np.repeat(["dry", "wet"], 120))
    assert len(run("interviewer_effect", records)) == 2  # the answer, and the place itself
    assert run("interviewer_effect", records, places=["place"]).empty
    assert run("interviewer_outlying", records, places=["place"]).empty
    odd = fieldwork([0.1, 0.1, 0.8, 0.9, 0.9, 0.9], places=np.repeat(["dry", "wet"], 120))
    assert only("interviewer_effect", odd, places=["place"])["question"] == "q"


# --- declared ---------------------------------------------------------------------------------------------------


def test_completed_years():
    born = moments("2015-09-10", "2015-09-10", "2016-02-29", "2016-02-29", None)
    day = moments("2025-09-09", "2025-09-10", "2025-02-28", "2025-03-01", "2025-01-01")
    assert declared.completed_years(born, day)[:4].tolist() == [9, 10, 8, 9]
    assert np.isnan(declared.completed_years(born, day)[4])


def test_interviews_above_the_plan_are_counted_and_nobody_is_named():
    places = ["east"] * 27 + ["west"] * 5
    records = small({"place": places}, [single("place", "east", "west", "north")])
    plan = {"unit": "child", "by": "place", "targets": {"2025Q4": {"east": 24, "west": 6, "north": 1}}}
    row = only("sample_surplus", records, plans=[plan])
    assert (row["count"], row["base"], row["keys"], row["severity"]) == (3, 32, (), "note")
    assert row["en"] == "1 of 3 parts of the sample have more interviews than planned, 3 in all (east 27/24)"
    assert run("sample_surplus", records, plans=[plan], thresholds={"surplus": 1.2}).empty


def test_nominal_ages_are_told_apart():
    columns = {"age": [9.0, 10, 11, 4], "born": pd.to_datetime(["2015-09-10"] * 4)}
    records = small(columns, [Question("age", "integer"), Question("born", "date")])
    records = dataclasses.replace(records, collected=(dt.date(2025, 5, 1), dt.date(2025, 5, 31)))
    row = only("age_birth", records, ages=[{"unit": "child", "age": "age", "born": "born"}])
    assert row["count"] == 3 and "(2 are one or two years above" in row["en"] and "虚岁" in row["zh"]


def family_of(numbers):
    family = small({"n": numbers, "city": ["a"] * len(numbers)}, [Question("n", "integer"), single("city", "a", "b")])
    return dataclasses.replace(family, unit="family")


def test_linked_records_are_counted_with_their_parent():
    children = small({"age": [3.0, 9, 4]}, [Question("age", "integer")])
    children = dataclasses.replace(children, parent=family_of([2.0, 2.0, None]), parent_rows=np.array([0, 0, 1]))
    rule = {"name": "children", "unit": "child", "question": "n"}
    row = only("count_linked", children, counts=[rule])
    assert (row["count"], row["base"], row["keys"]) == (1, 2, ("key2",))
    assert row["en"].startswith("1 of 2 records of family state a number in n")
    assert run("count_linked", children, counts=[{**rule, "compare": "at_most"}]).empty
    assert only("count_linked", children, counts=[{**rule, "when": "${age} > 5"}])["count"] == 2


CITY = {"name": "c", "unit": "child", "when": "${age} > 3 and ${city} = 'a'", "message": {"zh": "甲", "en": "x"}}


def test_contradictions_reach_the_parent_and_unknown_contradicts_nothing():
    children = small({"age": [3.0, 9, None, 9]}, [Question("age", "integer")])
    rows = np.array([0, 0, 0, -1])
    children = dataclasses.replace(children, parent=family_of([2.0]), parent_rows=rows)
    row = only("contradiction", children, logic=[CITY])
    assert row["keys"] == ("key1",) and row["zh"].endswith("：甲（${age} > 3 and ${city} = 'a'）")
    assert row["base"] == 2


def test_a_rule_about_no_question_names_the_nearest():
    with pytest.raises(InputError, match=r"no question 'aeg' .* did you mean 'age'"):
        run("contradiction", submitted(seconds=[1.0]), logic=[{**CITY, "when": "${aeg} > 3"}])


def test_plan_names_the_parts_that_fall_short():
    records = small({"place": ["a"] * 9 + ["b"] * 4 + ["z"]}, [single("place", "a", "b", "c", "z")])
    plan = {"unit": "child", "by": "place", "targets": {"2025Q4": {"a": 10, "b": 10, "c": 5}}}
    row = only("sample_plan", records, plans=[plan])
    assert row["count"] == 2 and "(b 4/10; c 0/5); 14 records of 25 planned, 1 in none of the parts" in row["en"]


def test_agreement_and_kappa_by_hand():
    questions = [single("a", "x", "y"), Question("n", "integer"), several("m", "u", "v")]
    first = {"a": list("xxyy"), "n": [1.0, 2, 3, None], "m/u": [1.0, 0, 1, 1], "m/v": [0.0, 1, 0, 0]}
    second = {"a": list("xyyy"), "n": [1.0, 2, 4, 4], "m/u": [1.0, 0, 1, 0], "m/v": [0.0, 1, 0, 1]}
    records = dataclasses.replace(small(first, questions), again=small(second, questions))
    table = agreement(records).set_index("question")
    assert table.loc["a", ["pairs", "equal"]].tolist() == [4, 3]
    assert table.loc["a", "kappa"] == pytest.approx((0.75 - 0.5) / 0.5)
    assert table.loc["n", ["pairs", "agreement"]].tolist() == [3, pytest.approx(2 / 3)]
    assert np.isnan(table.loc["n", "kappa"])
    assert table.loc["m", "agreement"] == 0.75


# --- findings and score -----------------------------------------------------------------------------------------


def found():
    records = submitted(seconds=[2400.0] * 20 + [700.0, 30.0])
    return RULE["short_interview"].run(records, QualityRules())


def test_findings_are_one_table_with_and_without_keys():
    assert tuple(found().frame) == COLUMNS
    assert not {"keys", "interviewers", "part"} & set(found().public())
    (finding,) = found().listed("zh")
    assert (finding.rule, finding.where, finding.count) == ("short_interview", "child (2025Q4)", 2)
    assert repr(joined([found(), found()])) == "Findings(2 findings by 1 checks, 0 not run)"


def test_score_counts_a_record_once_a_check():
    score = quality_score(joined([found(), found()]), 22)
    assert score.value == pytest.approx(100 - 50 * 2 / 22)
    assert score.parts.to_dict("records") == [
        {"rule": "short_interview", "severity": "warning", "share": pytest.approx(2 / 22), "weight": 0.5}
        | {"points": pytest.approx(50 * 2 / 22)}
    ]
    assert "error 2, warning 0.5, note 0" in score.definition("en") and "错误 2" in score.definition("zh")
    assert repr(score) == "Score(95.5, 'child', round='2025Q4', 22 records)"


def test_gate_stops_below_the_minimum_and_says_what_cost_most():
    score = quality_score(found(), 22)
    assert gate(score, 95) == []
    (finding,) = gate(score, 96)
    assert finding.severity == "error" and "reach 95.5 of 100 points" in finding.message
    assert finding.message.endswith("points lost: interview too short (4.5)") and finding.rule in RULES


def test_score_is_of_one_table():
    other = dataclasses.replace(submitted(seconds=[1.0]), unit="family")
    with pytest.raises(InputError, match="2 tables"):
        quality_score(joined([found(), check_records(other)]), 22)
    with pytest.raises(InputError, match="without records"):
        quality_score(found(), 0)


def test_a_study_may_change_the_severity():
    row = only("short_interview", submitted(seconds=[2400.0] * 20 + [30.0]), severity={"short_interview": "error"})
    assert row["severity"] == "error"


def test_nothing_is_found_in_a_table_without_records():
    nothing = small({"age": np.empty(0), "a": np.empty(0, object)}, [Question("age", "integer"), single("a", "x")])
    everything = pd.DataFrame({name: pd.Series(dtype="str") for name in ("interviewer", "device", "ip", "version")})
    assert len(check_records(dataclasses.replace(nothing, submission=everything))) == 0


# --- the demonstration ------------------------------------------------------------------------------------------


def test_the_demonstration_is_checked_as_it_is_read(root):
    study = open_study(root / "data" / "demo")
    answers = read_study(study).answers["child"]
    keys = pd.Series("", index=answers.values.index, dtype="str")
    tables = [records_of(answers, name, keys, collected=study.rounds[name].collected) for name in study.rounds]
    findings = check_records(tables)
    assert {row["round"] for row in findings.not_run.to_dict("records")} == set(study.rounds)
    assert not (findings.frame["severity"] == "error").any()
