"""How sure access is, when the people who compete for services are themselves an estimate.

Every replicate of the demand gives its own access, all of them in one product of a sparse matrix (who shares which
service) with a dense one (services by replicates). Travel and supply are taken as known.

References
----------
Wolter, K. M. (2007). Introduction to Variance Estimation, chapters 3 to 5 (replicates).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import ndtri, stdtrit

from xzz_analysis.errors import InputError
from xzz_analysis.places.access.measures import (
    COMPETING,
    Measure,
    catchment_of,
    competing,
    divide,
    measure_access,
    own_part,
)
from xzz_analysis.places.access.reach import Reach, Weighing, checked, reach
from xzz_analysis.places.travel.cost import Cost

ROWS = 8192
"""Origins in one go; replicates of more of them are never held at once."""


@dataclass(frozen=True)
class Replicates:
    """Replicates of the demand, and how their spread becomes a variance: factor · Σ_r (replicate − estimate)².

    Parameters
    ----------
    demand : DataFrame
        People on the ids of origins, a column for each replicate.
    factor : float
        1 / R for R bootstrap replicates or draws, (R − 1) / R for a jackknife of R units.
    df : float
        Degrees of freedom of the design.
    """

    demand: pd.DataFrame
    factor: float
    df: float = math.inf

    @classmethod
    def bootstrap(cls, demand: pd.DataFrame, df: float = math.inf) -> Replicates:
        """Replicates of a bootstrap: factor 1 / R."""
        return cls(demand, 1 / demand.shape[1], df)

    @classmethod
    def jackknife(cls, demand: pd.DataFrame, df: float = math.inf) -> Replicates:
        """Replicates of a jackknife that left out one of R units each time: factor (R − 1) / R."""
        count = demand.shape[1]
        return cls(demand, (count - 1) / count, df)


def draw_demand(demand: pd.Series, se: pd.Series, *, draws: int = 200, seed: int = 1) -> Replicates:
    """Draw replicates of a demand that was estimated by a survey, place by place.

    Draws, not the delta method: access divides by sums of demand, and with few people in a catchment a straight line is
    a bad picture of that. Every place is drawn from a log-normal distribution with its estimate as mean and its
    standard error as standard deviation, so that no draw is negative; places are drawn independently of one another.

    Parameters
    ----------
    demand : Series
        Estimated people on ids.
    se : Series
        Standard errors on the same ids, 0 where the figure is known.
    draws : int
    seed : int

    Returns
    -------
    Replicates
        The same for the same ids, whatever their order.

    Raises
    ------
    InputError
        An id has no standard error, or amounts are missing or negative.

    References
    ----------
    Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap, section 6.5 (parametric bootstrap).
    """
    mean = pd.Series(checked(demand, "demand"), index=demand.index).sort_index()
    missing = int((~demand.index.isin(se.index)).sum())
    if missing:
        raise InputError(f"{missing} of {len(demand)} ids of demand have no standard error; say 0 where it is known")
    spread = pd.Series(checked(se, "se"), index=se.index).reindex(mean.index).to_numpy()
    sigma = np.sqrt(np.log1p(divide(spread, mean.to_numpy()) ** 2))
    normal = np.random.default_rng(seed).standard_normal((len(mean), draws))
    factor = np.exp(sigma[:, None] * normal - sigma[:, None] ** 2 / 2)
    made = pd.DataFrame(mean.to_numpy()[:, None] * factor, index=mean.index)
    return Replicates.bootstrap(made.reindex(demand.index))


def access_interval(
    cost: Cost,
    demand: pd.Series,
    supply: pd.Series,
    replicates: Replicates,
    *,
    measure: str | Measure = "bfca",
    decay: Weighing | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Measure access with an interval for the sampling error of the demand.

    Parameters
    ----------
    cost, demand, supply, measure, decay
        As in :func:`~xzz_analysis.places.access.access`.
    replicates : Replicates
        From replicate weights, or from :func:`draw_demand`.
    level : float

    Returns
    -------
    DataFrame
        On the index of the demand: ``access``, ``se``, ``low``, ``high`` and ``reached``. The interval is that of the
        logarithm, access · exp(± t · se / access), and so never below 0. Measures in which people do not compete do not
        depend on the demand: their se is 0.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.places.access.access`; or replicates are not on the ids of the demand.

    References
    ----------
    Wolter, K. M. (2007). Introduction to Variance Estimation. Springer.
    """
    measure = Measure(measure) if isinstance(measure, str) else measure
    found, rows = reach(cost, demand, supply, decay)
    values, reached = measure_access(found, measure)
    spread = np.sqrt(replicates.factor * _squares(found, measure, _in_rows(replicates, demand, rows, len(values))))
    t = ndtri((1 + level) / 2) if math.isinf(replicates.df) else stdtrit(replicates.df, (1 + level) / 2)
    width = np.exp(t * divide(spread, values))
    worst = max(found.limit, float(values.max(initial=0.0))) if measure.less_is_better else 0.0
    columns = {"access": values, "se": spread, "low": values / width, "high": values * width}
    outside = {"access": worst, "se": 0.0, "low": worst, "high": worst}
    table = pd.DataFrame({name: np.append(column, outside[name])[rows] for name, column in columns.items()})
    return table.set_index(demand.index).assign(reached=np.append(reached, False)[rows])


