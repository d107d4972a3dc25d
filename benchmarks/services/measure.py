"""Time one way to make monthly tables of vouchers; prints one line of JSON.

    python measure.py ours|known|add|persons|same|scan|pandas|exact FOLDER [STORE]

``ours`` reads all files into an empty store; ``known`` asks again; ``add`` is the last month alone, the others
being known. ``same`` are the same tables by plain SQL: redemptions joined with their vouchers, both grouped with
different persons counted. ``scan`` groups both ledgers by what stands in them, with no join and no persons. Seconds are
of the processor and on the clock, after imports.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

LAST = "12"
CELL = "date_trunc('month', {day}) AS month, community, category, count(*) AS n, sum({amount}) AS amount"


def files(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.glob(f"{kind}_*.parquet"))


def ours(folder: Path, store: Path) -> Callable[[], object]:
    from xzz_analysis.services.vouchers.monthly import monthly_tables

    shutil.rmtree(store, ignore_errors=True)
    return lambda: sizes(monthly_tables(files(folder, "issued"), files(folder, "redeemed"), store))


def known(folder: Path, store: Path) -> Callable[[], object]:
    from xzz_analysis.services.vouchers.monthly import monthly_tables

    return lambda: sizes(monthly_tables(files(folder, "issued"), files(folder, "redeemed"), store))


def sizes(tables) -> dict[str, object]:  # type: ignore[no-untyped-def]
    return {
        "read": len(tables.read),
        "issued": int(tables.issued["vouchers"].sum()),
        "redeemed": int(tables.redeemed["redemptions"].sum()),
        "amount": round(float(tables.redeemed["amount"].sum()), 2),
        "used": int(tables.uptake["used"].sum()),
        "cells": len(tables.redeemed),
        "unknown": tables.unknown,
        "listed": len(tables.anomalies),
    }


def add(folder: Path, store: Path) -> Callable[[], object]:
    """Forget the last month's files, and make the tables again: only those two are read."""
    index = store / "files.json"
    told = json.loads(index.read_text())
    for kind in ("issued", "redeemed"):
        key = told.pop(f"{kind}/{kind}_{LAST}.parquet")["key"]
        shutil.rmtree(store / key)
    index.write_text(json.dumps(told))
    return known(folder, store)


def persons(folder: Path, store: Path) -> Callable[[], object]:
    from xzz_analysis.services.vouchers.monthly import different_persons

    return lambda: different_persons(files(folder, "issued"), files(folder, "redeemed"), store)


def connected(folder: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    database.execute("SET threads = 2; SET memory_limit = '1400MB'; SET preserve_insertion_order = false")
    database.execute(f"SET temp_directory = '{folder}/scratch'")
    return database


def same(folder: Path, store: Path) -> Callable[[], object]:
    database = connected(folder)
    issued, redeemed = f"'{folder}/issued_*.parquet'", f"'{folder}/redeemed_*.parquet'"
    cells = CELL.format(day="issued", amount="amount"), CELL.format(day="redeemed", amount="r.amount")

    def run() -> object:
        first = database.execute(f"SELECT {cells[0]}, count(DISTINCT person) FROM {issued} GROUP BY ALL").df()
        second = database.execute(
            f"SELECT {cells[1]}, count(DISTINCT person) FROM {redeemed} r JOIN {issued} i USING (voucher) GROUP BY ALL"
        ).df()
        return {"issued": int(first["n"].sum()), "redeemed": int(second["n"].sum()), "cells": len(second)}

    return run


def scan(folder: Path, store: Path) -> Callable[[], object]:
    database = connected(folder)
    cells = CELL.format(day="issued", amount="amount")

    def run() -> object:
        first = database.execute(f"SELECT {cells} FROM '{folder}/issued_*.parquet' GROUP BY ALL").df()
        second = database.execute(
            f"SELECT date_trunc('month', redeemed) AS month, merchant, count(*) AS n, sum(amount) "
            f"FROM '{folder}/redeemed_*.parquet' GROUP BY ALL"
        ).df()
        return {"issued": int(first["n"].sum()), "redeemed": int(second["n"].sum())}

    return run


def pandas(folder: Path, store: Path) -> Callable[[], object]:
    import pandas as pd

    def run() -> object:
        issued = pd.concat(map(pd.read_parquet, files(folder, "issued")), ignore_index=True)
        redeemed = pd.concat(map(pd.read_parquet, files(folder, "redeemed")), ignore_index=True)
        by = ["month", "community", "category"]
        issued["month"] = issued["issued"].dt.to_period("M")
        first = issued.groupby(by).agg(n=("voucher", "size"), amount=("amount", "sum"), persons=("person", "nunique"))
        known = issued[["voucher", "person", "community", "category"]]
        joined = redeemed.merge(known, on="voucher")
        joined["month"] = joined["redeemed"].dt.to_period("M")
        second = joined.groupby(by).agg(n=("voucher", "size"), amount=("amount", "sum"), persons=("person", "nunique"))
        return {"issued": int(first["n"].sum()), "redeemed": int(second["n"].sum()), "cells": len(second)}

    return run


def exact(folder: Path, store: Path) -> Callable[[], object]:
    database = connected(folder)
    query = f"SELECT count(DISTINCT person) FROM '{folder}/issued_*.parquet'"
    return lambda: {"issued": int(database.execute(query).fetchall()[0][0])}


WAYS = {one.__name__: one for one in (ours, known, add, persons, same, scan, pandas, exact)}


def main() -> None:
    way, folder = sys.argv[1], Path(sys.argv[2])
    run = WAYS[way](folder, Path(sys.argv[3]) if len(sys.argv) > 3 else folder / "store")
    started, wall = time.process_time(), time.perf_counter()
    found = run()
    told = {"way": way, "cpu": time.process_time() - started, "wall": time.perf_counter() - wall, "found": found}
    print(json.dumps({**told, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
