"""What can be seen to be wrong with measured children before any z-score: units, ages, implausible values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xzz_analysis.errors import Finding, Severity
from xzz_analysis.needs.growth.reference import check_names, median
from xzz_analysis.needs.growth.scores import Numbers, columns, growth_z

UNITS: dict[str, dict[str, float]] = {
    "height": {"metres": 0.01, "feet": 1 / 30.48, "inches": 1 / 2.54, "millimetres": 10.0},
    "weight": {"jin (斤) or pounds": 2.1, "grams": 1000.0},
    "bmi": {"kg/cm²": 1e-4, "jin (斤) or pounds per m²": 2.1, "made of heights in metres instead of centimetres": 1e4},
}
"""Units that occur instead of cm, kg and kg/m², by how much larger the number is then."""

RIGHT = {"height": "centimetres", "weight": "kilograms", "bmi": "kg/m²"}
FEWEST = 5
"""Fewer children are not judged."""

HEAVY = 1.7
"""Times the reference's median: half-way from kilograms to jin on the scale of ratios, and rare in kilograms."""

HEAVY_SHARE = 0.05
"""More than this share of such children is taken for a second unit."""


def growth_findings(
    measure: str,
    value: Numbers,
    age_months: Numbers,
    sex: Sequence[object],
    reference: str = "who2007",
    where: str = "",
) -> list[Finding]:
    """Look for wrong and mixed units, ages in years, ages outside the reference and implausible values.

    Parameters
    ----------
    measure, value, age_months, sex, reference
        As in :func:`~xzz_analysis.needs.growth.growth_z`.
    where : str
        Question or file to name.

    Returns
    -------
    list of Finding
        ``growth_units`` (error): the typical child is as tall or heavy as in another unit. ``growth_units_mixed``
        (error where rows are certain, warning where they are too many to be true): only some are. ``growth_age_years``
        (error): no age above 20 months. ``growth_age_outside`` (note), ``growth_sex_missing`` (note) and
        ``growth_implausible`` (warning), each with its count.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.needs.growth.growth_z`.
    """
    check_names(measure, reference)
    y, age, male, _ = columns(measure, value, age_months, sex)
    place = where or measure
    known = age[np.isfinite(age)]
    if reference == "who2007" and len(known) >= FEWEST and known.max() <= 20:
        message = f"no age is above {known.max():g}, so the {len(known)} ages are years, and months are wanted"
        return [Finding("error", "growth_age_years", place, message, "multiply years by 12", len(known))]
    kind = "height" if measure == "length" else measure
    with np.errstate(invalid="ignore"):
        ratio = np.where(y > 0, y, np.nan) / median(measure, age, male, reference)
    found = _units(kind, ratio[np.isfinite(ratio)], place)
    return found or _counts(growth_z(measure, value, age_months, sex, reference)["flag"].to_numpy(), place)


def _units(kind: str, ratio: np.ndarray, where: str) -> list[Finding]:
    """Findings about units from each child's measurement over the median of its age and sex."""
    if len(ratio) < FEWEST:
        return []
    names = [RIGHT[kind], *UNITS[kind]]
    factors = np.log([1.0, *UNITS[kind].values()])
    usual = int(np.abs(np.log(np.median(ratio)) - factors).argmin())
    if usual:
        message = f"the typical child has {np.median(ratio):.3g} times the median of its age: these are {names[usual]}"
        return [Finding("error", "growth_units", where, message, f"convert them to {RIGHT[kind]}", len(ratio))]
    nearest = np.abs(np.log(ratio)[:, None] - factors).argmin(axis=1)
    remedy = f"correct them to {RIGHT[kind]} in the corrections file"
    out = []
    for place, name in enumerate(names):
        count = int((nearest == place).sum())
        if count and place and not name.startswith("jin"):
            message = f"{count} of {len(ratio)} values can only be {name}; the others are {RIGHT[kind]}"
            out.append(Finding("error", "growth_units_mixed", where, message, remedy, count))
    return out + (_heavy(ratio, where) if kind != "height" else [])


def _heavy(ratio: np.ndarray, where: str) -> list[Finding]:
    """A single weight in jin looks like a heavy child; many of them do not."""
    heavy = int(((ratio >= HEAVY) & (ratio < 5)).sum())
    if heavy < FEWEST or heavy <= HEAVY_SHARE * len(ratio):
        return []
    message = f"{heavy} of {len(ratio)} children weigh {HEAVY} times the median of their age or more"
    remedy = "some may be in jin (斤) or pounds; look at who measured them, and correct the values"
    return [Finding("warning", "growth_units_mixed", where, message, remedy, heavy)]


_COUNTED: tuple[tuple[str, Severity, str, str, str], ...] = (
    ("implausible", "warning", "growth_implausible", "lie beyond what WHO takes for possible", "check them on paper"),
    ("value_not_positive", "warning", "growth_implausible", "have a value of zero or below", "correct them"),
    ("age_outside", "note", "growth_age_outside", "are of an age that the reference lacks", "use reference who"),
    ("sex_missing", "note", "growth_sex_missing", "have no known sex, so no z-score", ""),
)
"""Flag → severity, rule, message and remedy."""


def _counts(flags: np.ndarray, where: str) -> list[Finding]:
    """Findings that only count flags; what they count is left out of every prevalence."""
    counts = [int((flags == flag).sum()) for flag, *_ in _COUNTED]
    return [
        Finding(severity, rule, where, f"{count} of {len(flags)} children {message}", remedy, count)
        for count, (_, severity, rule, message, remedy) in zip(counts, _COUNTED, strict=True)
        if count
    ]
