"""Voucher ledgers in Parquet, a file a month each, made by DuckDB: ``python data.py FOLDER ROWS PERSONS [mixed]``.

Of the rows five ninths are vouchers issued and four ninths redemptions, over twelve months. A third of the redemptions
is of vouchers of the month before. Keys of people come from hashes. A voucher's number begins with its month and counts
on, as printed books of vouchers do; ``mixed`` ones are hashes, which tell nothing of their month.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

MONTHS = 12


def month_files(folder: Path, month: int, issued: int, persons: int, mixed: bool = False) -> None:
    """Write the two files of one month."""
    folder.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect()
    database.execute("SET threads = 2; SET memory_limit = '1GB'; SET preserve_insertion_order = false")
    start = f"TIMESTAMP '2025-{month:02d}-01'"
    number = "'V' || lpad({month}::VARCHAR, 2, '0') || lpad({one}::VARCHAR, 10, '0')"
    if mixed:
        number = f"'V' || hash({number})"
    database.execute(
        f"""COPY (SELECT {number.format(month=month, one="i")} AS voucher,
        'P' || lpad((hash(i * 31 + {month}) % {persons})::VARCHAR, 9, '0') AS person,
        {start} + INTERVAL (hash(i) % 2400000) SECOND AS issued, DATE '2026-06-30' AS expires,
        (20 + 10 * (i % 9))::DECIMAL(10, 2) AS amount, 'CNY' AS currency, 'kind' || (i % 8) AS category,
        'community' || (hash(i * 3) % 200) AS community FROM range({issued}) t(i))
        TO '{folder}/issued_{month:02d}.parquet'"""
    )
    before = month - 1 if month > 1 else month
    one = f"((i * 104729) % {issued})"
    database.execute(
        f"""COPY (SELECT CASE WHEN i % 3 = 0 THEN {number.format(month=before, one=one)}
        ELSE {number.format(month=month, one=one)} END AS voucher,
        {start} + INTERVAL (hash(i * 7) % 2400000) SECOND AS redeemed,
        'M' || lpad((hash(i * 5) % 20000)::VARCHAR, 5, '0') AS merchant,
        (3 + hash(i * 11) % 1700 / 100)::DECIMAL(10, 2) AS amount, 'CNY' AS currency
        FROM range({issued * 4 // 5}) t(i)) TO '{folder}/redeemed_{month:02d}.parquet'"""
    )


def main() -> None:
    folder, rows, persons = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for month in range(1, MONTHS + 1):
        month_files(folder, month, round(rows / MONTHS * 5 / 9), persons, "mixed" in sys.argv[4:])


if __name__ == "__main__":
    main()
