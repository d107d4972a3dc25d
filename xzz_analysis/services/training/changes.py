"""Whether scores changed between before and after, and by how much: paired tests that know of classes.

References
----------
Lumley, T. (2010). Complex Surveys: A Guide to Analysis Using R, section 2.4.
Terwee, C. B. et al. (2007). Quality criteria were proposed for measurement properties of health status questionnaires.
Journal of Clinical Epidemiology 60, 34–42.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.services.training.effects import standardised
from xzz_analysis.services.training.instruments import Instrument
from xzz_analysis.services.training.pairing import KEYS
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import mean, share
from xzz_analysis.survey.testing import contrast
from xzz_analysis.survey.testing.families import adjust

CEILING = 0.15
"""Part of those measured at the highest (lowest) possible score from which an instrument has a ceiling (floor)."""

FEWEST_CLASSES = 4
"""With fewer classes nothing is concluded: with two or three, t must exceed 12.7 or 4.3."""

ENDS = ("ceiling_before", "ceiling_after", "floor_before", "floor_after")
_TINY = 1e-9


def few_classes(units: str, classes: float) -> bool:
    """Whether there are too few classes to conclude anything."""
    return units == "classes" and classes < FEWEST_CLASSES


def course_changes(pairs: pd.DataFrame, instrument: Callable[[str], Instrument], level: float = 0.95) -> pd.DataFrame:
    """Test every course and instrument as one family.

    Parameters
    ----------
    pairs : DataFrame
        Of :class:`~xzz_analysis.services.training.pairing.Measured`.
    instrument : callable
        What is declared of an instrument by its name.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        One row per course and instrument, in the order of their names: ``n`` pairs, ``classes``, ``units``
        ("classes" where at least two are stated, each a cluster, and persons without one a cluster of their own; else
        "persons"), ``before`` and ``after`` (means), ``estimate`` (mean change), ``se``, ``low``, ``high``, ``df``,
        ``t``, ``p``, ``p_adjusted`` (Holm), ``flags``, ``reason``, ``d_z`` and ``d_av`` with ``_low`` and ``_high``,
        ``improved`` with interval and ``improved_n``, and for each of :data:`ENDS` the number at that end (NaN where
        the end is not stated) and ``highest_known``.
    """
    rows = [
        {**dict(zip(KEYS, names, strict=True)), **_row(group, instrument(str(names[1])), level)}
        for names, group in pairs.groupby(KEYS, sort=True)
    ]
    if not rows:
        return pd.DataFrame(columns=[*KEYS, "n", "estimate", "p", "p_adjusted"])
    table = pd.DataFrame(rows)
    table["p_adjusted"], _ = adjust(table["p"].to_numpy(float), "holm")
    return table


def units_of(clusters: pd.Series) -> tuple[pd.Series, str, int]:
    """Codes of the first-stage units, what they are, and how many classes are stated."""
    stated = clusters != ""
    classes = int(clusters[stated].nunique())
    persons = pd.Series(np.arange(len(clusters)), index=clusters.index)
    if classes < 2:
        return persons, "persons", classes
    codes = pd.Series(pd.factorize(clusters)[0], index=clusters.index)
    return codes.where(stated, len(clusters) + persons), "classes", classes


def _row(group: pd.DataFrame, instrument: Instrument, level: float) -> dict[str, Any]:
    moved = (group["after"] - group["before"]).to_numpy(float)
    unit, kind, classes = units_of(group["cluster"])
    better = instrument.sign * moved >= instrument.step - _TINY
    frame = pd.DataFrame({"change": moved, "improved": better.astype(float), "unit": unit.to_numpy()})
    row: dict[str, Any] = {"n": len(group), "classes": classes, "units": kind}
    row |= {side: float(group[side].mean()) for side in ("before", "after")}
    row |= _tested(frame, level)
    deviations = [group["before"].std(), group["after"].std()]
    for name, sd in (("d_z", float(np.std(moved, ddof=1)) if len(moved) > 1 else 0.0), ("d_av", np.mean(deviations))):
        found = standardised(row["estimate"], row["se"], row["df"], float(sd), level)
        row |= {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
    return row | {"improved_n": int(better.sum())} | _ends(group)


def _tested(frame: pd.DataFrame, level: float) -> dict[str, Any]:
    """Mean change with its test, and the share improved, from the design."""
    if frame["unit"].nunique() < 2:
        blank = dict.fromkeys(["se", "low", "high", "df", "t", "p", "improved_low", "improved_high"], np.nan)
        told = {"estimate": frame["change"].mean(), "improved": frame["improved"].mean()}
        return blank | told | {"flags": "", "reason": "no_degrees_of_freedom"}
    sample = Sample(frame, cluster="unit")
    found = contrast(mean(sample, "change", level=level), {"change": {0: 1.0}}, level=level).iloc[0]
    part = share(sample, "improved", level=level).iloc[0]
    row = {name: float(found[name]) for name in ("estimate", "se", "low", "high", "df", "t", "p")}
    if found["reason"]:  # everybody changed alike: no error, and nothing to test
        row["low"] = row["high"] = np.nan
    row |= {"improved": float(part["estimate"])}
    row |= {f"improved_{end}": float(part[end]) for end in ("low", "high")}
    return row | {"flags": str(found["flags"]), "reason": str(found["reason"])}


def _ends(group: pd.DataFrame) -> dict[str, float]:
    """How many are at the highest and at the lowest possible score."""
    known = group["highest"].notna()
    found: dict[str, float] = {"highest_known": float(known.sum())}
    for side in ("before", "after"):
        top = (group[side] >= group["highest"] - _TINY) & known
        found[f"ceiling_{side}"] = float(top.sum()) if known.any() else np.nan
        found[f"floor_{side}"] = float((group[side] <= group["lowest"] + _TINY).sum())
    return found
