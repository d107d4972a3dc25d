"""A ledger is the same whatever it is read from, and whatever order its rows stand in."""

import datetime as dt
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.typed_ledgers import as_text, read, stored, typed

DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2025, 12, 31))
TEXTS = st.text(st.sampled_from("Aa1 家访,;\"'"), max_size=6)
ISSUED = st.fixed_dictionaries(
    {
        "voucher": st.from_regex(r"V[0-9]{1,2}", fullmatch=True),
        "issued": st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2025, 12, 31)).map(
            lambda one: one.replace(microsecond=0)
        ),
        "amount": st.integers(-500, 500_000).map(lambda cents: cents / 100),
    },
    optional={
        "expires": st.none() | DAYS,
        "person": st.none() | st.from_regex(r"P[0-9]", fullmatch=True),
        "category": st.none() | TEXTS,
    },
)
VISITS = st.fixed_dictionaries(
    {"date": DAYS, "outcome": st.sampled_from(["joined", "洽谈中", " Refused", "nobody knows"])},
    optional={
        "merchant": st.none() | st.from_regex(r"M[0-9]", fullmatch=True),
        "reasons": st.none() | TEXTS,
        "count": st.none() | st.integers(0, 10**9),
    },
)
ROWS = st.one_of(
    st.tuples(st.just("vouchers_issued"), st.lists(ISSUED, min_size=1, max_size=8)),
    st.tuples(st.just("merchant_visits"), st.lists(VISITS, min_size=1, max_size=8)),
)


def write_workbook(table: pa.Table, path: Path) -> None:
    """Days and moments as a spreadsheet keeps them, numbers as numbers."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet("ledger")
        sheet.write_row(0, 0, table.column_names)
        for column, name in enumerate(table.column_names):
            for row, cell in enumerate(table[name].to_pylist(), start=1):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(row, column, cell)
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    sheet.write_number(row, column, float(cell))


def write_all(folder: Path, table: pa.Table) -> dict[str, dict]:
    """The table in every kind of source."""
    as_text(table).to_csv(folder / "l.csv", index=False)
    as_text(table).to_csv(folder / "gb.csv", index=False, encoding="gb18030", sep=";")
    write_workbook(table, folder / "l.xlsx")
    pq.write_table(table, folder / "l.parquet")
    pq.write_table(table.slice(0, 1), folder / "part1.parquet")
    as_text(table.slice(1)).to_csv(folder / "part2.csv", index=False)
    with duckdb.connect(str(folder / "l.duckdb")) as connection:
        connection.register("rows", table)
        connection.execute("CREATE TABLE ledger AS SELECT * FROM rows")
    sources = {name: {"file": folder / name} for name in ("l.csv", "gb.csv", "l.parquet", "part*")}
    sources["workbook"] = {"file": folder / "l.xlsx", "sheet": "ledger"}
    return sources | {"duckdb": {"url": f"duckdb:///{folder / 'l.duckdb'}", "table": "ledger"}}


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS)
def test_every_source_gives_the_same_bytes(kind_and_rows):
    kind, rows = kind_and_rows
    table = typed(kind, rows)
    with tempfile.TemporaryDirectory() as name:
        made = {source: read(Path(name), kind, told) for source, told in write_all(Path(name), table).items()}
    first = stored(made["l.csv"])
    assert [source for source, one in made.items() if stored(one) != first] == []
    counts = {source: [(one.rule, one.count) for one in made[source].findings] for source in made}
    assert [source for source in made if counts[source] != counts["l.csv"]] == []


@settings(max_examples=12)
@given(st.lists(ISSUED, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, given_rows in (("a.csv", rows), ("b.csv", shuffled)):
            as_text(typed("vouchers_issued", given_rows)).to_csv(folder / file, index=False)
        a, b = (read(folder, "vouchers_issued", {"file": folder / file}) for file in ("a.csv", "b.csv"))
    pd.testing.assert_frame_equal(
        a.table.drop(columns="line"), b.table.drop(columns="line")[list(a.table.drop(columns="line"))]
    )


@settings(max_examples=12)
@given(st.lists(ISSUED, min_size=1, max_size=8))
def test_every_row_is_counted_once_or_is_in_a_finding(rows):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "l.csv"
        as_text(typed("vouchers_issued", rows)).to_csv(path, index=False)
        made = read(Path(name), "vouchers_issued", {"file": path})
    out = (
        "row_left_out",
        "date_future",
        "amount_negative",
        "amount_zero",
        "currency_mixed",
        "row_repeated",
        "key_repeated",
    )
    left_out = sum(one.count for one in made.findings if one.rule in {f"ledger_{rule}" for rule in out})
    assert made.rows == len(rows) == len(made.table) + left_out
