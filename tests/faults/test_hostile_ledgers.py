"""Ledgers that are broken, cut off, hostile or enormous: one broken line is a finding and the rest proceeds."""

import gzip

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.typed_ledgers import read
from xzz_analysis.errors import InputError

HEAD = "activity,person,date\n"
ROWS = [f"A{place},P{place},2025-03-04\n" for place in range(40)]


def read_bytes(tmp_path, data, name="l.csv", kind="attendance"):
    (tmp_path / name).write_bytes(data)
    return read(tmp_path, kind, {"file": tmp_path / name})


def with_line(line):
    return HEAD.encode() + "".join(ROWS[:20]).encode() + line + "".join(ROWS[20:]).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"A,P\n",
        b"A,P,2025-03-04,x,y\n",
        b'A,"P,2025-03-04\n',
        b"A,P\xff\xfe,2025-03-04\n",
        b"\0\0\0\0\0\0\0\0\n",
        b"A,P\x01,2025-03-04\n",
        b"<<<<<<< HEAD\n",
    ],
)
def test_one_broken_line_is_left_out_with_its_number(tmp_path, line):
    made = read_bytes(tmp_path, with_line(line))
    assert len(made.table) == len(ROWS)
    (one,) = made.findings
    assert (one.rule, one.count, one.where) == ("ledger_line_broken", 1, "attendance (l.csv), line 22")
    assert made.table.loc[made.table["activity"] == "A20", "line"].tolist() == [23]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_broken_line_may_be_in_any_encoding_and_packed(tmp_path, encoding, packed):
    text = "活动编号,人员编号,日期\n" + "".join(ROWS) + "活动\n" + "亲子活动,小明,2025年3月4日\n"
    data = text.encode(encoding)
    made = read_bytes(tmp_path, gzip.compress(data) if packed else data)
    assert len(made.table) == len(ROWS) + 1
    assert [one.where for one in made.findings] == ["attendance (l.csv), line 42"]


def test_the_last_line_may_be_cut_off(tmp_path):
    made = read_bytes(tmp_path, (HEAD + "".join(ROWS) + "A41,P4").encode())
    assert (len(made.table), [one.rule for one in made.findings]) == (len(ROWS), ["ledger_line_broken"])


def test_lines_are_told_where_cells_have_line_ends_and_lines_are_empty(tmp_path):
    data = (
        'activity,date,type,name\nA1,2025-03-04,group,"two\nlines"\n\nA2,2025-03-04,group,"a ""b"""\nA3,soon,group,x\n'
    )
    made = read_bytes(tmp_path, data.encode(), kind="activities")
    assert made.table.set_index("activity")["line"].to_dict() == {"A1": 2, "A2": 5}
    assert made.table["name"].tolist() == ["two\nlines", 'a "b"']
    assert made.findings[0].where == "activities (l.csv), line 6"


def test_a_file_with_many_broken_lines_is_refused(tmp_path):
    with pytest.raises(InputError):
        read_bytes(tmp_path, with_line(b"broken\n" * 10))


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"PK\x03\x04nothing", b"\x1f\x8bnothing", b"PAR1nothing", b"%PDF-1.7\n", b"\0" * 500]
)
def test_what_is_no_table_is_refused(tmp_path, data):
    with pytest.raises(InputError):
        read_bytes(tmp_path, data)


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path):
    pq.write_table(
        pa.table({"activity": ["A"] * 1000, "person": ["P"] * 1000, "date": ["2025-03-04"] * 1000}),
        tmp_path / "a.parquet",
    )
    data = (tmp_path / "a.parquet").read_bytes()
    for size in (len(data) // 2, len(data) - 4):
        with pytest.raises(InputError, match="Parquet"):
            read_bytes(tmp_path, data[:size], "l.parquet")


def test_a_header_alone_is_an_empty_ledger(tmp_path):
    made = read_bytes(tmp_path, HEAD.encode())
    assert (len(made.table), made.findings) == (0, ())


def test_rows_without_any_cell_are_no_rows(tmp_path):
    made = read_bytes(tmp_path, (HEAD + ROWS[0] + ",,\n , ,\n" + ROWS[1]).encode())
    assert (made.rows, made.table["line"].tolist(), made.findings) == (2, [2, 5], ())


def test_keys_and_cells_are_in_no_finding_whatever_they_hold(tmp_path):
    rows = [{"voucher": "张三13800000001", "issued": "张三昨天", "amount": "张三", "person": "张三"}] * 3
    rows += [
        {"voucher": "李四", "issued": "2025-03-04", "amount": cell, "currency": "李四币"} for cell in ("-1", "1", "x")
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "l.csv", index=False)
    made = read(tmp_path, "vouchers_issued", {"file": tmp_path / "l.csv"})
    assert made.findings
    assert not any(word in repr(made.findings) + repr(made) for word in ("张三", "李四", "138"))


@pytest.mark.parametrize(
    "cell", ["=1+1", "\u202eP1", "P" * 10_000, "P\u200b1", "'; DROP TABLE people; --", "𠀀", "NaN", "None"]
)
def test_a_key_may_be_any_text(tmp_path, cell):
    pd.DataFrame([{"person": cell, "family": "F"}]).to_csv(tmp_path / "l.csv", index=False)
    table = read(tmp_path, "people", {"file": tmp_path / "l.csv"}).table
    assert table["person"].tolist() == [cell.replace("\u200b", "")]


def test_many_rows_with_one_broken_line_are_read(tmp_path):
    rows = "".join(f"A{place % 5000},P{place},2025-03-04\n" for place in range(300_000))
    made = read_bytes(tmp_path, (HEAD + rows + 'A1,"P\n' + rows.replace("2025-03", "2024-03")).encode())
    assert len(made.table) == 600_000
    assert made.findings[0].where == "attendance (l.csv), line 300002"
