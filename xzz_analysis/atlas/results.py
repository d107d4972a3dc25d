"""Figures of places as results: what was asked, an id made of it, and the figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.survey.estimates import COLUMNS, group_key, result_ids

UNIT = "place"
"""Unit of results that are about communities and not about respondents."""
VERSION = "1"
LEVEL = 0.95


def results(
    atlas: Atlas, kind: str, statistic: str, rows: Iterable[Mapping[Any, Any]], method: str = ""
) -> pd.DataFrame:
    """Give figures of communities the columns of estimates.

    Parameters
    ----------
    atlas : Atlas
    kind : str
        What the figure is of, such as ``reach``: the results' indicator.
    statistic : str
    rows : iterable of mapping
        ``community`` (or ``by``, of what is no community), ``option`` (a domain), ``estimate``, and any other column of
        estimates or of the caller.
    method : str
        How it was found.

    Returns
    -------
    DataFrame
        Columns of ``survey.estimates.COLUMNS`` and those of the caller, a row each.
    """
    frame = pd.DataFrame(list(rows))
    if not len(frame):
        return pd.DataFrame(columns=[*COLUMNS, "community"])
    if "community" in frame:
        order = {str(key): place for place, key in enumerate(atlas.communities.layer.index)}
        frame = frame.sort_values("community", key=lambda keys: keys.map(order), kind="stable", ignore_index=True)
        declared = atlas.study.settings.communities
        assert declared is not None
        frame["by"] = [group_key([(declared.key, str(name))]) for name in frame["community"]]
    labels = {"study": atlas.study.id, "round": atlas.round, "unit": UNIT}
    asked = [(kind, VERSION, str(option), statistic) for option in frame["option"]]
    frame["result_id"] = [
        result_ids(labels, [one], [by], LEVEL, method)[0] for one, by in zip(asked, frame["by"], strict=True)
    ]
    told = {"round": atlas.round, "unit": UNIT, "indicator": kind, "version": VERSION, "statistic": statistic}
    frame = frame.assign(**told, level=LEVEL, method=method, kind="census", flags="", reason="")
    own = [name for name in frame if name not in COLUMNS]
    numbers = ["estimate", "se", "low", "high", "df", "n", "n_need", "n_eff", "weighted_n", "deff"]
    frame = frame.reindex(columns=[*COLUMNS, *own])
    counted = [name for name in COLUMNS if name.startswith("n_") and name not in numbers]
    return frame.astype(dict.fromkeys([*numbers, *counted], float))
