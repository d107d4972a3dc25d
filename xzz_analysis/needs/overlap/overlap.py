"""Overlap of deprivations, the child as unit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral, Real

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.needs.overlap.basis import Asked, Basis
from xzz_analysis.needs.overlap.dimensions import (
    TOGETHER,
    Base,
    Cutoff,
    Deprivations,
    Dimensions,
    Scheme,
    check_base,
    read_dimensions,
)
from xzz_analysis.needs.overlap.measures import bounds, combinations, counting, group_contributions, patterns
from xzz_analysis.survey.design.sample import Sample, require_sample
from xzz_analysis.survey.engine.interval import check_level
from xzz_analysis.survey.estimate import By
from xzz_analysis.survey.estimate.items import groups_of
from xzz_analysis.survey.estimates import Estimates, group_pairs, join

Cutoffs = Sequence[int | float] | None
"""Counts of dimensions (whole numbers) or shares of the weight (above 0, up to 1.0)."""


@dataclass(frozen=True)
class Table:
    """One table of an overlap.

    Attributes
    ----------
    measures : tuple of str
    places : tuple of str
        Columns in front: what ``option`` says, taken apart; ``""`` where a measure has no such place.
    parts : tuple of str
        Parts of the overlap that the rows are taken from.
    """

    measures: tuple[str, ...]
    places: tuple[str, ...]
    parts: tuple[str, ...] = ("patterns",)


TABLES: dict[str, Table] = {
    "cutoffs": Table(
        (
            *("headcount", "headcount_low", "headcount_high", "intensity"),
            *("adjusted_headcount", "adjusted_headcount_low", "adjusted_headcount_high"),
        ),
        ("cutoff",),
        ("counting", "bounds"),
    ),
    "dimensions": Table(
        ("uncensored_headcount", "censored_headcount", "contribution", "contribution_share"),
        ("cutoff", "dimension"),
        ("counting",),
    ),
    "groups": Table(("group_share", "group_contribution"), ("cutoff", "group"), ("groups",)),
    "incidence": Table(("incidence", "incidence_low", "incidence_high"), ("dimension",), ("patterns", "bounds")),
    "distribution": Table(
        ("deprivations", "at_least", "at_least_low", "at_least_high"), ("count",), ("patterns", "bounds")
    ),
    "depth": Table(("mean_deprivations", "depth"), ()),
    "together": Table(("together", "together_of_deprived"), ("dimension", "others")),
    "pairs": Table(("pair",), ("dimension", "other")),
    "combinations": Table(("combination",), ("combination",), ("combinations",)),
}
"""Tables of an overlap by name."""


@dataclass(frozen=True)
class Overlap:
    """Deprivations that come together.

    Attributes
    ----------
    basis : Basis
        Sample, dimensions, weights and cutoffs behind every figure.
    findings : tuple of Finding
        What was left out, and why.
    """

    basis: Basis = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions that were measured."""
        return self.basis.states.names

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each dimension, adding up to one."""
        return dict(zip(self.dimensions, map(float, self.basis.scheme.weights), strict=True))

    @cached_property
    def counting(self) -> Estimates:
        """Alkire and Foster's measures (see :func:`~xzz_analysis.needs.overlap.measures.counting`)."""
        return self._made(counting)

    @cached_property
    def bounds(self) -> Estimates:
        """What the missing answers allow (see :func:`~xzz_analysis.needs.overlap.measures.bounds`)."""
        return self._made(bounds)

    @cached_property
    def groups(self) -> Estimates:
        """Contributions of groups (see :func:`~xzz_analysis.needs.overlap.measures.group_contributions`)."""
        return self._made(group_contributions)

    @cached_property
    def patterns(self) -> Estimates:
        """MODA's patterns (see :func:`~xzz_analysis.needs.overlap.measures.patterns`)."""
        return self._made(patterns)

    @cached_property
    def combinations(self) -> Estimates:
        """Every combination that occurs (see :func:`~xzz_analysis.needs.overlap.measures.combinations`)."""
        return self._made(combinations)

    @cached_property
    def estimates(self) -> Estimates:
        """Every figure as one frame with its influence matrix."""
        return join([self.counting, self.bounds, self.groups, self.patterns, self.combinations])

    def _made(self, make: Callable[[Basis], Estimates]) -> Estimates:
        """One part of the figures; no row where no dimension was measured."""
        return make(self.basis) if self.dimensions else Estimates.none()

    def table(self, name: str, by: str | None = None) -> Estimates:
        """One table of figures.

        Parameters
        ----------
        name : str
            One of :data:`TABLES`.
        by : str, optional
            Only one group, as ``by`` is written in estimates; "" for the whole.

        Returns
        -------
        Estimates
            The rows of those measures with the table's places in front; combinations also with ``size``, how many
            dimensions they hold, as a text: protection knows no rule for another number.

        Raises
        ------
        InputError
            No table of that name.
        """
        if name not in TABLES:
            raise InputError(f"table {name!r} is not one of {', '.join(TABLES)}{suggest(name, TABLES)}")
        table = TABLES[name]
        source = join([getattr(self, part) for part in table.parts])
        rows = source["indicator"].isin(table.measures)
        return _placed(source[rows if by is None else rows & (source["by"] == by)].reset_index(drop=True), table.places)

    def outside_bounds(self) -> pd.DataFrame:
        """Point estimates that the bounds of everybody do not hold: those measured differ from the others.

        Returns
        -------
        DataFrame
            Rows of H and M0 with columns measure, cutoff, by, estimate, low, high, of the whole and of groups.
        """
        table = pd.DataFrame(self.table("cutoffs"))
        parts = []
        for measure in ("headcount", "adjusted_headcount"):
            frames = [
                table[table["indicator"] == f"{measure}{end}"].set_index(["cutoff", "by"])["estimate"]
                for end in ("", "_low", "_high")
            ]
            one = pd.concat(frames, axis=1, keys=["estimate", "low", "high"]).reset_index()
            parts.append(one.assign(measure=measure))
        every = pd.concat(parts, ignore_index=True)[["measure", "cutoff", "by", "estimate", "low", "high"]]
        tolerance = 1e-12  # the same sum in another order
        wrong = (every["estimate"] < every["low"] - tolerance) | (every["estimate"] > every["high"] + tolerance)
        return every[wrong].reset_index(drop=True)


