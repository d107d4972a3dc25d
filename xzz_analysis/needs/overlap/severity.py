"""A ladder of severity, side by side with the counts: the worst class of any dimension is the child's.

References
----------
Joint and Intersectoral Analysis Framework (2024). JIAF 2.0 Technical Manual, intersectoral severity (classes 1–5).
REACH (2023). Multi-Sector Needs Index (MSNI): the highest sectoral severity; in need from class 3, severe from 4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.language import Label
from xzz_analysis.needs.overlap.basis import Asked, Rows
from xzz_analysis.needs.overlap.dimensions import alike, counted_rows, reasons_of
from xzz_analysis.survey.design.sample import Sample, require_sample
from xzz_analysis.survey.engine.interval import check_level
from xzz_analysis.survey.estimate import By, Item
from xzz_analysis.survey.estimate.items import answers, groups_of
from xzz_analysis.survey.estimates import Estimates

CLASSES = (1, 2, 3, 4, 5)
"""None or minimal, stress, severe, extreme, catastrophic."""

IN_NEED = 3
"""From this class on a child is in need."""

SEVERITY_MEASURES: dict[str, Label] = {
    "severity": {"zh": "处于该严重等级的比例", "en": "Share in the class of severity"},
    "severity_at_least": {"zh": "达到该等级及以上的比例", "en": "Share in the class or a worse one"},
    "severity_at_least_low": {"zh": "达到该等级比例的下界", "en": "Share in the class or worse, lowest possible"},
    "severity_at_least_high": {"zh": "达到该等级比例的上界", "en": "Share in the class or worse, highest possible"},
    "dimension_severity": {"zh": "该维度处于该等级的比例", "en": "Share in the class of the dimension"},
    "driver": {
        "zh": "有需求者中由该维度决定等级的比例",
        "en": "Of those in need, share with no worse dimension",
    },
}
"""What each measure of severity is, in the words of a report."""


@dataclass(frozen=True)
class Severity:
    """The ladder of one sample.

    Attributes
    ----------
    estimates : Estimates
        Measures of :data:`SEVERITY_MEASURES`, with the standard errors of the design.
    findings : tuple of Finding
        What was left out, and why.
    """

    estimates: Estimates
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Ladder:
    """Classes of every state: the least and the most that each dimension can be, shape (states, dimensions)."""

    names: tuple[str, ...]
    least: np.ndarray
    most: np.ndarray
    applies: np.ndarray
    code: np.ndarray
    reasons: np.ndarray
    version: str

    @property
    def measured(self) -> np.ndarray:
        """Dimensions with a class, bool array of shape (states, dimensions)."""
        return np.asarray(self.least == self.most)

    @property
    def complete(self) -> np.ndarray:
        """States with a class in every dimension, bool array of shape (states,)."""
        return np.asarray(self.measured.all(axis=1))

    def rows(self, inside: np.ndarray, dimension: int | None = None) -> Rows:
        """Respondents of some states, the others with the reason of a dimension or of the first unmeasured one."""
        wanted = self.reasons if dimension is None else self.reasons[:, [dimension]]
        first = (wanted > 0).argmax(axis=1)
        reasons = np.where(self.applies[self.code], wanted[np.arange(len(wanted)), first], 0).astype(np.int8)
        return Rows(inside & self.applies, reasons, self.version)


def severity(
    sample: Sample, classes: Mapping[str, Item], by: By = None, *, in_need: int = IN_NEED, level: float = 0.95
) -> Severity:
    """Estimate how severe the worst need of each child is.

    Parameters
    ----------
    sample : Sample
    classes : mapping of str to Item
        For each dimension its class, 1 (none) to 5 (worst); NaN with a reason where unmeasured, NaN without one where
        the dimension is not about the child.
    by : str or sequence of str, optional
        Grouping columns, crossed; the whole is always estimated too.
    in_need : int
        Class from which on a child is in need, for ``driver``.
    level : float
        Confidence level.

    Returns
    -------
    Severity
        ``severity`` by class and ``severity_at_least`` from class 2 on, of those measured in every dimension;
        ``severity_at_least_low`` and ``_high`` of everybody; ``dimension_severity`` by dimension and class, of those
        measured in the dimension; ``driver`` by dimension, of those measured and in need.

    Raises
    ------
    InputError
        Classes other than 1–5, no dimension, a class in need that is not one of 2–5.

    Notes
    -----
    The child's class is the maximum over dimensions. An unmeasured dimension is class 1 in the lower bound and 5 in the
    upper one, so a child with one measured class 5 is known to be there whatever else is missing. A maximum never
    falls when a dimension is added: ladders of different dimensions cannot be compared.

    References
    ----------
    Joint and Intersectoral Analysis Framework (2024). JIAF 2.0 Technical Manual.
    """
    require_sample(sample)
    if in_need not in CLASSES[1:] or isinstance(in_need, bool):
        raise InputError(
            f"a child is in need from class {in_need!r} on; give one of {', '.join(map(str, CLASSES[1:]))}"
        )
    groups, level = tuple(groups_of(by)), check_level(level)
    sample.domains(groups)
    used, findings = _measured(sample, classes)
    if not used:
        return Severity(Estimates.none(), tuple(findings))
    ladder = _ladder(used)
    items = [*_overall(ladder), *_bounds(ladder), *_by_dimension(ladder, in_need)]
    return Severity(Asked(sample, ladder.code, groups, level).estimate(items), tuple(findings))


def deprived_from(classes: Mapping[str, Item], at_least: int = IN_NEED) -> dict[str, list[Item]]:
    """Dimensions for :func:`~xzz_analysis.needs.overlap.overlap.overlap`: deprived from a class on.

    Parameters
    ----------
    classes : mapping of str to Item
        As in :func:`severity`.
    at_least : int
        First class that counts as deprived.

    Returns
    -------
    dict of str to list of Item
        One 0/1 item per dimension, NaN where the class is.
    """
    out = {}
    for name, item in classes.items():
        y = _checked(name, item, len(answers(item)))
        deprived = np.where(np.isnan(y), np.nan, y >= at_least)
        out[name] = [Item(item.indicator, deprived, reasons_of(item), f"class>={at_least}", item.version)]
    return out


def _measured(sample: Sample, classes: Mapping[str, Item]) -> tuple[dict[str, Item], list[Finding]]:
    """Dimensions that somebody has a class in, and what is said of the others."""
    if not isinstance(classes, Mapping) or not classes or not all(isinstance(one, Item) for one in classes.values()):
        raise InputError("classes are a mapping of dimensions to items of classes 1 to 5, at least one")
    counted = counted_rows(sample)
    some = {name: not np.isnan(_checked(name, item, len(sample))[counted]).all() for name, item in classes.items()}
    size = int(counted.sum())
    findings = [
        Finding(
            "warning",
            "dimension_unmeasured",
            f"severity: {name}",
            f"nobody of {size} respondents has a class, so the dimension is left out: nobody counts as class 1 in it",
            "leave the dimension out, or check that its questions were asked",
            size,
        )
        for name, answered in some.items()
        if not answered
    ]
    return {name: item for name, item in classes.items() if some[name]}, findings


def _checked(name: str, item: Item, rows: int) -> np.ndarray:
    y = answers(item).astype(float)
    wrong = int((~np.isnan(y) & ~np.isin(y, CLASSES)).sum()) if y.shape == (rows,) else rows
    if wrong:
        raise InputError(
            f"dimension {name!r} holds {wrong} values that are no class from 1 to 5, or not one for each of {rows} "
            "respondents; give whole numbers, 1 for no need"
        )
    return y


def _ladder(classes: Mapping[str, Item]) -> _Ladder:
    y = np.stack([answers(item).astype(float) for item in classes.values()], axis=1)
    reasons = np.stack([reasons_of(item) for item in classes.values()], axis=1)
    missing = np.isnan(y)
    least, most = np.where(missing, CLASSES[0], y).astype(np.int8), np.where(missing, CLASSES[-1], y).astype(np.int8)
    about = (~missing | (reasons > 0)).all(axis=1)
    code, first = alike(np.concatenate([least, most, about[:, None]], axis=1))
    written = [[name, item.indicator, item.option, item.version] for name, item in classes.items()]
    version = hashlib.sha256(repr(written).encode()).hexdigest()[:8]
    return _Ladder(tuple(classes), least[first], most[first], about[first], code, reasons, version)


def _overall(ladder: _Ladder) -> Iterator[Item]:
    """Classes of those measured in every dimension."""
    rows, worst = ladder.rows(ladder.complete), ladder.least.max(axis=1)
    for one in CLASSES:
        yield rows.item("severity", worst == one, {"class": str(one)})
    for one in CLASSES[1:]:
        yield rows.item("severity_at_least", worst >= one, {"class": str(one)})


def _bounds(ladder: _Ladder) -> Iterator[Item]:
    """What the missing answers allow."""
    rows = Rows(ladder.applies, np.zeros(len(ladder.code), np.int8), ladder.version)
    for one in CLASSES[1:]:
        yield rows.item("severity_at_least_low", ladder.least.max(axis=1) >= one, {"class": str(one)})
        yield rows.item("severity_at_least_high", ladder.most.max(axis=1) >= one, {"class": str(one)})


def _by_dimension(ladder: _Ladder, in_need: int) -> Iterator[Item]:
    """Classes of each dimension, and which dimension sets the class of those in need."""
    worst = ladder.least.max(axis=1)
    needing = ladder.rows(ladder.complete & (worst >= in_need))
    for place, name in enumerate(ladder.names):
        rows, own = ladder.rows(ladder.measured[:, place], place), ladder.least[:, place]
        for one in CLASSES:
            yield rows.item("dimension_severity", own == one, {"dimension": name, "class": str(one)})
        yield needing.item("driver", own == worst, {"dimension": name})
