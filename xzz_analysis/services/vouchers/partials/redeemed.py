"""What is kept of a file of redemptions: its cells, which vouchers it used, and what a person should look at.

Which vouchers of a file of issues were used in a month is a bit for each voucher of that file; so the people behind
them are found again in the file of issues, and used vouchers are counted once over all files of redemptions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.services.vouchers.partials.cells import cells_of, months_of, named, summed
from xzz_analysis.services.vouchers.partials.columns import Lines, read_lines
from xzz_analysis.services.vouchers.partials.issued import Issued, issued_at
from xzz_analysis.services.vouchers.partials.looking import Redemptions, look
from xzz_analysis.services.vouchers.partials.sorted_keys import find_keys, in_key_order
from xzz_analysis.services.vouchers.partials.store import Store


@dataclass(eq=False)
class Found:
    """Whose voucher each redemption was, as far as it is found.

    Attributes
    ----------
    known : ndarray of bool, shape (lines,)
    persons : ndarray of uint64, shape (lines,)
    place : ndarray of int, shape (lines,)
        Of ``places``; 0 where the voucher is not known.
    places : dict of tuple to int
        Community and category → code.
    """

    known: np.ndarray
    persons: np.ndarray
    place: np.ndarray
    places: dict[tuple[str, str], int] = field(default_factory=lambda: {("", ""): 0})


def redeemed_partial(store: Store, path: Path, issues: Sequence[str]) -> str:
    """Make the partial of a file of redemptions where there is none, or where its files of issues changed.

    Parameters
    ----------
    store : Store
    path : Path
    issues : sequence of str
        Partials of the files of issues, latest first: a voucher that is in several belongs to the latest.

    Returns
    -------
    str
        Name of the partial.
    """
    key = store.key(path, "redeemed")
    if store.at(key).exists() and _still_holds(store, store.at(key), issues):
        return key
    store.read.append(path.name)
    lines = read_lines(store, path, "redeemed")
    month, months = months_of(lines.numbers["at"])
    with store.draft(key) as folder:
        found = _match(store, lines, (month, issues), folder)
        _keep_left(found, lines, months[month], folder)
        who = np.where(found.known, found.persons, lines.numbers["v"])
        table = summed(cells_of(month, found.place, len(found.places)), lines.numbers["cents"], who)
        named(table, months, list(found.places)).to_parquet(folder / "cells.parquet")
        np.save(folder / "months.npy", months)
        given = Redemptions(lines, found.known, found.persons, _categories(found))
        (folder / "look.json").write_text(look(given, store.settings.limits), encoding="utf-8")
        (folder / "elsewhere.json").write_text(json.dumps(lines.elsewhere, sort_keys=True), encoding="utf-8")
        (folder / "tried.json").write_text(json.dumps(list(issues)), encoding="utf-8")
    return key


def _still_holds(store: Store, at: Path, issues: Sequence[str]) -> bool:
    """Whether a partial of redemptions agrees with the files of issues that there are.

    A new file matters only where it holds vouchers that no file held so far.
    """
    tried = set(json.loads((at / "tried.json").read_text()))
    if not tried <= set(issues):
        return False
    fresh = [one for one in issues if one not in tried]
    left = np.load(at / "left.npz")["vouchers"] if fresh else np.zeros(0, dtype=np.uint64)
    return not len(left) or not any(find_keys(issued_at(store, one).vouchers(), left)[0].any() for one in fresh)


def _match(store: Store, lines: Lines, given: tuple[np.ndarray, Sequence[str]], folder: Path) -> Found:
    """Find the voucher of every redemption, in the latest file of issues first, until none is left."""
    month, issues = given
    count = len(month)
    found = Found(np.zeros(count, dtype=bool), np.zeros(count, dtype=np.uint64), np.zeros(count, dtype=np.int64))
    left, vouchers = in_key_order(lines.numbers["v"])
    for key in dict.fromkeys(issues):
        issued = issued_at(store, key)
        if not len(left) or not issued.may_hold(lines.span):
            continue
        hit, at = find_keys(issued.vouchers(), vouchers)
        if len(at):
            _take(found, issued, left[hit], at)
            _keep_used(issued, at, (month[left[hit]], lines.numbers["cents"][left[hit]]), folder)
            left, vouchers = left[~hit], vouchers[~hit]
    return found


def _take(found: Found, issued: Issued, rows: np.ndarray, at: np.ndarray) -> None:
    """Take over person and place of vouchers that were found at ``at``."""
    cells = issued.cells()
    pairs = zip(cells["community"].tolist(), cells["category"].tolist(), strict=True)
    moved = np.array([found.places.setdefault(pair, len(found.places)) for pair in pairs], dtype=np.int64)
    found.known[rows] = True
    found.persons[rows] = issued.persons()[at]
    found.place[rows] = moved[issued.codes()[at]]


def _keep_used(issued: Issued, at: np.ndarray, of: tuple[np.ndarray, np.ndarray], folder: Path) -> None:
    """Keep which vouchers were used in each month, and what was spent of each cell of issues."""
    month, cents = of
    codes = issued.codes()
    np.save(folder / f"spent-{issued.key}.npy", np.bincount(codes[at], weights=cents).astype(np.int64))
    for one in np.flatnonzero(np.bincount(month)):
        marks = np.zeros(len(codes), dtype=bool)
        marks[at[month == one]] = True
        np.save(folder / f"used-{issued.key}-{one}.npy", np.packbits(marks))


def _keep_left(found: Found, lines: Lines, month: np.ndarray, folder: Path) -> None:
    left = ~found.known
    np.savez(folder / "left.npz", vouchers=lines.numbers["v"][left], months=month[left])


def _categories(found: Found) -> tuple[np.ndarray, int]:
    """Codes of categories, sorted by name, of redemptions; and how many there are."""
    names = [category for _, category in found.places]
    place = {name: at for at, name in enumerate(sorted(set(names)))}
    return np.array([place[name] for name in names], dtype=np.int64)[found.place], len(place)


@dataclass(frozen=True, eq=False)
class Redeemed:
    """What is kept of a file of redemptions.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    def cells(self) -> pd.DataFrame:
        """``month``, ``community``, ``category``, ``lines``, ``cents``, ``persons``; a row for each cell."""
        return pd.read_parquet(self.folder / "cells.parquet")

    def spent(self, issued: str, cells: int) -> np.ndarray:
        """Cents spent of each cell of a file of issues."""
        path = self.folder / f"spent-{issued}.npy"
        told = np.load(path) if path.exists() else np.zeros(0, dtype=np.int64)
        return np.concatenate([told, np.zeros(cells - len(told), dtype=np.int64)])

    def used(self, issued: str, month: np.datetime64 | None = None) -> list[np.ndarray]:
        """Bits of the vouchers of a file of issues that were used, in a month or in all of them."""
        months = np.load(self.folder / "months.npy")
        paths = [
            self.folder / f"used-{issued}-{at}.npy"
            for at, one in enumerate(months)
            if month is None or one == month.astype(months.dtype)
        ]
        return [np.load(path) for path in paths if path.exists()]

    def left(self, month: np.datetime64 | None = None) -> np.ndarray:
        """Hashes of the vouchers that are in no file of issues, a line each."""
        told = np.load(self.folder / "left.npz")
        vouchers = np.asarray(told["vouchers"])
        return vouchers if month is None else vouchers[told["months"] == month]
