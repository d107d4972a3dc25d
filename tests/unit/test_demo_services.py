"""The demonstration's ledgers: nobody real is in them, they add up to truth.json, and exactly the planted is found."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from xzz_analysis.errors import Finding
from xzz_analysis.services.checks import check_ledgers
from xzz_analysis.services.ledgers import ledger_columns
from xzz_analysis.services.opening import Ledgers, open_ledgers
from xzz_analysis.services.vouchers.anomalies import anomalies
from xzz_analysis.services.vouchers.book import voucher_book
from xzz_analysis.study.services import LEDGERS

DEMO = Path(__file__).parents[2] / "data" / "demo"
FOLDER = DEMO / "services"
TRUTH = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))["services"]
COMMUNITIES = ("weidu", "tangxu", "xingzhan", "heyan")
PLANTED = [one for one in TRUTH["planted"] if one["rule"].startswith("ledger_")]
LOOKED_AT = [one for one in TRUTH["planted"] if one["rule"].startswith("voucher_")]
ADDED = {
    "activities": ("ledger_date_future", "ledger_row_repeated"),
    "attendance": (
        "ledger_attendance_before_consent",
        "ledger_attendance_after_withdrawal",
        "ledger_attendance_twice",
    ),
    "points": ("ledger_row_left_out",),
    "roles": ("ledger_roles_exclusive",),
    "vouchers_issued": ("ledger_currency_mixed", "ledger_row_left_out"),
    "vouchers_redeemed": (
        "ledger_redeemed_before_issue",
        "ledger_merchant_unknown",
        "ledger_amount_negative",
        "ledger_currency_mixed",
        "ledger_date_future",
        "ledger_redeemed_too_much",
        "ledger_row_repeated",
    ),
}
"""Mistakes that are rows of their own, and not changes of others."""
Frame = pd.DataFrame


def planted(rule: str, ledger: str, what: str = "count") -> float:
    return sum(one[what] for one in TRUTH["planted"] if (one["rule"], one["ledger"]) == (rule, ledger))


@pytest.fixture(scope="module")
def files() -> dict[str, Frame]:
    """The ledgers as text, read without the library."""
    tables = {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        for path in FOLDER.glob("*.csv")
    }
    visits = pd.read_excel(FOLDER / "merchant_visits.xlsx", dtype=str, keep_default_na=False, engine="calamine")
    redeemed = pd.read_parquet(FOLDER / "vouchers_redeemed.parquet")
    return {**tables, "merchant_visits": visits, "vouchers_redeemed": redeemed}


@pytest.fixture(scope="module")
def demo() -> Ledgers:
    return open_ledgers(DEMO, "2025")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Ledgers:
    """The same study with ledgers in which nothing is planted."""
    folder = tmp_path_factory.mktemp("clean") / "demo"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("__pycache__"))
    script = [sys.executable, "-W", "error", DEMO / "demo_services.py", folder / "services"]
    subprocess.run(script, check=True, cwd=folder)
    return open_ledgers(folder, "2025")


def test_every_ledger_is_there_and_small(files) -> None:
    assert set(files) == set(LEDGERS)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000


@pytest.mark.parametrize("kind", LEDGERS)
def test_columns_are_those_of_the_contract_and_hold_no_name(kind, files) -> None:
    known = {column.label["zh"] if kind == "merchant_visits" else column.id for column in ledger_columns(kind)}
    assert set(files[kind]) <= known
    assert not {"phone", "id_number"} & set(files[kind])


@pytest.mark.parametrize("kind", LEDGERS)
def test_the_rows_are_the_clean_ones_and_those_planted(kind, files) -> None:
    more = sum(planted(rule, kind) for rule in ADDED.get(kind, ()))
    if kind in ("people", "attendance"):  # four people are there under a second key, and came once with it
        more += planted("ledger_person_perhaps_twice", "people", "persons")
    assert len(files[kind]) == TRUTH["rows"][kind] + more


def test_keys_of_people_mean_nobody(files) -> None:
    keys = set(files["people"]["person"])
    assert all(re.fullmatch(r"P\d{5}", key) for key in keys)
    assert len(keys) == len(files["people"])
    raw = "".join(path.read_text(encoding="utf-8") for path in (DEMO / "raw").glob("*.csv"))
    assert not re.search(r"\b[PJ]\d{4,5}\b", raw)


@pytest.mark.parametrize(
    ("kind", "column"),
    [(kind, "person") for kind in ("attendance", "roles", "points", "scores", "vouchers_issued")],
)
def test_every_key_is_in_the_table_of_people(kind, column, files) -> None:
    assert set(files[kind][column]) <= set(files["people"]["person"])


def test_ties_are_between_those_who_are_known(files) -> None:
    known = {*files["people"]["person"], *files["merchants"]["merchant"], *files["organisations"]["organisation"]}
    assert set(files["ties"]["source"]) | set(files["ties"]["target"]) <= known
    assert (files["ties"]["source"] != files["ties"]["target"]).all()


def test_merchants_of_the_map_stand_as_the_map_says(files) -> None:
    resources = pd.read_excel(DEMO / "places/resources.xlsx", dtype=str, engine="calamine").set_index("编号")
    last = files["merchant_visits"].drop_duplicates("商户编号", keep="last").set_index("商户编号")["结果"]
    joined = files["merchants"][files["merchants"]["resource"] != ""].set_index("merchant")["resource"]
    assert len(joined) == 11
    assert {resource: last[name] for name, resource in joined.items()} == {
        resource: resources.loc[resource, "关爱券商户状态"] for resource in joined
    }


def said(findings: tuple[Finding, ...]) -> Counter:
    return Counter({(one.rule, one.where.split()[0]): one.count for one in findings})


def test_exactly_the_planted_mistakes_are_found(demo) -> None:
    assert said(check_ledgers(demo)) == {(one["rule"], one["ledger"]): one["count"] for one in PLANTED}


def test_nothing_is_found_in_clean_ledgers(clean) -> None:
    assert check_ledgers(clean) == ()
    assert anomalies(clean, voucher_book(clean)).empty


def test_exactly_the_planted_redemptions_are_listed(demo) -> None:
    listed = anomalies(demo, voucher_book(demo)).groupby("rule")["count"].sum()
    assert listed.to_dict() == {one["rule"]: one["count"] for one in LOOKED_AT}


@pytest.mark.parametrize("rule", ["voucher_burst", "voucher_round_amounts", "voucher_self_dealing"])
def test_the_listed_merchant_is_the_planted_one(rule, demo) -> None:
    table = anomalies(demo, voucher_book(demo))
    (one,) = (one for one in LOOKED_AT if one["rule"] == rule)
    assert table.loc[table["rule"] == rule, "merchant"].tolist() == [one["merchant"]]


def test_the_burst_and_the_tour_of_shops_are_listed_in_their_month() -> None:
    ledgers = open_ledgers(DEMO, "2025-11")
    table = anomalies(ledgers, voucher_book(ledgers))
    days = [f"{day:%Y-%m-%d}" for day in table["day"]]
    assert {("voucher_burst", "2025-11-18"), ("voucher_many_merchants", "2025-11-06")} <= set(
        zip(table["rule"], days, strict=True)
    )


@pytest.mark.parametrize("period", ["2025", "2025-11"])
def test_activities_and_person_times_are_those_of_the_truth(period, files) -> None:
    held = files["activities"].drop_duplicates()
    held = held[held["date"].str.startswith(period)]
    told = TRUTH["periods"][period]
    assert held["count"].replace("", "1").astype(int).sum() == told["activities"][""]
    came = files["attendance"].drop_duplicates()
    sizes = came["activity"].value_counts()
    counted = held[~held["activity"].isin(sizes.index) & (held["person_times"] != "")]
    assert counted["person_times"].astype(int).sum() == told["counted"][""]
    keyed = sizes.reindex(held["activity"]).sum()
    rules = ("ledger_attendance_before_consent", "ledger_attendance_after_withdrawal")
    added = sum(planted(rule, "attendance") for rule in rules)
    added += planted("ledger_person_perhaps_twice", "people", "attendances")
    assert keyed - told["keyed"][""] == (added if period == "2025" else 0)


@pytest.mark.parametrize("period", ["2025", "2025-11"])
def test_persons_are_no_more_than_person_times(period) -> None:
    told = TRUTH["periods"][period]
    assert all(persons <= told["keyed"][cell] for cell, persons in told["persons"].items())
    by_community = [told["persons"][f"community={name}"] for name in COMMUNITIES]
    assert max(by_community) <= told["persons"][""] <= sum(by_community)


@pytest.mark.parametrize("kind", ["activities", "keyed", "counted"])
def test_communities_add_up(kind) -> None:
    for period in TRUTH["periods"].values():
        assert sum(period[kind].get(f"community={name}", 0) for name in COMMUNITIES) == period[kind][""]


@pytest.mark.parametrize("period", ["2025", "2025-11"])
def test_amounts_are_those_of_the_truth(period, files) -> None:
    redeemed = files["vouchers_redeemed"].drop_duplicates()
    fit = (redeemed["currency"] == "CNY") & (redeemed["amount"] > 0)
    amount = redeemed.loc[fit & redeemed["redeemed"].astype(str).str.startswith(period), "amount"].sum()
    told = TRUTH["periods"][period]["vouchers"]
    rules = ("ledger_redeemed_before_issue", "ledger_merchant_unknown", "ledger_redeemed_too_much")
    added = sum(planted(rule, "vouchers_redeemed", "amount") for rule in rules) if period == "2025" else 0
    assert amount == pytest.approx(told["redeemed"][""]["amount"] + added, abs=0.005)
    issued = files["vouchers_issued"]
    issued = issued[
        issued["issued"].str.startswith(period) & (issued["currency"] == "CNY") & (issued["amount"] != "五十")
    ]
    assert issued["amount"].astype(float).sum() == pytest.approx(told["issued"][""]["amount"])
    assert len(issued) == told["issued"][""]["rows"]


def test_points_add_up_and_no_balance_is_below_zero(files) -> None:
    told = TRUTH["periods"]["2025"]["points"]
    assert told["balance"] == told["earned"] + told["corrected"] - told["spent"] - told["expired"]
    points = files["points"]
    assert points.loc[points["entry"] == "spent", "points"].astype(float).sum() == told["spent"]
    hours = points.loc[(points["entry"] == "earned") & (points["date"] != "2025-02-30"), "hours"].astype(float)
    assert hours.sum() == told["hours"]
    assert told["hours"] < told["earned"] < 2 * told["hours"]


def test_merchants_by_outcome_are_those_of_the_truth(files) -> None:
    last = files["merchant_visits"].drop_duplicates("商户编号", keep="last")["结果"].value_counts()
    words = {"joined": "已加入", "left": "已退出", "pending": "洽谈中", "refused": "未同意", "visited": "已走访"}
    assert {code: last[word] for code, word in words.items()} | {
        "not_visited": len(files["merchants"]) - last.sum()
    } == TRUTH["merchants"]


def test_parents_open_more_doors_than_strangers() -> None:
    shares = {who: cells["joined"] / cells["visited"] for who, cells in TRUTH["introduced"].items()}
    assert shares["parent"] > 0.6 > 0.5 > shares["staff"] > shares["nobody"]


def test_conversion_is_that_of_the_truth(files) -> None:
    roles = files["roles"]
    has = {name: set(part["person"]) for name, part in roles.groupby("role")}
    for first, second in (("recipient", "volunteer"), ("volunteer", "helper"), ("helper", "leader")):
        told = TRUTH["conversion"][f"{first}_{second}"]
        assert (len(has[first]), len(has[first] & has[second])) == (told[""]["from"], told[""]["to"])
        assert sum(told[name]["from"] for name in COMMUNITIES) == told[""]["from"]
    heyan, tangxu = (TRUTH["conversion"]["recipient_volunteer"][name] for name in ("heyan", "tangxu"))
    assert heyan["to"] / heyan["from"] > 1.5 * tangxu["to"] / tangxu["from"]


def test_two_courses_show_a_rise_and_one_is_at_its_ceiling(files) -> None:
    scores = files["scores"][files["scores"]["score"] != ""].astype({"score": float})
    wide = scores.pivot(index=["course", "person"], columns="wave", values="score").dropna()
    change = (wide["after"] - wide["before"]).groupby("course").agg(["mean", "size", "std"])
    for course, told in TRUTH["scores"].items():
        assert change.loc[course, "mean"] == pytest.approx(told["change"], abs=1e-6)
        assert change.loc[course, "size"] == told["both"] < told["began"]
    t = change["mean"] / change["std"] * change["size"] ** 0.5
    assert t["parenting"] > 3
    assert t["healthy_habits"] > 3
    assert abs(t["online_safety"]) < 2
    assert TRUTH["scores"]["online_safety"]["at_top"] > 0.3


def test_every_code_in_the_ledgers_is_called_something(demo, files) -> None:
    reasons = {tag for cell in files["merchant_visits"]["原因"] for tag in cell.split("；") if tag}
    named = [files["vouchers_issued"]["category"], files["merchants"]["category"], files["scores"]["course"]]
    codes = reasons.union(*named, files["scores"]["instrument"])
    assert codes <= set(demo.declared.categories)


def test_rules_and_star_are_declared(demo) -> None:
    assert [rule.id for rule in demo.declared.point_rules.rules] == ["young_old", "hardship"]
    assert demo.declared.star is not None
    assert demo.declared.star.levels == [0, 10, 15, 20]
    assert [ratio.volunteers for ratio in demo.declared.ratios] == [10, 100]
