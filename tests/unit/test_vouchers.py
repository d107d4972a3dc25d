"""Vouchers: counted, followed until they are used, and looked over; and the same from large files, month by month."""

import datetime as dt
import json
import os

import numpy as np
import pandas as pd
import pytest

from tests.small_ledgers import ledgers_of
from xzz_analysis.errors import InputError
from xzz_analysis.services.opening import open_ledgers
from xzz_analysis.services.vouchers.anomalies import CHANCE, RULES, anomalies, anomaly_findings, find_anomalies
from xzz_analysis.services.vouchers.book import voucher_book
from xzz_analysis.services.vouchers.concentration import (
    beside_change,
    by_category,
    by_distance,
    class_of,
    concentration,
)
from xzz_analysis.services.vouchers.counting import parts_of_amount, shares, totals
from xzz_analysis.services.vouchers.monthly import different_persons, monthly_tables
from xzz_analysis.services.vouchers.timing import expiry, first_use, redeemed_by_week, waiting
from xzz_analysis.study.services import Anomalies


def issue(voucher, person="p1", issued="2025-03-01", amount=100, **more):
    return {"voucher": voucher, "person": person, "issued": issued, "amount": amount, "category": "food", **more}


def use(voucher, redeemed="2025-03-11", merchant="m1", amount=100, **more):
    return {"voucher": voucher, "redeemed": redeemed, "merchant": merchant, "amount": amount, **more}


def book_of(folder, issued, redeemed, period="2025", **more):
    tables = {"vouchers_issued": issued, "vouchers_redeemed": redeemed, **more}
    ledgers = ledgers_of(folder, {name: rows for name, rows in tables.items() if len(rows)}, period)
    return ledgers, voucher_book(ledgers)


def measured(table):
    return table.set_index("measure")["estimate"].to_dict()


SMALL = (
    [issue("v1"), issue("v2", "p1"), issue("v3", "p2", amount=50), issue("v4", ""), issue("v5", "p3", "2024-12-30")],
    [use("v1", amount=60), use("v1", "2025-04-01", amount=40), use("v3", amount=20), use("v5", "2025-01-02")],
)


def test_a_period_is_counted_on_the_side_of_issue_and_of_redemption(tmp_path):
    _, book = book_of(tmp_path, *SMALL)
    assert measured(totals(book)) == {
        "vouchers_issued": 4,
        "voucher_amount_issued": 350,
        "voucher_receivers": 3,  # p1, p2 and the one nobody wrote down
        "voucher_redemptions": 4,
        "voucher_amount_redeemed": 220,
        "vouchers_redeemed": 3,
        "voucher_redeemers": 3,
    }


def test_uptake_is_of_the_vouchers_of_the_period_by_its_end(tmp_path):
    _, book = book_of(tmp_path, *SMALL)
    assert measured(shares(book)) == {
        "voucher_uptake": 0.5,
        "voucher_open": 0.5,
        "voucher_amount_share": pytest.approx(120 / 350),
    }
    _, march = book_of(tmp_path / "march", *SMALL, period="2025-03")
    assert measured(shares(march))["voucher_amount_share"] == pytest.approx(80 / 350)  # April is not known in March


def test_a_voucher_that_expired_is_not_open(tmp_path):
    issued = [issue("v1", expires="2025-06-30"), issue("v2", expires="2026-01-15"), issue("v3")]
    _, book = book_of(tmp_path, issued, [])
    assert measured(shares(book))["voucher_open"] == pytest.approx(2 / 3)
    told = expiry(book).set_index("option")
    assert told["vouchers"].to_dict() == {"expired": 1, "expiring": 1, "partly_used": 0}
    assert told["amount"].to_dict() == {"expired": 100, "expiring": 100, "partly_used": 0}


def test_other_currencies_are_in_no_sum_and_are_told(tmp_path):
    issued = [issue("v1"), issue("v2", currency="CNY"), issue("v3", currency="USD")]
    ledgers, book = book_of(tmp_path, issued, [use("v1"), use("v3", currency="USD")])
    assert measured(totals(book))["voucher_amount_issued"] == 200
    assert measured(totals(book))["voucher_amount_redeemed"] == 100
    told = [one for kind in ("vouchers_issued", "vouchers_redeemed") for one in ledgers.findings(kind)]
    assert [one.rule for one in told if "currency" in one.rule] == ["ledger_currency_mixed"] * 2


