"""Who was measured before a course and not afterwards, and whether they differ from those who stayed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.services.training.changes import units_of
from xzz_analysis.services.training.pairing import KEYS, Measured
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.engine.interval import critical
from xzz_analysis.survey.estimate import mean
from xzz_analysis.survey.testing import differences, test

STAYED, LOST = "stayed", "lost"


def course_attrition(found: Measured, level: float = 0.95) -> pd.DataFrame:
    """Count who was lost, and compare their scores before with those of the others.

    Parameters
    ----------
    found : Measured
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        One row per course and instrument: ``started`` and ``lost`` persons, ``estimate`` (mean score before of those
        lost, minus that of those who stayed), ``se``, ``low``, ``high``, ``df``, ``p``, ``reason``. The test is R's
        ``svyttest(before ~ lost, design)``, with the design's degrees of freedom less one.
    """
    parts = [found.pairs.assign(state=STAYED), found.lost.assign(state=LOST)]
    everybody = pd.concat([part[[*KEYS, "cluster", "before", "state"]] for part in parts], ignore_index=True)
    rows = [
        {**dict(zip(KEYS, names, strict=True)), **_row(group, level)}
        for names, group in everybody.groupby(KEYS, sort=True)
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "started", "lost", *_FIGURES, "reason"])


_FIGURES = ("estimate", "se", "low", "high", "df", "p")


def _row(group: pd.DataFrame, level: float) -> dict[str, Any]:
    lost = int((group["state"] == LOST).sum())
    row: dict[str, Any] = {"started": len(group), "lost": lost, **dict.fromkeys(_FIGURES, np.nan), "reason": ""}
    if lost in (0, len(group)):
        return row | {"reason": "no_groups"}
    unit = units_of(group["cluster"])[0]
    if unit.nunique() < 2:
        return row | {"reason": "no_degrees_of_freedom"}
    sample = Sample(group.assign(unit=unit), cluster="unit")
    found = differences(mean(sample, "before", "state"), "state", reference=STAYED, adjust="none").iloc[0]
    tested = test(sample, "before", "state", method="t", adjust="none").iloc[0]
    df, se = float(tested["df2"]), float(found["se"])
    row |= {"estimate": float(found["estimate"]), "se": se, "df": df, "p": float(tested["p"])}
    if not df > 0:
        return row | {"reason": "no_degrees_of_freedom"}
    reach = float(critical(np.array([df]), level)[0]) * se
    return row | {"low": row["estimate"] - reach, "high": row["estimate"] + reach, "reason": str(tested["reason"])}
