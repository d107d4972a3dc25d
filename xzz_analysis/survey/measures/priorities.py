"""Ranked priorities: first choices, weighted scores, and how far the order of the options is known.

References
----------
Klein, M., Wright, T. and Wieczorek, J. (2020). A joint confidence region for an overall ranking of populations.
Journal of the Royal Statistical Society C 69, 589–606.
Mogstad, M., Romano, J. P., Shaikh, A. M. and Wilhelm, D. (2024). Inference for ranks with applications to mobility
across neighbourhoods and academic achievement across countries. Review of Economic Studies 91, 476–518.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from xzz_analysis.errors import DesignError
from xzz_analysis.intake.answers import Reason, shared_reasons
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import finite_numbers
from xzz_analysis.survey.design.domains import level_name
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.engine.cells import Cells
from xzz_analysis.survey.engine.figures import means
from xzz_analysis.survey.engine.sums import product, sum_columns
from xzz_analysis.survey.estimate.batches import By, estimate_batches, estimate_shares, wald_batch
from xzz_analysis.survey.estimate.items import Item, answers, number_item
from xzz_analysis.survey.estimate.layout import Batch
from xzz_analysis.survey.estimates import Estimates, join, result_ids
from xzz_analysis.survey.testing.equality import NOTHING, is_nothing
from xzz_analysis.survey.testing.simultaneous import MOST, simultaneous


@dataclass(frozen=True)
class Choices:
    """The order in which everybody named the options.

    Attributes
    ----------
    name : str
    options : tuple of str
    place : int array, shape (rows, options)
        1 for the first choice, 2 for the second …; 0 where the option was not named.
    places : int
        How many choices could be made.
    repeated, skipped : bool arrays, shape (rows,)
        Whether a choice was made twice, and whether a place before a choice was left empty.
    reasons : int8 array, shape (rows,)
        Why there is no answer.
    version : str
        Of the declaration behind it, written into the results.
    """

    name: str
    options: tuple[str, ...]
    place: np.ndarray
    places: int
    repeated: np.ndarray
    skipped: np.ndarray
    reasons: np.ndarray
    version: str = ""

    @property
    def answered(self) -> np.ndarray:
        """Whether a respondent named anything, shape (rows,)."""
        return np.asarray((self.place > 0).any(axis=1))

    def items(self, values: np.ndarray) -> list[Item]:
        """One item per option from an array of shape (rows, options), on the base of those who answered."""
        y = np.where(self.answered[:, None], values, np.nan)
        return [Item(self.name, y[:, j], self.reasons, option, self.version) for j, option in enumerate(self.options)]

    def item(self, values: np.ndarray) -> Item:
        """One item about the answer itself, from an array of shape (rows,)."""
        return Item(self.name, np.where(self.answered, values, np.nan), self.reasons, version=self.version)


def priorities(
    sample: Sample,
    choices: str | Sequence[str],
    scores: Sequence[float] | None = None,
    by: By = None,
    *,
    level: float = 0.95,
    name: str = "",
    version: str = "",
) -> Estimates:
    """Estimate what people put first, from answers that rank options.

    Parameters
    ----------
    sample : Sample
    choices : sequence of str, or str
        Columns of the first choice, the second …, each holding the name of an option. Or one question: columns
        ``question/option`` that hold the option's rank, or one column of names in order, joined by spaces.
    scores : sequence of float, optional
        What the first choice counts, the second …, not increasing; by default k, k − 1 … 1 for k choices. An
        option that was not named counts 0.
    by : str or sequence of str, optional
        Grouping columns; the whole sample without them.
    level : float
        Confidence level; of all rank intervals of a group at once.
    name, version : str
        What the ranking is called in the results; by its columns when empty.

    Returns
    -------
    Estimates
        One frame, with one row per option, group and

        ``first_choice``
            share that put the option first, of all who named anything;
        ``named``
            share that named it at any place;
        ``score``
            its mean score; ``method`` prints the scores;
        ``rank``
            1 for the highest score, equal scores sharing the better rank. ``low`` and ``high`` are the ranks that the
            sample does not exclude. A rank has no standard error and no covariance: compare scores instead.

        and one row per group: ``repeated_choice`` and ``skipped_place``, the shares of answers that name an option (or
        give a rank) twice, and that leave out a place before a choice.

    Raises
    ------
    DesignError
        Unknown columns, ranks that are no whole numbers from 1, scores that are too few, negative or increasing.

    Notes
    -----
    An option named twice keeps its better place and the other place stays empty; a second choice without a first stays
    a second choice. Ranks lie from 1 + the number of options that score significantly higher to the number of
    options − those that score significantly lower. Differences of two scores use the design covariance and one
    critical value for all pairs: that of the largest |t|, Bonferroni's beyond 300 pairs. So all rank intervals
    of a group hold at once, with no random draws.

    References
    ----------
    Klein, M., Wright, T. and Wieczorek, J. (2020). A joint confidence region for an overall ranking of populations.
    Journal of the Royal Statistical Society C 69, 589–606.
    """
    made = read_choices(require_sample(sample), choices)
    made = replace(made, name=name or made.name, version=version)
    points = _points(made, scores)
    definition = f"scores {', '.join(f'{point:g}' for point in points[1:])}"

    def shares(items: Sequence[Item], statistic: str) -> Estimates:
        return estimate_shares(sample, items, by, level=level, statistic=statistic)

    def score_batch(cells: Cells, items: Sequence[Item]) -> Batch:
        batch = wald_batch(items, "mean", means(cells, [answers(item) for item in items]), level)
        return replace(batch, n_need=_naming(cells, made, items)).named("score", definition)

    parts = [
        shares(made.items(made.place == 1), "first_choice"),
        shares(made.items(made.place > 0), "named"),
        estimate_batches(sample, made.items(points[made.place]), by, score_batch, level=level),
        shares([made.item(made.repeated)], "repeated_choice"),
        shares([made.item(made.skipped)], "skipped_place"),
    ]
    return _with_ranks(sample, join(parts), definition)


def rank_intervals(score: np.ndarray, covariance: np.ndarray, df: float, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Ranks that a sample does not exclude, for all options at once.

    Parameters
    ----------
    score : float array, shape (options,)
    covariance : float array, shape (options, options)
        Design covariance of the scores.
    df : float
        Degrees of freedom, positive.
    level : float
        Simultaneous confidence level.

    Returns
    -------
    low, high : float arrays, shape (options,)

    Notes
    -----
    A difference without any sampling error is significant unless it is zero.
    """
    options = len(score)
    one, other = np.triu_indices(options, 1)
    own, difference = np.diag(covariance), score[one] - score[other]
    se = np.sqrt(np.maximum(own[one] + own[other] - 2 * covariance[one, other], 0))
    scale = np.sqrt(own[one]) + np.sqrt(own[other]) + np.abs(score[one]) + np.abs(score[other])
    certain = is_nothing(se, scale)
    t = np.where(certain, np.nan, np.abs(difference) / np.where(certain, 1, se))
    reach = np.where(certain, NOTHING * scale, _critical(covariance, t, df, level) * se)
    winner, loser = np.where(difference > 0, one, other), np.where(difference > 0, other, one)
    significant = np.abs(difference) > reach
    above = np.bincount(loser[significant], minlength=options)
    below = np.bincount(winner[significant], minlength=options)
    return 1.0 + above, float(options) - below


