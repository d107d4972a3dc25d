"""Records that are too alike: the same answers, nearly the same, one device or address, the same text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.intake.quality.check import Check, Found
from xzz_analysis.intake.quality.checks.likeness import (
    PAIRS,
    SLACK,
    Twins,
    gower,
    near_twins,
)
from xzz_analysis.intake.quality.checks.times import below
from xzz_analysis.intake.quality.records import Records
from xzz_analysis.intake.quality.thresholds import QualityRules

MANY_MORE = 5
"""Copies lie apart: twice the distance brings fewer than so many times the records. In honest answers to *d* unrelated
questions it would bring about 2ᵈ times as many."""


NEARER = 0.5
"""Two interviews made at once are too alike only below this part of the distance usual of unrelated records: one place
and one leaning bring honest answers nearer, too."""


@dataclass(frozen=True, eq=False)
class Distinct:
    """Records with enough answers, the equal ones once.

    Attributes
    ----------
    rows : int array
        First record of each set of equal ones.
    members : int array of shape (records,)
        Place in ``rows`` of each record's set, -1 where too few questions are answered.
    sizes : int array
        Records in each set.
    """

    rows: np.ndarray
    members: np.ndarray
    sizes: np.ndarray


def distinct(records: Records, rules: QualityRules) -> Distinct:
    """Group the records with the same answers to every question, free texts included."""
    print_ = records.coded.fingerprint.copy()
    for column in records.texts:
        print_ = print_ * np.uint64(6364136223846793005) + records.texts[column].to_numpy(np.uint64)
    judged = np.flatnonzero(records.coded.answered >= rules.thresholds.duplicate_questions)
    _, first, inverse, sizes = np.unique(print_[judged], return_index=True, return_inverse=True, return_counts=True)
    members = np.full(len(records), -1)
    members[judged] = inverse
    return Distinct(judged[first], members, sizes)


def exact(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records whose answers are all the same; a note only where honest records come as near in numbers."""
    sets = distinct(records, rules)
    judged = sets.members >= 0
    rows = judged & np.append(sets.sizes > 1, False)[sets.members]
    severity = ""
    if rows.any():
        two_answers = 2 / float(records.coded.answered[judged].mean())
        twins = _twins(records, rules, sets, two_answers)
        near_ones = int((np.isfinite(twins.distance) & (sets.sizes == 1)).sum())
        severity = _by_chance(int(rows.sum()), near_ones + int(rows.sum()), int(judged.sum()))
    facts = {"sets": int((sets.sizes > 1).sum()), "questions": len(records.coded.names)}
    yield Found(int(judged.sum()), rows, threshold=0.0, facts=facts, severity=severity)


