"""Work done in haste: straight lines, lack of variation over blocks with one scale, days of an interviewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import betainc, ndtr, ndtri

from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.quality.check import Check, Found, robust_z
from xzz_analysis.intake.quality.checks.times import LEAST, interviewer_days, seconds_per_question
from xzz_analysis.intake.quality.records import Records, blocks
from xzz_analysis.intake.quality.thresholds import QualityRules

NODES = 61
"""Points of the integral over a respondent's leaning."""

FASTEST = 0.1
"""Part of a round's interviews among which hurried ones are looked for: a day that is all a little faster than most is
none."""


@dataclass(frozen=True)
class Pattern:
    """How each record answered one block; arrays of shape (records,).

    Attributes
    ----------
    answered : int
        Questions of the block with an answer.
    longest : int
        Longest run of one option over the answered questions, in form order.
    deviation : float
        Standard deviation of the options' positions, over half the length of the scale: 0 = one option, 1 = half at
        each end. NaN with fewer than two answers.
    entropy : float
        Shannon entropy of the options used over its largest possible value, 0–1. NaN with fewer than two answers.
    """

    answered: np.ndarray
    longest: np.ndarray
    deviation: np.ndarray
    entropy: np.ndarray


def pattern(positions: np.ndarray, options: int) -> Pattern:
    """Describe how records answered a block.

    Parameters
    ----------
    positions : int array of shape (records, questions)
        Position of the chosen option in the list, from 0; -1 = no answer.
    options : int
        Length of the list, at least 2.

    Returns
    -------
    Pattern

    References
    ----------
    Johnson, J. A. (2005). Ascertaining the validity of individual protocols from web-based personality inventories.
    Journal of Research in Personality 39, 103-129. Meade, A. W. and Craig, S. B. (2012). Identifying careless
    responses in survey data. Psychological Methods 17, 437-455.
    """
    known = positions >= 0
    answered = known.sum(axis=1)
    chosen = np.stack([(positions == option).sum(axis=1) for option in range(options)], axis=1)
    most = np.log(np.minimum(options, np.maximum(answered, 2)))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = chosen / answered[:, None]
        entropy = -np.where(chosen > 0, shares * np.log(shares), 0).sum(axis=1) / most
        mean = shares @ np.arange(options)
        variance = shares @ np.arange(options) ** 2 - mean**2
    deviation = np.sqrt(np.maximum(variance, 0)) / ((options - 1) / 2)
    few = answered < 2
    return Pattern(answered, _longest(positions), np.where(few, np.nan, deviation), np.where(few, np.nan, entropy))


def _longest(positions: np.ndarray) -> np.ndarray:
    """Longest run of one option, passing over questions without an answer."""
    last = np.full(len(positions), -1)
    run = np.zeros(len(positions), int)
    longest = run.copy()
    for column in positions.T:
        known = column >= 0
        run = np.where(known, np.where(column == last, run + 1, 1), run)
        last = np.where(known, column, last)
        longest = np.maximum(longest, run)
    return longest


@dataclass(frozen=True, eq=False)
class Block:
    """The answers to one block of questions with one scale.

    Attributes
    ----------
    positions : int array of shape (records, questions)
        Position of the chosen option, from 0; -1 = no answer.
    options : int
    """

    positions: np.ndarray
    options: int

    @cached_property
    def pattern(self) -> Pattern:
        """How each record answered it."""
        return pattern(self.positions, self.options)

    def line(self, least: int) -> np.ndarray:
        """Position of the one option given to every question answered, -1 where there is none or fewer answers."""
        whole = (self.pattern.longest == self.pattern.answered) & (self.pattern.answered >= least)
        return np.where(whole, self.positions.max(axis=1, initial=-1), -1)