def _critical(covariance: np.ndarray, t: np.ndarray, df: float, level: float) -> float:
    """Critical value for the differences of all pairs; t is NaN for those without sampling error, which do not count.

    That of the largest |t| lies between those of a single comparison and of Bonferroni, so it is worked out only when
    some |t| lies there too.
    """
    one, other = (place[~np.isnan(t)] for place in np.triu_indices(len(covariance), 1))
    single, bonferroni = -stdtrit(df, (1 - level) / 2 / np.array([1, max(len(one), 1)]))
    if len(t) > MOST or not ((t > single) & (t <= bonferroni)).any():
        return float(bonferroni)
    contrast = np.eye(len(covariance))[one] - np.eye(len(covariance))[other]
    between = product(product(contrast, covariance), contrast.T)
    sd = np.sqrt(np.diag(between))
    family = simultaneous(np.ones(len(one)), between / np.outer(sd, sd), np.full(len(one), df), level)
    return float(family.critical[0])


def _with_ranks(sample: Sample, estimates: Estimates, definition: str) -> Estimates:
    """Put ranks behind the scores they come from."""
    if not len(estimates):
        return estimates
    scores = np.flatnonzero(estimates["statistic"] == "score")
    parts = [
        estimates.iloc[: scores[-1] + 1],
        _ranks(sample, estimates.iloc[scores], definition),
        estimates.iloc[scores[-1] + 1 :],
    ]
    out = Estimates(pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True))
    out.influence = estimates.influence
    return out


