"""One ledger: headers, cells of every kind, what is left out and what is told about it."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.small_ledgers import ledgers_of, write_study
from tests.typed_ledgers import read
from xzz_analysis.errors import InputError
from xzz_analysis.services.ledgers import COLUMNS, empty_ledger, ledger_columns
from xzz_analysis.services.ledgers.cells import Meaning, read_cells
from xzz_analysis.services.ledgers.cells.words import read_secrets

ACTIVITY = {"activity": "A1", "date": "2025-03-04", "type": "group"}
ISSUED = {"voucher": "V1", "issued": "2025-03-04", "amount": "50"}
SPENT = {"voucher": "V", "merchant": "M", "amount": "1"}


def cells_of(kind, column, texts):
    one = next(one for one in ledger_columns(kind) if one.id == column)
    return read_cells(pa.chunked_array([pa.array(texts, pa.large_string())]), one, Meaning("Asia/Shanghai", key=b"k"))


def told(ledgers, kind):
    return {one.rule: one.count for one in ledgers.findings(kind)}


def of_one(tmp_path, kind, rows, **services):
    ledgers = ledgers_of(tmp_path / "s", {kind: rows}, **services)
    return ledgers.table(kind), told(ledgers, kind)


# Cells ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["2025-11-03", "2025/11/3", "2025.11.3", "2025年11月3日", "２０２５年１１月３日", "20251103", "45964", "45964.6",
     "2025-11-03 14:30:05", "2025-11-03T14:30:05+08:00", "2025-11-02T23:00:00Z", " 2025 年 11 月 3 日 "],
)  # fmt: skip
def test_days_are_read_however_they_are_written(text):
    assert str(cells_of("activities", "date", [text]).values[0]) == "2025-11-03 00:00:00"


@pytest.mark.parametrize("text", ["2025-02-30", "2025-13-01", "11月3日", "3/11/2025", "0025-01-01", "2025-11", "-1"])
def test_days_that_cannot_be_are_unread(text):
    made = cells_of("activities", "date", [text, "", "2025-11-03"])
    assert (made.unread.tolist(), made.missing.tolist()) == ([True, False, False], [True, True, False])


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2025-11-03 14:30", "14:30:00"), ("2025/11/3 9:05:07", "09:05:07"), ("2025年11月3日 14时30分5秒", "14:30:05"),
     ("45964.604166666664", "14:30:00"), ("2025-11-03T06:30:00Z", "14:30:00"),
     ("2025-11-03 14:29:59.9999", "14:30:00")],
)  # fmt: skip
def test_moments_are_read_to_the_second_on_the_clock_of_the_study(text, moment):
    assert str(cells_of("vouchers_issued", "issued", [text]).values[0]) == f"2025-11-03 {moment}"


@pytest.mark.parametrize("text", ["2015-03", "2015年3月", "2015/3", "2015-03-17", "2015年3月17日", "20150317"])
def test_months_are_read_with_and_without_a_day(text):
    assert str(cells_of("people", "born", [text]).values[0]) == "2015-03-01 00:00:00"


@pytest.mark.parametrize(
    ("column", "text", "number"),
    [("amount", "1,200.50", 1200.5), ("amount", "￥1，200.5元", 1200.5), ("amount", "人民币50元整", 50),
     ("amount", "-3", -3),
     ("amount", "1,20", None), ("amount", "约50", None), ("amount", "nan", None), ("amount", "1e999", None),
     ("amount", "12.345", 12.34)],
)  # fmt: skip
def test_money_is_read_as_people_write_it(column, text, number):
    assert cells_of("vouchers_issued", column, [text]).values[0].as_py() == number


def test_amounts_with_more_than_two_decimals_are_told_and_noise_is_not():
    made = cells_of("vouchers_issued", "amount", ["12.345", "12.30", "0.30000000000000004"])
    assert made.rounded.tolist() == [True, False, False]


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("12.0", 12), ("1,200", 1200), ("1.5", None), ("-1", None)])
def test_whole_numbers_are_0_or_more(text, number):
    assert cells_of("activities", "person_times", [text]).values[0].as_py() == number


def test_flags_choices_and_words_are_read_in_both_languages():
    assert cells_of("people", "hardship", ["是", "No", "1", "×", "", "maybe"]).values.to_pylist() == [
        True, False, True, False, None, None
    ]  # fmt: skip
    made = cells_of("activities", "type", ["家访", " home VISIT ", "入户 探访", "HOME_VISIT", "讲座"])
    assert made.values.to_pylist() == ["home_visit"] * 4 + [""]
    assert made.unread.tolist() == [False] * 4 + [True]
    assert cells_of("people", "person", [" Ｐ１ ", "p1"]).values.to_pylist() == ["P1", "p1"]


def test_phones_are_hashed_with_a_key_and_alike_however_they_are_written():
    phones = pa.chunked_array([pa.array(["138 0000 0001", "+86-13800000001", "13800000002", "无", "000000000"])])
    one, again = read_secrets(phones, b"a").to_pylist(), read_secrets(phones, b"b").to_pylist()
    assert one[0] == one[1] != one[2]
    assert one[3:] == ["", ""]
    assert one[0] != again[0]
    assert "1380" not in "".join(one)


@pytest.mark.parametrize("kind", COLUMNS)
def test_an_empty_ledger_has_the_columns_and_types_of_a_read_one(tmp_path, kind):
    named = {"currency": "CNY"}
    texts = {"day": "2025-03-04", "moment": "2025-03-04", "month": "2015-01", "flag": "是"}
    row = {
        one.id: named.get(one.id) or next(iter(one.choices), texts.get(one.kind, "1")) for one in ledger_columns(kind)
    }
    table, _ = of_one(tmp_path, kind, [row])
    assert len(table) == 1
    pd.testing.assert_series_equal(empty_ledger(kind).table.dtypes, table.dtypes)


# Headers --------------------------------------------------------------------------------------------------------------


def test_headers_may_be_in_either_language_or_named_by_the_study(tmp_path):
    rows = [{"活动编号": "A1", "DATE": "2025-03-04", "服务 类型*": "group", "场地": "x", "来了多少": "7"}]
    ledgers = ledgers_of(tmp_path / "s", {"activities": rows})
    assert ledgers.table("activities")["activity"].tolist() == ["A1"]
    note = ledgers.findings("activities")[0]
    assert (note.rule, note.severity, note.count) == ("ledger_header_unknown", "note", 2)
    assert "'场地'" in note.message
    source = {"file": tmp_path / "s" / "activities.csv", "columns": {"来了多少": "person_times"}}
    assert read(tmp_path, "activities", source).table["person_times"].tolist() == [7]


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ({"date": "2025-03-04", "tpye": "group"}, {}, r"no column 'type' \(类型, Type; did you mean 'tpye'\?\)"),
        ({**ACTIVITY, "日期": "2025-03-05"}, {}, "'date' and '日期' both mean date"),
        (ACTIVITY, {"when": "date"}, "no header 'when' that services.activities.columns names"),
        (ACTIVITY, {"date": "dat"}, "the ledger has no column 'dat'; did you mean 'date'"),
        ({"13800000001": "P1", "张三的孩子@home": "x"}, {}, "no column 'date'"),
    ],
)
def test_headers_that_do_not_fit_are_an_error_with_the_nearest_one(tmp_path, row, columns, message):
    pd.DataFrame([row]).to_csv(tmp_path / "l.csv", index=False)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, "activities", {"file": tmp_path / "l.csv", "columns": columns})
    assert "13800000001" not in str(caught.value)


def test_a_header_named_by_the_study_counts_before_one_that_looks_right(tmp_path):
    pd.DataFrame([{**ACTIVITY, "real day": "2025-05-05"}]).to_csv(tmp_path / "l.csv", index=False)
    made = read(tmp_path, "activities", {"file": tmp_path / "l.csv", "columns": {"real day": "date"}})
    assert str(made.table["date"][0].date()) == "2025-05-05"


# Rows -----------------------------------------------------------------------------------------------------------------


def test_a_required_cell_that_cannot_be_read_takes_its_row_and_others_only_the_cell(tmp_path):
    rows = [
        ACTIVITY,
        {**ACTIVITY, "date": "soon"},
        {**ACTIVITY, "type": ""},
        {**ACTIVITY, "domain": "sports", "activity": "A4"},
    ]
    ledgers = ledgers_of(tmp_path / "s", {"activities": rows})
    assert ledgers.table("activities")["activity"].tolist() == ["A1", "A4"]
    found = {(one.rule, one.where) for one in ledgers.findings("activities")}
    assert found == {
        ("ledger_row_left_out", "activities (activities.csv), line 3"),
        ("ledger_row_left_out", "activities (activities.csv), line 4"),
        ("ledger_cell_unread", "activities (activities.csv), line 5"),
    }
    assert "soon" not in str(ledgers.findings("activities"))


@pytest.mark.parametrize(
    ("kind", "row", "rule"),
    [
        ("activities", {**ACTIVITY, "date": "2026-01-01"}, "date_future"),
        ("vouchers_issued", {**ISSUED, "amount": "-50"}, "amount_negative"),
        ("vouchers_issued", {**ISSUED, "amount": "0"}, "amount_zero"),
        ("vouchers_issued", {**ISSUED, "currency": "USD"}, "currency_mixed"),
        ("roles", {"person": "P1", "role": "staff", "since": "2025-03-04", "until": "2025-03-01"}, "until_before"),
    ],
)
def test_a_row_that_is_wrong_by_itself_is_left_out_and_counted(tmp_path, kind, row, rule):
    assert [len(one) for one in of_one(tmp_path, kind, [row])] == [0, 1]
    assert of_one(tmp_path, kind, [row])[1] == {f"ledger_{rule}": 1}


@pytest.mark.parametrize("currency", ["", "CNY", "人民币", "rmb", "元", "￥"])
def test_one_currency_has_many_names(tmp_path, currency):
    table, found = of_one(tmp_path, "vouchers_issued", [{**ISSUED, "currency": currency}])
    assert (table["currency"].tolist(), found) == (["CNY"], {})


def test_the_last_day_counts_and_the_next_does_not_and_plans_may_lie_ahead(tmp_path):
    rows = [{**ISSUED, "issued": "2025-12-31 23:59:59"}, {**ISSUED, "voucher": "V2", "issued": "2026-01-01"}]
    assert of_one(tmp_path, "vouchers_issued", rows)[1] == {"ledger_date_future": 1}
    project = {"project": "X", "indicator": "persons", "target": "9", "since": "2027-01-01", "until": "2027-12-31"}
    assert len(of_one(tmp_path / "b", "projects", [project])[0]) == 1


def test_more_persons_than_person_times_count_as_not_known(tmp_path):
    table, found = of_one(tmp_path, "activities", [{**ACTIVITY, "person_times": "3", "persons": "5"}])
    assert (table["person_times"][0], table["persons"].isna()[0], found) == (3, True, {"ledger_persons_exceed": 1})


@pytest.mark.parametrize(
    ("kind", "row", "kept", "found"),
    [
        ("activities", ACTIVITY, 1, {"ledger_row_repeated": 1}),
        ("activities", {**ACTIVITY, "activity": ""}, 2, {"ledger_row_alike": 1}),
        ("vouchers_redeemed", {**SPENT, "redeemed": "2025-03-04"}, 2, {"ledger_row_alike": 1}),
        ("vouchers_redeemed", {**SPENT, "redeemed": "2025-03-04 10:00"}, 1, {"ledger_row_repeated": 1}),
        ("attendance", {"activity": "A", "person": "P", "date": "2025-03-04"}, 1, {"ledger_attendance_twice": 1}),
    ],
)  # fmt: skip
def test_rows_that_are_there_twice_count_once_where_that_is_certain(tmp_path, kind, row, kept, found):
    table, noticed = of_one(tmp_path, kind, [row, row])
    assert (len(table), noticed) == (kept, found)


def test_a_number_with_two_rows_that_differ_keeps_the_first_and_activities_keep_both(tmp_path):
    assert of_one(tmp_path, "vouchers_issued", [ISSUED, {**ISSUED, "amount": "60"}])[1] == {"ledger_key_repeated": 1}
    table, found = of_one(tmp_path / "b", "activities", [ACTIVITY, {**ACTIVITY, "date": "2025-03-11"}])
    assert (len(table), found) == (2, {"ledger_key_repeated": 1})


def test_attendance_without_a_day_has_the_day_of_its_activity(tmp_path):
    came = [{"activity": "A1", "person": "P1", "date": ""}, {"activity": "A9", "person": "P1", "date": ""},
            {"activity": "A1", "person": "P1", "date": "2025-03-04"}]  # fmt: skip
    ledgers = ledgers_of(tmp_path / "s", {"activities": [ACTIVITY], "attendance": came}, "2025-03")
    assert ledgers.during("attendance")["activity"].tolist() == ["A1"]
    assert told(ledgers, "attendance") == {"ledger_attendance_twice": 1, "ledger_attendance_undated": 1}


def test_one_phone_or_id_under_two_keys_is_a_finding_and_both_are_dropped(tmp_path):
    rows = [
        {"person": "P1", "phone": "13800000001", "sex": "女", "born": "2015-01", "id_number": "11010120150101002X"},
        {"person": "P2", "phone": "138-0000-0001", "sex": "女", "born": "2015-01", "id_number": ""},
        {"person": "P3", "phone": "13800000001", "sex": "男", "born": "2012-01", "id_number": "11010120150101002x"},
    ]
    table, found = of_one(tmp_path, "people", rows)
    assert not {"phone", "id_number"} & set(table)
    assert found == {"ledger_person_twice": 2}
    made = read(tmp_path / "b", "people", {"file": tmp_path / "s" / "people.csv"})
    assert sorted(one.message.partition("share ")[2][:5] for one in made.findings) == ["id_nu", "phone"]
    assert not any(word in str(made.findings) for word in ("P1", "P2", "1380", "1101"))


def test_codes_may_be_written_by_the_names_of_the_study(tmp_path):
    words = {"food": {"zh": "食品", "en": "Food"}, "slow": {"zh": "结算慢", "en": "slow settlement"}}
    table, _ = of_one(tmp_path, "vouchers_issued", [{**ISSUED, "category": " 食 品"}], categories=words)
    assert table["category"].tolist() == ["food"]
    visit = {"merchant": "M", "date": "2025-01-01", "outcome": "joined", "reasons": "结算慢; other、结算慢"}
    table, _ = of_one(tmp_path / "b", "merchant_visits", [visit], categories=words)
    assert table["reasons"].tolist() == [("slow", "other")]


def test_communities_are_keys_or_names_and_unknown_ones_are_told(tmp_path):
    from xzz_analysis.services.ledgers import read_ledger

    rows = [
        {**ACTIVITY, "activity": f"A{place}", "community": word}
        for place, word in enumerate(["c1", "河岸", "River bank", "C1", "Nowhere", ""])
    ]
    study = write_study(tmp_path / "s", {"activities": rows})
    named = study.settings.services.activities
    names = {"c1": {"zh": "河岸", "en": "River Bank"}, "c2": {"zh": "山上", "en": "Hill"}}
    made = read_ledger(study, "activities", named, names)
    assert made.table["community"].tolist() == ["c1", "c1", "c1", "c1", "Nowhere", ""]
    assert [(one.rule, one.count) for one in made.findings] == [("ledger_community_unknown", 1)]
    assert read_ledger(study, "activities", named, {}).findings == ()


def test_several_files_are_one_ledger_and_problems_of_all_are_told_together(tmp_path):
    for month in (1, 2, 3):
        row = {**ACTIVITY, "activity": f"A{month}", "date": f"2025-0{month}-01", "count": "many"}
        pd.DataFrame([row]).to_csv(tmp_path / f"m{month}.csv", index=False)
    made = read(tmp_path, "activities", {"file": tmp_path / "m*.csv"})
    assert made.table["activity"].tolist() == ["A1", "A2", "A3"]
    assert [(one.where, one.count) for one in made.findings] == [("activities (m1.csv), line 2 and 2 more file(s)", 3)]


def test_only_wanted_columns_of_parquet_are_read_and_their_types_are_kept(tmp_path):
    consent = pa.array([dt.datetime(2025, 1, 1, 20)], pa.timestamp("ns", "UTC"))
    table = pa.table(
        {"person": pa.array(["P1"]).dictionary_encode(), "born": [dt.date(2015, 3, 9)], "consent": consent}
    )
    table = table.append_column("hardship", pa.array([True])).append_column("letters", pa.array([{"a": 1}]))
    pq.write_table(table, tmp_path / "people.parquet")
    row = read(tmp_path, "people", {"file": tmp_path / "people.parquet"}).table.iloc[0]
    assert (row["person"], str(row["born"].date()), bool(row["hardship"])) == ("P1", "2015-03-01", True)
    assert str(row["consent"].date()) == "2025-01-02"  # Shanghai's day


def test_who_asked_to_be_forgotten_is_not_read(tmp_path):
    from xzz_analysis.intake.privacy.vault import Vault
    from xzz_analysis.study import open_study

    rows = [{"person": f"P{place}", "family": "F"} for place in range(3)]
    write_study(tmp_path / "s", {"people": rows})
    text = (tmp_path / "s" / "study.yml").read_text(encoding="utf-8")
    (tmp_path / "s" / "study.yml").write_text(text + "privacy: {}\n", encoding="utf-8")
    (tmp_path / "s" / "privacy.yml").write_text("{}\n")
    study = open_study(tmp_path / "s")
    vault = Vault.open(study.folder, study.settings.privacy.vault)
    keys = pd.Series(["P1"])
    vault.remember("child", "2025", vault.pseudonyms(keys), pd.DataFrame({"key": keys}))
    vault.forget("P1")
    made = read_again(study)
    assert made.table["person"].tolist() == ["P0", "P2"]
    note = made.findings[0]
    assert (note.rule, note.count, note.where) == ("ledger_forgotten", 0, "people (people.csv)")
    assert "fewer than 5 rows" in note.message


def read_again(study):
    from xzz_analysis.services.ledgers import read_ledger

    return read_ledger(study, "people", study.settings.services.people)


def test_the_page_on_services_lists_every_column(root):
    from xzz_analysis.services.ledgers.columns import columns_table

    page = (root / "docs/services.md").read_text(encoding="utf-8")
    assert [kind for kind in COLUMNS if columns_table(kind) not in page] == []
