"""The same ledgers as text and with types, for tests of what they may be read from."""

import datetime as dt
import io

import pandas as pd
import pyarrow as pa

from tests.small_ledgers import write_study
from xzz_analysis.services.ledgers import COLUMNS, ReadLedger, read_ledger
from xzz_analysis.study.services import Ledger

TYPES = {
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "whole": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(12, 2),
    "flag": pa.bool_(),
}

SAMPLES = {
    "activities": [
        {"activity": "A2", "date": dt.date(2025, 3, 4), "type": "家访", "community": "河岸", "person_times": 3},
        {"activity": "A10", "date": dt.date(2025, 3, 4), "type": "group", "name": "亲子, 小组", "person_times": 12},
        {"date": dt.date(2025, 1, 1), "until": dt.date(2025, 1, 31), "type": "Phone visit", "count": 40},
    ],
    "vouchers_issued": [
        {"voucher": "V1", "issued": dt.datetime(2025, 3, 4, 9, 30, 5), "amount": 50.5, "expires": dt.date(2025, 6, 1)},
        {"voucher": "V0", "issued": dt.datetime(2025, 3, 4, 0, 0, 0), "amount": 1200, "category": "food"},
    ],
    "people": [
        {"person": "P2", "born": "2015-03", "sex": "女", "hardship": True, "phone": "13800000001"},
        {"person": "P1", "born": "2015-04", "sex": "male", "hardship": False, "consent": dt.date(2025, 1, 2)},
        {"person": "P3"},
    ],
    "merchant_visits": [
        {"merchant": "M1", "date": dt.date(2025, 2, 2), "outcome": "洽谈中", "reasons": "利润薄；结算慢"},
        {"merchant": "M0", "date": dt.date(2025, 2, 3), "outcome": "joined"},
    ],
    "scores": [
        {"person": "P1", "course": "C", "instrument": "I", "wave": "前测", "date": dt.date(2025, 1, 1), "score": 1.25},
        {"person": "P1", "course": "C", "instrument": "I", "wave": "后测", "date": dt.date(2025, 4, 1), "score": 3},
        {"person": "P0", "course": "C", "instrument": "I", "wave": "前测", "date": dt.date(2025, 1, 1)},
    ],
}


def typed(kind: str, rows: list[dict]) -> pa.Table:
    """Rows as a table with the types of their columns."""
    kinds = {one.id: one.kind for one in COLUMNS[kind]}
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        cells = [row.get(name) for row in rows]
        columns[name] = pa.array(cells, pa.float64() if kinds[name] == "money" else TYPES.get(kinds[name], pa.string()))
        if kinds[name] == "money":
            columns[name] = columns[name].cast(TYPES["money"])
    return pa.table(columns)


def as_text(table: pa.Table) -> pd.DataFrame:
    """The cells as a spreadsheet would export them."""
    return pd.DataFrame(
        {name: ["" if cell is None else str(cell) for cell in table[name].to_pylist()] for name in table.column_names}
    )


def read(folder, kind: str, source: dict) -> ReadLedger:
    """Read one ledger of a small study."""
    study = write_study(folder / "study", {kind: [{"placeholder": ""}]})
    return read_ledger(study, kind, Ledger.model_validate(source))


def stored(ledger: ReadLedger) -> bytes:
    """A ledger as bytes; the line of a row says something of its file and nothing of the ledger."""
    buffer = io.BytesIO()
    ledger.table.drop(columns="line").to_parquet(buffer)
    return buffer.getvalue()