def _ranks(sample: Sample, score: Estimates, definition: str) -> pd.DataFrame:
    """Rows of ranks beside rows of scores, option by option, group by group."""
    keys = list(dict.fromkeys(score["by"]))
    place = np.arange(len(score)).reshape(-1, len(keys))
    estimate, low, high = np.full((3, len(score)), np.nan)
    values, df, ids = score["estimate"].to_numpy(float), score["df"].to_numpy(float), score["result_id"].to_numpy()
    level = float(score["level"].iloc[0])
    for rows in place.T:
        mine = values[rows]
        if np.isnan(mine).any():
            continue
        estimate[rows] = 1 + (mine[None, :] - mine[:, None] > NOTHING * np.abs(mine).max()).sum(axis=1)
        if df[rows[0]] > 0:
            covariance = score.known_influence().covariance(list(ids[rows]))
            low[rows], high[rows] = rank_intervals(mine, covariance, float(df[rows[0]]), level)
    options = len(place)
    method = f"{'max-t' if options * (options - 1) // 2 <= MOST else 'bonferroni'}; {definition}"
    named = score.iloc[place[:, 0]][["indicator", "version", "option"]].to_numpy()
    asked = [(name, version, option, "rank") for name, version, option in named]
    out = pd.DataFrame(score).assign(statistic="rank", method=method, estimate=estimate, low=low, high=high)
    out[["se", "n_eff", "deff"]] = np.nan
    out["result_id"] = result_ids(sample.labels, asked, keys, level, method)
    return out


def _naming(cells: Cells, made: Choices, items: Sequence[Item]) -> np.ndarray:
    """Respondents of each domain who named the items' options at any place."""
    named = [made.place[:, made.options.index(item.option)] > 0 for item in items]
    return sum_columns(cells, [column.astype(np.uint8) for column in named], count=True).need


def _points(made: Choices, scores: Sequence[float] | None) -> np.ndarray:
    """Score of each place, 0 first for options that were not named."""
    given = (
        [float(place) for place in range(made.places, 0, -1)] if scores is None else finite_numbers("scores", scores)
    )
    points = np.array([0.0, *given])
    wrong = not np.isfinite(points).all() or (points < 0).any() or (np.diff(points[1:]) > 0).any() or not points.any()
    if len(given) < made.places or wrong:
        raise DesignError(
            f"scores are {given} for {made.places} choices; give one finite number ≥ 0 for each, not increasing, "
            "the first above 0"
        )
    return points


