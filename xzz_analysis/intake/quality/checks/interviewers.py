r"""Interviewers compared with each other: their answers, and those they did not get.

An interviewer's count of an answer is compared with what the others' share leads to expect. The test is exact
(hypergeometric), and it is made wider when all interviewers differ more than chance would let them, because they work
in different places: the deviations are divided by :math:`\sqrt\varphi`, :math:`\varphi = \max(1, (\mathrm{median}|z| /
0.6745)^2)` over the interviewers, as control limits of a funnel plot are. All tests are adjusted together (Holm).

References
----------
Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
1185-1202. Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
Statistics 6, 65-70.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import fdtrc, ndtr, ndtri

from xzz_analysis.intake.quality.check import Check, Found
from xzz_analysis.intake.quality.checks.values import unusable
from xzz_analysis.intake.quality.records import Coded, Records, mix
from xzz_analysis.intake.quality.thresholds import QualityRules

COMMON = (0.05, 0.95)
"""Shares between which an answer is common enough to compare interviewers by it."""

FEWEST = 5
"""With fewer interviewers their spread says nothing, and they are taken to differ by chance alone."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """How often each interviewer noted each common answer, and how often others did in the same places.

    Attributes
    ----------
    questions : array of str, shape (outcomes,)
        Question of each outcome: an option, a set of options, or a number above its median.
    counts, sizes : float arrays of shape (interviewers, outcomes)
        Records with the outcome, and with any answer to its question.
    expected, variance : float arrays of shape (interviewers, outcomes)
        Of the count, if the interviewer's records were drawn at random from those of the places they worked in.
    within : array of float, shape (outcomes,)
        Sum of squares of the outcome inside places.
    places : int
    """

    questions: np.ndarray
    counts: np.ndarray
    sizes: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    within: np.ndarray
    places: int


@dataclass(frozen=True, eq=False)
class Fieldwork:
    """Who interviewed whom, and where.

    Attributes
    ----------
    names : array of str
        Interviewers with enough records.
    members : int array of shape (records,)
        Interviewer of each record, -1 = not compared.
    where : int array of shape (records,)
        Place of each record, from 0; all 0 when no place is declared.
    """

    names: np.ndarray
    members: np.ndarray
    where: np.ndarray


def fieldwork(records: Records, rules: QualityRules) -> Fieldwork:
    """Interviewers with enough records, and the places they worked in."""
    codes = records.submission["interviewer"].fillna("")
    counts = codes[codes != ""].value_counts()
    names = np.sort(counts.index[counts >= rules.thresholds.interviewer_records].to_numpy(str))
    members = codes.map({name: place for place, name in enumerate(names)}).fillna(-1).to_numpy(np.int64)
    columns = [records.coded.names.index(name) for name in _places(records, rules) if name in records.coded.names]
    where = np.unique(mix(records.coded.codes[:, columns]), return_inverse=True)[1] if columns else 0 * members
    return Fieldwork(names, members, where.ravel())


def _places(records: Records, rules: QualityRules) -> list[str]:
    return [*rules.places, *(plan.by for plan in rules.plans if plan.unit == records.unit)]


def outcomes(coded: Coded, work: Fieldwork, without: Collection[str] = ()) -> Outcomes:
    """Count the common answers of each interviewer.

    Parameters
    ----------
    coded : Coded
    work : Fieldwork
    without : collection of str
        Questions that say where, by which interviewers must differ.

    Returns
    -------
    Outcomes
    """
    found: list[Any] = []
    number, places = 0, int(work.where.max(initial=0)) + 1
    for place, (name, codes) in enumerate(zip(coded.names, coded.codes.T, strict=True)):
        chosen = codes
        if coded.numeric[place]:
            values = coded.numbers[:, number]
            number += 1
            middle = np.median(values[codes >= 0]) if (codes >= 0).any() else 0.0
            chosen = np.where(codes >= 0, values > middle, -1).astype(np.int32)
        if name not in without and ((chosen >= 0) & (work.members >= 0)).any():
            found.append((name, *_of_question(chosen, work, places)))
    names = [name for name, counts, *_ in found for _ in range(counts.shape[1])]
    empty = np.empty((len(work.names), 0))
    tables: list[np.ndarray] = [np.hstack([empty, *(one[part] for one in found)]) for part in range(1, 5)]
    counts, sizes, expected, variance = tables
    within = np.concatenate([np.empty(0), *(one[5] for one in found)])
    return Outcomes(np.array(names, str), counts, sizes, expected, variance, within, places)


def _of_question(chosen: np.ndarray, work: Fieldwork, places: int) -> tuple[np.ndarray, ...]:
    """Counts, sizes, expected counts, their variance and the sum of squares of the common answers to a question."""
    kept = (chosen >= 0) & (work.members >= 0)
    shares = np.bincount(chosen[kept]) / kept.sum()
    common = np.flatnonzero((shares > COMMON[0]) & (shares < COMMON[1]))
    common = common[1:] if len(shares) == 2 else common  # of two answers the second says it all
    who, where = work.members[kept], work.where[kept]
    size = np.bincount(who * places + where, minlength=len(work.names) * places).reshape(-1, places).astype(float)
    all_ = size.sum(axis=0)
    counts, total = np.zeros((len(size), len(common))), np.zeros((places, len(common)))
    for column, code in enumerate(common):
        hit = chosen[kept] == code
        counts[:, column] = np.bincount(who[hit], minlength=len(size))
        total[:, column] = np.bincount(where[hit], minlength=places)
    share = total / np.maximum(all_, 1)[:, None]
    drawn = size * (all_ - size) / np.maximum(all_ - 1, 1)
    sizes = np.repeat(size.sum(axis=1)[:, None], len(common), axis=1)
    return counts, sizes, size @ share, drawn @ (share * (1 - share)), (total * (1 - share)).sum(axis=0)


def outlying(found: Outcomes) -> np.ndarray:
    """Adjusted p of each interviewer's count against the others', array of shape (interviewers, outcomes).

    Exact with one place; with several, the sum of the places' counts is taken as normal, with a continuity
    correction of one half.

    Parameters
    ----------
    found : Outcomes

    Returns
    -------
    array of float
        1 where nothing can be said.
    """
    apart, spread = found.counts - found.expected, np.sqrt(found.variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(spread > 1e-9, apart / spread, 0)
        corrected = np.where(spread > 1e-9, np.maximum(np.abs(apart) - 0.5, 0) / spread, 0)
    if found.places == 1:
        looked = np.abs(z) > 2.5  # the others cannot pass after the adjustment
        corrected[looked] = -ndtri(np.clip(_exact(found, looked), 1e-300, 1) / 2)
    return holm(2 * ndtr(-corrected / np.sqrt(overdispersion(z))))


def _exact(found: Outcomes, looked: np.ndarray) -> np.ndarray:
    """Two-sided hypergeometric p of the counts looked at."""
    from scipy.stats import hypergeom  # heavy, and seldom needed

    hits, total = found.counts.sum(axis=0), found.sizes.sum(axis=0)
    what = np.nonzero(looked)[1]
    drawn = (total[what], hits[what], found.sizes[looked])
    below, above = hypergeom.cdf(found.counts[looked], *drawn), hypergeom.sf(found.counts[looked] - 1, *drawn)
    return np.asarray(np.minimum(1, 2 * np.minimum(below, above)))


def overdispersion(z: np.ndarray) -> np.ndarray:
    """How much more the interviewers differ than chance lets them: φ ≥ 1 of each outcome."""
    if len(z) < FEWEST:
        return np.ones(z.shape[1:])
    return np.asarray(np.maximum(1, (np.median(np.abs(z), axis=0) / ndtri(0.75)) ** 2))


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p of all tests together, same shape."""
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")
    raised = np.maximum.accumulate(flat[order] * np.arange(len(flat), 0, -1))
    adjusted = np.empty(len(flat))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted.reshape(p.shape)