def near(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records that differ in few answers from another one; a note only where twice the distance brings many more."""
    sets, limit = distinct(records, rules), rules.thresholds.near
    if len(sets.rows) < 2:
        return
    twins = _twins(records, rules, sets, 2 * limit)
    near_ones = int((twins.distance <= limit + SLACK).sum())
    severity = _by_chance(near_ones, int(np.isfinite(twins.distance).sum()), len(sets.rows))
    alike = np.append(twins.distance <= limit + SLACK, False)
    rows = alike[sets.members]  # -1, too few answers, is the appended False
    closest = float(twins.distance.min(initial=np.inf))
    facts = {"closest": closest, "questions": len(records.coded.names)}
    yield Found(int((sets.members >= 0).sum()), rows, threshold=limit, facts=facts, severity=severity)


def _twins(records: Records, rules: QualityRules, sets: Distinct, limit: float) -> Twins:
    return near_twins(records.coded.part(sets.rows), limit, settled=min(limit, rules.thresholds.near))


def _by_chance(few: int, more: int, judged: int) -> str:
    """A note where the nearest records are the tail of all: copies lie apart, honest likeness does not."""
    return "note" if more > max(MANY_MORE * few, 1) or more > judged / 2 else ""


def together(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviews that two interviewers began at the same time and that are more alike than unrelated ones can be."""
    pairs = begun_together(records, pd.Timedelta(minutes=rules.thresholds.together_minutes))
    enough = records.coded.answered >= rules.thresholds.duplicate_questions
    first, second = (side[enough[pairs[0]] & enough[pairs[1]]] for side in pairs)
    unrelated = unrelated_distances(records, np.flatnonzero(enough))
    if not len(first) or not len(unrelated):
        return
    distance = _in_lots(records, first, second)
    usual = float(np.median(unrelated))
    alike = (below(distance, unrelated) > rules.thresholds.together) & (distance <= NEARER * usual)
    rows = np.zeros(len(records), bool)
    rows[first[alike]] = rows[second[alike]] = True
    codes = records.submission["interviewer"].to_numpy(object)
    teams = {tuple(sorted(two)) for two in zip(codes[first[alike]], codes[second[alike]], strict=True)}
    who = tuple(sorted({one for two in teams for one in two}))
    facts = {"pairs": int(alike.sum()), "teams": len(teams), "usual": usual}
    facts |= {"minutes": rules.thresholds.together_minutes, "nearest": float(distance.min())}
    yield Found(
        len(np.union1d(first, second)), rows, threshold=rules.thresholds.together, facts=facts, interviewers=who
    )


def begun_together(records: Records, within: pd.Timedelta) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of records of two interviewers that were begun within a time of each other, as two arrays of rows."""
    told = records.submission[["interviewer", "start"]].reset_index(drop=True)
    told = told[(told["interviewer"] != "") & told["start"].notna()].sort_values("start", kind="stable")
    moment, who, rows = told["start"].to_numpy(), told["interviewer"].to_numpy(object), told.index.to_numpy()
    last = np.searchsorted(moment, moment + within.to_timedelta64(), side="right")
    later = last - np.arange(len(rows)) - 1
    first = np.repeat(np.arange(len(rows)), later)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)
    two = who[first] != who[second]
    return rows[first[two]], rows[second[two]]


def unrelated_distances(records: Records, rows: np.ndarray) -> np.ndarray:
    """Gower distances of thousands of pairs, put together by a hash of the answers."""
    order = rows[np.argsort(records.coded.fingerprint[rows], kind="stable")]
    turns = min(max(PAIRS // max(len(order), 1), 1), len(order) // 2)
    steps = [len(order) // 2 - turn for turn in range(turns)]  # all different, and each pair once
    second = np.concatenate([np.empty(0, np.int64), *(np.roll(order, step) for step in steps)])
    return _in_lots(records, np.tile(order, len(steps)), second)


def _in_lots(records: Records, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    lots = [slice(start, start + PAIRS) for start in range(0, len(first), PAIRS)]
    return np.concatenate([np.empty(0), *(gower(records.coded, first[lot], second[lot]) for lot in lots)])


def same_device(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Devices that sent more records than allowed."""
    yield _sent(records.submission["device"], rules.thresholds.per_device)


def same_ip(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Addresses that sent more records than allowed."""
    yield _sent(records.submission["ip"], rules.thresholds.per_ip)


def _sent(source: pd.Series, most: int) -> Found:
    known = (source != "") & source.notna()
    counts = source[known].value_counts()
    many = counts[counts > most]
    facts = {"sources": len(many), "most": int(counts.max()) if len(counts) else 0}
    return Found(int(known.sum()), source.isin(many.index).to_numpy(bool), threshold=most, facts=facts)


def same_text(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Free texts that several records share word for word."""
    for question in records.texts:
        text = records.texts[question]
        written = text != 0
        counts = text[written].value_counts()
        many = counts[counts >= rules.thresholds.same_text]
        rows = (written & text.isin(many.index)).to_numpy(bool)
        facts = {"texts": len(many), "length": rules.thresholds.text_length}
        yield Found(int(written.sum()), rows, question=str(question), threshold=rules.thresholds.same_text, facts=facts)


EXACT_DUPLICATE = Check(
    "exact_duplicate",
    "error",
    (),
    ("duplicate_questions",),
    exact,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份与另一份在全部 {questions} 题上回答相同（共 {sets:,} 组）",
        "en": "{count:,} of {base:,} records have the same answers to all {questions} questions as another one "
        "({sets:,} sets)",
    },
    {"zh": "查明是否重复提交，只保留一份", "en": "find out whether they were sent twice, and keep one of each set"},
    {
        "zh": "同一份问卷因网络中断提交了两次，编号不同",
        "en": "one interview sent twice under two keys because the network failed",
    },
)
NEAR_DUPLICATE = Check(
    "near_duplicate",
    "warning",
    (),
    ("near", "duplicate_questions"),
    near,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份与另一份在 {questions} 题上的 Gower 距离不超过 {threshold:.3f}"
        "（最近 {closest:.3f}；已比较每一对）",
        "en": "{count:,} of {base:,} records lie within a Gower distance of {threshold:.3f} of another one over "
        "{questions} questions (closest {closest:.3f}; every pair was looked at)",
    },
    {
        "zh": "对照两份记录的时间、访员和地点，查明是否抄写",
        "en": "compare time, interviewer and place of the two, and find out whether one was copied",
    },
    {
        "zh": "访员复制一份问卷，只改了 3 道题（共 120 题）",
        "en": "an interviewer copied an interview and changed 3 of 120 answers",
    },
    "Gower, J. C. (1971), Biometrics 27, 857-871; Kuriakose, N. and Robbins, M. (2016), Statistical Journal of the "
    "IAOS 32, 283-291",
)
INTERVIEWS_TOGETHER = Check(
    "interviews_together",
    "warning",
    ("interviewer", "start"),
    ("together", "together_minutes", "duplicate_questions"),
    together,
    {
        "zh": "两名访员在 {minutes:g} 分钟内先后开始的访问涉及 {base:,} 份记录，其中 {count:,} 份（{pairs:,} 对，"
        "{teams} 组访员）彼此过于相似：Gower 距离最小 {nearest:.3f}，互不相关的记录通常为 {usual:.3f}，"
        "低于其中位数 {threshold:g} 个稳健标准差以上",
        "en": "{count:,} of {base:,} records that two interviewers began within {minutes:g} minutes of each other are "
        "too alike ({pairs:,} pairs of {teams} team(s)): their Gower distance, {nearest:.3f} at least, lies more than "
        "{threshold:g} robust deviations below the {usual:.3f} usual of unrelated records",
    },
    {
        "zh": "问清是否两人一起访问了同一户或一组家庭，只保留独立的访问",
        "en": "ask whether they met one family or a group together, and keep what stands for itself",
    },
    {
        "zh": "两名访员同时在相邻两户访问，80 题中只有人数、年龄等数字不同",
        "en": "two interviewers begin in the same minute, and only numbers such as ages differ in 80 answers",
    },
    "Gower, J. C. (1971), Biometrics 27, 857-871",
)
SAME_DEVICE = Check(
    "same_device",
    "warning",
    ("self_completed", "device"),
    ("per_device",),
    same_device,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份来自 {sources:,} 台提交超过 {threshold:g} 份的设备（最多 {most:,} 份）",
        "en": "{count:,} of {base:,} records come from {sources:,} device(s) that sent more than {threshold:g} "
        "(at most {most:,})",
    },
    {
        "zh": "若是社工站共用的设备，请在 study.yml 的 quality.without 说明",
        "en": "where a centre's device is shared, say so under quality.without in study.yml",
    },
    {"zh": "一部手机提交了 9 份家长问卷", "en": "one phone sent 9 questionnaires of parents"},
    "ipacheck 4 (2024), dups",
)
SAME_IP = Check(
    "same_ip",
    "note",
    ("self_completed", "ip"),
    ("per_ip",),
    same_ip,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份来自 {sources:,} 个提交超过 {threshold:g} 份的 IP（最多 {most:,} 份）",
        "en": "{count:,} of {base:,} records come from {sources:,} address(es) that sent more than {threshold:g} "
        "(at most {most:,})",
    },
    {
        "zh": "学校和社区网络常共用 IP：结合用时和近似重复一起看",
        "en": "schools and communities share addresses: look at durations and near duplicates too",
    },
    {"zh": "一个 IP 提交了 37 份问卷", "en": "one address sent 37 questionnaires"},
)
SAME_TEXT = Check(
    "same_text",
    "warning",
    ("texts",),
    ("same_text", "text_length"),
    same_text,
    {
        "zh": "写了文字的 {base:,} 份记录中有 {count:,} 份逐字相同（{texts:,} 段不少于 {length} 字的文字，"
        "每段至少 {threshold:g} 份）",
        "en": "{count:,} of {base:,} records that wrote a text share it word for word ({texts:,} text(s) of at least "
        "{length} characters, in {threshold:g} records or more each)",
    },
    {"zh": "查明是否由访员代写或复制", "en": "find out whether the interviewer wrote or copied them"},
    {
        "zh": "五个家庭对“最大的困难”写了同一句 40 字的话",
        "en": "five families describe their greatest difficulty in the same 40 characters",
    },
)
CHECKS = (EXACT_DUPLICATE, NEAR_DUPLICATE, INTERVIEWS_TOGETHER, SAME_DEVICE, SAME_IP, SAME_TEXT)
