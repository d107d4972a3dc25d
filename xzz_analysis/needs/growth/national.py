"""National cut-offs (WS/T 456-2014, WS/T 586-2018) as tables that a person types in; none come with the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, StudyError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.growth.scores import SEXES, Numbers, columns

WHO_TYPED = ("source", "page", "typed_by", "checked_by")
LIMITS = {"height": (80.0, 200.0), "bmi": (8.0, 50.0)}
"""Centimetres and kg/m² outside which a cut-off for 6 to 18 years is a slip of the keyboard."""


@dataclass(frozen=True)
class Standard:
    """A national standard of screening.

    Attributes
    ----------
    name : str
    label : mapping of language code to text
    cuts : dict
        Column of the file → (measure, class, side); ``low`` classes hold at or below the cut-off, ``high`` ones at
        or above it. The severest class is named first.
    others : dict
        Measure → class of everybody else.
    """

    name: str
    label: Label
    cuts: dict[str, tuple[str, str, str]]
    others: dict[str, str]


STANDARDS: dict[str, Standard] = {
    "wst456": Standard(
        "wst456",
        {
            "zh": "WS/T 456-2014 学龄儿童青少年营养不良筛查",
            "en": "WS/T 456-2014, screening for malnutrition of school-age children and adolescents",
        },
        {
            "stunted_height": ("height", "stunted", "low"),
            "thin_severe_bmi": ("bmi", "severely_thin", "low"),
            "thin_mild_bmi": ("bmi", "thin", "low"),
        },
        {"height": "not_stunted", "bmi": "not_thin"},
    ),
    "wst586": Standard(
        "wst586",
        {
            "zh": "WS/T 586-2018 学龄儿童青少年超重与肥胖筛查",
            "en": "WS/T 586-2018, screening for overweight and obesity of school-age children and adolescents",
        },
        {"obese_bmi": ("bmi", "obese", "high"), "overweight_bmi": ("bmi", "overweight", "high")},
        {"bmi": "not_overweight"},
    ),
}
"""The standards a file can be typed from. Which class is read first, and the sides of the cut-offs, are ours to state:
the person who types the table checks them against the standard."""


@dataclass(frozen=True, eq=False)
class Cutoffs:
    """Cut-offs typed from one standard.

    Attributes
    ----------
    standard : Standard
    table : DataFrame
        Index (male 1/0, half-years of age); one column of numbers per cut-off.
    findings : tuple of Finding
        ``cutoffs_unchecked`` where no second person compared the table with the standard, ``cutoffs_invented`` for
        the worked example: errors, so that nothing made from them is published.
    """

    standard: Standard
    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def read_cutoffs(path: str | Path, standard: str) -> Cutoffs:
    """Read a table of national cut-offs that a person has typed in.

    Parameters
    ----------
    path : str or Path
        CSV in UTF-8 with the columns ``sex``, ``age_half_year`` (6.0, 6.5, … the youngest age of the row, in years),
        one per cut-off of the standard (cm or kg/m²), ``source``, ``page``, ``typed_by`` and ``checked_by``.
    standard : "wst456" or "wst586"

    Returns
    -------
    Cutoffs

    Raises
    ------
    InputError
        Unknown standard, or a file that cannot be read.
    StudyError
        Every problem of the table together: columns or rows missing, ages not in half-years, cut-offs that are no
        numbers, out of order or impossible, nobody named who typed them.
    """
    if standard not in STANDARDS:
        known = ", ".join(STANDARDS)
        raise InputError(f"standard {standard!r} is not one of {known}{suggest(standard, STANDARDS)}")
    chosen, file = STANDARDS[standard], Path(path)
    try:
        written = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{file} does not exist; type the cut-offs from {chosen.label['en']} into it") from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise InputError(f"{file.name} is no CSV table in UTF-8; save it again as CSV UTF-8") from None
    wanted = ["sex", "age_half_year", *chosen.cuts, *WHO_TYPED]
    absent = [name for name in wanted if name not in written]
    if absent:
        raise InputError(f"{file.name} lacks the column(s) {', '.join(absent)}; write the header {','.join(wanted)}")
    table = _numbers(written, list(chosen.cuts))
    problems = [Finding("error", "cutoffs_wrong", file.name, *text) for text in _problems(written, table, chosen)]
    if problems:
        raise StudyError(f"{file.name} has {len(problems)} problem(s) to correct", problems)
    return Cutoffs(chosen, table.sort_index(), tuple(_warnings(written, file.name)))


def _numbers(written: pd.DataFrame, cuts: list[str]) -> pd.DataFrame:
    """Cut-offs as numbers, by sex (1 boy, 0 girl) and half-years of age; NaN where it is no number."""
    male = written["sex"].str.strip().str.lower().map(SEXES)
    halves = pd.to_numeric(written["age_half_year"], errors="coerce") * 2
    index = pd.MultiIndex.from_arrays([male, halves], names=["male", "half_years"])
    return pd.DataFrame({name: pd.to_numeric(written[name], errors="coerce").to_numpy() for name in cuts}, index)


def _problems(written: pd.DataFrame, table: pd.DataFrame, standard: Standard) -> list[tuple[str, str]]:
    """What is wrong with the rows, and what to do, for all of them."""
    found = []
    male, halves = (table.index.get_level_values(level).to_numpy(float) for level in (0, 1))
    for count, message, remedy in (
        (int(np.isnan(male).sum()), "row(s) with another sex than m and f", "write m or f"),
        (int((~(halves % 1 == 0)).sum()), "age(s) that are not whole half-years", "write 6.0, 6.5, 7.0 …"),
        (int(table.index.duplicated().sum()), "row(s) repeated for a sex and age", "keep one"),
        (
            int((written[["source", "page", "typed_by"]] == "").any(axis=1).sum()),
            "row(s) without source, page or who typed them",
            "write them in every row",
        ),
        (
            int(((written["typed_by"] == written["checked_by"]) & (written["checked_by"] != "")).sum()),
            "row(s) checked by who typed them",
            "let somebody else compare them with the standard",
        ),
    ):
        found += [(f"{count} {message}", remedy)] if count else []
    for sex in {1.0, 0.0}:
        ages = np.sort(halves[male == sex])
        if not len(ages) or (np.diff(ages) != 1).any():
            found.append((f"half-years of {'boys' if sex else 'girls'} are missing or not in steps of 0.5", "add them"))
    return found + _wrong_values(table, standard)


def _wrong_values(table: pd.DataFrame, standard: Standard) -> list[tuple[str, str]]:
    found = []
    for name, (measure, _, _) in standard.cuts.items():
        low, high = LIMITS[measure]
        wrong = int((~table[name].between(low, high)).sum())
        if wrong:
            found.append((f"{name}: {wrong} value(s) are no number from {low:g} to {high:g}", "type them again"))
    names = [name for name, (measure, _, _) in standard.cuts.items() if measure == "bmi"]
    lower, upper = names if standard.cuts[names[0]][2] == "low" else names[::-1]
    crossed = int((table[lower] >= table[upper]).sum())
    return found + ([(f"{crossed} row(s) where {lower} is not below {upper}", "type them again")] if crossed else [])


def _warnings(written: pd.DataFrame, where: str) -> list[Finding]:
    """What keeps a right table from being published."""
    invented = int(written["source"].str.lower().str.startswith("invented").sum())
    unchecked = int((written["checked_by"].str.strip() == "").sum())
    out = []
    if invented:
        message = f"{invented} row(s) are an invented example, no standard"
        out.append(Finding("error", "cutoffs_invented", where, message, "type the standard's values", invented))
    if unchecked:
        message = f"{unchecked} row(s) were compared with the standard by nobody but who typed them"
        out.append(Finding("error", "cutoffs_unchecked", where, message, "write checked_by", unchecked))
    return out


def national_class(
    cutoffs: Cutoffs | None, measure: str, value: Numbers, age_months: Numbers, sex: Sequence[object]
) -> pd.DataFrame:
    """Class of each child by a national standard.

    Parameters
    ----------
    cutoffs : Cutoffs or None
        None where no table was supplied.
    measure : "height" or "bmi"
    value, age_months, sex
        As in :func:`~xzz_analysis.needs.growth.growth_z`. A child of 7 years and 8 months belongs to the row 7.5.

    Returns
    -------
    DataFrame
        ``class`` (missing where there is none) and ``flag``, a word of ``FLAGS``; ``not_supplied`` for everybody where
        no table was supplied.

    Raises
    ------
    InputError
        A measure that the standard has no cut-offs for; columns as in ``growth_z``.
    """
    y, age, male, index = columns(measure, value, age_months, sex)
    found = np.full(len(y), None, dtype=object)
    if cutoffs is None:
        return _framed(found, np.full(len(y), "not_supplied"), index)
    standard = cutoffs.standard
    if measure not in standard.others:
        raise InputError(f"{standard.label['en']} has no cut-offs for {measure!r}; it has {', '.join(standard.others)}")
    names = [name for name, cut in standard.cuts.items() if cut[0] == measure]
    rows = cutoffs.table[names].reindex(pd.MultiIndex.from_arrays([male, np.floor(age / 6)])).to_numpy(float)
    tests = [_beyond(y, rows[:, place], standard.cuts[name][2]) for place, name in enumerate(names)]
    classes = np.select(tests, [standard.cuts[name][1] for name in names], standard.others[measure])
    flags = np.select(
        [np.isnan(male), np.isnan(age), np.isnan(y), ~(y > 0), np.isnan(rows).any(axis=1)],
        ["sex_missing", "age_missing", "value_missing", "value_not_positive", "age_outside"],
        "",
    )
    found[flags == ""] = classes[flags == ""]
    return _framed(found, flags, index)


def _beyond(y: np.ndarray, cut: np.ndarray, side: str) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.asarray(y <= cut if side == "low" else y >= cut)


def _framed(classes: np.ndarray, flags: np.ndarray, index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({"class": pd.Series(classes, index, dtype="str"), "flag": pd.Series(flags, index, dtype="str")})
