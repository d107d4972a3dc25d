"""Hot spots: where high values lie among high ones, beyond what chance arranges.

References
----------
Anselin, L. (1995). Local indicators of spatial association – LISA. Geographical Analysis 27,
93–115. Getis, A. and Ord, J. K. (1992). The analysis of spatial association by use of distance statistics.
Geographical Analysis 24, 189–206. Ord, J. K. and Getis, A. (1995). Local spatial autocorrelation statistics.
Geographical Analysis 27, 286–306. Benjamini, Y. and Hochberg, Y. (1995). Journal of the Royal Statistical Society B
57, 289–300.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from xzz_analysis.errors import InputError
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.places.gaps.moran import local_moran
from xzz_analysis.places.gaps.neighbours import Neighbours
from xzz_analysis.survey.testing.families import benjamini_hochberg

CLASSES: Mapping[str, Label] = {
    "high_high": {"zh": "高值聚集", "en": "high among high"},
    "low_low": {"zh": "低值聚集", "en": "low among low"},
    "high_low": {"zh": "低值中的高值", "en": "high among low"},
    "low_high": {"zh": "高值中的低值", "en": "low among high"},
    "not_clear": {"zh": "没有明确的聚集", "en": "no clear cluster"},
    "no_neighbours": {"zh": "没有相邻社区", "en": "no neighbours"},
    "not_measured": {"zh": "未测得", "en": "not measured"},
}
"""What a community is called."""

QUADRANTS = ("", "high_high", "low_high", "low_low", "high_low")
"""By the number of the quadrant (1 to 4) of the Moran scatter plot; 0 where there is none."""

ABSENT = {"p": 1.0, "q": 1.0, "g_p": 1.0, "g_q": 1.0}
"""Of a community that was not measured; other figures are 0."""


@dataclass(frozen=True, eq=False)
class HotSpots:
    """Local association of a value with that of neighbours.

    Parameters
    ----------
    table : DataFrame
        On the index of the values: ``value`` (0.0 where not measured), ``lag`` (mean of the neighbours), ``moran``
        (local I), ``quadrant`` (1 high–high, 2 low–high, 3 low–low, 4 high–low, 0 none), ``p`` (two-sided, by
        conditional permutation; for I and G* alike), ``q`` (Benjamini–Hochberg), ``g_star`` (z-score of G*), ``g_p``,
        ``g_q`` (two-sided normal, Benjamini–Hochberg), ``neighbours``, ``measured``, ``spot`` (a key of ``CLASSES``),
        ``zh``, ``en``.
    moran : float
        Moran's I of all.
    level : float
        False discovery rate at which communities are named.
    permutations, seed : int
    """

    table: pd.DataFrame
    moran: float
    level: float
    permutations: int
    seed: int


def hot_spots(
    values: pd.Series, neighbours: Neighbours, *, permutations: int = 9999, seed: int = 1, level: float = 0.05
) -> HotSpots:
    """Find clusters of high and low values.

    Parameters
    ----------
    values : Series of float
        One number per community, such as a shrunken rate (``shrunken_rates``); NaN where nothing was measured.
    neighbours : Neighbours
        Of these communities; those not measured are nobody's neighbour.
    permutations, seed : int
    level : float
        False discovery rate.

    Returns
    -------
    HotSpots
        Communities without a measured neighbour are ``no_neighbours`` and take no part in the family of tests.

    Raises
    ------
    InputError
        Infinite values, unknown communities, or fewer than three that were measured.

    Notes
    -----
    With z the standardised values and w the weights of a row adding up to one, Iᵢ = (n − 1)/n · zᵢ Σⱼ wᵢⱼ
    zⱼ. The reference distribution is the exact conditional one: the other values are drawn on the neighbours' places,
    zᵢ stays. p counts both tails, twice the smaller. Since zᵢ stays, ordering permutations by Iᵢ or by Gᵢ* is
    ordering them by the lag, so that p is also that of G*. The z-score of G* has binary weights and the community
    itself among its neighbours (Ord and Getis 1995, equation 14).

    References
    ----------
    Anselin, L. (1995). Geographical Analysis 27, 93–115.
    Ord, J. K. and Getis, A. (1995). Geographical Analysis 27, 286–306.
    """
    index = pd.Index(values.index)
    if index.has_duplicates:
        raise InputError(f"{int(index.duplicated().sum())} communities are there twice; give one value for each")
    if permutations < 1:
        raise InputError(f"{permutations} permutations give no p-value; 9999 give p down to 0.0002")
    measured = values.dropna().astype(float).sort_index()
    if np.isinf(measured.to_numpy()).any():
        raise InputError(f"{int(np.isinf(measured.to_numpy()).sum())} of {len(values)} values are infinite")
    if len(measured) < 3:
        raise InputError(f"{len(measured)} of {len(values)} communities were measured; clusters need at least 3")
    columns, moran = _columns(measured, neighbours.among(measured.index), permutations, seed)
    spots = _spots(columns, level)
    place = measured.index.get_indexer(index)
    known = place >= 0
    table = {name: np.where(known, column[place], ABSENT.get(name, 0)) for name, column in columns.items()}
    table |= {"measured": known, "spot": np.where(known, spots[place], "not_measured")}
    for language in REPORT_LANGUAGES:
        words = {key: label[language] for key, label in CLASSES.items()}
        table[language] = np.array([words[spot] for spot in table["spot"].tolist()], dtype=object)
    return HotSpots(pd.DataFrame(table, index=index), moran, level, permutations, seed)


def _columns(values: pd.Series, near: Neighbours, permutations: int, seed: int) -> tuple[dict[str, np.ndarray], float]:
    """Figures of the communities that were measured, in the order of ids, and Moran's I of all."""
    y, count = values.to_numpy(float), near.count.to_numpy()
    found = local_moran(y, near.matrix, permutations, seed)
    tested = found.quadrant > 0
    g_star = np.where(tested, _g_star(y, near), 0.0)
    g_p = np.where(tested, 2 * special.ndtr(-np.abs(g_star)), 1.0)
    columns = {
        "value": y,
        "lag": np.where(count > 0, found.lag * y.std() + y.mean(), 0.0),
        "moran": found.local,
        "quadrant": found.quadrant,
        "p": found.p,
        "q": _family(found.p, tested),
        "g_star": g_star,
        "g_p": g_p,
        "g_q": _family(g_p, tested),
        "neighbours": count,
    }
    return columns, found.moran


def _g_star(y: np.ndarray, near: Neighbours) -> np.ndarray:
    """z-scores of G*: the community and its neighbours count one each."""
    size, count = len(y), near.count.to_numpy() + 1.0
    total = near.matrix @ y + y
    deviation = np.sqrt((y**2).mean() - y.mean() ** 2)
    scale = deviation * np.sqrt((size * count - count**2) / (size - 1))
    return np.asarray(np.divide(total - y.mean() * count, scale, out=np.zeros(size), where=scale > 0))


def _family(p: np.ndarray, tested: np.ndarray) -> np.ndarray:
    adjusted = np.ones(len(p))
    if tested.any():
        adjusted[tested] = benjamini_hochberg(p[tested])
    return adjusted


def _spots(columns: Mapping[str, np.ndarray], level: float) -> np.ndarray:
    clear = (columns["q"] <= level) & (columns["quadrant"] > 0)
    spots = np.where(clear, np.array(QUADRANTS, dtype=object)[columns["quadrant"]], "not_clear")
    return np.asarray(np.where(columns["neighbours"] == 0, "no_neighbours", spots))