def _placed(rows: Estimates, places: Sequence[str]) -> Estimates:
    """Take ``option`` apart into columns in front."""
    parts = [dict(group_pairs(option)) for option in rows["option"]]
    out = rows.copy()
    for position, place in enumerate(places):
        out.insert(position, place, pd.Series([part.get(place, "") for part in parts], out.index, dtype="str"))
    if "combination" in places:
        sizes = [str(len([name for name in one.split(TOGETHER) if name])) for one in out["combination"]]
        out.insert(1, "size", pd.Series(sizes, out.index, dtype="str"))
    return out


def overlap(
    sample: Sample,
    dimensions: Dimensions,
    cutoffs: Cutoffs = None,
    weights: Mapping[str, float] | None = None,
    by: By = None,
    *,
    base: Base = "measured",
    level: float = 0.95,
) -> Overlap:
    """Estimate how deprivations come together in the same children.

    Parameters
    ----------
    sample : Sample
        Children with their design.
    dimensions : mapping of str to sequence of Item, or to Dimension
        For each dimension its indicators as columns of this sample: 1 deprived, 0 not, NaN with a reason where
        unmeasured, NaN without one where the indicator is not about the child. A child is deprived in a dimension
        when any of its indicators holds (MODA's union), or at least ``Dimension.at_least`` of them.
    cutoffs : sequence of int or float, optional
        From how much on a child counts as multiply deprived: whole numbers count dimensions (k of D, which is k/D
        of the weight), other numbers are shares of the weight, up to 1.0. Every count by default.
    weights : mapping of str to float, optional
        Above 0, one for each dimension; made to add up to one. Equal by default.
    by : str or sequence of str, optional
        Grouping columns, crossed; the whole is always estimated too.
    base : "measured" or "known"
        Children behind the point estimates: those with an answer to every indicator that is about them; or those whose
        every dimension is known, which one indicator that holds is enough for. The second keeps more children, and
        says too much: a missing answer then leaves out those who are not deprived more often than those who are.
    level : float
        Confidence level.

    Returns
    -------
    Overlap
        ``estimates`` of all measures of :data:`~xzz_analysis.needs.overlap.measures.MEASURES`, with standard errors of
        the design; ``table(name)`` for each of :data:`TABLES`; ``findings`` say what was left out. Bounds
        (``headcount_low`` …) are about every child whom all dimensions are about, measured or not.

    Raises
    ------
    InputError
        Dimensions, weights or cutoffs that cannot be used, an indicator that counts twice.
    DesignError
        Unknown grouping columns, a level outside 0–1.

    Notes
    -----
    H and M0 are means, A and the shares of contributions ratios of totals: their standard errors are the survey
    engine's linearised ones. ``n_need`` counts the children whose value is above zero, for M0, A and contributions
    those multiply deprived: they would give a protected H away. What nobody answered is left out with a finding; a
    group that nobody is fully measured in has no estimate and the reason ``nobody_answered``, and bounds all the same.

    References
    ----------
    Alkire, S. and Foster, J. (2011). Counting and multidimensional poverty measurement. Journal of Public Economics 95,
    476–487.
    de Neubourg, C., Chai, J., de Milliano, M., Plavgo, I. and Wei, Z. (2012). Step-by-step guidelines to the Multiple
    Overlapping Deprivation Analysis. UNICEF Office of Research, Working Paper 2012-10.
    """
    require_sample(sample)
    check_base(base)
    groups, level = tuple(groups_of(by)), check_level(level)
    sample.domains(groups)
    states, findings = read_dimensions(sample, dimensions)
    scheme, more = make_scheme(states, list(dimensions), cutoffs, weights, base)
    basis = Basis(Asked(sample, states.code, groups, level), states, scheme, base)
    return Overlap(basis, (*findings, *more))


