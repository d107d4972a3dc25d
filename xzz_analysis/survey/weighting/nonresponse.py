"""Weighting classes for those who did not respond."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError
from xzz_analysis.survey.design import Domains, Sample
from xzz_analysis.survey.design.columns import texts, yes_no
from xzz_analysis.survey.design.sample import require_sample
from xzz_analysis.survey.estimates import group_key
from xzz_analysis.survey.weighting.margins import groups_of

RATE_COLUMNS = ("by", "n", "responded", "rate", "weighted_rate", "factor", "reason")
"""Columns of :func:`response_rates`."""


def adjust_nonresponse(sample: Sample, responded: str | pd.Series | np.ndarray, classes: str | Sequence[str]) -> Sample:
    """Let the respondents of each class carry the weight of those in it who did not respond.

    Parameters
    ----------
    sample : Sample
        Everybody who was sampled, respondents or not.
    responded : str, or bool array of shape (respondents,)
        Who responded, or the name of a yes/no column.
    classes : str or sequence of str
        Columns known for everybody; their crossed levels are the classes.

    Returns
    -------
    Sample
        Respondents have weight × Σw of the class ÷ Σw of its respondents, the others zero: they stay in the
        design and leave every estimate. The response rates are taken as given in standard errors.

    Raises
    ------
    DesignError
        A class in which nobody responded, a missing class, anything but yes and no in ``responded``.

    References
    ----------
    Oh, H. L. and Scheuren, F. J. (1983). Weighting adjustment for unit nonresponse. In Incomplete Data in Sample
    Surveys 2, 143–184. Academic Press.
    """
    answered = _responses(sample, responded)
    domains = _classes(sample, classes)
    rates = _rates(sample, answered, domains)
    silent = np.flatnonzero(rates["responded"] == 0)
    if len(silent):
        first = rates.iloc[silent[0]]
        raise DesignError(
            f"class {first['by']!r} holds {first['n']} who were sampled and nobody who responded ({len(silent)} such "
            f"classes of {len(rates)}), so nobody can carry their weight; join it to a similar class, or use fewer "
            "columns in `classes`"
        )
    factor = np.append(rates["factor"].to_numpy(float), 0.0)[domains.code]
    return sample.reweighted(np.where(answered, sample.design.weight * factor, 0.0))


def response_rates(
    sample: Sample, responded: str | pd.Series | np.ndarray, classes: str | Sequence[str]
) -> pd.DataFrame:
    """Response rates of weighting classes.

    Parameters
    ----------
    sample, responded, classes
        As in :func:`adjust_nonresponse`.

    Returns
    -------
    DataFrame
        One row per class that holds a weight: ``by`` (``sex=f;area=village``), ``n`` sampled, ``responded``,
        ``rate`` and ``weighted_rate`` between 0 and 1, ``factor`` (1 / weighted rate) and ``reason``,
        ``nobody_responded`` where there is no factor.

    Raises
    ------
    DesignError
        Unknown columns, answers to ``responded`` that are neither yes nor no.
    """
    return _rates(sample, _responses(sample, responded), _classes(sample, classes))


def _rates(sample: Sample, answered: np.ndarray, domains: Domains) -> pd.DataFrame:
    def counted(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return np.bincount(domains.code[rows] + 1, weight[rows], minlength=len(domains.names) + 1)[1:]

    weight, one, everyone = sample.design.weight, np.ones(len(sample)), np.ones(len(sample), bool)
    n, there = counted(everyone, one).astype(int), counted(answered, one).astype(int)
    sampled, carried = counted(everyone, weight), counted(answered, weight)
    silent = there == 0
    table = {
        "by": [group_key(domains.pairs(place)) for place in range(len(domains.names))],
        "n": n,
        "responded": there,
        "rate": there / n,
        "weighted_rate": carried / sampled,
        "factor": np.where(silent, np.nan, sampled / np.where(silent, 1, carried)),
        "reason": np.where(silent, "nobody_responded", ""),
    }
    return pd.DataFrame(table, columns=list(RATE_COLUMNS))


def _responses(sample: Sample, responded: str | pd.Series | np.ndarray) -> np.ndarray:
    """Who responded, as a bool array of shape (respondents,)."""
    require_sample(sample)
    values = yes_no(sample.column(responded) if isinstance(responded, str) else responded)
    if len(values) != len(sample):
        raise DesignError(f"`responded` has {len(values)} values for {len(sample)} who were sampled; give one for each")
    wrong = int(np.isnan(values).sum())
    if wrong:
        raise DesignError(
            f"`responded` is neither yes nor no for {wrong} of {len(sample)} who were sampled, so it is not known "
            "whose weight is to be carried; write True or False, 1 or 0, for everybody"
        )
    return np.asarray(values == 1)


def _classes(sample: Sample, classes: str | Sequence[str]) -> Domains:
    groups = texts(classes)
    if not groups:
        raise DesignError("no weighting classes were named; give the columns that are known for everybody")
    return groups_of(sample, groups, "so their weighting class is unknown")
