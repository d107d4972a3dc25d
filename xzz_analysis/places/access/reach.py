"""Who can get where: costs, weights, demand and supply brought together, in the order of their ids.

Everything after this is arithmetic on arrays. Rows and columns are put in the order of their ids first, so that sums
and ties are the same whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from xzz_analysis.errors import InputError
from xzz_analysis.places.access.decay import Decay, within
from xzz_analysis.places.travel.cost import Cost

Weighing = Decay | Callable[[np.ndarray], np.ndarray]
"""A decay of this room, or any function of an array of costs that returns weights of the same shape."""

FAINTEST = 1e-200
"""A weight below it is no reach: people divided by it would not be a number any more."""


@dataclass(frozen=True)
class Reach:
    """Pairs of people and services that count, with everything the measures need.

    Parameters
    ----------
    costs, weights : csr_array of float64, shape (origins, services)
        The same pairs in both: weight above zero, and a service that offers something.
    demand : ndarray, shape (origins,)
    supply : ndarray, shape (services,)
    limit : float
        Largest cost that counts, in the unit of the costs.
    part : ndarray, shape (origins,), optional
        With several groups in a place, the part of its people that each is; 1 by default.
    same : bool
        All weights are known to be 1.
    """

    costs: sparse.csr_array
    weights: sparse.csr_array
    demand: np.ndarray
    supply: np.ndarray
    limit: float
    part: np.ndarray | None = None
    same: bool = False

    @property
    def choices(self) -> np.ndarray:
        """How many services each origin can reach, shape (origins,)."""
        return np.diff(self.costs.indptr)

    @property
    def alike(self) -> bool:
        """Whether every service in reach counts fully."""
        return self.same or bool((self.weights.data == 1).all())


@dataclass(frozen=True)
class Table:
    """A cost matrix in the order of its ids.

    Parameters
    ----------
    matrix : csr_array, shape (origins, services)
    origins, services : Index of str, ascending
    """

    matrix: sparse.csr_array
    origins: pd.Index
    services: pd.Index


def in_order(cost: Cost) -> Table:
    """Put the rows and columns of a cost matrix in the order of their ids; nothing is copied when they are.

    Parameters
    ----------
    cost : Cost

    Returns
    -------
    Table
    """
    origins, services, matrix = cost.origins, cost.destinations, cost.matrix
    if not origins.is_monotonic_increasing:
        order = origins.argsort()
        origins, matrix = origins[order], matrix[order]
    if not services.is_monotonic_increasing:
        order = services.argsort()
        services, matrix = services[order], matrix[:, order]
        matrix.sort_indices()
    return Table(matrix, origins, services)


def reach(
    cost: Cost, demand: pd.Series, supply: pd.Series, decay: Weighing | None, eligible: pd.Series | None = None
) -> tuple[Reach, np.ndarray]:
    """Bring costs, demand and supply together.

    Parameters
    ----------
    cost : Cost
    demand : Series
        People (float, not negative) on the ids of origins.
    supply : Series
        What services offer (float, not negative) on the ids of destinations.
    decay : Decay or callable, optional
        By default everything within the limit of the costs counts alike.
    eligible : Series of bool, optional
        Whether each service is for these people.

    Returns
    -------
    Reach
    ndarray of int, shape (demand,)
        Row of every id of the demand, -1 for those that are not in the costs at all.

    Raises
    ------
    InputError
        See :func:`~xzz_analysis.places.access.access`.
    """
    decay = allowed(cost, decay)
    table = in_order(cost)
    people, rows = aligned(demand, table.origins, "demand")
    offered, _ = aligned(supply, table.services, "supply")
    limit = min(cost.limit, decay.reach) if isinstance(decay, Decay) else cost.limit
    everything = isinstance(decay, Decay) and decay.kind == "within" and decay.reach == cost.limit
    weights = None if everything else weights_of(table.matrix.data, decay)
    open_to = offered > 0 if eligible is None else (offered > 0) & _may(eligible, table.services)
    found = counted(table.matrix, weights, open_to)
    return replace(found, demand=people, supply=offered, limit=limit), rows


def stack(parts: Sequence[Reach], part: np.ndarray) -> Reach:
    """Put the origins of several groups under one another; they compete for the same services.

    Parameters
    ----------
    parts : sequence of Reach
        With the same services.
    part : ndarray, shape (origins of all parts,)
        Part of its place that each group is.

    Returns
    -------
    Reach
    """
    if len(parts) == 1:
        return parts[0]
    matrices = [
        sparse.csr_array(sparse.vstack([getattr(one, name) for one in parts], format="csr"))
        for name in ("costs", "weights")
    ]
    demand = np.concatenate([one.demand for one in parts])
    return Reach(matrices[0], matrices[1], demand, parts[0].supply, max(one.limit for one in parts), part)


def _may(flags: pd.Series, services: pd.Index) -> np.ndarray:
    """Whether each service is for a group."""
    missing = services.difference(flags.index)
    if len(missing):
        raise InputError(
            f"{len(missing)} of {len(services)} services, such as {missing[0]!r}, are not in eligible; "
            "say True or False for each service and group"
        )
    return flags.reindex(services).to_numpy(bool)


def counted(matrix: sparse.csr_array, weights: np.ndarray | None, open_to: np.ndarray) -> Reach:
    """Keep the pairs that count: a weight above zero, and a service that is open to these people.

    Parameters
    ----------
    matrix : csr_array, shape (origins, services)
    weights : ndarray, shape (pairs,), optional
        By default all are 1.
    open_to : ndarray of bool, shape (services,)

    Returns
    -------
    Reach
        Without demand, supply and limit.
    """
    indices, ends, costs, same = matrix.indices, matrix.indptr, matrix.data, weights is None
    keep = np.ones(0, bool) if weights is None else weights > FAINTEST
    if not open_to.all():
        keep = open_to[indices] if weights is None else keep & open_to[indices]
    if not keep.all():
        ends = np.concatenate([[0], np.cumsum(keep)])[ends].astype(matrix.indptr.dtype)
        indices, costs = indices[keep], costs[keep]
        weights = None if weights is None else weights[keep]
        matrix = sparse.csr_array((costs, indices, ends), shape=matrix.shape)
    data = np.ones(len(costs)) if weights is None else weights
    weighted = sparse.csr_array((data, indices, ends), shape=matrix.shape)
    nobody = np.zeros(matrix.shape[0])
    return Reach(matrix, weighted, nobody, np.zeros(matrix.shape[1]), 0.0, same=same)


def allowed(cost: Cost, decay: Weighing | None) -> Weighing:
    """The decay, unless it asks for pairs or units that the costs do not have.

    Parameters
    ----------
    cost : Cost
    decay : Decay or callable, optional

    Returns
    -------
    Decay or callable

    Raises
    ------
    InputError
        The decay reaches beyond the limit of the costs, or its unit is another one.
    """
    if decay is None:
        return within(cost.limit) if cost.limit > 0 else (lambda costs: np.ones_like(costs))
    if not isinstance(decay, Decay):
        return decay
    if decay.unit and decay.unit != cost.unit:
        raise InputError(
            f"{decay} is in {decay.unit} and the travel costs are in {cost.unit}; give the decay in {cost.unit}"
        )
    if np.isfinite(decay.reach) and decay.reach > cost.limit:
        raise InputError(
            f"{decay} reaches to {decay.reach:g} {cost.unit}, but travel was measured to {cost.limit:g} only, so that "
            f"services beyond would be missing; measure travel with limit={decay.reach:g}, or say so in "
            "Cost.from_table(…, limit=…) if the table holds all pairs"
        )
    return decay


def weights_of(costs: np.ndarray, decay: Weighing) -> np.ndarray:
    """Weights of pairs, checked when the decay is somebody else's function.

    Parameters
    ----------
    costs : ndarray, shape (pairs,)
    decay : Decay or callable

    Returns
    -------
    ndarray of float64, shape (pairs,)

    Raises
    ------
    InputError
        Weights are of another shape, negative or not finite.
    """
    if isinstance(decay, Decay):
        return decay(costs)
    weights = np.asarray(decay(costs.copy()), dtype=np.float64)
    name = getattr(decay, "__name__", type(decay).__name__)
    if weights.shape != costs.shape:
        raise InputError(
            f"the decay {name} made {weights.shape} weights of {costs.shape} costs; it is called once, on an array, "
            "and returns a weight for each"
        )
    wrong = int((~np.isfinite(weights) | (weights < 0)).sum())
    if wrong:
        raise InputError(
            f"the decay {name} made {wrong} of {len(weights)} weights that are negative or not finite; "
            "a power of a cost of zero does: take xzz.power with a least cost"
        )
    return weights


def aligned(given: pd.Series, index: pd.Index, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Amounts in the order of ids, and the place of each given id.

    Parameters
    ----------
    given : Series
        Amounts on ids.
    index : Index of str
        Ids of the costs; each needs an amount.
    what : "demand" or "supply"

    Returns
    -------
    ndarray of float64, shape (index,)
    ndarray of int, shape (given,)
        -1 for ids that the costs do not have.

    Raises
    ------
    InputError
        Ids are no text or there twice, ids of the costs have no amount, or amounts are missing, negative or infinite.
    """
    amounts = checked(given, what)
    if given.index.equals(index):
        return amounts, np.arange(len(index))
    rows = index.get_indexer(given.index)
    known = rows >= 0
    missing = len(index) - int(known.sum())
    if missing:
        lost = "people who compete for services" if what == "demand" else "services"
        raise InputError(
            f"{missing} of {len(index)} ids of the travel costs have no {what}, so {lost} would be left out; "
            f"say 0 where there is none: {what}.reindex(ids, fill_value=0)"
        )
    result = np.zeros(len(index))
    result[rows[known]] = amounts[known]
    return result, rows


