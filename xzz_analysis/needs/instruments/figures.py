"""Frames of figures that no estimator of shares and means makes, with the columns of every estimate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimates import COLUMNS, Estimates, result_ids

_TEXTS = ("version", "option", "by", "method", "flags", "reason")
LEVEL = 0.95
"""Confidence level of the intervals here."""


def today_of(survey: MonitoringRound) -> dt.date:
    """What ``today()`` means in a round: its last day."""
    return survey.study.rounds[survey.name].collected[1]


def figures(sample: Sample, rows: Sequence[Mapping[str, Any]]) -> Estimates:
    """Lay figures out as estimates of the whole sample.

    Parameters
    ----------
    sample : Sample
        Whose figures they are.
    rows : sequence of mappings
        ``indicator``, ``statistic`` and other columns of estimates; what a row does not name is empty.

    Returns
    -------
    Estimates
        Without influence: these figures have no covariance with others.
    """
    if not rows:
        return Estimates.none()
    about = {"round": sample.labels["round"], "unit": sample.labels["unit"], "kind": sample.kind, "level": LEVEL}
    full = [{**dict.fromkeys(COLUMNS, np.nan), **dict.fromkeys(_TEXTS, ""), **about, **row} for row in rows]
    for row in full:
        asked = (str(row["indicator"]), str(row["version"]), str(row["option"]), str(row["statistic"]))
        row["result_id"] = result_ids(sample.labels, [asked], [""], LEVEL, str(row["method"]))[0]
    return Estimates(pd.DataFrame(full, columns=list(COLUMNS)))
