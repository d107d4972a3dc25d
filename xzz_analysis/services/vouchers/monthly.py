"""Monthly tables of large ledgers of vouchers, from what is kept of each file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xzz_analysis.services.vouchers.anomalies import in_order
from xzz_analysis.services.vouchers.partials import Settings, Store, issued_partial, places, redeemed_partial

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
        Files of both ledgers, usually one each month, with the columns of fields.yml.
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
    left = [store.at(key) / "left.parquet" for key in uses]
    return MonthlyTables(
        _cells(store, issues, issues).rename(columns={"lines": "vouchers"}),
        _cells(store, uses, issues).rename(columns={"lines": "redemptions"}),
        _uptake(store, issues, uses),
        _look(store, uses),
        int(_rows(store, "SELECT count(*) AS n FROM {files}", left)["n"].sum()) if left else 0,
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
        chosen = "" if months is None else f"WHERE month BETWEEN DATE '{months[0]}' AND DATE '{months[1]}'"
        found = {}
        for side, keys in (("issued", issues), ("redeemed", uses)):
            query = f"SELECT count(DISTINCT {_WHO[side]}) AS n FROM {{files}} {chosen}"
            found[side] = int(_rows(kept, query, _lines(kept, keys))["n"].sum()) if keys else 0
        return found


_WHO = {"issued": "p", "redeemed": "coalesce(p, v)"}
_BY = ["month", "community", "category"]


def _rows(store: Store, query: str, files: Sequence[Path]) -> pd.DataFrame:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    return pd.DataFrame(store.database.execute(query.format(files=f"read_parquet([{listed}])")).df())


def _lines(store: Store, keys: Sequence[str]) -> list[Path]:
    """Files that hold every line of partials."""
    names = ("vouchers.parquet", "used-*.parquet", "left.parquet")
    return [path for key in dict.fromkeys(keys) for name in names for path in sorted(store.at(key).glob(name))]


def _cells(store: Store, keys: Sequence[str], issues: Sequence[str]) -> pd.DataFrame:
    """Cells of all files; people of a month that is in several files are told apart again."""
    if not keys:
        return pd.DataFrame(columns=[*_BY, "lines", "amount", "persons"])
    paths = [store.at(key) / "cells.parquet" for key in dict.fromkeys(keys)]
    cells = _rows(store, "SELECT * FROM {files}", paths)
    in_files = _rows(store, "SELECT month, count(DISTINCT filename) AS files FROM {files} GROUP BY month", paths)
    several = sorted(in_files.loc[in_files["files"] > 1, "month"])
    table = cells.groupby(["month", "place"], as_index=False)[["lines", "cents", "persons"]].sum()
    if several:
        table = _told_apart(store, table, several, keys)
    table["amount"] = table["cents"] / 100
    return _named(store, table, issues)[[*_BY, "lines", "amount", "persons"]]


def _named(store: Store, table: pd.DataFrame, issues: Sequence[str]) -> pd.DataFrame:
    """A table with communities and categories in place of their hashes."""
    names = store.database.execute(f"SELECT * FROM {places(store, issues)}").df()
    return table.merge(names, on="place", how="left", validate="many_to_one").sort_values(_BY, ignore_index=True)


def _told_apart(store: Store, table: pd.DataFrame, months: Sequence[pd.Timestamp], keys: Sequence[str]) -> pd.DataFrame:
    days = ", ".join(f"DATE '{pd.Timestamp(month):%Y-%m-%d}'" for month in months)
    who = _WHO["issued" if keys[0].startswith("issued") else "redeemed"]
    query = f"SELECT month, place, count(DISTINCT {who}) AS again FROM {{files}} WHERE month IN ({days}) GROUP BY ALL"
    joined = table.merge(_rows(store, query, _lines(store, keys)), on=["month", "place"], how="left")
    joined["persons"] = joined["again"].fillna(joined["persons"]).astype("int64")
    return joined.drop(columns="again")


def _uptake(store: Store, issues: Sequence[str], uses: Sequence[str]) -> pd.DataFrame:
    """What became of the vouchers of each month: a file of issues at a time."""
    parts = []
    for key in dict.fromkeys(issues):
        cells = _rows(store, "SELECT month, place, lines, cents FROM {files}", [store.at(key) / "cells.parquet"])
        files = [path for use in dict.fromkeys(uses) if (path := store.at(use) / f"used-{key}.parquet").exists()]
        if files:
            query = """SELECT issue_month AS month, place, count(*) AS used, sum(cents)::BIGINT AS spent FROM
                (SELECT issue_month, place, v, sum(cents) AS cents FROM {files} GROUP BY ALL) GROUP BY ALL"""
            cells = cells.merge(_rows(store, query, files), on=["month", "place"], how="left")
        parts.append(cells.reindex(columns=["month", "place", "lines", "cents", "used", "spent"]))
    if not parts:
        return pd.DataFrame(columns=[*_BY, "vouchers", "amount", "used", "spent"])
    table = pd.concat(parts, ignore_index=True).fillna({"used": 0, "spent": 0})
    table = table.groupby(["month", "place"], as_index=False)[["lines", "cents", "used", "spent"]].sum()
    table = table.assign(amount=table["cents"] / 100, spent=table["spent"] / 100, used=table["used"].astype("int64"))
    return _named(store, table.rename(columns={"lines": "vouchers"}), issues)[
        [*_BY, "vouchers", "amount", "used", "spent"]
    ]


def _look(store: Store, uses: Sequence[str]) -> pd.DataFrame:
    lines = [one for key in uses for one in json.loads((store.at(key) / "look.json").read_text(encoding="utf-8"))]
    return in_order([{"expected": float("nan"), **one} for one in lines])


def _elsewhere(store: Store, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in keys:
        for name, count in json.loads((store.at(key) / "elsewhere.json").read_text(encoding="utf-8")).items():
            found[name] = found.get(name, 0) + int(count)
    return dict(sorted(found.items()))
