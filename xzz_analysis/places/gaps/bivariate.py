"""Need and access together: three classes of each, nine in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.language import REPORT_LANGUAGES, Label

LEVELS: Mapping[int, Label] = {
    1: {"zh": "低", "en": "low"},
    2: {"zh": "中", "en": "medium"},
    3: {"zh": "高", "en": "high"},
}
TEXT: Label = {"zh": "需求{need}、可及{access}", "en": "{need} need, {access} access"}
NOT_MEASURED: Label = {"zh": "未测得", "en": "not measured"}


@dataclass(frozen=True, eq=False)
class Classes:
    """A class of need and a class of access for every community.

    Parameters
    ----------
    table : DataFrame
        ``need_class`` and ``access_class`` (1 low, 2 medium, 3 high; 0 not measured), ``cell`` ("3-1": high need, low
        access; "" not measured), ``zh``, ``en``.
    need_breaks, access_breaks : tuple of float
        The largest value of class 1 and of class 2.
    counts : DataFrame
        Communities by class of need (rows 1 to 3) and of access (columns 1 to 3).
    """

    table: pd.DataFrame
    need_breaks: tuple[float, float]
    access_breaks: tuple[float, float]
    counts: pd.DataFrame


def bivariate(need: pd.Series, access: pd.Series) -> Classes:
    """Classify communities by need and by access in thirds.

    Parameters
    ----------
    need, access : Series of float
        On the same communities; NaN where not measured.

    Returns
    -------
    Classes
        On the index of ``need``.

    Raises
    ------
    InputError
        Different communities, or none that has both.

    Notes
    -----
    The breaks are the values at the ranks ⌈n/3⌉ and ⌈2n/3⌉ of the communities that have both figures; a
    value equal to a break belongs to the class below it. Equal values are always in one class, so classes may differ
    in size and, with fewer than three values, be empty.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996). Sample quantiles in statistical packages. American Statistician 50, 361–365
    (definition 1).
    """
    if need.index.has_duplicates or set(need.index) != set(access.index) or len(need) != len(access):
        raise InputError("need and access are not about the same communities, one value for each; bring them together")
    pair = pd.DataFrame({"need": need.astype(float), "access": access.reindex(need.index).astype(float)})
    both = np.isfinite(pair.to_numpy()).all(axis=1)
    if not both.any():
        raise InputError(f"none of {len(pair)} communities has both a need and an access figure")
    table = pd.DataFrame(index=need.index)
    breaks = {}
    for name in ("need", "access"):
        values = pair[name].to_numpy()
        breaks[name] = _thirds(values[both])
        classes = 1 + np.searchsorted(breaks[name], values, side="left")
        table[f"{name}_class"] = np.where(both, classes, 0)
    table["cell"] = np.where(both, table["need_class"].astype(str) + "-" + table["access_class"].astype(str), "")
    for language in REPORT_LANGUAGES:
        table[language] = [
            _said(*row, language) for row in zip(table["need_class"], table["access_class"], strict=True)
        ]
    counts = pd.crosstab(table["need_class"][both], table["access_class"][both])
    counts = counts.reindex(index=[1, 2, 3], columns=[1, 2, 3], fill_value=0)
    return Classes(table, breaks["need"], breaks["access"], counts)


def _thirds(values: np.ndarray) -> tuple[float, float]:
    one, two = np.quantile(values, [1 / 3, 2 / 3], method="inverted_cdf")
    return float(one), float(two)


def _said(need: int, access: int, language: str) -> str:
    if not need:
        return NOT_MEASURED[language]
    return TEXT[language].format(need=LEVELS[need][language], access=LEVELS[access][language])
