"""What an indicator declares about growth: its column, and why a child has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, StudyError, suggest
from xzz_analysis.needs.growth.classes import CLASSES, INCLUDES, growth_class, within
from xzz_analysis.needs.growth.national import STANDARDS, Cutoffs, national_class, read_cutoffs
from xzz_analysis.needs.growth.reference import MEASURES, REFERENCES
from xzz_analysis.needs.growth.scores import growth_z

if TYPE_CHECKING:
    from xzz_analysis.needs.indicator import Growth


def grown(growth: Growth, parts: pd.DataFrame) -> pd.DataFrame:
    """Compute what an indicator declares about growth.

    Parameters
    ----------
    growth : Growth
    parts : DataFrame, a row per child
        ``value`` in the measure's unit, ``age`` in months, ``sex`` as :data:`~xzz_analysis.needs.growth.scores.SEXES`
        spells it.

    Returns
    -------
    DataFrame
        ``y``: the z-score, or 1 and 0 for children within the class and others; NaN wherever ``flag`` says why.
        By a national standard too, what WHO takes for impossible is ``implausible``: a height in metres is no need.

    Raises
    ------
    InputError
        As :func:`~xzz_analysis.needs.growth.growth_z`.
    """
    value, age, sex = parts["value"], parts["age"], list(parts["sex"])
    if not growth.within:
        found = growth_z(growth.measure, value, age, sex, growth.reference)
        return pd.DataFrame({"y": np.where(found["flag"] == "", found["z"], np.nan), "flag": found["flag"]})
    if growth.reference in STANDARDS:
        classes = national_class(growth.cutoffs, growth.measure, value, age, sex)
        impossible = growth_z(growth.measure, value, age, sex, "who")["flag"] == "implausible"
        classes.loc[impossible & (classes["flag"] == ""), ["class", "flag"]] = [None, "implausible"]
    else:
        classes = growth_class(growth.measure, value, age, sex, growth.reference)
    return pd.DataFrame({"y": within(classes["class"], growth.within), "flag": classes["flag"]})


def wrong_names(growth: Growth) -> str:
    """What of a declaration of growth there is not: a measure, a reference, a class; ``""`` when all is known."""
    national = STANDARDS.get(growth.reference)
    for what, name, known in (
        ("reference", growth.reference, [*REFERENCES, "who", *STANDARDS]),
        ("measure", growth.measure, [*MEASURES] if national is None else [*national.others]),
        ("class", growth.within, _classes(growth)),
    ):
        if name not in known:
            listed = ", ".join(one for one in known if one)
            return f"growth {what} {name!r} is not known{suggest(name, known)}; there are {listed}"
    return ""


def _classes(growth: Growth) -> list[str]:
    """Classes that ``within`` may name; a national standard has classes only, so that one has to be named."""
    national = STANDARDS.get(growth.reference)
    if national is not None:
        made = [name for measure, name, _ in national.cuts.values() if measure == growth.measure]
        return [*made, *(name for name in INCLUDES if set(INCLUDES[name]) & set(made) and name not in made)]
    cuts = [cut.name for tables in CLASSES.values() for cut in tables.get(growth.measure, ())]
    return list(dict.fromkeys(["", *cuts]))


def read_national(tables: Mapping[str, Path]) -> tuple[dict[str, Cutoffs], list[Finding]]:
    """Read the national cut-offs that a study supplies.

    Parameters
    ----------
    tables : mapping of standard to file

    Returns
    -------
    tuple
        Cut-offs by standard, those that can be used; an error for everything that is wrong with the others.
    """
    supplied: dict[str, Cutoffs] = {}
    findings: list[Finding] = []
    for standard, path in tables.items():
        try:
            supplied[standard] = read_cutoffs(path, standard)
        except StudyError as error:
            findings += error.findings
        except InputError as error:
            findings.append(Finding("error", "cutoffs_wrong", path.name, str(error), "correct the table"))
    return supplied, findings


def not_supplied(growth: Growth) -> str:
    """Why a national standard cannot be used, ``""`` when its cut-offs are there or it is no national standard."""
    if growth.reference not in STANDARDS or growth.cutoffs is not None:
        return ""
    return (
        f"the cut-offs of {STANDARDS[growth.reference].label['en']} are not supplied, and none are made up; type them "
        f"into a table and name it in study.yml under growth: {{{growth.reference}: …}}"
    )


def unchecked_tables(declared: Iterable[Growth | None]) -> list[Finding]:
    """What keeps figures by a national standard from being published: a table that is invented, or nobody checked."""
    tables = [one.cutoffs for one in declared if one is not None]
    return list(dict.fromkeys(finding for table in tables if table is not None for finding in table.findings))