def test_groups_come_from_the_table_of_people(tmp_path):
    people = [{"person": "p1", "sex": "female", "hardship": "yes"}, {"person": "p2", "sex": "male", "hardship": ""}]
    _, book = book_of(tmp_path, *SMALL, people=people)
    found = shares(book, ["sex"]).query("measure == 'voucher_uptake'").set_index("sex")["estimate"]
    assert found.to_dict() == {"": 0.0, "female": 0.5, "male": 1.0}
    assert set(book.issued["hardship"]) == {"", "yes"}


def test_a_number_issued_twice_counts_once(tmp_path):
    _, book = book_of(tmp_path, [issue("v1", "p1"), issue("v1", "p2", "2025-03-05")], [use("v1")])
    assert len(book.issued) == len(book.redeemed) == 1


def test_vouchers_wait_as_kaplan_and_meier_say(tmp_path):
    # 4 used after 1, 2, 2 and 5 days; one issued late and censored after 3 days
    issued = [issue(f"v{at}") for at in range(4)] + [issue("v4", issued="2025-12-28")]
    days = {"v0": "2025-03-02", "v1": "2025-03-03", "v2": "2025-03-03", "v3": "2025-03-06"}
    _, book = book_of(tmp_path, issued, [use(name, day) for name, day in days.items()])
    waited = waiting(book)
    assert sorted(waited.days) == [1, 2, 2, 3, 5]
    curve = waited.curve().at([1, 2, 5])["survival"]
    assert curve.tolist() == pytest.approx([4 / 5, 2 / 5, 0.0])  # by hand: 4/5, × 2/4, × 0/1
    assert first_use(book).set_index("option")["estimate"].to_dict() == {
        "first_quarter": 2,
        "half": 2,
        "three_quarters": 5,
    }


def test_an_expired_voucher_keeps_waiting(tmp_path):
    issued = [issue("v1"), issue("v2", expires="2025-03-05")]
    _, book = book_of(tmp_path, issued, [use("v1")])
    assert redeemed_by_week(book)["estimate"].tolist()[-1] == 0.5
    assert first_use(book).set_index("option").loc["three_quarters", "reason"] == "beyond_the_data"


def test_a_redemption_before_the_issue_is_set_aside(tmp_path):
    _, book = book_of(tmp_path, [issue("v1"), issue("v2")], [use("v1", "2025-02-01"), use("v2")])
    assert waiting(book).before == 1 and waiting(book).days.tolist() == [10]


def test_concentration_is_herfindahls():
    found = concentration({"a": 50, "b": 30, "c": 20, "d": 0})
    assert found.merchants == 3 and found.herfindahl == pytest.approx(0.38)
    assert (found.largest, found.two_largest) == (0.5, 0.8)
    assert concentration({}).merchants == 0
    assert [class_of(value) for value in (0.05, 0.1, 0.2, float("nan"))] == [
        "spread",
        "concentrated",
        "highly_concentrated",
        "",
    ]


def test_a_voucher_without_a_category_takes_that_of_the_merchant(tmp_path):
    issued = [issue("v1"), {**issue("v2"), "category": ""}]
    merchants = [{"merchant": "m1", "category": "books"}]
    ledgers, book = book_of(tmp_path, issued, [use("v1"), use("v2", amount=30)], merchants=merchants)
    assert by_category(ledgers, book) == {"": {"m1": 130.0}, "books": {"m1": 30.0}, "food": {"m1": 100.0}}
    assert parts_of_amount(book.redeemed, ["category"])["food"] == {"m1": 100.0}


def test_change_and_uptake_stand_side_by_side():
    names = ["a", "b", "c", "d"]
    change = pd.DataFrame({"community": names, "estimate": [-0.1, 0.0, 0.1, 0.2], "low": -1.0, "high": 1.0})
    uptake = pd.DataFrame({"community": ["d", "c", "b", "a", "z"], "estimate": [0.1, 0.2, 0.3, 0.4, 0.5]})
    table = beside_change(change, uptake)
    assert table["uptake"].tolist() == [0.4, 0.3, 0.2, 0.1] and table.attrs["rank_correlation"] == pytest.approx(-1)
    assert np.isnan(beside_change(change[:3], uptake).attrs["rank_correlation"])
    metres = pd.DataFrame({"community": ["a", "b"], "metres": [900.0, 300.0]})
    assert by_distance(uptake, metres)["community"].tolist() == ["b", "a"]


