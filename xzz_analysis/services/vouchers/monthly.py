"""Monthly tables of large ledgers of vouchers, from what is kept of each file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xzz_analysis.services.vouchers.anomalies import in_order
from xzz_analysis.services.vouchers.partials.cells import BY
from xzz_analysis.services.vouchers.partials.issued import Issued, issued_at, issued_partial
from xzz_analysis.services.vouchers.partials.redeemed import Redeemed, redeemed_partial
from xzz_analysis.services.vouchers.partials.sorted_keys import different, different_by_cell
from xzz_analysis.services.vouchers.partials.store import Settings, Store

Months = tuple[dt.date, dt.date] | None


@dataclass(frozen=True, eq=False)
class MonthlyTables:
    """Vouchers by month, community and category.

    Attributes
    ----------
    issued : DataFrame
        ``month``, ``community``, ``category``, ``vouchers``, ``amount`` and ``persons`` (different ones in the cell; a
        voucher whose person is not known counts as one more).
    redeemed : DataFrame
        The same with ``redemptions`` in place of ``vouchers``; redemptions whose voucher is in no file have neither
        community nor category.
    uptake : DataFrame
        By month of issue: ``vouchers``, ``amount``, ``used`` (redeemed at least once, so far) and ``spent``.
    anomalies : DataFrame
        As :func:`~xzz_analysis.services.vouchers.anomalies.anomalies` returns it: bursts, round amounts and one person
        at many merchants, inside each file.
    unknown : int
        Redemptions whose voucher is in no file of issues.
    elsewhere : dict of str to int
        Other currency → lines in it.
    read : tuple of str
        Files that were read this time; the others were known.
    """

    issued: pd.DataFrame
    redeemed: pd.DataFrame
    uptake: pd.DataFrame
    anomalies: pd.DataFrame
    unknown: int
    elsewhere: dict[str, int]
    read: tuple[str, ...]


def monthly_tables(
    issued: Sequence[Path], redeemed: Sequence[Path], store: Path, settings: Settings | None = None
) -> MonthlyTables:
    """Make monthly tables of ledgers in Parquet, reading only files that are new or changed.

    Parameters
    ----------
    issued, redeemed : sequence of Path
        Files of both ledgers, usually one each month, with the columns of fields.yml. One file at a time is held in
        memory, at most about 160 bytes for each of its lines.
    store : Path
        Folder for what is kept of each file; it holds hashes of keys, so it is as confidential as the ledgers.
    settings : Settings, optional

    Returns
    -------
    MonthlyTables

    Raises
    ------
    InputError
        A file cannot be read, or lacks a column.
    """
    with opened(store, settings) as kept:
        issues, uses = _partials(kept, issued, redeemed)
        return _tables(kept, issues, uses)


@contextmanager
def opened(folder: Path, settings: Settings | None = None) -> Iterator[Store]:
    """A store that is closed afterwards, and remembers which files it has read."""
    kept = Store(folder, settings or Settings())
    try:
        yield kept
    finally:
        kept.close()


def _partials(store: Store, issued: Sequence[Path], redeemed: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Partials of all files, made where there are none."""
    issues = [issued_partial(store, path) for path in sorted(issued)]
    uses = [redeemed_partial(store, path, issues[::-1]) for path in sorted(redeemed)]
    store.keep_index()
    return issues, uses


def _tables(store: Store, issues: Sequence[str], uses: Sequence[str]) -> MonthlyTables:
    files = [issued_at(store, key) for key in dict.fromkeys(issues)]
    redeemed = [Redeemed(store.at(key)) for key in dict.fromkeys(uses)]
    return MonthlyTables(
        _cells(files, lambda month: _issued_in(files, month)).rename(columns={"lines": "vouchers"}),
        _cells(redeemed, lambda month: _redeemed_in(files, redeemed, month)).rename(columns={"lines": "redemptions"}),
        _uptake(files, redeemed),
        _look(store, uses),
        sum(len(one.left()) for one in redeemed),
        _elsewhere(store, [*issues, *uses]),
        tuple(store.read),
    )


def different_persons(
    issued: Sequence[Path],
    redeemed: Sequence[Path],
    store: Path,
    months: Months = None,
    settings: Settings | None = None,
) -> dict[str, int]:
    """Count different persons over several months, each once; sums of monthly figures would count some twice.

    Parameters
    ----------
    issued, redeemed, store, settings
        As in :func:`monthly_tables`.
    months : pair of date, optional
        First days of the first and the last month; all months by default.

    Returns
    -------
    dict of str to int
        ``issued``: who received a voucher; ``redeemed``: whose voucher was redeemed.
    """
    with opened(store, settings) as kept:
        issues, uses = _partials(kept, issued, redeemed)
        files = [issued_at(kept, key) for key in dict.fromkeys(issues)]
        used = [Redeemed(kept.at(key)) for key in dict.fromkeys(uses)]
        return {
            "issued": different(_receivers(files, months)),
            "redeemed": different(_redeemers(files, used, _between(months))),
        }


def _between(months: Months) -> list[np.datetime64 | None]:
    if months is None:
        return [None]
    days = np.arange(np.datetime64(months[0], "M"), np.datetime64(months[1], "M") + 1)
    return [day.astype("datetime64[us]") for day in days]


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def _receivers(issues: Sequence[Issued], months: Months) -> np.ndarray:
    """Hashes of people who received a voucher, a line each."""
    if months is None:
        return _joined([one.persons() for one in issues])
    parts = []
    for one in issues:
        chosen = one.cells()["month"].between(pd.Timestamp(months[0]), pd.Timestamp(months[1])).to_numpy()
        if chosen.any():
            persons = one.persons()
            parts.append(persons if chosen.all() else persons[chosen[one.codes()]])
    return _joined(parts)


