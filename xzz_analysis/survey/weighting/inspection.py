"""What weights look like, and which totals they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.estimates import group_key
from xzz_analysis.survey.weighting.margins import (
    Totals,
    any_total,
    number_column,
    read_margins,
    settle,
    split_totals,
)

PERCENTILES = (5, 25, 50, 75, 95)


def diagnostics(sample: Sample, by: str | Sequence[str] | None = None, *, before: Sample | None = None) -> pd.DataFrame:
    """Describe the weights of a sample.

    Parameters
    ----------
    sample : Sample
    by : str or sequence of str, optional
        Columns whose groups, strata for instance, are described one by one; the whole sample without them.
    before : Sample, optional
        The same respondents with earlier weights: what was changed is described too.

    Returns
    -------
    DataFrame
        Columns ``by``, ``measure`` and ``value``; of a subpopulation, about its members. Measures: ``n`` respondents
        with a weight above zero and ``zero_weights`` without; of the former ``sum``, ``mean``, ``min``, ``p5`` …
        ``p95``, ``max``; ``cv`` (standard deviation / mean); ``deff_weighting`` 1 + cv² (Kish) and ``n_eff`` =
        n / deff_weighting, for answers unrelated to the weights; ``largest_share`` of the sum held by one respondent;
        ``max_to_median``. With ``before``: respondents ``raised``, ``lowered`` and ``zeroed``, and the
        ``smallest_factor`` and ``largest_factor`` new weight ÷ old weight. A group without any weight has only
        counts and a sum.

    Raises
    ------
    DesignError
        An unknown column, or an earlier sample of other respondents.

    References
    ----------
    Kish, L. (1992). Weighting for unequal Pᵢ. Journal of Official Statistics 8, 183–200.
    """
    require_sample(sample)
    if before is not None and len(require_sample(before)) != len(sample):
        raise DesignError(
            f"the earlier sample has {len(before)} respondents and this one {len(sample)}, so weights cannot "
            "be compared; give the sample that this one was made from"
        )
    domains = sample.domains(by)
    rows = []
    for place in range(len(domains.names)):
        member = domains.code == place
        measures = _describe(sample.design.weight[member])
        if before is not None:
            measures |= _compare(before.design.weight[member], sample.design.weight[member])
        rows += [(group_key(domains.pairs(place)), name, float(value)) for name, value in measures.items()]
    return pd.DataFrame(rows, columns=["by", "measure", "value"])


def _describe(weights: np.ndarray) -> dict[str, float]:
    w = weights[weights > 0]
    counts = {"n": len(w), "zero_weights": len(weights) - len(w), "sum": w.sum()}
    if len(w) == 0:
        return counts
    cv = w.std() / w.mean()
    points = dict(zip([f"p{point}" for point in PERCENTILES], np.percentile(w, PERCENTILES), strict=True))
    return {
        **counts,
        "mean": w.mean(),
        "min": w.min(),
        **points,
        "max": w.max(),
        "cv": cv,
        "deff_weighting": 1 + cv**2,
        "n_eff": len(w) / (1 + cv**2),
        "largest_share": w.max() / w.sum(),
        "max_to_median": w.max() / points["p50"],
    }


def _compare(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    both = (before > 0) & (after > 0)
    changed = ~np.isclose(before, after, rtol=1e-12, atol=0)
    counts = {
        "raised": (changed & (after > before)).sum(),
        "lowered": (changed & both & (after < before)).sum(),
        "zeroed": ((before > 0) & (after == 0)).sum(),
    }
    if not both.any():
        return counts
    factor = after[both] / before[both]
    return counts | {"smallest_factor": factor.min(), "largest_factor": factor.max()}


def achieved(sample: Sample, margins: Mapping[str, float | Totals] | pd.DataFrame) -> pd.DataFrame:
    """Compare the totals of the weights with known ones.

    Parameters
    ----------
    sample : Sample
    margins : mapping or DataFrame
        As for :func:`rake`, or the mapping of :func:`calibrate`; shares that sum to 1 are of the present sum of
        weights.

    Returns
    -------
    DataFrame
        ``variable``, ``level`` (empty for a numeric column), totals ``wanted`` and ``achieved``, and their
        ``difference`` achieved − wanted.

    Raises
    ------
    DesignError
        As in :func:`rake`.
    """
    weight = require_sample(sample).design.weight
    numeric, levels = split_totals(margins)
    tables = [
        _comparison(name, ("",), np.array([any_total(total, name)]), np.array([weight @ number_column(sample, name)]))
        for name, total in numeric.items()
    ]
    if len(levels) or not tables:
        for margin in settle(read_margins(sample, levels), float(weight.sum())):
            found = np.bincount(margin.code + 1, weight, minlength=len(margin.levels) + 1)[1:]
            tables.append(_comparison(margin.variable, margin.levels, margin.total, found))
    return pd.concat(tables, ignore_index=True)


def _comparison(variable: str, levels: Sequence[str], wanted: np.ndarray, found: np.ndarray) -> pd.DataFrame:
    columns = {"level": levels, "wanted": wanted, "achieved": found, "difference": found - wanted}
    return pd.DataFrame({"variable": variable, **columns})