def test_ledgers_without_vouchers_make_empty_tables(tmp_path):
    ledgers, book = book_of(tmp_path, [], [], people=[{"person": "p1"}])
    assert measured(totals(book))["vouchers_issued"] == 0
    assert shares(book)["estimate"].isna().all()
    assert first_use(book).empty and redeemed_by_week(book).empty and anomalies(ledgers, book).empty


# --- what a person should look at

LIMITS = Anomalies()


def uses(**columns):
    rows = pd.DataFrame(columns)
    rows["redeemed"] = pd.to_datetime(rows["redeemed"])
    told = {"person": "p1", "merchant": "m1", "amount": 37.0, "category": "food", "own": False}
    told |= {"voucher": [f"x{at * 7}" for at in range(len(rows))], "issued": pd.Timestamp("2025-01-01")}
    return rows.assign(**{name: value for name, value in told.items() if name not in rows})


def clock(count, seconds, start="2025-03-03 09:00"):
    return pd.date_range(start, periods=count, freq=f"{seconds}s")


def rules_of(rows, **limits):
    found = find_anomalies(rows, Anomalies(**limits))
    return {row["rule"]: (row["merchant"], f"{row['day']:%m-%d}", row["count"]) for row in found.to_dict("records")}


def strangers(count):
    return [f"p{at}" for at in range(count)]


def test_a_burst_is_listed_with_all_its_redemptions():
    times = [*clock(12, 30), pd.Timestamp("2025-03-03 15:00")]
    assert rules_of(uses(redeemed=times, person=strangers(13))) == {"voucher_burst": ("m1", "03-03", 12)}
    assert rules_of(uses(redeemed=clock(9, 30), person=strangers(9))) == {}
    assert rules_of(uses(redeemed=clock(12, 90), person=strangers(12))) == {}


def test_days_without_a_time_are_no_burst():
    assert rules_of(uses(redeemed=["2025-03-03"] * 40, person=strangers(40))) == {}


def test_round_amounts_are_judged_beside_other_merchants():
    times = clock(60, 7200)
    rows = uses(
        redeemed=times, person=strangers(60), merchant=["m1"] * 30 + ["m2"] * 30, amount=[50.0] * 30 + [37.0] * 30
    )
    assert rules_of(rows) == {"voucher_round_amounts": ("m1", "03-03", 30)}
    assert rules_of(rows.assign(amount=50.0)) == {}  # everybody takes whole vouchers: nothing to see
    assert rules_of(rows[rows["merchant"] == "m1"]) == {}


def test_one_person_at_many_merchants_is_listed_without_either():
    rows = uses(redeemed=clock(3, 120), merchant=["m1", "m2", "m3"])
    assert rules_of(rows) == {"voucher_many_merchants": ("", "03-03", 3)}
    assert rules_of(rows.assign(merchant=["m1", "m2", "m1"])) == {}
    assert rules_of(rows.assign(person="")) == {}


def test_redemptions_as_soon_as_issued_are_listed_from_three_on():
    rows = uses(redeemed=clock(3, 1200), person=strangers(3))
    rows["issued"] = rows["redeemed"] - pd.Timedelta(seconds=20)
    assert rules_of(rows) == {"voucher_at_once": ("m1", "03-03", 3)}
    assert rules_of(rows[:2]) == {}


def test_consecutive_numbers_of_several_people_are_listed():
    rows = uses(redeemed=clock(6, 60), person=strangers(6), voucher=[f"V{at:04}" for at in range(95, 101)])
    assert rules_of(rows) == {"voucher_in_a_row": ("m1", "03-03", 6)}
    assert rules_of(rows.assign(person="p1")) == {}  # a family that uses what it received


def test_a_familys_own_shop_is_listed(tmp_path):
    people = [{"person": "p1", "family": "f1"}, {"person": "p2", "family": "f1"}, {"person": "p3", "family": ""}]
    merchants = [{"merchant": "m1", "owner": "p2"}, {"merchant": "m2", "owner": "p3"}, {"merchant": "m3", "owner": ""}]
    issued = [issue("v1", "p1"), issue("v2", "p3"), issue("v3", "p3"), issue("v4", "p1")]
    redeemed = [use("v1"), use("v2", merchant="m2"), use("v3", merchant="m1"), use("v4", merchant="m3")]
    found = anomalies(*book_of(tmp_path, issued, redeemed, people=people, merchants=merchants))
    assert found[["rule", "merchant", "count"]].to_numpy().tolist() == [
        ["voucher_self_dealing", "m1", 1],
        ["voucher_self_dealing", "m2", 1],
    ]
    (told,) = anomaly_findings(found)
    assert (told.severity, told.count) == ("note", 2)
    assert "p1" not in str(told) and "v1" not in str(told)


