"""What estimates are made on: respondents in states, whose sums the survey engine takes.

Respondents who are alike share a state, and a column is a value per state. Sums inside cells are then one product of
matrices instead of a pass over the respondents for each column; estimates, influences and errors are the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from xzz_analysis.needs.overlap.dimensions import Base, Cutoff, Deprivations, Scheme
from xzz_analysis.survey.design import Domains, Sample
from xzz_analysis.survey.engine.cells import Cells, make_cells
from xzz_analysis.survey.engine.figures import Figures, divide, means
from xzz_analysis.survey.engine.interval import DEFAULT, Tails, effective_size, share_interval, share_score
from xzz_analysis.survey.engine.sums import Sums
from xzz_analysis.survey.estimate import Item, estimate_means, estimate_ratios, estimate_shares
from xzz_analysis.survey.estimate.batches import wald_batch
from xzz_analysis.survey.estimate.items import answers
from xzz_analysis.survey.estimate.layout import Batch, Layout, lay_out_all
from xzz_analysis.survey.estimates import Estimates, group_key, join

HELD = 1 << 23
"""Sums held at a time, cells (or states) × columns: bounds memory, changes no figure."""

ROUNDING = 1e-9
"""Sums of weights that differ by less are the same: 1/3 + 1/3 reaches a cutoff of 2/3."""


@dataclass(frozen=True)
class Rows:
    """Respondents that a column is about.

    Attributes
    ----------
    inside : bool array, shape (states,)
    reasons : int8 array, shape (rows,)
        Why others who belong to the base have no answer; 0 for those who do not belong to it.
    version : str
    """

    inside: np.ndarray
    reasons: np.ndarray
    version: str

    def item(self, measure: str, y: np.ndarray, place: Mapping[str, str], below: np.ndarray | None = None) -> Item:
        """A column of these rows, one value per state; ``place`` says of which cutoff, dimension or count."""
        values = np.where(self.inside, y, np.nan)
        denominator = None if below is None else np.where(self.inside, below, np.nan)
        return Item(measure, values, self.reasons, group_key(list(place.items())), self.version, denominator)


@dataclass(frozen=True)
class Asked:
    """Of whom something is estimated.

    Attributes
    ----------
    sample : Sample
    code : int array, shape (rows,)
        State of each respondent.
    by : tuple of str
        Grouping columns, crossed; everything is estimated for the whole as well.
    level : float
        Confidence level.
    """

    sample: Sample
    code: np.ndarray
    by: tuple[str, ...]
    level: float
    _masses: dict[tuple[tuple[str, ...], int], Split] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def estimate(
        self, shares: Sequence[Item] = (), means: Sequence[Item] = (), ratios: Sequence[Item] = ()
    ) -> Estimates:
        """Estimate columns of states for the whole and, where there are groups, for each of them."""
        asked = (shares, means, ratios)
        if self._by_rows:
            return join([self._of_rows(by, asked) for by in dict.fromkeys([(), self.by])])
        plan = make_plan([item for items in asked for item in items])
        return lay_out_all(part for by in dict.fromkeys([(), self.by]) for part in self._in_groups(by, asked, plan))

    @property
    def _by_rows(self) -> bool:
        """Whether states are not enough: calibration looks at respondents, and a census has no errors."""
        return self.sample.design.correction is not None or self.sample.kind == "census"

    def _in_groups(
        self, by: tuple[str, ...], asked: Sequence[Sequence[Item]], plan: Plan
    ) -> Iterator[tuple[Layout, Iterator[Batch]]]:
        """Estimate shares, means and ratios for some groups; nothing where there is nobody or nothing to estimate."""
        domains, masses = self._split(by, len(plan.columns))
        if masses is None or not plan.places:
            return
        cells = masses.cells
        size = max(1, HELD // max(len(cells.domain), len(plan.columns)))
        whole = make_pool(masses, plan, np.arange(plan.columns.shape[1])) if plan.columns.shape[1] <= size else None
        batches = (
            make(whole or make_pool(masses, plan, plan.of(some)), some, self.level)
            for items, make in ((asked[0], share_batch), ([*asked[1], *asked[2]], number_batch))
            for some in (items[start : start + size] for start in range(0, len(items), size))
        )
        yield Layout(self.sample, cells, domains, self.level, True), batches

    def _split(self, by: tuple[str, ...], states: int) -> Split:
        """Groups and what respondents weigh in their cells, made once for all measures."""
        if (by, states) not in self._masses:
            domains = self.sample.domains(list(by))
            cells = make_cells(self.sample.design, domains) if domains.names else None
            self._masses[by, states] = domains, None if cells is None else make_masses(cells, self.code, states)
        return self._masses[by, states]

    def _of_rows(self, by: Sequence[str], asked: Sequence[Sequence[Item]]) -> Estimates:
        """The same from columns of respondents, for calibrated weights and a census."""
        makers = (estimate_shares, estimate_means, estimate_ratios)
        parts = [
            self._with_need(make(self.sample, self.of_rows(items), list(by), level=self.level), by, items)
            for items, make in zip(asked, makers, strict=True)
        ]
        return join(parts)

    def _with_need(self, found: Estimates, by: Sequence[str], items: Sequence[Item]) -> Estimates:
        """Estimates that say how many respondents have a value above zero: what protection has to know of M0."""
        if len(found):
            cells = make_cells(self.sample.design, self.sample.domains(list(by)))
            columns = np.stack([answers(item) for item in items], axis=1)
            found["n_need"] = make_masses(cells, self.code, len(columns)).sums(columns).need.T.ravel()
        return found

    def of_rows(self, items: Sequence[Item]) -> list[Item]:
        """Columns of states as columns of respondents."""
        return [
            replace(item, y=answers(item)[self.code], below=None if item.below is None else item.below[self.code])
            for item in items
        ]


@dataclass(frozen=True)
class Masses:
    """What the respondents of each state weigh in each cell.

    Attributes
    ----------
    cells : Cells
    weight, n, answered : sparse arrays, shape (cells, states)
        Σ weights; respondents with a weight above zero; respondents.
    domains : sparse array, shape (domains, states)
        Σ weights.
    """

    cells: Cells
    weight: sparse.csr_array
    n: sparse.csr_array
    answered: sparse.csr_array
    domains: sparse.csr_array

    def sums(self, columns: np.ndarray) -> Sums:
        """Sums of columns of states, shape (states, columns); NaN is outside the base."""
        known = ~np.isnan(columns)
        numbers: dict[bytes, int] = {}
        same = np.array([numbers.setdefault(column.tobytes(), len(numbers)) for column in known.T])
        base = known[:, np.unique(same, return_index=True)[1]].astype(float)
        y = np.where(known, columns, 0.0)
        n, answered, need = (
            self.cells.domain_sums(counts @ found)
            for counts, found in ((self.n, base), (self.answered, base), (self.n, (y != 0).astype(float)))
        )
        return Sums(self.weight @ y, self.weight @ base, same, n, answered, need)

    def spread(self, top: np.ndarray, below: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Σ weight (top − rate·below)² over the base, shape (domains, columns); columns of states."""
        out = np.zeros(rate.shape)
        below = np.where(np.isnan(top), 0.0, below)
        top = np.nan_to_num(top)
        for domain, rates in enumerate(np.nan_to_num(rate)):
            held = slice(self.domains.indptr[domain], self.domains.indptr[domain + 1])
            states, weight = self.domains.indices[held], self.domains.data[held]
            out[domain] = weight @ (top[states] - rates * below[states]) ** 2
        return out