def _used(issued: Issued, uses: Sequence[Redeemed], months: Sequence[np.datetime64 | None]) -> np.ndarray | None:
    """Whether each voucher of a file of issues was used; None where none was."""
    bits = [part for month in months for one in uses for part in one.used(issued.key, month)]
    if not bits:
        return None
    whole = bits[0]
    for part in bits[1:]:
        whole = whole | part
    return np.unpackbits(whole).view(bool)


def _redeemers(
    issues: Sequence[Issued], uses: Sequence[Redeemed], months: Sequence[np.datetime64 | None]
) -> np.ndarray:
    """Hashes of people whose voucher was redeemed; a voucher that is in no file stands for one more."""
    parts = [one.left(month) for one in uses for month in months]
    for issued in issues:
        used = _used(issued, uses, months)
        if used is not None:
            persons = issued.persons()
            parts.append(persons[used[: len(persons)]])
    return _joined(parts)


def _cells(
    files: Sequence[Issued] | Sequence[Redeemed], again: Callable[[np.datetime64], pd.DataFrame]
) -> pd.DataFrame:
    """Cells of all files; people of a month that is in several files are told apart again."""
    if not files:
        return pd.DataFrame(columns=[*BY, "lines", "amount", "persons"])
    cells = [one.cells() for one in files]
    months = pd.concat([pd.Series(one["month"].dropna().unique()) for one in cells])
    several = months[months.duplicated()].drop_duplicates()
    table = pd.concat(cells).groupby(BY, as_index=False)[["lines", "cents", "persons"]].sum()
    if len(several):
        apart = pd.concat([again(month.to_datetime64()).assign(month=month) for month in several])
        table = table.merge(apart, on=BY, how="left", validate="one_to_one")
        table["persons"] = table["again"].fillna(table["persons"]).astype("int64")
    table["amount"] = table["cents"] / 100
    return table[[*BY, "lines", "amount", "persons"]]


def _issued_in(issues: Sequence[Issued], month: np.datetime64) -> pd.DataFrame:
    """Different people of each cell of a month, over all files of issues."""
    found = _People()
    for one in issues:
        cells = one.cells()
        if (cells["month"] == month).any():
            codes = one.codes()
            chosen = (cells["month"] == month).to_numpy()[codes]
            found.add(cells, codes[chosen], one.persons()[chosen])
    return found.counted()


def _redeemed_in(issues: Sequence[Issued], uses: Sequence[Redeemed], month: np.datetime64) -> pd.DataFrame:
    """Different people of each cell of a month, over all files of redemptions."""
    found = _People()
    for one in issues:
        used = _used(one, uses, [month])
        if used is not None:
            persons = one.persons()
            chosen = used[: len(persons)]
            found.add(one.cells(), one.codes()[chosen], persons[chosen])
    left = _joined([one.left(month) for one in uses])
    found.add(pd.DataFrame({"community": [""], "category": [""]}), np.zeros(len(left), dtype=np.int64), left)
    return found.counted()


class _People:
    """People of places, gathered from several files."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, str], int] = {}
        self.codes: list[np.ndarray] = []
        self.persons: list[np.ndarray] = []

    def add(self, cells: pd.DataFrame, codes: np.ndarray, persons: np.ndarray) -> None:
        pairs = zip(cells["community"], cells["category"], strict=True)
        moved = np.array([self.places.setdefault(pair, len(self.places)) for pair in pairs], dtype=np.int64)
        self.codes.append(moved[codes])
        self.persons.append(persons)

    def counted(self) -> pd.DataFrame:
        count = different_by_cell(np.concatenate(self.codes), np.concatenate(self.persons), len(self.places))
        table = pd.DataFrame(list(self.places), columns=BY[1:]).assign(again=count)
        return table[table["again"] > 0]


def _uptake(issues: Sequence[Issued], uses: Sequence[Redeemed]) -> pd.DataFrame:
    """What became of the vouchers of each month: a file of issues at a time."""
    parts = []
    for issued in issues:
        cells = issued.cells()
        used, count = _used(issued, uses, [None]), np.zeros(len(cells), dtype=np.int64)
        if used is not None:
            codes = issued.codes()
            count = np.bincount(codes[used[: len(codes)]], minlength=len(cells))
        parts.append(cells.assign(used=count, spent=sum(one.spent(issued.key, len(cells)) for one in uses)))
    if not parts:
        return pd.DataFrame(columns=[*BY, "vouchers", "amount", "used", "spent"])
    table = pd.concat(parts).groupby(BY, as_index=False)[["lines", "cents", "used", "spent"]].sum()
    table = table.assign(amount=table["cents"] / 100, spent=table["spent"] / 100)
    return table.rename(columns={"lines": "vouchers"})[[*BY, "vouchers", "amount", "used", "spent"]]


def _look(store: Store, uses: Sequence[str]) -> pd.DataFrame:
    lines = [one for key in uses for one in json.loads((store.at(key) / "look.json").read_text(encoding="utf-8"))]
    return in_order([{"expected": float("nan"), **one} for one in lines])


def _elsewhere(store: Store, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in keys:
        for name, count in json.loads((store.at(key) / "elsewhere.json").read_text(encoding="utf-8")).items():
            found[name] = found.get(name, 0) + int(count)
    return dict(sorted(found.items()))