def clean(seed, merchants=30, count=6000):
    """Redemptions of a year without anything planted: shop hours, and amounts as goods cost."""
    draw = np.random.default_rng(seed)
    moment = pd.Timestamp("2025-01-01") + pd.to_timedelta(draw.integers(0, 365, count), "D")
    moment += pd.to_timedelta(draw.integers(8 * 3600, 20 * 3600, count), "s")
    amount = np.where(draw.random(count) < 0.3, 50.0, np.round(draw.gamma(4, 8, count), 1))
    rows = uses(
        redeemed=moment,
        person=[f"p{at}" for at in draw.integers(0, 900, count)],
        merchant=[f"m{at}" for at in draw.integers(0, merchants, count)],
        amount=amount,
        voucher=[f"V{at:06}" for at in draw.permutation(count)],
    )
    return rows.assign(issued=rows["redeemed"] - pd.to_timedelta(draw.exponential(15, count) + 0.01, "D"))


def test_clean_ledgers_are_seldom_listed():
    listed = pd.concat([find_anomalies(clean(seed), LIMITS) for seed in range(20)])
    assert len(listed) <= 2  # of 120,000 redemptions; docs/methods/vouchers.md states the rate
    assert (listed["rule"] == "voucher_round_amounts").sum() <= max(1, 3 * 20 * CHANCE)


def test_what_is_planted_in_the_demonstration_is_found(root):
    ledgers = open_ledgers(root / "data" / "demo", "2025")
    found = anomalies(ledgers, voucher_book(ledgers))
    truth = json.loads((root / "data" / "demo" / "truth.json").read_text(encoding="utf-8"))["services"]["planted"]
    planted = {one["rule"]: one["count"] for one in truth if one["rule"] in set(RULES)}
    assert len(planted) == 4
    assert found.groupby("rule")["count"].sum().to_dict() == planted  # all of them, and nothing else
    places = {one["rule"]: one["merchant"] for one in truth if one["rule"] in planted and "merchant" in one}
    assert {row["rule"]: row["merchant"] for row in found.to_dict("records") if row["merchant"]} == places


# --- large ledgers


def large(folder, months=3, vouchers=400, seed=1, stray=0):
    """Monthly files of both ledgers; redemptions are of the month's vouchers or of the month before."""
    draw = np.random.default_rng(seed)
    before: list[str] = []
    for month in range(1, months + 1):
        start = pd.Timestamp(2025, month, 1)
        names = [f"V{month}{at:05}" for at in range(vouchers)]
        issued = pd.DataFrame({"voucher": names})
        issued["person"] = [f"p{at}" if at else "" for at in draw.integers(0, 150, vouchers)]
        issued["issued"] = start + pd.to_timedelta(draw.integers(0, 2_400_000, vouchers), "s")
        issued["amount"] = draw.integers(1, 9, vouchers) * 10.0
        issued["currency"] = np.where(draw.random(vouchers) < 0.01, "USD", "CNY")
        issued["category"] = draw.choice(["food", "books", ""], vouchers)
        issued["community"] = draw.choice(["c1", "c2"], vouchers)
        chosen = draw.choice([*names, *before], vouchers)
        redeemed = pd.DataFrame({"voucher": chosen})
        redeemed.loc[: stray - 1, "voucher"] = [f"stray{month}{at}" for at in range(stray)]
        redeemed["redeemed"] = start + pd.to_timedelta(draw.integers(0, 2_400_000, vouchers), "s")
        redeemed["merchant"] = draw.choice([f"m{at}" for at in range(6)], vouchers)
        redeemed["amount"] = draw.integers(100, 900, vouchers) / 100
        issued.to_parquet(folder / f"issued_{month:02}.parquet")
        redeemed.to_parquet(folder / f"redeemed_{month:02}.parquet")
        before = names
    return files(folder)


def files(folder):
    return sorted(folder.glob("issued_*.parquet")), sorted(folder.glob("redeemed_*.parquet"))