def answered_blocks(records: Records, rules: QualityRules) -> list[Block]:
    """The answers to every block of the form with one scale."""
    found = []
    for names in blocks(records.questions, rules.scales, rules.thresholds.block_items):
        places = {option.name: place for place, option in enumerate(records.questions[names[0]].options)}
        present = [name for name in names if name in records.values]
        positions = np.full((len(records), len(present)), -1)
        for column, name in enumerate(present):
            known = records.reasons[name].to_numpy() == Reason.ANSWERED
            place = records.values[name].map(places).fillna(-1).to_numpy(float)
            positions[:, column] = np.where(known, place, -1)
        found.append(Block(positions, len(places)))
    return found


def straight(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records in lines that hardly anybody who reads the questions would give."""
    limits = rules.thresholds
    described = answered_blocks(records, rules)
    answered = np.sum([one.pattern.answered for one in described], axis=0)
    lines = np.stack([one.line(limits.block_items) for one in described], axis=1)
    lengths = np.stack([one.pattern.answered for one in described], axis=1)
    in_line = np.where(lines >= 0, lengths, 0).sum(axis=1)
    rows = (in_line >= limits.line_items) & (in_line >= limits.line_share * answered)
    if rows.any():
        rows[rows] = line_chances(described, lines[rows]) < limits.line_chance
    judged = int((answered >= limits.line_items).sum())
    longest = int(in_line[rows].max(initial=0))
    facts = {"blocks": len(described), "longest": longest, "items": limits.line_items, "chance": limits.line_chance}
    yield Found(judged, rows, threshold=limits.line_share, facts=facts)


def line_chances(described: Sequence[Block], lines: np.ndarray) -> np.ndarray:
    r"""Probability that somebody who answers each question by itself answers in given lines.

    Answers follow one leaning of the respondent: question :math:`j` is option :math:`k` when
    :math:`\sqrt\rho z \pm e` falls between its thresholds, which give the shares of its options in the round.
    :math:`\rho` is the mean correlation inside blocks, corrected for the coarse scale; a question that turns
    the other way counts with the other sign. Lines that most people's leaning explains (no symptom at all) are
    therefore likely, and those on a middle option, or on opposite ends of like questions, are not.

    Parameters
    ----------
    described : sequence of Block
    lines : int array of shape (lines, blocks)
        Position of the option of each block, -1 = no line in it.

    Returns
    -------
    array of float, shape (lines,)

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. Psychometrika 44,
    443-460 (thresholds; the correction is that of the polyserial correlation).
    """
    cuts = [[_cuts(column, one.options) for column in one.positions.T] for one in described]
    correlation, signs = _leaning(described, cuts)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    told, inverse = np.unique(lines, axis=0, return_inverse=True)
    chances = np.ones((len(told), NODES))
    scale, place = np.sqrt(1 - correlation), 0
    for block, one in enumerate(described):
        for question in range(one.positions.shape[1]):
            bounds = np.concatenate([[-np.inf], cuts[block][question], [np.inf]])
            reached = ndtr((bounds[:, None] - signs[place] * np.sqrt(correlation) * nodes) / scale)
            chosen = np.append(np.diff(reached, axis=0), np.ones((1, NODES)), axis=0)
            chances *= chosen[told[:, block]]  # -1, no line, is the appended 1
            place += 1
    return np.asarray((chances @ weights)[inverse.ravel()])


def _cuts(positions: np.ndarray, options: int) -> np.ndarray:
    """Thresholds of a normal leaning that give the shares of the options; half a record is added to each option."""
    counts = np.bincount(positions[positions >= 0], minlength=options) + 0.5
    return np.asarray(ndtri(np.cumsum(counts)[:-1] / counts.sum()))


def _leaning(described: Sequence[Block], cuts: Sequence[Sequence[np.ndarray]]) -> tuple[float, np.ndarray]:
    """Mean correlation inside blocks, 0 to 0.9, and the direction of every question."""
    positions = np.concatenate([one.positions for one in described], axis=1).astype(float)
    known = positions >= 0
    mean = np.where(known, positions, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    apart = np.where(known, positions - mean, 0)
    spread = np.sqrt((apart**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    both = np.maximum(known.T.astype(float) @ known, 1)
    like = (apart.T @ apart) / both / np.maximum(np.outer(spread, spread), 1e-12)
    coarse = [np.exp(-(cut**2) / 2).sum() / np.sqrt(2 * np.pi) for block in cuts for cut in block] / np.maximum(
        spread, 1e-12
    )
    signs = np.where(np.linalg.eigh(like)[1][:, -1] < 0, -1, 1)
    block = np.repeat(np.arange(len(described)), [one.positions.shape[1] for one in described])
    inside = (block[:, None] == block) & ~np.eye(len(block), dtype=bool)
    corrected = like * np.outer(signs, signs) / np.maximum(np.outer(coarse, coarse), 0.1)
    return float(np.clip(corrected[inside].mean(), 0, 0.9)), signs


def low_variation(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Records in no line whose deviation and entropy over all blocks are both far below the round's."""
    limits = rules.thresholds
    described = [one.pattern for one in answered_blocks(records, rules)]
    lengths = np.stack([one.answered for one in described])
    enough = lengths.sum(axis=0) >= limits.line_items
    far = np.ones(len(records), bool)
    for measure in ("deviation", "entropy"):
        told = np.stack([getattr(one, measure) for one in described])
        weight = np.where(np.isnan(told), 0, lengths)
        mean = (np.nan_to_num(told) * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
        with np.errstate(invalid="ignore"):
            far &= (robust_z(np.where(enough, mean, np.nan)) < -limits.variation) & (mean > 0)
    yield Found(int(enough.sum()), far, threshold=limits.variation, facts={"blocks": len(described)})


def hurried(records: Records, rules: QualityRules) -> Iterator[Found]:
    """Days on which an interviewer was faster than chance explains.

    All interviews of such a day are listed: one that was left open and finished later looks long.
    """
    pace = seconds_per_question(records)
    _, day_of = interviewer_days(records)
    known = np.isfinite(pace) & (day_of >= 0)
    if known.sum() < LEAST:
        return
    days, p = fast_days(pace[known], day_of[known])
    listed = days[discoveries(p, rules.thresholds.hurried)]
    rows = np.isin(day_of, listed)
    who = tuple(sorted(set(records.submission["interviewer"][rows])))
    facts = {"days": len(listed), "of_days": len(days)}
    yield Found(int(known.sum()), rows, threshold=rules.thresholds.hurried, facts=facts, interviewers=who)


def fast_days(pace: np.ndarray, day_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test whether some of a day's interviews are too fast, however slow the others look.

    If days did not matter, the paces of a day would be a sample of the round's, and the m-th fastest of its k
    interviews would have a rank, as a part of the round, that follows the beta distribution with m and k - m + 1. The
    least of the probabilities of those in the round's fastest tenth is the day's, times k because the best was taken.

    Parameters
    ----------
    pace : array of float, shape (n,)
        Seconds per question.
    day_of : array of int, shape (n,)

    Returns
    -------
    days : array of int, shape (d,)
    p : array of float, shape (d,)

    References
    ----------
    Berk, R. H. and Jones, D. H. (1979). Goodness-of-fit test statistics that dominate the Kolmogorov statistics.
    Zeitschrift fuer Wahrscheinlichkeitstheorie und verwandte Gebiete 47, 47-59.
    """
    told = pd.DataFrame({"day": day_of, "rank": pd.Series(pace).rank(method="max", pct=True)}).sort_values(
        ["day", "rank"]
    )
    place = told.groupby("day").cumcount().to_numpy(float) + 1
    made = told.groupby("day")["day"].transform("size").to_numpy(float)
    chance = betainc(place, made - place + 1, told["rank"].to_numpy())
    hasty = np.where(told["rank"] <= FASTEST, chance * made, 1)
    p = pd.Series(np.minimum(hasty, 1), told["day"].to_numpy()).groupby(level=0).min()
    return p.index.to_numpy(), p.to_numpy()


def discoveries(p: np.ndarray, rate: float) -> np.ndarray:
    """Which of several tests to believe when at most a given part of those believed may be chance.

    Parameters
    ----------
    p : array of float, shape (tests,)
    rate : float
        False discovery rate, 0-1.

    Returns
    -------
    array of bool, shape (tests,)

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical
    Society B 57, 289-300.
    """
    ordered = np.sort(p)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, len(p) + 1) / max(len(p), 1))
    return np.asarray(p <= ordered[passed[-1]]) if len(passed) else np.zeros(len(p), bool)


STRAIGHT_LINE = Check(
    "straight_line",
    "warning",
    ("blocks",),
    ("block_items", "line_items", "line_share", "line_chance"),
    straight,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份在 {blocks} 个量表题组中至少 {threshold:.0%} 的题（不少于 {items} 题）"
        "整组选同一选项，最多 {longest} 题；认真作答的人如此回答的概率低于 {chance:g}",
        "en": "{count:,} of {base:,} records answer at least {threshold:.0%} of {blocks} block(s) with one scale "
        "({items} questions or more) in lines of one option, up to {longest} questions; somebody who reads the "
        "questions would do so with a probability below {chance:g}",
    },
    {
        "zh": "结合用时和访员查看",
        "en": "look at them with their duration and interviewer",
    },
    {
        "zh": "六题一组的两组情绪量表全部选“一般”；全部选“从不”而多数人也如此的症状量表不会被列出",
        "en": "'neither' to every question of two blocks of six on feelings; 'never' to every symptom is not listed "
        "when many honest people would say so",
    },
    "Meade, A. W. and Craig, S. B. (2012), Psychological Methods 17, 437-455",
)
LOW_VARIATION = Check(
    "low_variation",
    "note",
    ("blocks",),
    ("variation", "line_items"),
    low_variation,
    {
        "zh": "{base:,} 份记录中有 {count:,} 份在 {blocks} 个量表题组中的标准差和熵都低于本轮中位数 "
        "{threshold:g} 个稳健标准差",
        "en": "of {count:,} of {base:,} records both the deviation and the entropy over {blocks} block(s) with one "
        "scale lie {threshold:g} robust deviations below the round's median",
    },
    {"zh": "结合用时和访员查看", "en": "look at them with their duration and interviewer"},
    {
        "zh": "30 道量表题里 28 道选“一般”，只有 2 道不同",
        "en": "28 of 30 scale questions answered 'neither', and 2 otherwise",
    },
    "Marjanovic, Z. et al. (2015), Personality and Individual Differences 84, 79-83",
)
HURRIED_DAY = Check(
    "hurried_day",
    "warning",
    ("seconds", "interviewer", "moment"),
    ("hurried",),
    hurried,
    {
        "zh": "{of_days:,} 个访员工作日中有 {days:,} 个的访问快得不能用偶然解释，涉及 {count:,} 份记录"
        "（错误发现率 {threshold:.0%}）",
        "en": "on {days:,} of {of_days:,} days of work an interviewer was faster than chance explains; {count:,} "
        "records (false discovery rate {threshold:.0%})",
    },
    {"zh": "核对这几天的全部访问，并抽查回访", "en": "look at all interviews of these days, and go back to some"},
    {
        "zh": "某访员一天 4 次访问，3 次属于全轮最快的二十分之一",
        "en": "three of the four interviews of a day are among the fastest twentieth of the round",
    },
    "Berk, R. H. and Jones, D. H. (1979), Zeitschrift fuer Wahrscheinlichkeitstheorie 47, 47-59; Benjamini, Y. and "
    "Hochberg, Y. (1995), Journal of the Royal Statistical Society B 57, 289-300",
)
CHECKS = (STRAIGHT_LINE, LOW_VARIATION, HURRIED_DAY)