def _in_rows(replicates: Replicates, demand: pd.Series, rows: np.ndarray, count: int) -> np.ndarray:
    """Replicates in the rows of the costs, shape (origins, replicates)."""
    frame = replicates.demand
    if not frame.index.equals(demand.index):
        if len(frame) != len(demand) or not frame.index.is_unique or not frame.index.isin(demand.index).all():
            raise InputError(
                f"the replicates are of {len(frame)} ids and the demand of {len(demand)}, and they are not the same; "
                "make both from the same survey"
            )
        frame = frame.reindex(demand.index)
    values = frame.to_numpy(np.float64)
    wrong = int((~np.isfinite(values) | (values < 0)).sum())
    if wrong:
        raise InputError(f"{wrong} of {values.size} replicates of the demand are missing, negative or infinite")
    if len(rows) == count and (rows == np.arange(count)).all():
        return values
    placed = np.zeros((count, values.shape[1]))
    placed[rows[rows >= 0]] = values[rows >= 0]
    return placed


def _squares(found: Reach, measure: Measure, demands: np.ndarray) -> np.ndarray:
    """Sums over replicates of squared differences from the estimate, shape (origins,)."""
    if measure.name == "raam":
        values, _ = measure_access(found, measure)
        made = (measure_access(_with_demand(found, one), measure)[0] for one in demands.T)
        return np.asarray(np.sum([(one - values) ** 2 for one in made], axis=0))
    if measure.name not in COMPETING:
        return np.zeros(len(demands))
    catchment = catchment_of(found, measure.name)
    amount = competing(found.demand, measure)
    turning = np.zeros((len(found.supply), demands.shape[1]))
    for rows in _blocks(len(demands)):
        turning += _part(catchment.toward, rows).T @ competing(demands[rows], measure)
    ratio = divide(found.supply, catchment.toward.T @ amount)
    change = divide(found.supply[:, None], turning) - ratio[:, None]
    squares = np.empty(len(demands))
    for rows in _blocks(len(demands)):
        block = _part(catchment.back, rows)
        own = own_part(demands[rows], competing(demands[rows], measure), measure)
        off = np.asarray((block @ change) * own)
        if measure.name.startswith("spatial_availability"):
            before = own_part(found.demand[rows], amount[rows], measure)
            off += (block @ ratio)[:, None] * (own - np.asarray(before)[:, None])
        squares[rows] = np.einsum("ij,ij->i", off, off)
    return squares


def _blocks(count: int) -> list[slice]:
    return [slice(start, min(start + ROWS, count)) for start in range(0, count, ROWS)]


def _part(matrix: sparse.csr_array, rows: slice) -> sparse.csr_array:
    """Some rows of a matrix, sharing its data."""
    ends = matrix.indptr[rows.start : rows.stop + 1]
    first, last = ends[0], ends[-1]
    shape = (rows.stop - rows.start, matrix.shape[1])
    return sparse.csr_array((matrix.data[first:last], matrix.indices[first:last], ends - first), shape=shape)


def _with_demand(found: Reach, demand: np.ndarray) -> Reach:
    return replace(found, demand=demand)