def one_pass(issued, redeemed):
    """The monthly tables of both ledgers at once, in pandas."""
    first = pd.concat(map(pd.read_parquet, issued))
    first = first[first["currency"] == "CNY"]
    first["who"] = first["person"].where(first["person"] != "", "voucher " + first["voucher"])
    second = pd.concat(map(pd.read_parquet, redeemed)).merge(
        first[["voucher", "who", "category", "community"]], on="voucher", how="left"
    )
    second["who"] = second["who"].fillna("unknown " + second["voucher"])
    second[["category", "community"]] = second[["category", "community"]].fillna("")
    tables = []
    for table, day, name in ((first, "issued", "vouchers"), (second, "redeemed", "redemptions")):
        month = table[day].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]").rename("month")
        split = table.groupby([month, "community", "category"])
        made = split.agg(**{name: ("voucher", "size"), "amount": ("amount", "sum"), "persons": ("who", "nunique")})
        tables.append(made.reset_index())
    return tables, {"issued": first["who"].nunique(), "redeemed": second["who"].nunique()}


def assert_same(found, wanted):
    found = found.assign(month=found["month"].astype("datetime64[us]"))
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_months_from_partials_equal_a_single_pass(tmp_path):
    issued, redeemed = large(tmp_path, stray=5)
    found = monthly_tables(issued, redeemed, tmp_path / "store")
    (first, second), people = one_pass(issued, redeemed)
    assert_same(found.issued, first)
    assert_same(found.redeemed, second)
    assert different_persons(issued, redeemed, tmp_path / "store") == people
    assert found.unknown == (second["community"] == "").mul(second["redemptions"]).sum()
    assert sum(found.elsewhere.values()) > 0 and set(found.elsewhere) == {"USD"}
    used = set().union(*(pd.read_parquet(path)["voucher"] for path in redeemed))
    every = pd.concat(map(pd.read_parquet, issued)).query("currency == 'CNY'")
    assert found.uptake["used"].sum() == every["voucher"].isin(used).sum()
    assert found.uptake["vouchers"].sum() == len(every)


def test_one_more_month_reads_that_month_alone(tmp_path):
    issued, redeemed = large(tmp_path)
    store = tmp_path / "store"
    first = monthly_tables(issued[:2], redeemed[:2], store)
    assert len(first.read) == 4
    for path in (*issued[:2], *redeemed[:2]):  # as long, of the same time, and no Parquet any more
        stands = path.stat()
        path.write_bytes(b"?" * stands.st_size)

        os.utime(path, ns=(stands.st_atime_ns, stands.st_mtime_ns))
    found = monthly_tables(issued, redeemed, store)
    assert found.read == ("issued_03.parquet", "redeemed_03.parquet")
    afresh = tmp_path / "afresh"
    afresh.mkdir()
    whole = monthly_tables(*large(afresh), afresh / "store")
    assert_same(found.redeemed, whole.redeemed)
    pd.testing.assert_frame_equal(found.uptake, whole.uptake)
    assert monthly_tables(issued, redeemed, store).read == ()


def test_a_changed_file_is_read_again(tmp_path):
    issued, redeemed = large(tmp_path, 2)
    store = tmp_path / "store"
    before = monthly_tables(issued, redeemed, store)
    table = pd.read_parquet(redeemed[1])
    table.loc[[0, 1], "amount"] = table.loc[[1, 0], "amount"].to_numpy()  # sizes and statistics stay as they are
    table.to_parquet(redeemed[1])
    after = monthly_tables(issued, redeemed, store)
    assert after.read == ("redeemed_02.parquet",)
    assert after.redeemed["amount"].sum() == pytest.approx(before.redeemed["amount"].sum())


def test_a_late_file_of_issues_finds_the_vouchers_that_were_unknown(tmp_path):
    issued, redeemed = large(tmp_path, 2)
    store = tmp_path / "store"
    assert monthly_tables(issued[1:], redeemed, store).unknown > 0
    found = monthly_tables(issued, redeemed, store)
    (_, second), _ = one_pass(issued, redeemed)
    assert_same(found.redeemed, second)