def intraclass(found: Outcomes) -> tuple[np.ndarray, np.ndarray]:
    """Share of variance between interviewers, and the p of its F test, each of shape (outcomes,).

    One-way random effects with groups of unequal size, from the counts alone; what differs between places is taken off
    first, so that it is not laid at the door of those who work there.

    Parameters
    ----------
    found : Outcomes

    Returns
    -------
    icc : array of float
        The ANOVA estimate; below 0 when interviewers differ less than chance would let them, NaN where it cannot be
        computed.
    p : array of float

    References
    ----------
    Donner, A. (1986). A review of inference procedures for the intraclass correlation coefficient in the one-way
    random effects model. International Statistical Review 54, 67-82.
    """
    sizes = found.sizes
    groups, total = (sizes > 0).sum(axis=0), sizes.sum(axis=0)
    inside = total - groups - (found.places - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = ((found.counts - found.expected) ** 2 / np.maximum(sizes, 1)).sum(axis=0)
        between, within = explained / (groups - 1), (found.within - explained) / inside
        mean_size = (total - (sizes**2).sum(axis=0) / total) / (groups - 1)
        icc = (between - within) / (between + (mean_size - 1) * within)
        p = fdtrc(groups - 1, inside, between / within)
    return icc, np.where(np.isfinite(p), p, 1)


def effects(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Questions whose answers depend on who asked."""
    work = fieldwork(records, rules)
    names = work.names
    if len(names) < 2:
        return
    found = outcomes(records.coded, work, _places(records, rules))
    icc, p = intraclass(found)
    tested = len(set(found.questions))
    strong = (holm(p) < rules.thresholds.alpha) & (icc > rules.thresholds.icc)
    table = pd.DataFrame({"question": found.questions[strong], "icc": icc[strong]})
    for question, highest in table.groupby("question", sort=False)["icc"].max().items():
        facts = {"icc": float(highest), "interviewers": len(names)}
        limit = rules.thresholds.icc
        yield Found(tested, count=1, question=str(question), threshold=limit, facts=facts, whole=tested)


def outliers(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviewers whose answers are unlike those of the others; one finding each."""
    work = fieldwork(records, rules)
    names, members = work.names, work.members
    if len(names) < 2:
        return
    found = outcomes(records.coded, work, _places(records, rules))
    unlike = outlying(found) < rules.thresholds.alpha
    for place, name in enumerate(names):
        asked = list(dict.fromkeys(found.questions[unlike[place]]))
        if asked:
            facts = {"questions": len(asked), "tested": len(set(found.questions)), "named": ", ".join(asked[:5])}
            facts["interviewers_n"] = len(names)
            yield Found(
                int((members >= 0).sum()),
                members == place,
                threshold=rules.thresholds.alpha,
                facts=facts,
                interviewers=(str(name),),
            )


def missing_rates(records: Records) -> np.ndarray:
    """Share of the questions asked of each record that have no usable answer, array of float; NaN when none was."""
    _, asked, without = unusable(records)
    bases = asked.sum(axis=1)
    return np.where(bases > 0, without.sum(axis=1) / np.maximum(bases, 1), np.nan)


def missing(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Interviewers whose records lack more answers than those of the others (rank sums); one finding each."""
    work = fieldwork(records, rules)
    names, members = work.names, work.members
    rates = missing_rates(records)
    kept = (members >= 0) & np.isfinite(rates)
    if len(names) < 2 or not kept.any():
        return
    ranks, who = pd.Series(rates[kept]).rank().to_numpy(), members[kept]
    sizes = np.bincount(who, minlength=len(names))
    total, spread = len(ranks), ranks.std(ddof=1)
    if spread == 0:
        return
    means = np.bincount(who, ranks, len(names)) / np.maximum(sizes, 1)
    z = (means - ranks.mean()) / (spread * np.sqrt((1 / np.maximum(sizes, 1) - 1 / total).clip(1e-12)))
    p = holm(ndtr(-z / np.sqrt(overdispersion(z[:, None]))))
    for place in np.flatnonzero(p < rules.thresholds.alpha):
        own = members == place
        facts = {"own": float(np.nanmean(rates[own])), "all": float(np.nanmean(rates[kept])), "n": len(names)}
        limit = rules.thresholds.alpha
        yield Found(int(kept.sum()), own & kept, threshold=limit, facts=facts, interviewers=(str(names[place]),))


def interviewer_table(records: Records, rules: QualityRules) -> pd.DataFrame:
    """What an interviewer did, for those who lead the fieldwork; internal, for it names their codes.

    Parameters
    ----------
    records : Records
        With an interviewer column.
    rules : QualityRules

    Returns
    -------
    DataFrame
        One row per interviewer: ``interviewer``, ``records``, ``minutes`` (median; NaN unknown), ``missing`` (share of
        the questions asked without a usable answer), ``unlike`` (questions on which they differ from the others, NaN
        with too few records).
    """
    code = records.submission["interviewer"].fillna("")
    seconds = records.submission["seconds"] if records.has("seconds") else pd.Series(np.nan, code.index)
    told = pd.DataFrame({"interviewer": code, "minutes": seconds / 60, "missing": missing_rates(records)})
    groups = told[code != ""].groupby("interviewer")
    table = groups.agg(records=("missing", "size"), minutes=("minutes", "median"), missing=("missing", "mean"))
    names = fieldwork(records, rules).names
    found = outcomes(records.coded, fieldwork(records, rules), _places(records, rules))
    unlike = outlying(found) < rules.thresholds.alpha
    counts = [len(set(found.questions[row])) for row in unlike]
    return table.assign(unlike=pd.Series(counts, names, dtype=float)).reset_index()


INTERVIEWER_EFFECT = Check(
    "interviewer_effect",
    "warning",
    ("interviewer",),
    ("icc", "alpha", "interviewer_records"),
    effects,
    {
        "zh": "{interviewers} 名访员之间的差异占该题方差的 {icc:.0%}，超过 {threshold:.0%}（共检验 {base:,} 题）",
        "en": "{icc:.0%} of the variance of this question lies between {interviewers} interviewers, more than "
        "{threshold:.0%} ({base:,} questions tested)",
    },
    {
        "zh": "地点题写入 study.yml 的 quality.places，只与同地的访员相比；仍有差异则提问方式不一，应再培训",
        "en": "name the questions that say where under quality.places in study.yml, to compare those in one place; "
        "what remains is how they ask: train them again",
    },
    {
        "zh": "“过去一个月是否感到孤独”：有的访员记 5%，有的记 60%",
        "en": "'felt lonely in the past month': 5% with one interviewer, 60% with another",
    },
    "Donner, A. (1986), International Statistical Review 54, 67-82",
)
INTERVIEWER_OUTLYING = Check(
    "interviewer_outlying",
    "warning",
    ("interviewer",),
    ("alpha", "interviewer_records"),
    outliers,
    {
        "zh": "{interviewers_n} 名访员中的一名在 {tested:,} 题中的 {questions:,} 题上与其他访员不同"
        "（如 {named}），涉及 {count:,} 份记录",
        "en": "one of {interviewers_n} interviewers differs from the others in {questions:,} of {tested:,} questions "
        "(such as {named}); {count:,} records",
    },
    {
        "zh": "查看其访问地点，抽查回访",
        "en": "look where they worked, and go back to some of their respondents",
    },
    {
        "zh": "一名访员对会引出追问的题几乎都记“否”，以缩短访问",
        "en": "an interviewer notes 'no' wherever 'yes' would lead to more questions",
    },
    "Spiegelhalter, D. J. (2005), Statistics in Medicine 24, 1185-1202",
)
MISSING_INTERVIEWER = Check(
    "missing_interviewer",
    "warning",
    ("interviewer",),
    ("alpha", "interviewer_records"),
    missing,
    {
        "zh": "{n} 名访员中的一名，其 {count:,} 份记录平均有 {own:.1%} 的题没有可用回答，全体为 {all:.1%}",
        "en": "the {count:,} records of one of {n} interviewers lack a usable answer to {own:.1%} of the questions "
        "asked, all together to {all:.1%}",
    },
    {"zh": "询问该访员，复习如何追问", "en": "talk to the interviewer, and practise how to probe"},
    {"zh": "一名访员的“不知道”是其他人的三倍", "en": "one interviewer notes three times as many don't-knows"},
    "ipacheck 4 (2024), enumdb",
)
CHECKS = (INTERVIEWER_EFFECT, INTERVIEWER_OUTLYING, MISSING_INTERVIEWER)
