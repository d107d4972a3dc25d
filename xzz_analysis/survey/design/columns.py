"""Columns of the sample design, checked before anything is computed from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest

_MEANING = {
    "weight": "a weight says how many people a respondent stands for",
    "fpc": "it says how many units there are to sample from",
}


def plain(name: str) -> str:
    """A design column's name as the study writes it, without the prefix it has in the frame."""
    return name.removeprefix("design:")


def names_of(given: str | Sequence[str | None] | None) -> list[str]:
    """Column names of the stages, ``""`` where a stage has none."""
    if given is None:
        return []
    return [given] if isinstance(given, str) else [name or "" for name in given]


def column(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    """One column; :class:`DesignError` with the nearest name when there is none."""
    if name not in frame:
        raise DesignError(f"{role} {name!r} is not in the sample{suggest(name, map(str, frame.columns))}")
    return frame[name]


def complete(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    """A column without missing values."""
    found = column(frame, name, role)
    missing = int(found.isna().sum())
    if missing:
        raise DesignError(
            f"{role} column {plain(name)!r} is missing in {missing} of {len(frame)} rows; "
            "fill it in the export, or leave those interviews out with a declared correction"
        )
    return found


def codes(frame: pd.DataFrame, name: str, role: str) -> tuple[np.ndarray, pd.Index]:
    """A complete column as codes of its sorted values."""
    found, levels = pd.factorize(complete(frame, name, role), sort=True)
    return found.astype(np.int64), pd.Index(levels)


def numbers(frame: pd.DataFrame, name: str, role: str) -> np.ndarray:
    """A complete column of finite numbers ≥ 0, shape (rows,)."""
    values = pd.to_numeric(complete(frame, name, role), errors="coerce").to_numpy(float)
    for problem, wrong in (
        ("not a number", np.isnan(values)),
        ("infinite", np.isinf(values)),
        ("negative", values < 0),
    ):
        if wrong.any():
            raise DesignError(
                f"{role} column {plain(name)!r} is {problem} in {int(wrong.sum())} of {len(values)} rows; "
                f"{_MEANING[role]}, so correct it in the export"
            )
    return values


def weights(frame: pd.DataFrame, name: str | None) -> np.ndarray:
    """Sampling weights, equal without a column; :class:`DesignError` when all are zero."""
    found = numbers(frame, name, "weight") if name else np.ones(len(frame))
    if not found.any():
        raise DesignError(
            f"weight column {plain(name or '')!r} is zero in all {len(frame)} rows, so nobody is represented"
        )
    return found
