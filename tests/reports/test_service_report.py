"""The service report of the demonstration study: every total added up again from the ledgers in the folder."""

from __future__ import annotations

import calendar
import json
import math
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.reports.test_traced import labels, page, unexplained
from xzz_analysis.editions.plan import plan
from xzz_analysis.editions.serviced import Serviced, base_of
from xzz_analysis.editions.trace import find_results, trace
from xzz_analysis.errors import StudyError
from xzz_analysis.report.chapters import voucher_anomalies
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.study import open_study

YEAR, MONTH, HOUSE = "service_year", "service_month", "service_house"
DAYS = {YEAR: ("2025-01-01", "2025-12-31"), MONTH: ("2025-11-01", "2025-11-30")}
REPORTS = pytest.mark.parametrize("report", [YEAR, MONTH])
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
STANDS_AT = pd.Timestamp("2025-12-31")
HIDDEN, DASH = "※", "—"

COMMUNITIES = {"Weidu": "weidu", "Tangxu": "tangxu", "Xingzhan": "xingzhan", "Heyan": "heyan"}
DOMAINS = {"Education": "education", "Health": "health", "Livelihood": "livelihood", "Social support": "support"}
DOMAINS |= {"Not stated": ""}
TYPES = {"Case": "case", "Group": "group", "Community activity": "community_activity", "Home visit": "home_visit"}
TYPES |= {"Phone visit": "phone_visit", "Training": "training", "Advice": "advice"}
PROJECTS = {"伴你成长": "growing_together", "健康起步": "healthy_start", "关爱券": "care_vouchers", "Not stated": ""}
CATEGORIES = {
    "Food": "food",
    "Meals": "meals",
    "Medicine and glasses": "medicine",
    "School supplies": "school_supplies",
}
SHOPS = CATEGORIES | {"Clothes and shoes": "clothing", "Glasses": "glasses", "Haircuts": "haircut"}
INTRODUCED = {"A parent": "家长", "A volunteer": "志愿者", "Another merchant": "其他商户", "Staff": "工作人员"}
INTRODUCED |= {"Nobody": "无人介绍"}
OUTCOMES = {"Pending": "洽谈中", "Refused": "未同意", "Joined": "已加入", "Left": "已退出", "No result yet": "已走访"}
REASONS = {
    "owner away": "owner_away",
    "slow settlement": "settlement_slow",
    "not sure of the rules": "not_sure_of_rules",
}
REASONS |= {"thin margin": "thin_margin", "too much work": "too_much_work"}
ROLES = {"Recipient": "recipient", "Volunteer": "volunteer", "Helper": "helper", "Leader": "leader"}
ROLES |= {
    "Business owner": "merchant",
    "Staff": "staff",
    "Social worker": "social_worker",
    "Local worker": "local_worker",
}
RELATIONS = {"Mentoring": "mentor", "Neighbours": "neighbour", "Peers": "peer", "Introduction": "introduction"}
MODES = {"At the station": "at_station", "At home": "at_home", "Outdoors": "outdoors", "Online": "online"}
MONTHS = {f"{calendar.month_name[place]} 2025": f"2025-{place:02d}" for place in range(1, 13)}


# The printed page.


@dataclass
class Printed:
    """A table of a page: its caption without the number, its heads, and rows of (section, texts, result ids)."""

    caption: str
    heads: list[str]
    rows: list[tuple[str, list[str], list[str]]]

    def cells(self, head: str) -> dict[tuple[str, str], str]:
        """(section, first cell) → the cell under a head."""
        place = self.heads.index(head)
        return {(section, texts[0]): texts[place] for section, texts, _ in self.rows}

    def plain(self, head: str) -> dict[str, str]:
        """First cell → the cell under a head, in a table without sections."""
        return {name: text for (_, name), text in self.cells(head).items()}


