"""Classes of z-scores: stunted, thin, overweight, obese, underweight, by the cut-offs of each WHO reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.growth.reference import JOIN
from xzz_analysis.needs.growth.scores import Numbers, columns, growth_z


@dataclass(frozen=True)
class Cut:
    """One class, up to a z-score.

    Attributes
    ----------
    name : str
    label : mapping of language code to text
    below : float
        Upper end of z; the class begins where the one before ends.
    closed : bool
        Whether the end itself belongs to the class: z ≤ +1 is not yet overweight, z = −2 is no longer thin.
    """

    name: str
    label: Label
    below: float = np.inf
    closed: bool = False


def _low(measure: str, zh: str, en: str) -> tuple[Cut, ...]:
    return (
        Cut(f"severely_{measure}", {"zh": f"重度{zh}", "en": f"severely {en}"}, -3),
        Cut(measure, {"zh": zh, "en": en}, -2),
        Cut(f"not_{measure}", {"zh": f"无{zh}", "en": f"not {en}"}),
    )


def _weights(overweight: float, obese: float) -> tuple[Cut, ...]:
    return (
        Cut("severely_thin", {"zh": "重度消瘦", "en": "severely thin"}, -3),
        Cut("thin", {"zh": "消瘦", "en": "thin"}, -2),
        Cut("neither", {"zh": "既不消瘦也不超重", "en": "neither thin nor overweight"}, overweight, True),
        Cut("overweight", {"zh": "超重", "en": "overweight"}, obese, True),
        Cut("obese", {"zh": "肥胖", "en": "obese"}),
    )


_STUNTED = _low("stunted", "生长迟缓", "stunted")
_UNDERWEIGHT = _low("underweight", "低体重", "underweight")

CLASSES: dict[str, dict[str, tuple[Cut, ...]]] = {
    "who2006": {"height": _STUNTED, "length": _STUNTED, "weight": _UNDERWEIGHT, "bmi": _weights(2, 3)},
    "who2007": {"height": _STUNTED, "length": _STUNTED, "weight": _UNDERWEIGHT, "bmi": _weights(1, 2)},
}
"""Classes from low to high by reference and measure; WHO calls a thin child under 61 months wasted."""

INCLUDES = {
    "stunted": ("severely_stunted", "stunted"),
    "underweight": ("severely_underweight", "underweight"),
    "thin": ("severely_thin", "thin"),
    "overweight": ("overweight", "obese"),
}
"""Classes that a prevalence of this name counts; a severely stunted child is stunted, an obese one overweight."""


def growth_class(
    measure: str, value: Numbers, age_months: Numbers, sex: Sequence[object], reference: str = "who2007"
) -> pd.DataFrame:
    """Class of each child's height, weight or BMI for age.

    Parameters
    ----------
    measure, value, age_months, sex, reference
        As in :func:`~xzz_analysis.needs.growth.growth_z`.

    Returns
    -------
    DataFrame
        ``class``, a name of :data:`CLASSES`, missing where there is no usable z-score, and ``flag``, which says why.
        Z-scores are compared at two decimals, as WHO's software does.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.needs.growth.growth_z`.

    References
    ----------
    WHO (2006), Child Growth Standards: below −2 and −3; BMI above +2 and +3 under 61 months. de Onis, M. et al.
    (2007), Bulletin of the World Health Organization 85, 660–667: BMI above +1 and +2 from 61 months on.
    """
    scores = growth_z(measure, value, age_months, sex, reference)
    z = np.where(scores["flag"] == "", np.round(scores["z"], 2), np.nan)
    age = columns(measure, value, age_months, sex)[1]
    young = age < JOIN if reference == "who" else np.full(len(z), reference == "who2006")
    found = np.full(len(z), None, dtype=object)
    for name, cuts in CLASSES.items():
        rows = (young if name == "who2006" else ~young) & ~np.isnan(z)
        found[rows] = _cut(z[rows], cuts[measure])
    return pd.DataFrame({"class": pd.Series(found, scores.index, dtype="str"), "flag": scores["flag"]})


def _cut(z: np.ndarray, cuts: tuple[Cut, ...]) -> np.ndarray:
    inside = [z <= cut.below if cut.closed else z < cut.below for cut in cuts]
    return np.select(inside, [cut.name for cut in cuts], "")


def within(classes: pd.Series, name: str) -> np.ndarray:
    """Which children a prevalence counts: 1, 0, or NaN where the class is missing.

    Parameters
    ----------
    classes : Series of str
        The column ``class`` of :func:`growth_class` or of ``national_class``.
    name : str
        ``stunted``, ``thin``, ``underweight`` and ``overweight`` take in the severer class; any other class itself.

    Returns
    -------
    float array, shape (n,)

    Raises
    ------
    InputError
        A name that is no class.
    """
    known = {cut.name for cuts in CLASSES.values() for row in cuts.values() for cut in row}
    known |= {*INCLUDES, *(str(one) for one in classes.dropna().unique())}
    if name not in known:
        raise InputError(f"{name!r} is no class of growth{suggest(name, known)}; classes: {', '.join(sorted(known))}")
    inside = classes.isin(INCLUDES.get(name, (name,)))
    return np.where(classes.isna(), np.nan, inside.to_numpy(float))
