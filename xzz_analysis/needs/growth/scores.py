"""Z-scores by the LMS method, restricted beyond ±3 as WHO restricts it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.intake.answers import machine_names
from xzz_analysis.language import Label
from xzz_analysis.needs.growth.reference import DAYS_PER_MONTH, box_cox, check_names

Numbers = Sequence[float] | np.ndarray | pd.Series

FLAGS: dict[str, Label] = {
    "": {"zh": "可用", "en": "usable"},
    "implausible": {"zh": "数值不可信，不计入", "en": "implausible value, left out"},
    "value_missing": {"zh": "没有测量值", "en": "not measured"},
    "value_not_positive": {"zh": "测量值不是正数", "en": "value not above zero"},
    "age_missing": {"zh": "年龄不详", "en": "age unknown"},
    "age_outside": {"zh": "年龄不在参考范围内", "en": "age outside the reference"},
    "sex_missing": {"zh": "性别不详", "en": "sex unknown"},
    "not_supplied": {"zh": "未提供界值表", "en": "cut-offs not supplied"},
}
"""Why a child has no usable z-score or class; ``""`` where there is one."""

SEXES: dict[str, int] = {
    **dict.fromkeys(("m", "male", "boy", "1", "男", "男孩", "男童"), 1),
    **dict.fromkeys(("f", "female", "girl", "2", "女", "女孩", "女童"), 0),
}
"""How sex may be written, WHO's codes 1 and 2 among them; 1 stands for a boy."""

LIMITS = {"height": (-6.0, 6.0), "length": (-6.0, 6.0), "weight": (-6.0, 5.0), "bmi": (-5.0, 5.0)}
"""Z-scores (at two decimals) below or above which WHO takes a value for an error of measurement or entry."""

RECUMBENT = 0.7
"""Centimetres by which a child is longer lying than standing; taken off from 24 months on."""


def growth_z(
    measure: str, value: Numbers, age_months: Numbers, sex: Sequence[object], reference: str = "who2007"
) -> pd.DataFrame:
    """Z-scores of children's height, weight or BMI for age.

    Parameters
    ----------
    measure : "height", "length", "weight" or "bmi"
        ``height`` is taken as measured lying below 24 months and standing from then on, as WHO assumes; ``length``
        was measured lying at any age, and 0.7 cm are taken off from 24 months on.
    value : numbers, shape (n,)
        Centimetres, kilograms or kg/m².
    age_months : numbers, shape (n,)
        Exact age in months (days / 30.4375); a child of 7 years and 3 months is 87. Completed months make
        children look taller by half a month of growth.
    sex : sequence, shape (n,)
        Any spelling of :data:`SEXES`, or missing.
    reference : "who2006", "who2007" or "who"
        0–60 completed months; 61–228 months (weight 61–120); the first below 61 months and the second from then on.

    Returns
    -------
    DataFrame
        ``z`` (float64, not rounded) and ``flag``, a word of :data:`FLAGS`. An implausible child keeps its z and is
        left out of prevalences; every other flag means that z is NaN. The index is that of ``value``.

    Raises
    ------
    InputError
        Unknown measure, reference or code of sex; text instead of numbers; columns that do not belong together.

    Notes
    -----
    z = ((y/M)^L − 1)/(L·S). For weight and BMI it is linear beyond ±3: z = 3 + (y − SD3)/(SD3 − SD2), and likewise
    below. Height needs no restriction, its L is 1.

    References
    ----------
    WHO Multicentre Growth Reference Study Group (2006), WHO Child Growth Standards: Methods and development,
    chapter 7. de Onis, M. et al. (2007), Bulletin of the World Health Organization 85, 660–667.
    """
    check_names(measure, reference)
    y, age, male, index = columns(measure, value, age_months, sex)
    if measure == "length":
        y = np.where(np.floor(age * DAYS_PER_MONTH + 0.5) >= 731, y - RECUMBENT, y)
    lms = box_cox(measure, age, male, reference)
    with np.errstate(invalid="ignore"):
        positive = np.where(y > 0, y, np.nan)
    z = lms_z(positive, *lms.T, restricted=measure in ("weight", "bmi"))
    low, high = LIMITS[measure]
    shown = np.round(z, 2)
    known = {
        "sex_missing": np.isnan(male),
        "age_missing": np.isnan(age),
        "value_missing": np.isnan(y),
        "value_not_positive": y <= 0,
        "age_outside": np.isnan(lms[:, 1]),
        "implausible": (shown < low) | (shown > high),
    }
    flag = np.select(list(known.values()), list(known), "")
    return pd.DataFrame({"z": z, "flag": pd.Series(flag, index, dtype="str")}, index=index)


