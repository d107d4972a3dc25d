"""How long interviews took, and when they were made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import ndtri

from xzz_analysis.intake.quality.check import Check, Found, robust_z
from xzz_analysis.intake.quality.records import Records
from xzz_analysis.intake.quality.thresholds import QualityRules

LEAST = 20
"""Durations needed before the middle of a round says anything."""

OVERLAPPING = 0.5
"""Whoever begins more than this part of the interviews before the end of the last one has several under way at a time:
a class that fills in a form, say."""


def short(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviews that took less than a part of the round's median, or less than the minutes they need."""
    seconds = attended(records)
    known = int(np.isfinite(seconds).sum())
    if known >= LEAST:
        median = float(np.nanmedian(seconds))
        limit = max(rules.thresholds.short * median, 60 * rules.thresholds.least_minutes)
        yield Found(known, seconds < limit, threshold=limit / 60, facts={"minutes": median / 60})


def speeding(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Seconds per answered question far below the round's, on the log scale, or below what reading takes."""
    pace = seconds_per_question(records)
    known = int(np.isfinite(pace).sum())
    if known < LEAST:
        return
    limits = rules.thresholds
    log = np.log(np.maximum(pace, 1e-3))
    far = below(log, log) > limits.pace
    rows = far | (pace < limits.seconds_per_question)
    facts = {"median": float(np.nanmedian(pace)), "floor": limits.seconds_per_question, "far": int(far.sum())}
    yield Found(known, rows, threshold=limits.pace, facts=facts)


def seconds_per_question(records: Records) -> np.ndarray:
    """Time attended over answered questions of each record, array of float; NaN where unknown or none answered."""
    seconds = attended(records)
    answered = records.coded.answered
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = np.where((answered > 0) & (seconds >= 0), seconds / answered, np.nan)
    return np.asarray(pace)


def attended(records: Records) -> np.ndarray:
    """Seconds that an interviewer can have spent on each interview, array of float; NaN where unknown.

    Until its end, or until the same interviewer began the next one: forms are left open and finished in the evening.
    Only the duration counts for those who have several interviews under way at a time.
    """
    seconds = records.submission["seconds"].astype(float)
    if not (records.has("interviewer") and records.has("start")):
        return np.asarray(seconds.to_numpy())
    told = records.submission[["interviewer", "start"]].assign(seconds=seconds).reset_index(drop=True)
    told = told[(told["interviewer"] != "") & told["start"].notna()].sort_values(["interviewer", "start"])
    who = told["interviewer"]
    gap = (told.groupby(who)["start"].shift(-1) - told["start"]).dt.total_seconds()
    sooner = (gap > 0) & (gap < told["seconds"])
    sooner &= sooner.astype(float).groupby(who).transform("mean") <= OVERLAPPING
    bounded = seconds.to_numpy().copy()
    bounded[told.index[sooner]] = gap[sooner]
    return bounded


def below(values: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How far values are below the median of usual ones, in standard deviations of a normal law of that lower quartile.

    The lower half alone gives the scale: durations have a long upper tail of forms left open.

    Parameters
    ----------
    values : array of float, shape (n,)
        NaN = unknown.
    usual : array of float, shape (m,)
        Often the same values.

    Returns
    -------
    array of float, shape (n,)
        Negative above the median; NaN where unknown, and everywhere when a quarter of the usual values equal it.
    """
    known = usual[np.isfinite(usual)]
    if not len(known):
        return np.full(len(values), np.nan)
    low, middle = np.quantile(known, [0.25, 0.5])
    scale = (middle - low) / ndtri(0.75)
    return np.asarray((middle - values) / scale if scale > 1e-12 else np.full(len(values), np.nan))


def several_days(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviews that ended on a later day than allowed."""
    start, end = records.submission["start"], records.submission["end"]
    spanned = ((end.dt.normalize() - start.dt.normalize()) / pd.Timedelta(days=1)).to_numpy(float) + 1
    known = int(np.isfinite(spanned).sum())
    yield Found(known, spanned > rules.thresholds.days, threshold=rules.thresholds.days)


def backwards(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviews whose end lies before their start."""
    start, end = records.submission["start"], records.submission["end"]
    known = int((start.notna() & end.notna()).sum())
    yield Found(known, (end < start).to_numpy(bool))


def in_future(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records made after the data were received."""
    moment = _moment(records)
    assert records.read_on is not None
    limit = records.read_on + pd.Timedelta(hours=rules.thresholds.clock_hours)
    rows = (moment > limit).to_numpy(bool)
    yield Found(int(moment.notna().sum()), rows, threshold=rules.thresholds.clock_hours)


def outside_round(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records made before the first or after the last day of the round."""
    moment = _moment(records)
    assert records.collected is not None
    first, last = (pd.Timestamp(day) for day in records.collected)
    grace = pd.Timedelta(days=rules.thresholds.margin_days)
    early = (moment < first - grace).to_numpy(bool)
    late = (moment >= last + grace + pd.Timedelta(days=1)).to_numpy(bool)
    facts = {
        "early": int(early.sum()),
        "late": int(late.sum()),
        "first": f"{first:%Y-%m-%d}",
        "last": f"{last:%Y-%m-%d}",
    }
    known = int(moment.notna().sum())
    yield Found(known, early | late, threshold=rules.thresholds.margin_days, facts=facts)


def overlap(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviews that an interviewer began before the end of the one before."""
    told = records.submission[["interviewer", "start", "end"]].reset_index(drop=True)
    told = told[(told["interviewer"] != "") & told["start"].notna() & (told["end"] >= told["start"])]
    one_day = told[told["end"] - told["start"] <= pd.Timedelta(days=1)]  # the longer ones are found by their days
    ordered = one_day.sort_values(["interviewer", "start", "end"])
    latest = ordered.groupby("interviewer")["end"].cummax()
    before = latest.groupby(ordered["interviewer"]).shift()
    rows = np.zeros(len(records), bool)
    rows[ordered.index[(ordered["start"] < before).to_numpy(bool)]] = True
    yield Found(len(one_day), rows)


def version_drift(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records made with an old version of the form when a newer one had been in use for longer than allowed.

    Versions are in the order of their first use; one that a single record has cannot date a change.
    """
    version, moment = records.submission["version"], _moment(records)
    known = (version != "") & version.notna() & moment.notna()
    told = pd.DataFrame({"version": version[known], "moment": moment[known]})
    first = told.groupby("version")["moment"].agg(["min", "size"]).sort_values("min", kind="stable")
    first = first[first["size"] > 1]
    changed = (first["min"].shift(-1) + pd.Timedelta(days=rules.thresholds.version_days)).to_dict()
    limit = pd.to_datetime(pd.Series([changed.get(one, pd.NaT) for one in version], version.index))
    rows = (known & (moment > limit)).to_numpy(bool)
    yield Found(len(told), rows, threshold=rules.thresholds.version_days, facts={"versions": len(first)})


def per_day(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Days on which an interviewer made more interviews than a day holds, or far more than is usual."""
    days, day_of = interviewer_days(records)
    limits = rules.thresholds
    with np.errstate(invalid="ignore"):
        many = (days > limits.per_day) | (robust_z(days.astype(float)) > limits.outlier)
    busy = np.append(many, False)[day_of]
    who = tuple(sorted(set(records.submission["interviewer"][busy])))
    facts: dict[str, float] = {"days": int(many.sum()), "of_days": len(days), "most": int(days.max(initial=0))}
    facts["median"] = float(np.median(days)) if len(days) else 0.0
    yield Found(int((day_of >= 0).sum()), busy, threshold=limits.per_day, facts=facts, interviewers=who)


def interviewer_days(records: Records) -> tuple[np.ndarray, np.ndarray]:
    """Interviews on each day of each interviewer, and each record's place among these days (-1 = unknown)."""
    assert records.moment is not None
    code = records.submission["interviewer"].fillna("")
    known = (code != "") & records.moment.notna()
    told = pd.DataFrame({"who": code[known], "day": records.moment[known].dt.normalize()})
    day_of = np.full(len(records), -1)
    day_of[known.to_numpy(bool)] = told.groupby(["who", "day"]).ngroup().to_numpy()
    return np.bincount(day_of[day_of >= 0]), day_of


def _moment(records: Records) -> pd.Series:
    assert records.moment is not None
    return records.moment


SHORT_INTERVIEW = Check(
    "short_interview",
    "warning",
    ("seconds",),
    ("short", "least_minutes"),
    short,
    {
        "zh": "{base:,} 次访问中有 {count:,} 次用时不到 {threshold:.1f} 分钟（本轮中位数为 {minutes:.0f} 分钟）",
        "en": "{count:,} of {base:,} interviews took less than {threshold:.1f} minutes (the round's median is "
        "{minutes:.0f} minutes)",
    },
    {"zh": "逐一查看，并询问访员", "en": "look at them, and ask the interviewer"},
    {
        "zh": "本轮中位用时 40 分钟，一份 9 分钟完成的家庭问卷会被列出",
        "en": "with a median of 40 minutes, a family interview done in 9 minutes is listed",
    },
    "HighFrequencyChecks 0.3.9 (2020), isInterviewTooShort",
)
SPEEDING = Check(
    "speeding",
    "warning",
    ("seconds",),
    ("pace", "seconds_per_question"),
    speeding,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份每题用时过短：本轮中位数为每题 {median:.1f} 秒，"
        "{far:,} 份在对数尺度上低于中位数 {threshold:g} 个稳健标准差，其余低于每题 {floor:g} 秒",
        "en": "{count:,} of {base:,} records were answered too fast: the round's median is {median:.1f} seconds a "
        "question, {far:,} lie {threshold:g} robust deviations below it on the log scale, the others below {floor:g} "
        "seconds a question",
    },
    {"zh": "核对是否真的访问过；必要时回访", "en": "find out whether the interview took place; go back if need be"},
    {
        "zh": "跳题很多的家庭用时短但每题用时正常，不会被列出；240 题用时 4 分钟的会被列出",
        "en": "a family that skips much is quick but not per question, and is not listed; 240 questions in 4 minutes "
        "are",
    },
    "Zhang, C. and Conrad, F. G. (2014), Survey Research Methods 8(2), 127-135",
)
SEVERAL_DAYS = Check(
    "several_days",
    "note",
    ("start", "end"),
    ("days",),
    several_days,
    {
        "zh": "{base:,} 次访问中有 {count:,} 次跨越了 {threshold:g} 天以上",
        "en": "{count:,} of {base:,} interviews stretch over more than {threshold:g} day(s)",
    },
    {"zh": "问清是否中断后续访，用时不可用于统计", "en": "ask whether they were resumed; their duration says nothing"},
    {"zh": "周一开始、周三提交的问卷", "en": "an interview begun on Monday and finished on Wednesday"},
    "HighFrequencyChecks 0.3.9 (2020), isSurveyOnMoreThanADay",
)
TIME_BACKWARDS = Check(
    "time_backwards",
    "warning",
    ("start", "end"),
    (),
    backwards,
    {
        "zh": "{base:,} 次访问中有 {count:,} 次的结束时间早于开始时间",
        "en": "{count:,} of {base:,} interviews end before they start",
    },
    {"zh": "校准设备时钟", "en": "set the clock of the device"},
    {"zh": "10:20 开始、09:55 结束的访问", "en": "an interview from 10:20 to 09:55"},
)
IN_FUTURE = Check(
    "in_future",
    "error",
    ("moment", "read_on"),
    ("clock_hours",),
    in_future,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份的时间比收到数据的时间还晚 {threshold:g} 小时以上",
        "en": "{count:,} of {base:,} records are dated more than {threshold:g} hours after the data were received",
    },
    {"zh": "校准设备时钟，并更正时间", "en": "set the clock of the device, and correct the times"},
    {"zh": "数据于 6 月 1 日导出，却有 7 月 3 日的访问", "en": "an interview of 3 July in data exported on 1 June"},
    "HighFrequencyChecks 0.3.9 (2020), isSurveyMadeInTheFuture",
)
OUTSIDE_ROUND = Check(
    "outside_round",
    "warning",
    ("moment", "collected"),
    ("margin_days",),
    outside_round,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份不在本轮期间（{first} 至 {last}）：早于 {early:,} 份，晚于 {late:,} 份",
        "en": "{count:,} of {base:,} records lie outside the round ({first} to {last}): {early:,} before, "
        "{late:,} after",
    },
    {
        "zh": "删除培训和试填记录，或更正 study.yml 中 rounds 的日期",
        "en": "remove trials, or correct the days under rounds in study.yml",
    },
    {"zh": "轮次 5 月 10 日开始，却有 5 月 8 日的试填记录", "en": "a trial of 8 May in a round that began on 10 May"},
    "HighFrequencyChecks 0.3.9 (2020), isSurveyStartedBeforeTheAssessment",
)
INTERVIEWS_OVERLAP = Check(
    "interviews_overlap",
    "warning",
    ("interviewer", "start", "end"),
    (),
    overlap,
    {
        "zh": "{base:,} 次访问中有 {count:,} 次开始时，同一访员的上一次访问还没有结束",
        "en": "{count:,} of {base:,} interviews began before the same interviewer's earlier one had ended",
    },
    {"zh": "问清访员在哪里、何时访问", "en": "ask the interviewer where and when each took place"},
    {
        "zh": "同一访员 10:00–10:40 和 10:25–11:00 各有一次访问",
        "en": "one interviewer has interviews from 10:00 to 10:40 and from 10:25 to 11:00",
    },
)
INTERVIEWER_DAY = Check(
    "interviewer_day",
    "warning",
    ("interviewer", "moment"),
    ("per_day", "outlier"),
    per_day,
    {
        "zh": "{of_days:,} 个访员工作日中有 {days:,} 个的访问数超过 {threshold:g} 次或远多于平常"
        "（中位数 {median:g}，最多 {most:,}），涉及 {count:,} 份记录",
        "en": "on {days:,} of {of_days:,} days of work an interviewer made more than {threshold:g} interviews, or far "
        "more than usual (median {median:g}, at most {most:,}); {count:,} records",
    },
    {"zh": "对照用时和重叠查看，抽查回访", "en": "look at durations and overlaps, and go back to some"},
    {"zh": "平常一天 5 户，某天 22 户", "en": "22 families in a day where 5 are usual"},
    "HighFrequencyChecks 0.3.9 (2020), enumeratorProductivityOutliers",
)
VERSION_DRIFT = Check(
    "version_drift",
    "warning",
    ("version", "moment"),
    ("version_days",),
    version_drift,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份在新版问卷启用 {threshold:g} 天以后仍用旧版（本轮共 {versions} 个版本）",
        "en": "{count:,} of {base:,} records were made with an old version of the form more than {threshold:g} day(s) "
        "after a newer one came into use ({versions} versions in this round)",
    },
    {
        "zh": "让访员更新问卷；核对两版之间改动的题目",
        "en": "have the interviewers update the form; compare the questions that changed between the versions",
    },
    {
        "zh": "5 月 12 日起用第 3 版，5 月 20 日仍有第 2 版的记录",
        "en": "version 3 is in use from 12 May, and a record of 20 May has version 2",
    },
    "ipacheck 4 (2024), versions",
)
CHECKS = (
    SHORT_INTERVIEW,
    SPEEDING,
    SEVERAL_DAYS,
    TIME_BACKWARDS,
    IN_FUTURE,
    OUTSIDE_ROUND,
    INTERVIEWS_OVERLAP,
    INTERVIEWER_DAY,
    VERSION_DRIFT,
)