class Tables(HTMLParser):
    """The tables of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Printed] = []
        self.row: list[tuple[str, str]] = []
        self.text: list[str] | None = None
        self.ids, self.section, self.heading, self.caption = "", "", False, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.tables.append(Printed("", [], []))
            self.section = ""
        elif tag == "thead":
            self.heading = True
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th", "caption") and self.tables:
            self.text, self.ids = [], given.get("data-result") or given.get("data-results") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "thead":
            self.heading = False
        elif tag == "caption" and self.text is not None:
            self.tables[-1].caption = re.sub(r"^(?:Table|表) ?\d+[.．。:：]? *", "", "".join(self.text).strip())
            self.text = None
        elif tag in ("td", "th") and self.text is not None:
            self.row.append(("".join(self.text).strip(), self.ids))
            self.text = None
        elif tag == "tr" and self.tables:
            self._keep()

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def _keep(self) -> None:
        table = self.tables[-1]
        texts, ids = [text for text, _ in self.row], [one for _, one in self.row]
        if self.heading:
            table.heads = texts
        elif len(texts) == 1:
            self.section = texts[0]
        else:
            table.rows.append((self.section, texts, ids))


Bounds = tuple[float, float]


def bounds(text: str) -> Bounds | None:
    """What a cell of a count says: the least and the most (infinite where not known); None where it is hidden."""
    if text in (HIDDEN, DASH, ""):
        return None
    if text == "not known":
        return (-math.inf, math.inf)
    numbers = [float(one.replace(",", "")) for one in re.findall(r"[−\d][\d,]*(?:\.\d+)?", text)]
    if text.startswith("at least"):
        return (numbers[0], math.inf)
    return (numbers[0], numbers[-1])


def number(text: str) -> float:
    """A cell of one number, a percentage as printed."""
    assert re.fullmatch(r"[+−]?[\d,]+(?:\.\d+)?%?", text), text
    return float(text.replace(",", "").replace("−", "-").rstrip("%"))


# The ledgers, read without the library.


def rounded(value: float, text: str) -> float:
    """A value with the decimals that are printed."""
    decimals = len(text.rstrip("%").partition(".")[2])
    return math.floor(abs(value) * 10**decimals + 0.5 + 1e-9) / 10**decimals * (1 if value >= 0 else -1)


class Raw:
    """The ledgers as they lie in the folder, without the rows that docs/services.md leaves out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "services"

    def text(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / f"{name}.csv", dtype=str, keep_default_na=False)

    @cached_property
    def people(self) -> pd.DataFrame:
        return self.text("people").drop_duplicates("person").set_index("person")

    @cached_property
    def activities(self) -> pd.DataFrame:
        table = self.text("activities")
        table = table[(table["activity"] == "") | ~table.duplicated()]
        table["date"] = pd.to_datetime(table["date"])
        table["until"] = pd.to_datetime(table["until"]).fillna(table["date"])
        for name in ("count", "person_times", "persons"):
            table[name] = pd.to_numeric(table[name])
        table["count"] = table["count"].fillna(1)
        return table[table["date"] <= STANDS_AT].reset_index(drop=True)

    @cached_property
    def attendance(self) -> pd.DataFrame:
        table = self.text("attendance")
        table["date"] = pd.to_datetime(table["date"])
        table = table[table["date"].isna() | (table["date"] <= STANDS_AT)]
        return table.drop_duplicates(["activity", "person", "date"])

    @cached_property
    def issued(self) -> pd.DataFrame:
        table = self.text("vouchers_issued")
        for name in ("issued", "expires"):
            table[name] = pd.to_datetime(table[name], errors="coerce")
        table["amount"] = pd.to_numeric(table["amount"], errors="coerce")
        needed = (table["voucher"] != "") & table["issued"].notna() & (table["amount"] > 0)
        table = table[needed & table["currency"].isin(["", "CNY"]) & (table["issued"] <= STANDS_AT)]
        return table.drop_duplicates("voucher").reset_index(drop=True)

    @cached_property
    def redeemed(self) -> pd.DataFrame:
        table = pd.read_parquet(self.folder / "vouchers_redeemed.parquet")
        table = table[(table["amount"] > 0) & table["currency"].isin(["", "CNY"])]
        table = table[table["redeemed"] < STANDS_AT + pd.Timedelta(days=1)].drop_duplicates()
        owner = self.issued.set_index("voucher")[["person", "category", "community", "project"]]
        return table.join(owner, on="voucher").reset_index(drop=True)

    @cached_property
    def visits(self) -> pd.DataFrame:
        table = pd.read_excel(
            self.folder / "merchant_visits.xlsx", "走访", dtype=str, keep_default_na=False, engine="openpyxl"
        )
        table.columns = ["merchant", "date", "outcome", "reasons", "introduced"]
        table["date"] = pd.to_datetime(table["date"])
        return table[table["date"] <= STANDS_AT].sort_values("date", kind="stable").reset_index(drop=True)

    @cached_property
    def roles(self) -> pd.DataFrame:
        table = self.text("roles")
        table["since"] = pd.to_datetime(table["since"])
        table["until"] = pd.to_datetime(table["until"]).fillna(pd.Timestamp("2100-01-01"))
        elsewhere = table["person"].map(self.people["community"]).fillna("")
        table["community"] = table["community"].where(table["community"] != "", elsewhere)
        return table

    @cached_property
    def points(self) -> pd.DataFrame:
        """Entries with their worth in hundredths of a point, and the rule that multiplied them."""
        table = self.text("points")
        table["day"] = pd.to_datetime(table["date"], errors="coerce")
        table["hours"], table["points"] = pd.to_numeric(table["hours"]), pd.to_numeric(table["points"])
        table = table[table["day"].notna() & (table["person"] != "") & (table["day"] <= STANDS_AT)]
        whole = table["hours"].notna() | table["points"].notna()
        table = table[whole].drop_duplicates().reset_index(drop=True)
        born = table["person"].map(self.people["born"])
        age = table["day"].dt.year - born.str[:4].astype(float)
        age -= (table["day"].dt.month < born.str[5:7].astype(float)).astype(float)
        table["old"] = (age >= 60) & (age < 70)
        table["hard"] = table["person"].map(self.people["hardship"]).isin(["yes", "是"])
        earned = table["entry"] == "earned"
        times = 1 + (table["old"] | table["hard"]).astype(int)
        worth = (table["hours"] * times).where(earned, table["points"]) * 100
        table["worth"] = worth.round().astype(int)
        table["community"] = table["person"].map(self.people["community"])
        return table

    def counted(self, first: pd.Timestamp, last: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Activities that lie in a period, with attendance (row, person)."""
        chosen = self.activities[(self.activities["date"] >= first) & (self.activities["until"] <= last)].copy()
        numbered = chosen.loc[chosen["activity"] != "", "activity"]
        row = self.attendance["activity"].map({name: place for place, name in numbered.items()})
        there = self.attendance.assign(row=row)[row.notna()]
        chosen["signed"] = there.groupby("row").size().reindex(chosen.index).fillna(0)
        chosen["month"] = chosen["date"].dt.strftime("%Y-%m")
        chosen.loc[chosen["month"] != chosen["until"].dt.strftime("%Y-%m"), "month"] = "several"
        return chosen, there


def told(chosen: pd.DataFrame, there: pd.DataFrame) -> tuple[float, Bounds, Bounds]:
    """Activities, person-times and persons (least, most) of some activities, one row after the other."""
    keyed = there[there["row"].isin(chosen.index)]["person"].nunique()
    times_low = times_high = most = 0.0
    least = float(keyed)
    for one in chosen.itertuples():
        if one.signed:
            times_low, times_high = times_low + one.signed, times_high + one.signed
            continue
        stated, persons = one.person_times, one.persons
        one_day = one.date == one.until and one.count >= 1
        if pd.notna(persons):
            low = high = persons
        elif pd.notna(stated):
            low, high = (math.ceil(stated / one.count) if one_day else min(1, stated)), stated
        else:
            low, high = 0, math.inf
        times_low += stated if pd.notna(stated) else low
        times_high += stated if pd.notna(stated) else math.inf
        least, most = max(least, low), most + high
    return float(chosen["count"].sum()), (times_low, times_high), (least, keyed + most)


# Fixtures.


@pytest.fixture(scope="module")
def edition(served_study: Path) -> Path:
    return served_study / "outputs" / "release" / "demo-2025Q4"


@pytest.fixture(scope="module")
def raw(served_study: Path) -> Raw:
    return Raw(served_study)


@pytest.fixture(scope="module")
def printed(edition: Path) -> dict[tuple[str, str], list[Printed]]:
    """(report, language) → its tables."""
    return {
        (report, language): Tables((edition / f"{report}.{language}.html").read_text(encoding="utf-8")).tables
        for report in (YEAR, MONTH)
        for language in ("zh", "en")
    }


@pytest.fixture(scope="module")
def table(printed: dict[tuple[str, str], list[Printed]]):
    """The English table of a report whose caption begins so."""

    def find(report: str, caption: str) -> Printed:
        found = [one for one in printed[report, "en"] if one.caption.startswith(caption)]
        assert len(found) == 1, (caption, [one.caption for one in printed[report, "en"]])
        return found[0]

    return find


@pytest.fixture(scope="module")
def sentences(edition: Path) -> dict[str, str]:
    """Report → all texts of its English page."""
    return {report: "\n".join(text for text, _, _, _ in page(edition, report, "en").texts) for report in (YEAR, MONTH)}


def period(report: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    first, last = DAYS[report]
    return pd.Timestamp(first), pd.Timestamp(last)


def within(days: pd.Series, report: str) -> pd.Series:
    first, last = period(report)
    return (days >= first) & (days < last + pd.Timedelta(days=1))


# Both languages.


@REPORTS
def test_both_languages_print_the_same_figures_with_the_same_results(printed, report: str) -> None:
    chinese, english = printed[report, "zh"], printed[report, "en"]
    assert len(chinese) == len(english) >= 30
    cells = 0
    for one, other in zip(chinese, english, strict=True):
        assert [ids for _, _, ids in one.rows] == [ids for _, _, ids in other.rows], other.caption
        for (_, left, ids), (_, right, _) in zip(one.rows, other.rows, strict=True):
            for zh, en in zip(left[1:], right[1:], strict=True):
                figures = re.findall(r"\d[\d,]*(?:\.\d+)?%?", zh), re.findall(r"\d[\d,]*(?:\.\d+)?%?", en)
                assert figures[0] == figures[1], (other.caption, zh, en)
                assert (HIDDEN in zh, DASH in zh) == (HIDDEN in en, DASH in en), (other.caption, zh, en)
            cells += sum(map(bool, ids))
    assert cells > 500


# What was done.


BY = {
    "domain": DOMAINS,
    "type": TYPES,
    "project": PROJECTS,
    "month": MONTHS | {"Totals over several months": "several"},
}


def counted_tables(table, report: str) -> Iterator[tuple[Printed, str, dict[str, str]]]:
    for column, names in BY.items():
        if column != "month" or report == YEAR:
            yield table(report, f"Activities, person-times and persons by {column}"), column, names


@REPORTS
def test_activities_person_times_and_persons_are_those_of_the_ledgers(table, raw: Raw, report: str) -> None:
    chosen, there = raw.counted(*period(report))
    shown = 0
    for found, column, names in counted_tables(table, report):
        levels = set()
        for _, (name, *cells), _ in found.rows:
            part = chosen if name == "All" else chosen[chosen[column] == names[name]]
            levels |= set() if name == "All" else {names[name]}
            shown += agrees(cells, *told(part, there))
        assert levels == set(chosen[column]), column  # no level is left out
    assert shown >= (60 if report == YEAR else 25)


@REPORTS
def test_communities_and_domains_are_those_of_the_ledgers(table, raw: Raw, report: str) -> None:
    chosen, there = raw.counted(*period(report))
    found = table(report, "Activities, person-times and persons by community and domain")
    assert len(found.rows) == len(chosen.groupby(["community", "domain"]))
    shown = 0
    for section, (name, *cells), _ in found.rows:
        part = chosen[(chosen["community"] == COMMUNITIES[section]) & (chosen["domain"] == DOMAINS[name])]
        shown += agrees(cells, *told(part, there))
    assert shown > 40 if report == YEAR else shown > 20  # a year hides what would give away a month


def agrees(cells: list[str], activities: float, times: Bounds, persons: Bounds) -> int:
    """Compare the three cells of a row with what they should say; how many of them are shown."""
    assert number(cells[0]) == activities
    found = [bounds(text) for text in cells]
    if found[1] is not None:
        assert found[1] == (times if times[0] or times[1] != math.inf else (-math.inf, math.inf)), cells
    if found[2] is not None:
        vague = persons[0] <= 1 and persons[0] != persons[1]
        assert found[2] == ((-math.inf, math.inf) if vague else persons), cells
    return sum(one is not None for one in found)


@REPORTS
def test_person_times_are_never_fewer_than_persons(printed, report: str) -> None:
    pairs = 0
    for found in printed[report, "en"]:
        if {"Person-times", "Persons"} <= set(found.heads):
            for name, text in found.cells("Person-times").items():
                times, persons = bounds(text), bounds(found.cells("Persons")[name])
                if times is not None and persons is not None:
                    assert times[0] >= persons[0] and times[1] >= min(persons[1], times[1]), name
                    assert persons[1] <= times[1] or persons[1] == math.inf, name
                    pairs += 1
    assert pairs >= (40 if report == YEAR else 15)


SUMS = {
    "Activities, person-times and persons by domain": ("Activities", "Person-times"),
    "Activities, person-times and persons by type": ("Activities", "Person-times"),
    "Activities, person-times and persons by project": ("Activities", "Person-times"),
    "Activities, person-times and persons by month": ("Activities", "Person-times"),
    "Vouchers by category": ("Vouchers issued", "Amount issued (yuan)"),
    "Vouchers by community": ("Vouchers issued", "Amount issued (yuan)", "Amount redeemed (yuan)"),
    "Volunteers for every social worker": ("Volunteers", "Social workers", "Staff"),
    "Account of points, by community": ("At the beginning", "Earned, with corrections", "Used, with expired", "Left"),
    "Five platforms by community: communities, social workers and social organisations": (
        "Community: activities",
        "Social work: in post",
        "Organisations: incubated",
        "Organisations: partners",
    ),
    "Five platforms by community: volunteers and charitable resources": (
        "Volunteers: hours",
        "Charity: donors",
        "Charity: donated (yuan)",
        "Charity: merchants joined",
        "Charity: vouchers redeemed (yuan)",
    ),
}
IN_CENTS = ("Amount redeemed", "Charity: donated", "Charity: vouchers redeemed")
"""Amounts with cents, printed as whole yuan: a sum may be off by half a yuan for each row."""


@REPORTS
def test_totals_are_the_sum_of_their_parts(printed, report: str) -> None:
    compared, missing = 0, set(SUMS) - {found.caption for found in printed[report, "en"]}
    assert missing == (set() if report == YEAR else {"Activities, person-times and persons by month"})
    for found in printed[report, "en"]:
        heads = SUMS.get(found.caption, ())
        assert not heads or [texts[0] for _, texts, _ in found.rows].index("All") == len(found.rows) - 1, found.caption
        for head in heads:
            off = 0.5 * len(found.rows) if head.startswith(IN_CENTS) else 0.051
            cells = {name: bounds(text) for name, text in found.plain(head).items()}
            parts = [one for name, one in cells.items() if name != "All"]
            if None not in cells.values():
                whole, parts = cells["All"], [one for one in parts if one[0] > -math.inf]
                assert whole[0] == pytest.approx(sum(low for low, _ in parts), abs=off), (found.caption, head)
                assert whole[1] == pytest.approx(sum(high for _, high in parts), abs=off), (found.caption, head)
                compared += 1
    assert compared >= (28 if report == YEAR else 20)


# Vouchers.


@REPORTS
def test_vouchers_are_those_of_the_ledgers(table, raw: Raw, sentences, report: str) -> None:
    _, last = period(report)
    issued, redeemed = (
        raw.issued[within(raw.issued["issued"], report)],
        raw.redeemed[within(raw.redeemed["redeemed"], report)],
    )
    used = set(raw.redeemed[raw.redeemed["redeemed"] < last + pd.Timedelta(days=1)]["voucher"])
    for caption, column, names in (
        ("Vouchers by category", "category", CATEGORIES),
        ("Vouchers by community", "community", COMMUNITIES),
    ):
        found = table(report, caption)
        assert {names[name] for name in found.plain("Vouchers issued") if name != "All"} >= set(issued[column])
        for _, (name, number_, amount, taken, once, valid, _), _ in found.rows:
            given = issued if name == "All" else issued[issued[column] == names[name]]
            back = redeemed if name == "All" else redeemed[redeemed[column] == names[name]]
            assert (number(number_), number(amount)) == (len(given), given["amount"].sum())
            same(taken, back["amount"].sum())
            same(once, 100 * given["voucher"].isin(used).mean())
            same(valid, 100 * (~given["voucher"].isin(used) & (given["expires"] >= last)).mean())
    people, takers = issued["person"].nunique(), redeemed["person"].dropna().nunique()
    said = f"{len(issued):,} vouchers worth {issued['amount'].sum():,.0f} yuan were issued to {people} people"
    assert said in sentences[report]
    said = f"{len(redeemed):,} redemptions of {redeemed['voucher'].nunique():,} vouchers, "
    assert f"{said}{redeemed['amount'].sum():,.0f} yuan in all, by {takers} people" in sentences[report]


def same(text: str, value: float) -> None:
    """A cell that is shown says the value, as finely as it is printed."""
    if text not in (HIDDEN, DASH):
        assert number(text) == pytest.approx(value, abs=0.5 * 10 ** -len(text.rstrip("%").partition(".")[2]) + 1e-9)


@REPORTS
def test_vouchers_that_expired_and_merchants_that_took_them_are_those_of_the_ledgers(
    table, raw: Raw, report: str
) -> None:
    first, last = period(report)
    end = last + pd.Timedelta(days=1)
    spent = raw.redeemed[raw.redeemed["redeemed"] < end].groupby("voucher")["amount"].sum()
    vouchers = raw.issued.assign(spent=raw.issued["voucher"].map(spent).fillna(0))
    unused = vouchers[(vouchers["spent"] == 0) & (vouchers["issued"] < end)]
    gone = unused[(unused["expires"] >= first) & (unused["expires"] <= last)]
    soon = unused[(unused["expires"] > last) & (unused["expires"] <= last + pd.Timedelta(days=30))]
    found = {name: cells for _, (name, *cells), _ in table(report, "Expired and left over").rows}
    for name, rows in (("Expired unused in the period", gone), ("Not used, expire within 30 days", soon)):
        assert [number(text) for text in found[name]] == [len(rows), rows["amount"].sum()], name
    redeemed = raw.redeemed[within(raw.redeemed["redeemed"], report)]
    for _, (name, merchants, amount, _), _ in table(report, "How redemptions are spread").rows:
        rows = redeemed if name == "All" else redeemed[redeemed["category"] == CATEGORIES[name]]
        known = rows["merchant"].isin(raw.text("merchants")["merchant"])
        assert number(merchants) in (rows["merchant"].nunique(), rows["merchant"][known].nunique())
        same(amount, rows["amount"].sum())


# Merchants.


@REPORTS
def test_merchants_by_outcome_are_those_of_the_visits(table, raw: Raw, sentences, report: str) -> None:
    _, last = period(report)
    visits = raw.visits[raw.visits["date"] <= last]
    now = visits.groupby("merchant").last()["outcome"]
    shops = raw.text("merchants").set_index("merchant")
    introduced = visits[visits["introduced"] != ""].groupby("merchant").first()["introduced"]
    for caption, of, names in (
        ("Merchants visited, by community", shops["community"], COMMUNITIES),
        ("Merchants visited, by category", shops["category"], SHOPS),
        ("Merchants visited, by who", introduced, INTRODUCED),
    ):
        found, seen = table(report, caption), 0
        for _, texts, _ in found.rows:
            row = dict(zip(found.heads, texts, strict=True))
            those = now[now.index.map(of).isin([names[texts[0]]])]
            assert number(row["Visited"]) == len(those) == sum(number(row[head]) for head in OUTCOMES)
            assert {head: number(row[head]) for head in OUTCOMES} == {
                head: (those == word).sum() for head, word in OUTCOMES.items()
            }
            same(row["Share joined"], 100 * (those == "已加入").mean())
            seen += len(those)
        assert seen == len(now), caption
    counts = {head: (now == word).sum() for head, word in OUTCOMES.items()}
    said = f"{len(now)} merchants had been visited: {counts['Joined']} joined"
    assert said in sentences[report]
    assert f"{counts['Pending']} pending, {counts['Refused']} refused" in sentences[report]
    inside = raw.visits[within(raw.visits["date"], report)]
    begun = raw.visits.groupby("merchant")["date"].min()
    told_ = f"{len(inside)} visits to {inside['merchant'].nunique()} merchants; {within(begun, report).sum()} visited"
    assert told_ in sentences[report]


@REPORTS
def test_reasons_are_those_of_the_visits(table, raw: Raw, report: str) -> None:
    _, last = period(report)
    visits = raw.visits[raw.visits["date"] <= last]
    told_ = visits.assign(reason=visits["reasons"].str.split("[;；]")).explode("reason")
    told_["reason"] = told_["reason"].str.strip()
    undecided = told_[told_["outcome"].isin(["洽谈中", "未同意"])]
    joined = visits[visits["outcome"] == "已加入"].groupby("merchant")["date"].max()
    found = table(report, "Reasons for being undecided or refusing")
    assert found.heads[2:] == ["When pending", "When refusing", "Joined later"]
    for _, (name, those, pending, refusing, later), _ in found.rows:
        named = undecided[undecided["reason"] == REASONS[name]]
        wanted = [named, named[named["outcome"] == "洽谈中"], named[named["outcome"] == "未同意"]]
        assert [number(one) for one in (those, pending, refusing)] == [one["merchant"].nunique() for one in wanted]
        came = named[named["merchant"].map(joined) >= named["date"]]
        assert number(later) == came["merchant"].nunique(), name
    assert len(found.rows) == undecided["reason"].replace("", pd.NA).nunique()


# People, roles, points.


def after(first: pd.DataFrame, then: pd.DataFrame) -> int:
    """People of the first role who took the second one later."""
    begun, later = first.groupby("person")["since"].min(), then.groupby("person")["since"].min()
    both = begun.index.intersection(later.index)
    return int((later[both] > begun[both]).sum())


@REPORTS
def test_roles_and_conversion_are_those_of_the_ledger(table, raw: Raw, report: str) -> None:
    first, last = period(report)
    roles = raw.roles[raw.roles["since"] <= last]
    held = roles[roles["until"] >= last]
    found = table(report, "People in each role")
    for _, (name, now, new), _ in found.rows:
        begun = roles[roles["role"] == ROLES[name]].groupby("person")["since"].min()
        assert number(now) == held[held["role"] == ROLES[name]]["person"].nunique(), name
        same(new, (begun >= first).sum())
    steps = [("recipient", "volunteer"), ("volunteer", "helper"), ("helper", "leader")]
    taken = table(report, "From being helped")
    assert taken.heads[1:5] == ["In the role before", "Took the step", "Left", "Share"]
    for (_, texts, _), (one, other) in zip(taken.rows, steps, strict=True):
        before, then = roles[roles["role"] == one], roles[roles["role"] == other]
        assert [number(text) for text in texts[1:3]] == [before["person"].nunique(), after(before, then)], one
        still = held[(held["role"] == one) & held["person"].isin(before["person"])]["person"].nunique()
        assert number(texts[1]) == number(texts[2]) + number(texts[3]) + still, one
        assert number(texts[4]) == pytest.approx(100 * number(texts[2]) / number(texts[1]), abs=0.05 + 1e-9), one
    homes = raw.people["community"]
    for section, texts, _ in table(report, "From recipient to volunteer").rows:
        if section == "Community":
            before = roles[(roles["role"] == "recipient") & (roles["person"].map(homes) == COMMUNITIES[texts[0]])]
            then = roles[(roles["role"] == "volunteer") & roles["person"].isin(before["person"])]
            assert [number(text) for text in texts[1:3]] == [before["person"].nunique(), after(before, then)]
            same(texts[3], 100 * number(texts[2]) / number(texts[1]))


@REPORTS
def test_volunteers_for_every_social_worker_are_those_of_the_ledger(table, raw: Raw, report: str) -> None:
    _, last = period(report)
    held = raw.roles[(raw.roles["since"] <= last) & (raw.roles["until"] >= last)]
    for _, (name, *texts), _ in table(report, "Volunteers for every social worker").rows:
        here = held if name == "All" else held[held["community"] == COMMUNITIES[name]]
        volunteers, workers, staff = (
            here[here["role"] == role]["person"].nunique() for role in ("volunteer", "social_worker", "staff")
        )
        assert [number(texts[0]), number(texts[1]), number(texts[3])] == [volunteers, workers, staff]
        same(texts[2], volunteers / workers)


@REPORTS
def test_points_are_those_of_the_ledger_and_balances_are_issued_minus_spent(table, raw: Raw, report: str) -> None:
    first, last = period(report)
    shown = 0
    tables = [("Account of points, by community", "community", COMMUNITIES)]
    tables += [("Account of points, by month", "month", MONTHS)] if report == YEAR else []
    for caption, column, names in tables:
        for _, (name, *texts), _ in table(report, caption).rows:
            begin, end = first, last
            rows = raw.points
            if column == "month":
                begin = pd.Timestamp(f"{names[name]}-01")
                end = begin + pd.offsets.MonthEnd(0)
            elif name != "All":
                rows = rows[rows["community"] == names[name]]
            if HIDDEN in texts:
                assert set(texts) == {HIDDEN}  # a balance goes with what it is made of
                continue
            start, earned, used, left = (number(text) for text in texts)
            assert left == pytest.approx(start + earned - used, abs=1e-9)
            assert [start, earned, used, left] == pytest.approx(account(rows, begin, end))
            shown += 1
    assert shown >= (14 if report == YEAR else 3)


def account(rows: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> list[float]:
    """Balance at the beginning, earned with corrections, used with expired, and left."""
    gains = rows["entry"].isin(["earned", "corrected"])
    signed = rows["worth"].where(gains, -rows["worth"])
    inside = (rows["day"] >= first) & (rows["day"] <= last)
    start = signed[rows["day"] < first].sum()
    earned, used = signed[inside & gains].sum(), -signed[inside & ~gains].sum()
    return [start / 100, earned / 100, used / 100, (start + earned - used) / 100]


@REPORTS
def test_rules_of_points_are_those_of_the_ledger(table, raw: Raw, report: str) -> None:
    earned = raw.points[(raw.points["entry"] == "earned") & within(raw.points["day"], report)]
    rules = {"volunteers aged 60 to 69": earned["old"], "families in hardship": earned["hard"] & ~earned["old"]}
    for _, (name, *texts), _ in table(report, "Points multiplied by a rule").rows:
        rows = earned[rules[name]]
        wanted = [rows["person"].nunique(), rows["hours"].sum(), rows["worth"].sum() / 100, rows["hours"].sum()]
        assert [number(text) for text in texts] == pytest.approx(wanted), name


# Ties, donations, targets.


@REPORTS
def test_contacts_are_those_of_the_ledger(table, raw: Raw, report: str) -> None:
    ties = raw.text("ties").drop_duplicates()
    ties = ties[within(pd.to_datetime(ties["date"]), report)]
    for caption, column, names in ((", by relation", "relation", RELATIONS), (", by mode", "mode", MODES)):
        found = table(report, f"Contacts in {'2025' if report == YEAR else 'November 2025'}{caption}")
        assert {names[name] for name in found.plain("Contacts")} == set(ties[column])
        for _, (name, contacts, people), _ in found.rows:
            rows = ties[ties[column] == names[name]]
            ends = {key for key in (*rows["source"], *rows["target"]) if key in raw.people.index}
            same(contacts, len(rows))
            same(people, len(ends))


@REPORTS
def test_five_platforms_are_those_of_the_ledgers(table, raw: Raw, report: str) -> None:
    first, last = period(report)
    chosen, _ = raw.counted(first, last)
    donors = raw.text("organisations")
    donors["since"], donors["amount"] = pd.to_datetime(donors["since"]), pd.to_numeric(donors["amount"])
    begun = donors["since"] <= last
    gifts = donors[(donors["standing"] == "donor") & within(donors["since"], report)]
    standing = {name: donors[(donors["standing"] == name) & begun] for name in ("donor", "partner", "incubated")}
    hours = raw.points[(raw.points["entry"] == "earned") & within(raw.points["day"], report)]
    held = raw.roles[(raw.roles["since"] <= last) & (raw.roles["until"] >= first)]
    helping = held[held["role"].isin(["volunteer", "helper", "leader"])].drop_duplicates("person")
    redeemed = raw.redeemed[within(raw.redeemed["redeemed"], report)]
    now = raw.visits[raw.visits["date"] <= last].groupby("merchant").last()["outcome"]
    shops = now.index.map(raw.text("merchants").set_index("merchant")["community"])
    posts = held[held["role"] == "social_worker"].drop_duplicates("person")
    one = table(report, "Five platforms by community: communities, social workers and social organisations")
    other = table(report, "Five platforms by community: volunteers and charitable resources")
    names = [texts[0] for _, texts, _ in one.rows]
    assert names == [texts[0] for _, texts, _ in other.rows] == [*COMMUNITIES, "Not stated", "All"]
    for (_, left, _), (_, right, _) in zip(one.rows, other.rows, strict=True):
        row = dict(zip(one.heads, left, strict=True)) | dict(zip(other.heads, right, strict=True))
        name = left[0]
        place = {**COMMUNITIES, "Not stated": ""}.get(name)

        def here(column: pd.Series, place: str | None = place) -> pd.Series:
            return pd.Series(True, index=column.index) if place is None else column == place

        assert number(row["Community: activities"]) == chosen["count"][here(chosen["community"])].sum()
        for head, kind in (("Charity: donors", "donor"), ("Organisations: partners", "partner")):
            same(row[head], here(standing[kind]["community"]).sum())
        same(row["Organisations: incubated"], here(standing["incubated"]["community"]).sum())
        same(row["Social work: in post"], here(posts["community"]).sum())
        same(row["Volunteers: with helpers and leaders"], here(helping["community"]).sum())
        same(row["Volunteers: with hours"], hours[here(hours["community"])]["person"].nunique())
        same(row["Volunteers: hours"], hours["hours"][here(hours["community"])].sum())
        same(row["Charity: donated (yuan)"], gifts["amount"][here(gifts["community"])].sum())
        same(row["Charity: vouchers redeemed (yuan)"], redeemed["amount"][here(redeemed["community"].fillna(""))].sum())
        joined = (now == "已加入") & ((shops == place) if place is not None else True)
        same(row["Charity: merchants joined"], joined.sum())


@REPORTS
def test_targets_are_those_of_the_ledgers(table, raw: Raw, report: str) -> None:
    _, last = period(report)
    found, compared = table(report, "Targets of projects and what was done"), 0
    agreed = {(one["project"], one["indicator"]): one for one in raw.text("projects").to_dict("records")}
    for section, texts, _ in found.rows:
        row = dict(zip(found.heads, texts, strict=True))
        own = table(report, f"“{section}”: targets and progress by {last.day} {last:%B %Y}")
        (again,) = [dict(zip(own.heads, cells, strict=True)) for _, cells, _ in own.rows if cells[0] == texts[0]]
        assert [again[head] for head in ("Agreed", "Done", "Progress")] == [row["Agreed"], row["Done"], row["Light"]]
        project = PROJECTS[section]
        indicator = row["Indicator"].removesuffix(" (yuan)").lower().replace(" ", "_").replace("-", "_")
        one = agreed[project, {"amount_redeemed": "vouchers_redeemed"}.get(indicator, indicator)]
        since, until, target = pd.Timestamp(one["since"]), pd.Timestamp(one["until"]), float(one["target"])
        assert number(row["Agreed"]) == target
        expected = target * ((min(last, until) - since).days + 1) / ((until - since).days + 1)
        assert number(row["To be expected by now"]) >= 0
        same(row["To be expected by now"], expected)
        least = done(raw, project, indicator, since, min(last, until))
        if least is None:
            assert row["Done"].startswith("not known")
            assert row["Of what was expected"] == again["Of the target"] == DASH and row["Light"] == "Not known"
            continue
        assert number(row["Done"].removeprefix("at least ")) == rounded(least, row["Done"]), row
        assert number(row["Of what was expected"]) == pytest.approx(100 * least / expected, abs=0.05 + 1e-9), row
        assert number(again["Of the target"]) == pytest.approx(100 * least / target, abs=0.05 + 1e-9), row
        light = "Green" if least >= 0.9 * expected else "Amber" if least >= 0.7 * expected else "Red"
        assert row["Light"].startswith(f"{light}: "), row
        compared += 1
    assert len(found.rows) == len(agreed) == 11 and compared == 10


def done(raw: Raw, project: str, indicator: str, since: pd.Timestamp, until: pd.Timestamp) -> float | None:
    """What was done of a target, the least of it; None where the ledgers do not tell it by project."""
    chosen, there = raw.counted(since, until)
    rows = chosen[chosen["project"] == project]
    activities, times, persons = told(rows, there)
    if indicator in ("activities", "person_times", "persons"):
        return {"activities": activities, "person_times": times[0], "persons": persons[0]}[indicator]
    if indicator == "amount_redeemed":
        redeemed = raw.redeemed[raw.redeemed["project"] == project]
        inside = (redeemed["redeemed"] >= since) & (redeemed["redeemed"] < until + pd.Timedelta(days=1))
        return float(redeemed["amount"][inside].sum())
    if indicator == "volunteers":
        of = raw.activities.set_index("activity")["project"].drop("")
        entries = raw.points[(raw.points["entry"] == "earned") & raw.points["day"].between(since, until)]
        return float(entries["person"][entries["activity"].map(of) == project].nunique())
    types = {"groups": "group", "home_visits": "home_visit", "phone_visits": "phone_visit", "trainings": "training"}
    kind = types.get(indicator)
    return None if kind is None else float(rows.loc[rows["type"] == kind, "count"].sum())


# Figures of the year.


def test_figures_for_annual_returns_are_those_of_the_other_tables(table, raw: Raw, sentences) -> None:
    cells = table(YEAR, "Figures of 2025").plain("Value")
    chosen, there = raw.counted(*period(YEAR))
    activities, times, persons = told(chosen, there)
    kinds = chosen.groupby("type")["count"].sum()
    wanted = {"Activities": activities, "Person-times, at least": times[0], "Persons, at least": persons[0]}
    wanted |= {"Cases": kinds["case"], "Groups": kinds["group"], "Home visits": kinds["home_visit"]}
    wanted |= {"Phone visits": kinds["phone_visit"], "Trainings": kinds["training"], "Advice sessions": kinds["advice"]}
    redeemed = raw.redeemed[within(raw.redeemed["redeemed"], YEAR)]
    wanted |= {"Vouchers issued": len(raw.issued), "Vouchers issued: amount": raw.issued["amount"].sum()}
    wanted |= {
        "Vouchers redeemed": redeemed["voucher"].nunique(),
        "Vouchers redeemed: amount": redeemed["amount"].sum(),
    }
    inside = raw.visits[within(raw.visits["date"], YEAR)]
    wanted |= {"Merchants visited": inside["merchant"].nunique()}
    wanted |= {"Merchants joined": inside[inside["outcome"] == "已加入"]["merchant"].nunique()}
    wanted |= {"Community activities": kinds["community_activity"]}
    found = {name: number(cells[name]) for name in wanted}
    assert found == {name: rounded(value, cells[name]) for name, value in wanted.items()}
    assert not {"Persons", "Persons, at most", "Person-times"} & set(cells)  # three activities state no person-times
    assert re.search(r"Not known: (?:.*; )?Persons; Persons, at most\.", sentences[YEAR])


# Digits, traces, and what stays in the house.

FIXED = (
    r"\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?",
    r"\d{1,2} [A-Z][a-z]+ \d{4}|(?:[A-Z][a-z]+|in|of|beside) 20\d\d\b|^20\d\d(?=: )",
    r"\d+个“社区×领域”逐一对照，.*。|Each of \d+ pairs of a community and a domain was looked at\..*",
    r"做到其中90%及以上为绿，70%及以上为黄|Green from 90% of it, amber from 70%",
    r"p = 10|90 %|0\.10|0\.18|2023|2007|2013|95% ?区间|95% interval",
    r"每小时1分|An hour earns 1 point|（2倍）|\(× 2\)|每名社工10{1,2}名志愿者|Beside: 10{1,2} volunteers",
    r"60至69岁|aged 60 to 69",
    r"上升至少1分|higher by at least 1\.|达到15%|From 15% on",
    r"超过30天|more than 30 days|30天内到期|within 30 days",
    r"15分钟内|within 15 minutes|Children within 15 minutes",
    r"\d+分钟以内|within \d+ minutes",
    r"^\d+天内$|^Within \d+ days$",
    r"1为只在社区内联系，0为与社区无关|1: ties stay inside; 0: communities do not matter",
)
"""Days, rules that tables are made by, who says so, and how many things were looked at."""

COUNTED = ("网络的数字|network in figures", "年汇总数字|Figures of 20", "台账核查发现|ledgers' checks noticed")
"""Tables of records and of figures whose ids stand in the row, and not in the cell."""


@pytest.fixture(scope="module")
def known(served_study: Path, raw: Raw) -> set[str]:
    """Every text that somebody declared."""
    services = open_study(served_study).settings.services
    told_ = [*services.categories.values(), *(rule.label for rule in services.point_rules.rules), services.notes]
    projects = raw.text("projects")
    quoted = {text for name in ("name", "funder", "explanation", "explanation_en") for text in projects[name]}
    return (labels(served_study) | {text for label in told_ for text in label.values()} | quoted) - {""}


def loose(text: str, known: set[str]) -> list[str]:
    for phrase in FIXED:
        text = re.sub(phrase, " ", text)
    return unexplained(text, known)


INTERVAL = re.compile(r"^\d+\.\d%(?:～| to )\d+\.\d%$")


@LANGUAGES
@REPORTS
def test_every_digit_is_a_result_a_declared_text_a_date_or_a_rule(edition, known, report: str, language: str) -> None:
    texts = page(edition, report, language).texts
    assert len(texts) > 500
    places = ("Need, resources", "需求、资源")  # places a month, which the directory of resources states
    found = [
        (tag, caption, text)
        for text, stated, tag, caption in texts
        if not stated and loose(text, known) and not INTERVAL.match(text)
        if not any(word in caption for pair in COUNTED for word in pair.split("|"))
        if not (tag == "td" and any(word in caption for word in places) and re.fullmatch(r"[\d,]+", text))
    ]
    assert found == []


@LANGUAGES
@REPORTS
def test_every_interval_is_that_of_a_result_in_its_row(printed, edition, report: str, language: str) -> None:
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str}).set_index("result_id")
    compared = 0
    for found in printed[report, language]:
        for _, texts, ids in found.rows:
            for text, own in zip(texts, ids, strict=True):
                if INTERVAL.match(text) and not own:
                    ends = [number(one) / 100 for one in re.findall(r"[\d.]+%", text)]
                    rows = results.loc[[one for one in ids if one], ["low", "high"]].dropna()
                    assert any(list(row) == pytest.approx(ends, abs=6e-4) for row in rows.to_numpy()), (
                        found.caption,
                        text,
                    )
                    compared += 1
    assert compared >= 30


def test_an_invented_digit_is_found(known) -> None:
    assert loose("共服务 3,721 人", known) == ["3,721"]


@REPORTS
def test_stated_results_are_in_the_file_of_results(edition, report: str) -> None:
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str})
    assert results["result_id"].is_unique
    for language in ("zh", "en"):
        stated = {one for _, ids, _, _ in page(edition, report, language).texts for one in ids.split()}
        assert len(stated) > 300 and stated <= set(results["result_id"])


CHAPTERS = ("person_times", "coverage", "voucher_uptake", "merchants", "volunteer_conversion", "points_account_closing")
CHAPTERS += ("score_change", "project_activities")
SHARED = ("share", "ratio", "reached")
"""Statistics that pages print as percentages with a decimal."""


def test_a_result_of_every_chapter_is_found_again_and_the_same(served_study: Path, edition: Path) -> None:
    results = pd.read_csv(edition / f"{YEAR}.results.csv", dtype={"result_id": str})
    shown = results[results["estimate"].notna() & (results["unit"] == "service")]
    chosen = {name: rows.iloc[-1] for name, rows in shown.groupby("indicator") if name in CHAPTERS}
    share = results[
        (results["indicator"] == "merchants") & (results["statistic"] == "share") & results["estimate"].notna()
    ]
    chosen["merchants"] = share.iloc[0]
    assert set(chosen) == set(CHAPTERS)
    study = open_study(served_study)
    source = Serviced(Ledgers(study, "2025"), base_of(study, "2025Q4"))
    found = find_results(source, [row["result_id"] for row in chosen.values()]).set_index("result_id")
    for name, row in chosen.items():
        again = found.loc[row["result_id"]]
        assert (again["round"], again["indicator"]) == ("2025", name)
        finest = 6e-4 if row["statistic"] in SHARED else 0.006
        assert again["estimate"] == pytest.approx(row["estimate"], abs=finest), (name, row["statistic"])


@pytest.mark.parametrize(
    ("report", "indicator", "first", "last"),
    [(MONTH, "person_times", "2025-11-01", "2025-11-30"), (YEAR, "project_activities", "2025-01-01", "2025-12-31")],
)
def test_a_trace_says_the_period_and_that_the_figure_is_the_same(
    served_study, edition, report, indicator, first, last
) -> None:
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str})
    row = results[(results["indicator"] == indicator) & results["estimate"].notna()].iloc[0]
    told_ = trace(open_study(served_study), row["result_id"])
    assert told_["same"] is True and told_["period"] == {"first": first, "last": last}


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of a folder, parts of workbooks each."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                for name in parts.namelist():
                    yield f"{path.name}/{name}", parts.read(name).decode("utf-8", "replace")
        else:
            yield path.name, path.read_bytes().decode("utf-8", "replace")


KEY = re.compile(r"(?<![A-Za-z0-9+/])[A-Z]{1,2}\d{4,7}(?![A-Za-z0-9+/])")


def test_no_key_of_anybody_and_no_number_of_a_voucher_is_in_any_file(
    served_study: Path, edition: Path, raw: Raw
) -> None:
    activities = raw.text("activities")
    keys = {*raw.people.index, *raw.people["family"], *raw.text("roles")["person"], *activities["staff"]}
    keys |= {*raw.text("vouchers_issued")["voucher"], *raw.text("attendance")["person"], *raw.text("scores")["person"]}
    keys |= set(pd.read_parquet(raw.folder / "vouchers_redeemed.parquet")["voucher"])
    keys -= {""}
    assert len(keys) > 2500 and all(KEY.fullmatch(key) for key in keys)  # the search below would find each
    files = [*contents(edition), *contents(served_study / "outputs" / "internal" / "demo-2025Q4")]
    assert len(files) > 100
    assert [name for name, text in files if keys & set(KEY.findall(text))] == []


def test_what_is_for_the_house_is_in_no_file_for_release(edition: Path, raw: Raw) -> None:
    shops = raw.text("merchants")
    names = {name for column in ("name_zh", "name_en") for name in shops[column]} - {""}
    phrases = (
        "仅供内部",
        "For the house",
        "Merchants to visit next",
        "接下来走访",
        "Redemptions worth a look",
        "accuses nobody",
    )
    for name, text in contents(edition):
        assert [phrase for phrase in phrases if phrase in text] == [], name
        if name.startswith("service_"):
            assert {one for one in names if one in text} == set(), name
    assert not (edition / f"{HOUSE}.en.html").exists()


@pytest.fixture(scope="module")
def house(served_study: Path) -> Path:
    return served_study / "outputs" / "internal" / "demo-2025Q4"


@LANGUAGES
def test_the_page_of_the_house_lists_what_was_planted_in_its_period(root, house, raw: Raw, language: str) -> None:
    truth = json.loads((root / "data/demo/truth.json").read_text(encoding="utf-8"))
    rules = {one["rule"]: one for one in truth["services"]["planted"] if one["rule"].startswith("voucher_")}
    names = raw.text("merchants").set_index("merchant")[f"name_{language}"]
    burst, many = rules["voucher_burst"], rules["voucher_many_merchants"]
    html = (house / f"{HOUSE}.{language}.html").read_text(encoding="utf-8")
    caption = {"zh": "值得看一看的核销", "en": "Redemptions worth a look"}[language]
    (listed,) = [one for one in Tables(html).tables if one.caption.strip() == caption]
    rows = [texts for _, texts, _ in listed.rows]
    assert [names[burst["merchant"]], burst["day"], str(burst["count"])] in rows
    for one in (rules["voucher_round_amounts"], rules["voucher_self_dealing"]):
        assert [names[one["merchant"]], str(one["count"])] in [[name, count] for name, _, count in rows], one
    several = [(day, count) for name, day, count in rows if name not in set(names)]
    assert [day for day, _ in several] == many["days"]
    assert sum(number(count) for _, count in several) == many["count"]
    assert len(rows) == 3 + len(many["days"])  # nothing else looks odd
    assert ("不是指控" if language == "zh" else "accuse nobody") in html


def test_the_year_of_the_house_lists_everything_that_was_planted(served_study: Path, raw: Raw, root: Path) -> None:
    blocks = voucher_anomalies(Ledgers(open_study(served_study), "2025"))
    text = repr(blocks)
    truth = json.loads((root / "data/demo/truth.json").read_text(encoding="utf-8"))["services"]["planted"]
    names = raw.text("merchants").set_index("merchant")["name_en"]
    for one in truth:
        if one["rule"].startswith("voucher_"):
            assert names[one["merchant"]] in text if "merchant" in one else all(day in text for day in one["days"]), one
    keys = {*raw.people.index, *raw.text("vouchers_issued")["voucher"]}
    assert not keys & set(re.findall(r"[PQ]\d+", text))


# What is refused.


@pytest.fixture
def changed(root: Path, tmp_path: Path):
    """A study folder whose service_year has other parameters."""

    def change(**said: object) -> Path:
        folder = tmp_path / "study"
        shutil.copytree(root / "data" / "demo", folder, ignore=shutil.ignore_patterns("outputs", "vault"))
        reports = yaml.safe_load((folder / "reports.yml").read_text(encoding="utf-8"))
        (one,) = [spec for spec in reports if spec["report"] == YEAR]
        one["parameters"] |= said
        (folder / "reports.yml").write_text(yaml.safe_dump([one], allow_unicode=True), encoding="utf-8")
        return folder

    return change


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"house": True}, "house: true adds what is for the organisation alone, and the report is for release"),
        ({"period": "2025-13"}, r"period '2025-13' is no month \(2025-11\), quarter \(2025Q4\) or year \(2025\)"),
        ({"period": "November"}, "period 'November' is no month"),
        ({"period": 2025}, "2025 is int, but 06_service_report.* takes str"),
        ({"perod": "2025"}, "has no parameter 'perod'.*did you mean 'period'"),
        ({"round": "2025Q9"}, "round '2025Q9' is not declared"),
    ],
)
def test_what_a_report_on_services_refuses(changed, said: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        plan(open_study(changed(**said)))
    assert re.search(message, str(caught.value)), str(caught.value)
