"""The measures of access as arithmetic on sparse matrices.

With w the weight of a pair, P people at an origin i and S what a service j offers:

======================== ==================================================================================
nearest                  cost of the n-th nearest service
cumulative, gravity      Σ_j w_ij S_j; cumulative counts services within the limit alike
2sfca, e2sfca            Σ_j w_ij R_j with R_j = S_j / Σ_k w_kj P_k; 2sfca counts within the limit alike
3sfca                    the same with g_ij w_ij for w_ij, g_ij = w_ij / Σ_j w_ij
bfca                     Σ_j b_ij R_j, R_j = S_j / Σ_k a_kj P_k, a_ij = w_ij / Σ_j w_ij, b_ij = w_ij / Σ_i w_ij
spatial_availability     V_i = Σ_j S_j w_ij P_i^α / Σ_k w_kj P_k^α; per head V_i / P_i
raam                     see :mod:`~xzz_analysis.places.access.raam`
======================== ==================================================================================

References
----------
Luo, W. and Wang, F. (2003). Environment and Planning B 30, 865–884 (2SFCA).
Luo, W. and Qi, Y. (2009). Health & Place 15, 1100–1107 (E2SFCA).
Wan, N., Zou, B. and Sternberg, T. (2012). International Journal of Geographical Information Science 26, 1073–1089
(3SFCA).
Paez, A., Higgins, C. D. and Vivona, S. F. (2019). PLOS ONE 14, e0218773 (balanced FCA).
Soukhov, A., Paez, A., Higgins, C. D. and Mohamed, M. (2023). PLOS ONE 18, e0278468 (spatial availability).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import sparse

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label
from xzz_analysis.places.access.raam import equilibrium
from xzz_analysis.places.access.reach import Reach

MEASURES: Mapping[str, Label] = MappingProxyType(
    {
        "bfca": {"zh": "平衡浮动搜寻（BFCA）", "en": "Balanced floating catchment, BFCA"},
        "spatial_availability": {"zh": "空间可得量", "en": "Spatial availability"},
        "spatial_availability_per_head": {"zh": "人均空间可得量", "en": "Spatial availability per head"},
        "2sfca": {"zh": "两步移动搜寻（2SFCA）", "en": "Two-step floating catchment, 2SFCA"},
        "e2sfca": {"zh": "增强型两步移动搜寻（E2SFCA）", "en": "Enhanced two-step floating catchment, E2SFCA"},
        "3sfca": {"zh": "三步移动搜寻（3SFCA）", "en": "Three-step floating catchment, 3SFCA"},
        "gravity": {"zh": "引力可达性", "en": "Gravity"},
        "cumulative": {"zh": "累积机会", "en": "Cumulative opportunities"},
        "nearest": {"zh": "最近服务的出行成本", "en": "Cost of the nearest service"},
        "raam": {"zh": "理性选择成本（RAAM）", "en": "Rational agent access cost, RAAM"},
    }
)
"""Measures, and their words in reports."""

COSTS = frozenset({"nearest", "raam"})
"""Measures of which less is better."""

COMPETING = frozenset({"2sfca", "e2sfca", "3sfca", "bfca", "spatial_availability", "spatial_availability_per_head"})
"""Measures in which people share what services offer: a catchment each."""

DEFAULTS = ("bfca", "spatial_availability")
"""What :func:`~xzz_analysis.places.access.access_table` computes unless asked otherwise."""


@dataclass(frozen=True)
class Measure:
    """A measure with its own parameters; a name alone stands for one with the usual ones.

    Parameters
    ----------
    name : str
        One of :data:`MEASURES`.
    n : int
        Of ``nearest``: which one; 2 is what is left when the nearest one closes.
    alpha : float
        Of spatial availability: below 1 services go sooner to small places, above 1 to large ones.
    tau : float, optional
        Of ``raam``: the travel cost that people accept to avoid twice the average crowding; by default the limit.

    Raises
    ------
    InputError
        The measure is unknown, with the nearest name, or a parameter is out of its range.
    """

    name: str
    n: int = 1
    alpha: float = 1.0
    tau: float | None = None

    def __post_init__(self) -> None:
        if self.name not in MEASURES:
            raise InputError(
                f"the measure {self.name!r} is not one of {', '.join(MEASURES)}{suggest(self.name, MEASURES)}"
            )
        if self.n < 1 or self.n != int(self.n):
            raise InputError(f"n of nearest is {self.n}; give 1 for the nearest service, 2 for the second nearest")
        if not (math.isfinite(self.alpha) and self.alpha >= 0):
            raise InputError(f"alpha of {self.name} is {self.alpha}; give a number from 0 up, 1 for each head alike")
        if self.tau is not None and not (math.isfinite(self.tau) and self.tau > 0):
            raise InputError(f"tau of {self.name} is {self.tau}; give a travel cost above 0")

    @property
    def less_is_better(self) -> bool:
        """Whether it measures costs."""
        return self.name in COSTS

    def __str__(self) -> str:
        extra = {"nearest": f"_{self.n}" * (self.n > 1), "raam": f"_{self.tau:g}" if self.tau else ""}
        if self.name.startswith("spatial_availability") and self.alpha != 1:
            return f"{self.name}_alpha_{self.alpha:g}"
        return self.name + extra.get(self.name, "")


@dataclass(frozen=True)
class Catchment:
    """How people turn to services, and how services count for people.

    Parameters
    ----------
    toward : csr_array, shape (origins, services)
        Part of each person who turns to a service.
    back : csr_array, shape (origins, services)
        Part of a service's ratio that an origin is given.
    """

    toward: sparse.csr_array
    back: sparse.csr_array


def measure_access(reach: Reach, measure: Measure) -> tuple[np.ndarray, np.ndarray]:
    """Measure the access of every origin.

    Parameters
    ----------
    reach : Reach
    measure : Measure

    Returns
    -------
    ndarray of float64, shape (origins,)
        What is not reached is 0; of a measure of costs it is the largest there can be.
    ndarray of bool, shape (origins,)
        Which origins reach a service; of ``nearest``, n services.

    Raises
    ------
    InputError
        2sfca or cumulative are asked for with a decay that does not count services alike.
    """
    if measure.name in ("2sfca", "cumulative") and not reach.alike:
        instead = {"2sfca": "e2sfca", "cumulative": "gravity"}[measure.name]
        raise InputError(
            f"{measure.name} counts all services within the limit alike, and the decay does not; "
            f"with this decay the measure is {instead}, or take a decay xzz.within(…)"
        )
    reached = reach.choices >= (measure.n if measure.name == "nearest" else 1)
    if measure.name == "nearest":
        return nearest(reach, measure.n), reached
    if measure.name == "raam":
        return equilibrium(reach, measure.tau), reached
    if measure.name in ("gravity", "cumulative"):
        return reach.weights @ reach.supply, reached
    return shared(reach, measure, reach.demand), reached


def nearest(reach: Reach, n: int) -> np.ndarray:
    """Cost of the n-th nearest service, the limit for those who do not reach n.

    Parameters
    ----------
    reach : Reach
    n : int

    Returns
    -------
    ndarray, shape (origins,)
    """
    result = np.full(len(reach.demand), reach.limit)
    enough = reach.choices >= n
    if n == 1 and enough.any():
        result[enough] = np.minimum.reduceat(reach.costs.data, reach.costs.indptr[:-1][enough])
    elif enough.any():
        order = np.lexsort((reach.costs.data, rows_of(reach.costs)))
        result[enough] = reach.costs.data[order[reach.costs.indptr[:-1][enough] + n - 1]]
    return result


def shared(reach: Reach, measure: Measure, demand: np.ndarray) -> np.ndarray:
    """Access by a measure in which people share services.

    Parameters
    ----------
    reach : Reach
    measure : Measure
        One of :data:`COMPETING`.
    demand : ndarray, shape (origins,)

    Returns
    -------
    ndarray, shape (origins,)
    """
    catchment = catchment_of(reach, measure.name)
    amount = competing(demand, measure)
    access = catchment.back @ ratios(catchment, amount, reach.supply)
    return np.asarray(access * own_part(demand, amount, measure))


def competing(demand: np.ndarray, measure: Measure) -> np.ndarray:
    """What people count for in competition: themselves, or P^α in spatial availability; nobody counts for nothing."""
    if not measure.name.startswith("spatial_availability") or measure.alpha == 1:
        return demand
    return np.where(demand > 0, np.power(demand, measure.alpha, where=demand > 0, out=np.zeros_like(demand)), 0.0)


def own_part(demand: np.ndarray, amount: np.ndarray, measure: Measure) -> np.ndarray | float:
    """What the shared ratios are multiplied by at each origin, of any shape the demand has."""
    if measure.name == "spatial_availability":
        return amount
    if measure.name == "spatial_availability_per_head":
        return divide(amount, demand)
    return 1.0


def catchment_of(reach: Reach, name: str) -> Catchment:
    """The catchment of a measure.

    Parameters
    ----------
    reach : Reach
    name : str
        One of :data:`COMPETING`.

    Returns
    -------
    Catchment
    """
    weights = reach.weights
    if name not in ("3sfca", "bfca"):
        return Catchment(weights, weights)
    to_services = np.repeat(weights.sum(axis=1), np.diff(weights.indptr))
    chosen = weights.data / to_services
    if name == "3sfca":
        both = _with(weights, chosen * weights.data)
        return Catchment(both, both)
    parts = weights.data if reach.part is None else weights.data * reach.part[rows_of(weights)]
    to_people = np.bincount(weights.indices, parts, weights.shape[1])[weights.indices]
    return Catchment(_with(weights, chosen), _with(weights, divide(weights.data, to_people)))


def ratios(catchment: Catchment, demand: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """What each service offers for each person who turns to it; 0 where nobody does.

    Parameters
    ----------
    catchment : Catchment
    demand : ndarray, shape (origins,) or (origins, replicates)
    supply : ndarray, shape (services,)

    Returns
    -------
    ndarray, shape (services,) or (services, replicates)
    """
    turning = catchment.toward.T @ demand
    return divide(supply if turning.ndim == 1 else supply[:, None], turning)


def divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotients, 0 where there is nothing to divide by."""
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    return np.asarray(np.divide(above, below, out=np.zeros(shape), where=np.broadcast_to(below > 0, shape)))


def rows_of(matrix: sparse.csr_array) -> np.ndarray:
    """Row of every stored pair."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _with(pattern: sparse.csr_array, data: np.ndarray) -> sparse.csr_array:
    return sparse.csr_array((data, pattern.indices, pattern.indptr), shape=pattern.shape)
