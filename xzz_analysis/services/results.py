"""Figures of services as results: what was asked, an id made of it, and the figure."""

from __future__ import annotations

from collections.abc import Sequence

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
    told = {"round": ledgers.period.name, "unit": UNIT, "indicator": indicator, "version": VERSION}
    defaults = {"reason": "", "flags": ""}
    made = made.assign(
        **told,
        statistic=statistic,
        level=LEVEL,
        method=method,
        kind="census",
        **{name: value for name, value in defaults.items() if name not in made},
    )
    own = [name for name in made if name not in COLUMNS]
    made = made.reindex(columns=[*COLUMNS, *own])
    numbers = ["estimate", "se", "low", "high", "df", "n", "weighted_n", "deff"]
    counted = [name for name in COLUMNS if name.startswith("n_")]
    return made.astype(dict.fromkeys([*numbers, *counted], float))
