"""Figures of services as results: what was asked, an id made of it, and the figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.survey.estimates import COLUMNS, group_key, result_ids

UNIT = "service"
"""Unit of results that are about ledgers and not about respondents."""
VERSION = "1"
LEVEL = 0.95


def results(
    ledgers: Ledgers, indicator: str, statistic: str, frame: pd.DataFrame, groups: Sequence[str] = (), method: str = ""
) -> pd.DataFrame:
    """Give figures of ledgers the columns of estimates.

    Parameters
    ----------
    ledgers : Ledgers
        The study and the period that the figures are of; the period stands in the column ``round``.
    indicator, statistic : str
        What the figure is of, such as ``person_times``, and what it is: ``total``, ``share``, ``mean`` …
    frame : DataFrame
        A row each: the columns of ``groups``, ``estimate`` (NaN where it is not known), and where there are any
        ``option``, ``se``, ``low``, ``high``, ``n``, ``reason`` and columns of the caller.
    groups : sequence of str
        Columns that tell rows apart, in the order of ``by``. An empty cell leaves its group out, so that a row with
        none is the whole; callers write ``not_stated`` into cells that no ledger fills.
    method : str
        How the figure was found.

    Returns
    -------
    DataFrame
        Columns of ``survey.estimates.COLUMNS`` and those of the caller, in the order given.
    """
    made = frame.reset_index(drop=True).copy()
    texts = made[list(groups)].astype(str) if groups else pd.DataFrame(index=made.index)
    made["by"] = [
        group_key([(str(name), str(value)) for name, value in row.items() if value]) for row in texts.to_dict("records")
    ]
    if "option" not in made:
        made["option"] = ""
    labels = {"study": ledgers.study.id, "round": ledgers.period.name, "unit": UNIT}
    made["result_id"] = [
        result_ids(labels, [(indicator, VERSION, str(option), statistic)], [by], LEVEL, method)[0]
        for option, by in zip(made["option"], made["by"], strict=True)
    ]
    told: dict[str, object] = {"round": ledgers.period.name, "unit": UNIT, "indicator": indicator}
    told |= {
        "version": VERSION,
        "statistic": statistic,
        "level": LEVEL,
        "method": method,
        "kind": "census",
        "flags": "",
        "reason": "",
    }
    columns: dict[str, object] = {}
    for name in COLUMNS:
        if name in _NUMBERS:
            columns[name] = made[name].astype(float) if name in made else np.nan
        else:
            kept = name in made and name in ("by", "option", "result_id", "flags", "reason")
            columns[name] = made[name] if kept else told[name]
    columns |= {str(name): made[name] for name in made if name not in COLUMNS}
    return pd.DataFrame(columns, index=made.index)


_NUMBERS = frozenset(
    ["estimate", "se", "low", "high", "df", "n", "weighted_n", "deff", *(name for name in COLUMNS if name[:2] == "n_")]
)
"""Columns of numbers; NaN where the caller gives none."""