def checked(given: pd.Series, what: str) -> np.ndarray:
    """Amounts of a Series as float64, refused with the reason when they cannot be used.

    Parameters
    ----------
    given : Series
    what : "demand" or "supply"

    Returns
    -------
    ndarray of float64, shape (given,)

    Raises
    ------
    InputError
        As :func:`aligned`.
    """
    if not isinstance(given, pd.Series):
        raise InputError(f"{what} is a Series on ids, not {type(given).__name__}")
    if given.index.inferred_type not in ("string", "empty"):
        raise InputError(
            f"the ids of {what} are {given.index.inferred_type}, not text; read codes as text, so that leading zeros "
            "and long numbers are kept"
        )
    if not given.index.is_unique:
        twice = int(given.index.duplicated().sum())
        raise InputError(f"{twice} of {len(given)} ids of {what} are there twice; add them up, or give each its own")
    if not pd.api.types.is_numeric_dtype(given.dtype):
        raise InputError(f"{what} is {given.dtype}, not a number; read the column as numbers")
    amounts = given.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = int((~np.isfinite(amounts) | (amounts < 0)).sum())
    if wrong:
        raise InputError(
            f"{wrong} of {len(amounts)} values of {what} are missing, negative or infinite; say 0 where there is none, "
            "and leave out what is not known"
        )
    return amounts
