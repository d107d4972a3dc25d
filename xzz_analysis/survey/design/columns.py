"""Columns of the sample design, checked before anything is computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import DesignError, suggest

SMALLEST, LARGEST = 1e-50, 1e50
"""Numbers other than zero that can be computed with: beyond them squares of products do not fit into a double."""

SHOWN = 10
"""Columns that an error lists at most."""

_MEANING = {
    "weight": "a weight says how many people a respondent stands for",
    "fpc": "it says how many units there are to sample from",
}


def plain(name: str) -> str:
    """A design column's name as the study writes it, without the prefix it has in the frame."""
    return name.removeprefix("design:")


def texts(given: str | Iterable[str]) -> list[str]:
    """One name or several, as a list; :class:`DesignError` for data, numbers, and a name given twice."""
    if isinstance(given, str):
        return [given]
    unordered = isinstance(given, pd.Series | pd.DataFrame | set | frozenset)
    found: list[Any] = [given] if unordered or not isinstance(given, Iterable) else list(given)
    for name in found:
        if not isinstance(name, str):
            raise DesignError(
                f"columns are asked for by name, and a value of type {type(name).__name__} is none; write a text or a "
                "list of texts, and rename columns whose names are no texts"
            )
    if len(set(found)) < len(found):
        twice = next(name for place, name in enumerate(found) if name in found[:place])
        raise DesignError(f"column {twice!r} is named twice; name every column once")
    return found


def names_of(given: Any) -> list[str]:
    """Column names of the stages, ``""`` where a stage has none; :class:`DesignError` for anything but names."""
    if given is None or isinstance(given, str):
        return [] if given is None else [given]
    found: Sequence[Any] = given if isinstance(given, list | tuple) else texts(given)
    return ["" if name is None else texts([name])[0] for name in found]


def column(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    """One column; :class:`DesignError` with the nearest name when there is none, or more than one."""
    texts([name])
    if name not in frame:
        raise DesignError(f"{role} {name!r} is not in the sample{hint(name, frame.columns)}")
    found = frame[name]
    if found.ndim != 1:
        raise DesignError(
            f"{role} {name!r} is the name of {found.shape[1]} columns, so it is not known which is meant; give every "
            "column a name of its own"
        )
    return found


def hint(name: str, known: Iterable[Any]) -> str:
    """The nearest known name, or else the first ones there are."""
    names = [str(one) for one in known]
    listed = ", ".join(map(repr, names[:SHOWN])) + (" …" if len(names) > SHOWN else "")
    return suggest(name, names) or f"; its columns are {listed}"


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
    return factorised(complete(frame, name, role), f"{role} column {plain(name)!r}")


def factorised(values: pd.Series, what: str) -> tuple[np.ndarray, pd.Index]:
    """Codes of sorted values, -1 for missing; :class:`DesignError` where a cell holds several."""
    try:
        found, levels = pd.factorize(values, sort=True)
    except TypeError:
        raise DesignError(
            f"{what} holds cells with several values, such as lists, or values without an order; write each as one "
            "text or number"
        ) from None
    return found.astype(np.int64), pd.Index(levels)


def numbers(frame: pd.DataFrame, name: str, role: str) -> np.ndarray:
    """A complete column of finite numbers ≥ 0, shape (rows,)."""
    found = complete(frame, name, role)
    given = pd.Series(np.nan, found.index) if found.dtype.kind in "mMc" else pd.to_numeric(found, errors="coerce")
    values = given.to_numpy(float)
    for problem, wrong in (
        ("not a number", np.isnan(values)),
        ("infinite", np.isinf(values)),
        ("negative", values < 0),
        (f"below {SMALLEST:g} or above {LARGEST:g}", (values > 0) & beyond(values) & (role == "weight")),
    ):
        if wrong.any():
            raise DesignError(
                f"{role} column {plain(name)!r} is {problem} in {int(wrong.sum())} of {len(values)} rows; "
                f"{_MEANING[role]}, so correct it in the export"
            )
    return values


def refuse_large(name: str, values: np.ndarray) -> None:
    """Refuse answers that are infinite, or too large to compute with."""
    if values.dtype.kind != "f":
        return
    small = float(np.finfo(values.dtype).max) < LARGEST
    wrong = int((np.isinf(values) if small else (values > LARGEST) | (values < -LARGEST)).sum())
    if wrong:
        size = "infinite" if np.isinf(values).any() else f"beyond ±{LARGEST:g}"
        raise DesignError(f"column {name!r} is {size} in {wrong} of {len(values)} rows; correct those answers")


def yes_no(given: object) -> np.ndarray:
    """1 for yes, 0 for no and NaN for everything else, shape (values,)."""
    column = given if isinstance(given, pd.Series) else pd.Series(np.asarray(given).ravel())
    if column.dtype.kind in "mMc":
        return np.full(len(column), np.nan)
    values = pd.to_numeric(column.astype("object"), errors="coerce").to_numpy(float, na_value=np.nan)
    return np.where(np.isin(values, (0, 1)), values, np.nan)


def beyond(values: np.ndarray) -> np.ndarray:
    """Whether numbers are too small or too large to compute with; zero is not."""
    size = np.abs(values)
    return np.asarray((size > LARGEST) | ((size > 0) & (size < SMALLEST)))


def weights(frame: pd.DataFrame, name: str | None) -> np.ndarray:
    """Sampling weights, equal without a column; :class:`DesignError` when all are zero."""
    found = numbers(frame, name, "weight") if name else np.ones(len(frame))
    if not found.any():
        raise DesignError(
            f"weight column {plain(name or '')!r} is zero in all {len(frame)} rows, so nobody is represented"
        )
    return found


def finite_numbers(role: str, given: object) -> list[float]:
    """Numbers that a user gave as a list; :class:`DesignError` for anything else among them."""
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str):
        raise DesignError(f"{role}: a list of numbers is needed, not a {type(given).__name__}")
    wrong = [
        one for one in given if isinstance(one, bool) or not isinstance(one, Real) or not abs(float(one)) <= LARGEST
    ]
    if wrong:
        raise DesignError(
            f"{role}: {len(wrong)} of {len(given)} are no finite numbers (first: {wrong[0]!r}); give plain numbers"
        )
    return [float(one) for one in given]