def lms_z(y: np.ndarray, L: np.ndarray, M: np.ndarray, S: np.ndarray, *, restricted: bool) -> np.ndarray:
    """Z-scores from L, M and S; NaN where any is unknown.

    Parameters
    ----------
    y, L, M, S : float arrays, shape (n,)
        The measurement (above zero) and the reference's power, median and coefficient of variation.
    restricted : bool
        Whether z goes on linearly beyond ±3, with the distance between 2 and 3 standard deviations as its unit.

    Returns
    -------
    float array, shape (n,)

    References
    ----------
    Cole, T. J. and Green, P. J. (1992), Statistics in Medicine 11, 1305–1319; WHO (2006), chapter 7.
    """
    log = np.abs(L) < 1e-12
    power = np.where(log, 1.0, L)
    with np.errstate(divide="ignore", over="ignore"):  # a size next to nothing is infinitely far away
        z: np.ndarray = np.where(log, np.log(y / M) / S, ((y / M) ** power - 1) / (power * S))
    if not restricted:
        return z

    def at(sd: float) -> np.ndarray:
        found: np.ndarray = np.where(log, M * np.exp(S * sd), M * (1 + power * S * sd) ** (1 / power))
        return found

    with np.errstate(invalid="ignore"):
        above, below = z > 3, z < -3
    z = np.where(above, 3 + (y - at(3)) / (at(3) - at(2)), z)
    z[below] = (-3 + (y - at(-3)) / (at(-2) - at(-3)))[below]
    return z


def columns(
    measure: str, value: Numbers, age_months: Numbers, sex: Sequence[object]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.Index]:
    """The three columns as float arrays (sex: 1 boy, 0 girl, NaN unknown), and the index of the result.

    Raises
    ------
    InputError
        Text instead of numbers, unknown codes of sex, columns of different length or of different children.
    """
    given = [value, age_months, sex]
    if any(isinstance(one, str) or np.ndim(np.asarray(one, dtype=object)) == 0 for one in given):
        raise InputError(f"{measure}, age and sex are columns with one place per child; write one child as [value]")
    lengths = [len(one) for one in given]
    if len(set(lengths)) > 1:
        raise InputError(f"{measure}, age and sex hold {lengths} places; they must be of the same children")
    indexes = [one.index for one in given if isinstance(one, pd.Series)]
    if any(not one.equals(indexes[0]) for one in indexes):
        raise InputError(f"{measure}, age and sex have different indexes; take them from one table")
    index = indexes[0] if indexes else pd.RangeIndex(lengths[0])
    return _numbers(value, measure), _numbers(age_months, "age_months"), _male(sex), index


def _numbers(values: Numbers, name: str) -> np.ndarray:
    """Floats, NaN where missing or infinite; :class:`InputError` with the count of what is no number."""
    column = pd.Series(np.asarray(values, dtype=object))
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
    wrong = int((np.isnan(numbers) & column.notna().to_numpy()).sum())
    if wrong:
        raise InputError(f"{name} holds {wrong} entries that are no numbers; correct them in the corrections file")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _male(sex: Sequence[object]) -> np.ndarray:
    """1 for boys, 0 for girls, NaN where missing; :class:`InputError` for codes that say neither."""
    given = pd.Series(np.asarray(sex, dtype=object))
    texts = given.where(given.notna(), "").map(lambda one: f"{one:g}" if isinstance(one, float) else str(one))
    texts = texts.str.strip().str.lower()
    unknown = texts[~texts.isin([*SEXES, ""])]
    if len(unknown):
        codes = machine_names(unknown.unique())
        shown = f" ({', '.join(repr(code) for code in codes)})" if codes else ""
        raise InputError(
            f"sex has {unknown.nunique()} unknown code(s){shown} in {len(unknown)} places, so no z-score is safe; "
            f"recode them to m or f, or to missing where sex is not known (known: {', '.join(SEXES)})"
        )
    return texts.map(SEXES).to_numpy(float, na_value=np.nan)
