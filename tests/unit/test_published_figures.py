"""Studies made from published totals alone: every figure is in the ledgers or in the notes, and nothing else is."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from xzz_analysis.services.checks import check_ledgers
from xzz_analysis.services.opening import Ledgers, open_ledgers

HERE = Path(__file__).parents[2] / "examples" / "published_figures"
PERIODS = {"organisation": "2017", "station": "2020", "outreach": "2020"}
TOTALS = {
    ("organisation", "activities", "other", "count"): 1019,
    ("organisation", "activities", "other", "person_times"): 11252,
    ("station", "organisations", "station", "count"): 14,
    ("station", "activities", "phone_visit", "count"): 148,
    ("station", "activities", "home_visit", "count"): 43,
    ("station", "activities", "case", "count"): 9,
    ("station", "activities", "group", "count"): 58,
    ("station", "activities", "other", "count"): 0,  # the total is of all services, and no activity more
    ("station", "activities", "other", "person_times"): 46000,
    ("station", "roles", "volunteer", "count"): 156,
    ("station", "roles", "local_worker", "count"): 41,
    ("station", "organisations", "incubated", "count"): 3,
    ("outreach", "merchant_visits", "visited", "count"): 89,
    ("outreach", "merchant_visits", "not_joined", "count"): 73,
}
"""Study, ledger, kind of row and column → the published figure."""
NOTED = {"station": ("8", "6,400", "2,537", "46,000"), "outreach": ("73",), "organisation": ()}
KIND = {"activities": "type", "roles": "role", "organisations": "standing", "merchant_visits": "outcome"}
NUMBERS = ("count", "person_times", "persons", "amount")


@pytest.fixture(scope="module", params=PERIODS)
def ledgers(request: pytest.FixtureRequest) -> Ledgers:
    return open_ledgers(HERE / request.param, PERIODS[request.param])


def test_the_ledgers_hold_every_published_figure_and_no_other(ledgers: Ledgers) -> None:
    name = ledgers.study.folder.name
    held = {
        (name, kind, row[KIND[kind]], column): row[column]
        for kind in ledgers.declared.ledgers()
        for row in ledgers.table(kind).to_dict("records")
        for column in NUMBERS
        if column in row and pd.notna(row[column])
    }
    assert held == {key: value for key, value in TOTALS.items() if key[0] == name}


def test_there_is_nobody_in_them(ledgers: Ledgers) -> None:
    for kind in ledgers.declared.ledgers():
        table = ledgers.table(kind)
        about = {"person", "staff", "community", "domain", "merchant", "organisation", "name", "reasons"} & set(table)
        assert not table[sorted(about)].astype(bool).to_numpy().any()


def test_totals_stand_for_the_whole_year(ledgers: Ledgers) -> None:
    first, last = pd.Timestamp(ledgers.period.first), pd.Timestamp(ledgers.period.last)
    for kind in ledgers.declared.ledgers():
        table = ledgers.during(kind)
        begins = table["since" if "since" in table else "date"]
        assert len(table) == len(ledgers.table(kind))
        assert (begins == first).all()
        assert (table["until"] == last).all()


def test_figures_that_no_ledger_holds_are_in_the_notes_in_both_languages(ledgers: Ledgers) -> None:
    notes = ledgers.declared.notes
    for figure in NOTED[ledgers.study.folder.name]:
        assert figure in notes["en"]
        assert (figure if figure != "46,000" else "4.6万") in notes["zh"]


def test_an_assumed_year_is_said_to_be_assumed(ledgers: Ledgers) -> None:
    assumed = ledgers.study.folder.name != "organisation"
    assert ("came without a year" in ledgers.declared.notes["en"]) == assumed
    assert ("没有写明年份" in ledgers.declared.notes["zh"]) == assumed


def test_nothing_is_wrong_with_them(ledgers: Ledgers) -> None:
    assert check_ledgers(ledgers) == ()


@pytest.mark.parametrize("name", PERIODS)
def test_the_report_is_of_the_year(name: str) -> None:
    (report,) = yaml.safe_load((HERE / name / "reports.yml").read_text(encoding="utf-8"))
    assert (report["notebook"], report["parameters"]) == ("06_service_report", {"period": PERIODS[name]})
    assert report["languages"] == ["zh", "en"]


def test_the_readme_names_every_figure_and_the_assumed_year() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    figures = {f"{value:,}" for value in TOTALS.values()} | {"8 projects", "6,400", "2,537"}
    assert [figure for figure in sorted(figures) if figure not in text] == []
    assert "2020 is assumed" in text
    assert "不虚构任何明细" in text