def read_choices(sample: Sample, choices: str | Sequence[str]) -> Choices:
    """Read answers that rank options (see :func:`priorities`)."""
    if not isinstance(choices, str):
        columns = [sample.column(name) for name in choices or ()]
        if not columns:
            raise DesignError("choices names no column; give the columns of the first choice, the second …")
        for column in columns:
            wrong = column[column.notna()].map(type).isin([list, tuple, dict, set, complex])
            if wrong.any():
                raise DesignError(
                    f"column {column.name!r} holds {int(wrong.sum())} lists or complex numbers; a choice is the name "
                    "of one option"
                )
        return _from_codes(", ".join(choices), *_coded(columns), sample.missing_reason(choices[0]))
    names = sample.frame.columns if sample.stored is None else sample.stored.types
    ranked = [str(name) for name in names if str(name).startswith(f"{choices}/")]
    if ranked:
        return _from_ranks(sample, choices, ranked)
    column = sample.column(choices)
    if pd.api.types.is_numeric_dtype(column):
        raise DesignError(f"column {choices!r} holds numbers; give names of options in order, joined by spaces")
    codes, texts = pd.factorize(column)
    words = [str(text).split() for text in [*texts, ""]]
    if not any(words):
        raise DesignError(f"nobody named an option in {choices!r}, so there is nothing to rank")
    options, found = _coded([pd.Series(place, dtype=object) for place in zip_longest(*words)])
    return _from_codes(choices, options, found[codes], sample.missing_reason(choices))


def _coded(columns: Sequence[pd.Series]) -> tuple[tuple[str, ...], np.ndarray]:
    """Options in the order of the categories, or else sorted, and every choice as a code, -1 for none."""
    made = [pd.factorize(column) for column in columns]
    if all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
        levels = list(dict.fromkeys(level for column in columns for level in column.cat.categories))
    else:
        levels = sorted({level for _, found in made for level in found}, key=lambda one: (isinstance(one, str), one))
    position = {level: code for code, level in enumerate(levels)}
    codes = [np.array([*(position[level] for level in found), -1])[code] for code, found in made]
    return tuple(level_name(level) for level in levels), np.stack(codes, axis=1) if codes else np.zeros(
        (1, 0), np.int64
    )


def _from_codes(name: str, options: tuple[str, ...], codes: np.ndarray, reasons: np.ndarray) -> Choices:
    """Choices from the code of each place's option, shape (rows, places)."""
    if not options:
        raise DesignError(f"nobody named an option in {name!r}, and its columns list none, so there is nothing to rank")
    place = np.zeros((len(codes), len(options)), np.int64)
    for position in reversed(range(codes.shape[1])):
        rows = np.flatnonzero(codes[:, position] >= 0)
        place[rows, codes[rows, position]] = position + 1
    given = codes >= 0
    repeated = given.sum(axis=1) > (place > 0).sum(axis=1)
    return Choices(name, options, place, codes.shape[1], repeated, _skipped(given), _reasons(given, reasons))


def _from_ranks(sample: Sample, question: str, columns: Sequence[str]) -> Choices:
    """Choices from one column of ranks per option."""
    ranks = np.stack([answers(number_item(sample, name)).astype(float) for name in columns], axis=1)
    wrong = np.any((ranks < 1) | (ranks > len(columns)) | (ranks % 1 > 0), axis=1)
    if wrong.any():
        raise DesignError(
            f"question {question!r} has ranks that are no whole numbers from 1 to {len(columns)} in {int(wrong.sum())} "
            f"of {len(ranks)} answers; leave empty what was not ranked; options chosen with 0 and 1 are for multiple()"
        )
    place = np.nan_to_num(ranks).astype(np.int64)
    used = np.stack([(place == rank + 1).sum(axis=1) for rank in range(max(1, place.max()))], axis=1)
    options = tuple(name.removeprefix(f"{question}/") for name in columns)
    reasons = _reasons(used > 0, shared_reasons(map(sample.missing_reason, columns)))
    return Choices(question, options, place, used.shape[1], np.any(used > 1, axis=1), _skipped(used > 0), reasons)


def _skipped(given: np.ndarray) -> np.ndarray:
    """Whether a place is filled after one that is not, shape (rows, places) → (rows,)."""
    return np.asarray((given[:, 1:] & ~given[:, :-1]).any(axis=1))


def _reasons(given: np.ndarray, reasons: np.ndarray) -> np.ndarray:
    """Why there is no answer: the first choice's reason, blank without one."""
    absent = np.where(reasons == Reason.ANSWERED, Reason.BLANK, reasons)
    return np.where(given.any(axis=1), Reason.ANSWERED, absent).astype(np.int8)