def test_a_month_in_several_files_counts_its_people_once(tmp_path):
    issued, redeemed = large(tmp_path, 2)
    table = pd.read_parquet(issued[0])
    table[:200].to_parquet(tmp_path / "issued_01a.parquet")
    table[200:].to_parquet(issued[0])
    issued, redeemed = files(tmp_path)
    assert len(issued) == 3
    (first, _), people = one_pass(issued, redeemed)
    assert_same(monthly_tables(issued, redeemed, tmp_path / "store").issued, first)
    months = (dt.date(2025, 1, 1), dt.date(2025, 1, 1))
    assert different_persons(issued, redeemed, tmp_path / "store", months)["issued"] < people["issued"]


def test_large_and_small_ledgers_list_the_same(tmp_path):
    issued, redeemed = large(tmp_path, 1)
    table = pd.read_parquet(redeemed[0])
    table.loc[:14, "redeemed"] = clock(15, 20, "2025-01-09 10:00")
    table.loc[:14, "merchant"] = "m9"
    table.to_parquet(redeemed[0])
    found = monthly_tables(issued, redeemed, tmp_path / "store").anomalies
    known = pd.read_parquet(issued[0]).query("currency == 'CNY'").set_index("voucher")[["person", "category", "issued"]]
    rows = table.join(known, on="voucher").assign(own=False)
    rows[["person", "category"]] = rows[["person", "category"]].fillna("")
    small = find_anomalies(rows, LIMITS)
    both = ["voucher_burst", "voucher_round_amounts", "voucher_many_merchants"]
    wanted = small[small["rule"].isin(both)].reset_index(drop=True)
    assert len(wanted) and set(found["rule"]) >= {"voucher_burst"}
    pd.testing.assert_frame_equal(found.drop(columns="expected"), wanted.drop(columns="expected"), check_dtype=False)


def test_a_voucher_in_two_files_belongs_to_the_later_and_is_used_once(tmp_path):
    issued, redeemed = large(tmp_path, 2)
    later = pd.read_parquet(issued[1])
    later.loc[:9, "voucher"] = pd.read_parquet(issued[0])["voucher"].loc[:9].to_numpy()
    later.loc[:9, ["community", "currency"]] = ["c9", "CNY"]
    later.to_parquet(issued[1])
    uses = pd.read_parquet(redeemed[0])
    uses.loc[:9, "voucher"] = later["voucher"].loc[:9].to_numpy()
    uses.loc[10:19, "voucher"] = later["voucher"].loc[:9].to_numpy()  # in parts
    uses.to_parquet(redeemed[0])
    found = monthly_tables(issued, redeemed, tmp_path / "store")
    c9 = found.uptake[found.uptake["community"] == "c9"]
    assert c9["vouchers"].sum() == c9["used"].sum() == 10
    spent = pd.concat(map(pd.read_parquet, redeemed)).query("voucher in @later.voucher[:10].to_numpy()")["amount"].sum()
    assert c9["spent"].sum() == pytest.approx(spent)


def test_a_file_without_lines_or_with_cells_not_stated_is_read(tmp_path):
    issued, redeemed = large(tmp_path, 2)
    table = pd.read_parquet(issued[0])
    table.loc[:99, ["person", "category", "community"]] = None
    table.to_parquet(issued[0])
    for path in (issued[1], redeemed[1]):
        pd.read_parquet(path)[:0].to_parquet(path)
    found = monthly_tables(issued, redeemed, tmp_path / "store")
    assert found.issued["vouchers"].sum() == (table["currency"] == "CNY").sum()
    nowhere = found.issued[(found.issued["community"] == "") & (found.issued["category"] == "")]
    assert nowhere["vouchers"].sum() == nowhere["persons"].sum() == (table["currency"][:100] == "CNY").sum()


def test_files_that_cannot_be_used_are_named(tmp_path):
    bad = tmp_path / "issued_01.parquet"
    bad.write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"issued_01\.parquet cannot be read as Parquet"):
        monthly_tables([bad], [], tmp_path / "store")
    pd.DataFrame({"voucher": ["v1"], "issued": [pd.Timestamp("2025-01-01")]}).to_parquet(bad)
    with pytest.raises(InputError, match="has no column amount"):
        monthly_tables([bad], [], tmp_path / "store")
    assert not list((tmp_path / "store").glob("*draft*")) and not list((tmp_path / "store").glob("scratch*"))


def test_no_files_make_empty_tables(tmp_path):
    found = monthly_tables([], [], tmp_path / "store")
    assert found.issued.empty and found.redeemed.empty and found.uptake.empty and found.unknown == 0