Split = tuple[Domains, Masses | None]
"""Groups, and the masses of their cells; none where there is nobody."""


def make_masses(cells: Cells, code: np.ndarray, states: int) -> Masses:
    """Add up weights and respondents of every state, in cells and in domains."""
    rows = np.flatnonzero(cells.row_domain >= 0)
    found, entry = _entries(cells.row_cell[rows] * states + code[rows], len(cells.domain) * states)
    weight = cells.design.weight[rows]
    cell, state = np.divmod(found, states)
    starts = np.searchsorted(cell, np.arange(len(cells.domain) + 1))

    def added(values: np.ndarray | None) -> sparse.csr_array:
        summed = np.bincount(entry, values, minlength=len(found)).astype(float)
        return sparse.csr_array((summed, state, starts), shape=(len(cells.domain), states))

    total, answered = added(weight), added(None)
    n = answered if cells.all_weighted else added((weight > 0).astype(float))
    shape = (cells.domains, states)
    domains = sparse.csr_array((total.data, (cells.domain[cell], state)), shape=shape)
    return Masses(cells, total, n, answered, domains)


def _entries(key: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Ascending distinct keys below a size, and the place of each key among them."""
    if size > 8 * len(key):
        return np.unique(key, return_inverse=True)
    occurs = np.bincount(key, minlength=size) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[key]


@dataclass(frozen=True)
class Plan:
    """Which means several items are made of, each once.

    Attributes
    ----------
    columns : array, shape (states, distinct)
        Columns over their largest value.
    places : dict of int to pair of int
        For each item (its ``id``), the column of its answers and of its denominator; -1 without one.
    scale : dict of int to pair of float
        The largest values of both.
    """

    columns: np.ndarray
    places: dict[int, tuple[int, int]]
    scale: dict[int, tuple[float, float]]

    def of(self, items: Sequence[Item]) -> np.ndarray:
        """Columns that some items need, ascending."""
        found = {place for item in items for place in self.places[id(item)] if place >= 0}
        return np.array(sorted(found), np.int64)


def make_plan(items: Sequence[Item]) -> Plan:
    """Find the distinct columns among the items; numbers are not negative."""
    columns: list[np.ndarray] = []
    known: dict[bytes, int] = {}

    def placed(column: np.ndarray | None) -> tuple[int, float]:
        if column is None:
            return -1, 1.0
        scale = float(np.fmax.reduce(column, initial=0.0)) or 1.0
        unit = column if scale == 1 else column / scale
        place = known.setdefault(unit.tobytes(), len(columns))
        if place == len(columns):
            columns.append(unit)
        return place, scale

    pairs = {id(item): (placed(answers(item)), placed(item.below)) for item in items}
    places = {name: (top[0], below[0]) for name, (top, below) in pairs.items()}
    scale = {name: (top[1], below[1]) for name, (top, below) in pairs.items()}
    return Plan(np.stack(columns, axis=1) if columns else np.zeros((0, 0)), places, scale)


@dataclass(frozen=True)
class Pool:
    """Means of a plan's columns.

    Attributes
    ----------
    masses : Masses
    plan : Plan
    figures : Figures
        Of some columns of the plan, shape (domains, columns).
    position : int array, shape (columns of the plan,)
        Where their figures are.
    """

    masses: Masses
    plan: Plan
    figures: Figures
    position: np.ndarray

    def means(self, items: Sequence[Item], part: int = 0) -> Figures:
        """Means of the items' answers (part 0) or denominators (part 1)."""
        found = taken(self.figures, self.position[[self.plan.places[id(item)][part] for item in items]])
        scale = np.array([self.plan.scale[id(item)][part] for item in items])
        return replace(found, estimate=found.estimate * scale, se=found.se * scale, z=found.z * scale)


def make_pool(masses: Masses, plan: Plan, places: np.ndarray) -> Pool:
    """Estimate the means of some columns of a plan."""
    columns, position = plan.columns[:, places], np.zeros(plan.columns.shape[1], np.int64)
    position[places] = np.arange(len(places))
    found = means(masses.cells, [], binary=True, sums=masses.sums(columns))
    numbers = np.flatnonzero(((columns != 0) & (columns != 1) & ~np.isnan(columns)).any(axis=0))
    own = taken(found, numbers)
    spread = masses.spread(columns[:, numbers], np.ones((len(columns), len(numbers))), own.estimate)
    found.deff[:, numbers] = divide(own.se**2, divide(divide(spread, own.weighted_n), own.n - 1))
    return Pool(masses, plan, found, position)


def share_batch(pool: Pool, items: Sequence[Item], level: float) -> Batch:
    """Shares with the engine's default interval (see ``survey.estimate.estimate_shares``)."""
    found, cells = pool.means(items), pool.masses.cells
    p, se, df, n = found.estimate, found.se, found.df, found.n
    clusters = cells.held(found.active)[0]
    clustered = np.clip(n / np.maximum(clusters, 1) - 1, 0, 1)
    tails = Tails(cells.excess_kurtosis(found.z, found.active) * clustered, clusters, found.telling)
    low, high = share_interval(p, se, df, n, level=level, method=DEFAULT, tails=tails)
    score = share_score(p, se, df, n, method=DEFAULT, tails=tails)
    return Batch(items, ["share"] * len(items), found, low, high, found.need, effective_size(p, se, n), DEFAULT, score)


def number_batch(pool: Pool, items: Sequence[Item], level: float) -> Batch:
    """Means, then ratios, which have a denominator; ``n_need`` counts those whose (upper) value is not zero."""
    ratios = [item for item in items if item.below is not None]
    found, start = pool.means(items), len(items) - len(ratios)
    if ratios:
        _divide(pool, ratios, found, slice(start, None))
    batch = wald_batch(items, "mean", found, level)
    size = np.where(np.arange(len(items)) < start, batch.n_eff, np.nan)
    return replace(batch, statistic=["mean"] * start + ["ratio"] * len(ratios), n_eff=size, n_need=found.need)


def _divide(pool: Pool, items: Sequence[Item], found: Figures, own: slice) -> None:
    """Turn means of numerators T into ratios R = T/B of two means on one base, with influence (z_T − R z_B)/B."""
    tops = np.stack([answers(item) for item in items], axis=1)
    bottoms = np.stack([item.below for item in items if item.below is not None], axis=1)
    below, cells = pool.means(items, 1), pool.masses.cells
    mean, n = below.estimate, below.n
    rate = divide(found.estimate[:, own], mean)
    spread = divide(pool.masses.spread(tops, bottoms, rate), below.weighted_n)
    constant = np.sqrt(spread) <= ROUNDING * np.abs(mean)  # the same ratio for everybody: the rest is rounding
    factor = np.where(constant | np.isnan(rate), 0.0, divide(np.ones_like(mean), mean))
    found.z[:, own] = (found.z[:, own] - np.nan_to_num(rate)[cells.domain] * below.z) * factor[cells.domain]
    variance = np.where(np.isnan(rate), np.nan, cells.variance(found.z[:, own], found.active[:, own]))
    simple = np.where(constant, 0.0, divide(divide(spread, n - 1), mean**2))
    found.estimate[:, own], found.se[:, own], found.deff[:, own] = rate, np.sqrt(variance), divide(variance, simple)


_FIELDS = tuple(field.name for field in fields(Figures) if field.name != "coefficients")


def taken(figures: Figures, columns: np.ndarray) -> Figures:
    """Some columns of figures that no calibration has touched."""
    return replace(figures, **{name: getattr(figures, name)[:, columns] for name in _FIELDS})


@dataclass(frozen=True)
class Basis:
    """What all estimates of one overlap are made on.

    Attributes
    ----------
    asked : Asked
    states : Deprivations
    scheme : Scheme
    base : "measured" or "known"
    """

    asked: Asked
    states: Deprivations
    scheme: Scheme
    base: Base

    @cached_property
    def measured(self) -> Rows:
        """Respondents behind the point estimates."""
        inside = self.states.applies & self.states.settled(self.base).all(axis=1)
        return Rows(inside, self.states.first_reason(self.base), self.scheme.version)

    @cached_property
    def everybody(self) -> Rows:
        """Respondents behind the bounds: all whom every dimension is about."""
        return Rows(self.states.applies, np.zeros(len(self.states.code), np.int8), self.scheme.version)

    @cached_property
    def score(self) -> np.ndarray:
        """Weight of the dimensions in which each state is deprived for certain, shape (states,)."""
        return np.asarray(self.states.low @ self.scheme.weights)

    @cached_property
    def highest(self) -> np.ndarray:
        """Weight of the dimensions in which each state is deprived or may be, shape (states,)."""
        return np.asarray(self.states.high @ self.scheme.weights)

    def reaches(self, score: np.ndarray, cutoff: Cutoff) -> np.ndarray:
        """Whether scores reach a cutoff, bool array of the same shape."""
        return np.asarray(score >= cutoff.share - ROUNDING)