def make_scheme(
    states: Deprivations,
    declared: Sequence[str],
    cutoffs: Cutoffs = None,
    weights: Mapping[str, float] | None = None,
    base: Base = "measured",
) -> tuple[Scheme, list[Finding]]:
    """Check weights and cutoffs against the dimensions that were measured.

    Parameters
    ----------
    states : Deprivations
    declared : sequence of str
        Every dimension that was asked for, those left out included.
    cutoffs, weights, base
        As in :func:`~xzz_analysis.needs.overlap.overlap.overlap`.

    Returns
    -------
    Scheme
        Weights of the measured dimensions, adding up to one.
    findings : list of Finding
        ``cutoff_out_of_reach`` where more dimensions are asked for than were measured.

    Raises
    ------
    InputError
        Weights that are not positive, of unknown or of not all dimensions; cutoffs that nobody could reach.
    """
    given = _checked_weights(declared, weights)
    used = np.array([given[name] for name in states.names], float)
    shares = used / used.sum() if len(used) else used
    found: list[Cutoff] = []
    findings: list[Finding] = []
    for one in _checked_cutoffs(cutoffs, len(states.names) if cutoffs is None else len(declared)):
        if isinstance(one, Integral) and one > len(used):
            findings.append(_out_of_reach(int(one), len(used)))
        else:
            found.append(_cutoff(one, len(used)))
    return Scheme(shares, tuple(found), _version(states, shares, base)), findings


def _checked_weights(declared: Sequence[str], weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        return dict.fromkeys(declared, 1.0)
    if not isinstance(weights, Mapping):
        raise InputError(f"weights are a mapping of dimensions to numbers, not of type {type(weights).__name__}")
    for name in weights:
        if name not in declared:
            raise InputError(f"weight of {name!r}, which is no dimension{suggest(str(name), declared)}")
    missing = [name for name in declared if name not in weights]
    wrong = [name for name, value in weights.items() if not _is_number(value) or not 0 < value < np.inf]
    if missing or wrong:
        what = f"{missing[0]!r} has no weight" if missing else f"the weight of {wrong[0]!r} is {weights[wrong[0]]!r}"
        raise InputError(
            f"{what} ({len(missing) + len(wrong)} of {len(declared)} dimensions); give every dimension a number above "
            "0, or leave weights out to weigh them alike"
        )
    return {name: float(weights[name]) for name in declared}


def _checked_cutoffs(cutoffs: Cutoffs, dimensions: int) -> list[int | float]:
    if cutoffs is None:
        return list(range(1, dimensions + 1))
    listed = list(cutoffs) if isinstance(cutoffs, Sequence | np.ndarray) and not isinstance(cutoffs, str) else []
    if not listed:
        raise InputError(f"cutoffs are {cutoffs!r}; give a list, such as [1, 2] dimensions or [1/3, 0.5] of the weight")
    for one in listed:
        count = isinstance(one, Integral) and not isinstance(one, bool) and 1 <= one <= dimensions
        share = not isinstance(one, Integral) and _is_number(one) and 0 < one <= 1
        if not (count or share):
            raise InputError(
                f"cutoff {one!r} is neither a count from 1 to {dimensions} dimensions nor a share of the weight above "
                "0 and up to 1.0; write 2 for two dimensions and 0.5 for half of the weight"
            )
    return list({_cutoff(one, 1).name: one for one in listed}.values())


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _cutoff(given: int | float, dimensions: int) -> Cutoff:
    if isinstance(given, Integral):
        return Cutoff(str(int(given)), int(given) / max(dimensions, 1))
    return Cutoff(f"{100 * float(given):.10g}%", float(given))


def _out_of_reach(count: int, dimensions: int) -> Finding:
    message = f"{dimensions} dimensions were measured, so nobody can be deprived in {count}; the cutoff is left out"
    return Finding("warning", "cutoff_out_of_reach", f"overlap: cutoff {count}", message, "choose a lower cutoff")


def _version(states: Deprivations, weights: np.ndarray, base: str) -> str:
    """What is counted, so that two ways of counting never share a result id."""
    written = [
        [
            name,
            one.at_least,
            float(f"{weight:.12g}"),
            [[item.indicator, item.option, item.version] for item in one.items],
        ]
        for (name, one), weight in zip(states.declared.items(), weights, strict=True)
    ]
    text = json.dumps([base, written], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
