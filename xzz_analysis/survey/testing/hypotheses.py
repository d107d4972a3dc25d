"""Tests whether answers differ between groups, as one declared family."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.columns import factorised
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.engine.sums import product
from xzz_analysis.survey.estimate.batches import estimate_totals
from xzz_analysis.survey.estimate.items import Item, names_of
from xzz_analysis.survey.estimate.verbs import mean
from xzz_analysis.survey.estimates import group_pairs
from xzz_analysis.survey.testing.equality import Outcome, adjusted_mean_wald, mean_wald, t_test
from xzz_analysis.survey.testing.families import adjust as adjust_family
from xzz_analysis.survey.testing.independence import Table, rao_scott, table_wald

TEST_COLUMNS = (
    "round",
    "unit",
    "indicator",
    "by",
    "method",
    "statistic",
    "df1",
    "df2",
    "p",
    "p_adjusted",
    "adjust",
    "tests",
    "n",
    "reason",
)
"""Columns of every frame of tests, in order."""

MOST_LEVELS = 100
"""Answers, or groups, a table is tested with at most: beyond that a column is a number or a name."""

_TABLES: dict[str, Callable[[Table], Outcome]] = {
    "rao-scott-f": lambda table: rao_scott(table, order=2),
    "rao-scott-chisq": lambda table: rao_scott(table, order=1),
    "wald": lambda table: table_wald(table, adjusted=False),
    "adjusted-wald": lambda table: table_wald(table, adjusted=True),
}
_MEANS = {"t": t_test, "mean-wald": mean_wald, "adjusted-mean-wald": adjusted_mean_wald}
METHODS = (*_TABLES, *_MEANS)


def test(
    sample: Sample,
    what: str | Sequence[str],
    by: str | Sequence[str],
    *,
    method: str = "adjusted-wald",
    adjust: str = "holm",
) -> pd.DataFrame:
    """Test whether answers differ between groups.

    Parameters
    ----------
    sample : Sample
    what : str or sequence of str
        Questions; several are one family. The columns hold one answer each: categories for the tests of a table,
        numbers or 0/1 for "t" and the tests of means.
    by : str or sequence of str
        Grouping columns, crossed.
    method : str
        "adjusted-wald": observed minus expected totals, F with degrees of freedom to spare for their covariance (the
        default: closest to its level for rare needs and few clusters, docs/methods/simulations.md; it has no p where
        the table has more free cells than degrees of freedom); "wald": without that allowance; "rao-scott-f":
        Pearson's X² of the weighted table over the sum of design effects, second-order F, R's default;
        "rao-scott-chisq": over the mean design effect, first-order chi-square; "t": the second mean minus the first,
        over its standard error; "adjusted-mean-wald": all means are equal, with the same allowance as the default;
        "mean-wald": without it, as R's regression has it, which finds too much with few clusters and several groups.
    adjust : "none", "holm" or "benjamini-hochberg"
        How p-values allow for the family.

    Returns
    -------
    DataFrame, one row per question, columns :data:`TEST_COLUMNS`
        ``df2`` is NaN for a chi-square. Only respondents with an answer, a group and a weight take part; ``n`` counts
        them, and the degrees of freedom are those of their first-stage units and strata. Answers and groups that
        nobody is in are left out. ``reason`` says why there is no test; such a question is not counted in ``tests``.

    Raises
    ------
    DesignError
        Unknown column, method or adjustment; a select-multiple question; "t" with more than two groups; too many
        different answers for a table.

    References
    ----------
    Rao, J. N. K. and Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with cell proportions
    estimated from survey data. Annals of Statistics 12, 46–60.
    Thomas, D. R. and Rao, J. N. K. (1987). Small-sample comparisons of level and power for simple goodness-of-fit
    statistics under cluster sampling. Journal of the American Statistical Association 82, 630–636.
    """
    require_sample(sample)
    questions, groups = names_of(what), names_of(by)
    _check(sample, questions, groups, method)
    rows = [_row(sample, question, groups, method) for question in questions]
    frame = pd.DataFrame(rows, columns=list(TEST_COLUMNS))
    frame["p_adjusted"], frame["tests"] = adjust_family(frame["p"].to_numpy(float), adjust)
    return frame.assign(adjust=adjust)


def _check(sample: Sample, questions: Sequence[str], groups: Sequence[str], method: str) -> None:
    if method not in METHODS:
        raise DesignError(f"test {method!r} is not one of {', '.join(METHODS)}{suggest(method, METHODS)}")
    if not questions or not groups:
        raise DesignError("a test needs at least one question and one grouping column")
    for name in (*questions, *groups):
        options = sample.columns_of(name)
        if options != [name]:
            raise DesignError(
                f"{name!r} is a select-multiple question, so a respondent may be in several of its answers; "
                f"test its {len(options)} options one by one, such as {options[0]!r}"
            )
    for name in set(questions) & set(groups):
        raise DesignError(f"column {name!r} is both the question and the group; a test compares two columns")


def _row(sample: Sample, question: str, groups: list[str], method: str) -> dict[str, object]:
    """One test, without what depends on its family."""
    found, n = (_of_table if method in _TABLES else _of_means)(sample, question, groups, method)
    return {
        "round": sample.labels["round"],
        "unit": sample.labels["unit"],
        "indicator": question,
        "by": ";".join(groups),
        "method": method,
        "statistic": found.statistic,
        "df1": found.df1,
        "df2": found.df2,
        "p": found.p,
        "n": n,
        "reason": found.reason,
    }


def _of_table(sample: Sample, question: str, groups: list[str], method: str) -> tuple[Outcome, float]:
    table = table_of(sample, question, groups)
    return _TABLES[method](table), table.n


def _of_means(sample: Sample, question: str, groups: list[str], method: str) -> tuple[Outcome, float]:
    estimates = mean(sample, question, groups)
    estimates = estimates[estimates["n"] > 0]
    n = float(estimates["n"].sum())
    if len(estimates) < 2:
        return Outcome(reason="one_category" if len(estimates) else "nobody_answered"), n
    if method == "t" and len(estimates) > 2:
        raise DesignError(
            f"{';'.join(groups)!r} has {len(estimates)} groups with answers to {question!r}, and t compares two; "
            "use method='adjusted-mean-wald', or differences() for pairs"
        )
    df = estimates.known_influence().degrees(list(estimates["result_id"]))
    return _MEANS[method](estimates["estimate"].to_numpy(), estimates.covariance(), df), n


def table_of(sample: Sample, question: str, groups: Sequence[str]) -> Table:
    """Weighted totals of a question's answers by groups, with their covariance.

    Parameters
    ----------
    sample : Sample
    question : str
    groups : sequence of str
        Grouping columns, crossed.

    Returns
    -------
    Table
        Without answers and groups that nobody is in.
    """
    for name in (question, *groups):
        levels = len(factorised(sample.column(name), f"column {name!r}")[1])
        if levels > MOST_LEVELS:
            raise DesignError(
                f"column {name!r} has {levels} different values, and a table is tested with {MOST_LEVELS} at most; "
                "group them, or compare means with method='adjusted-mean-wald'"
            )
    people = Item("", np.ones(len(sample), np.uint8))
    estimates = estimate_totals(sample, [people], [question, *groups])
    if estimates.empty:
        return Table(np.zeros((0, 0)), np.zeros((0, 0)), 0.0, 0.0)
    levels_of = [tuple(level for _, level in group_pairs(by)) for by in estimates["by"]]
    answer, answers = pd.factorize(pd.Index([levels[0] for levels in levels_of]))
    group, crossed = pd.factorize(pd.Index([levels[1:] for levels in levels_of], tupleize_cols=False))
    cell = np.zeros((len(answers) * len(crossed), len(estimates)))
    cell[answer * len(crossed) + group, np.arange(len(estimates))] = 1
    total = (cell @ estimates["estimate"].fillna(0).to_numpy()).reshape(len(answers), len(crossed))
    influence, ids = estimates.known_influence(), estimates["result_id"].to_list()
    covariance = product(product(cell, influence.covariance(ids)), cell.T)
    return Table(total, covariance, float(estimates["n"].sum()), influence.degrees(ids)).without_empty()
