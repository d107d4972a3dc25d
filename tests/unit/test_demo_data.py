"""The demonstration study is reproducible, says that it is synthetic, and holds exactly the planted flaws."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from xzz_analysis.intake.store import Dataset, read_study
from xzz_analysis.study import open_study

DEMO = Path(__file__).parents[2] / "data" / "demo"
ROUNDS = ("2025Q2", "2025Q4")
RAW = sorted((DEMO / "raw").iterdir())
GENERATED = [
    path.relative_to(DEMO) for name in ("forms", "raw", "places", "services") for path in (DEMO / name).iterdir()
]
UNSURE = {"-98", "-99"}
ALONE = {"none", "dont_know", "refused"}
TRUTH = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
INDICATORS = yaml.safe_load((DEMO / "indicators.yml").read_text(encoding="utf-8"))
Frame = pd.DataFrame
Tables = dict[tuple[str, str], Frame]


def _in_school(c: Frame) -> pd.Series:
    return (c["age"].astype(int) >= 6) & ~c["enrolment"].isin(["none", "refused"])


def _earning(f: Frame) -> pd.Series:
    return f["job"].isin(["employee", "platform", "casual"])


SHOWN: dict[str, Callable[[Frame], pd.Series]] = {
    "rent": lambda f: f["tenure"] == "rent",
    "contract": _earning,
    "arrears": _earning,
    "debt_reason": lambda f: f["debt"] == "yes",
    "student_record": _in_school,
    "documents_asked": _in_school,
    "documents_failed": lambda c: _in_school(c) & ~c["documents_asked"].isin(ALONE),
    "homework_help": _in_school,
    "absent_days": _in_school,
    "absence_reason": lambda c: pd.to_numeric(c["absent_days"]) > 0,
    "vision": lambda c: c["age"].astype(int) >= 6,
    "care_received": lambda c: c["care_needed"] == "yes",
    "care_barrier": lambda c: c["care_received"] == "no",
    "treated_unfairly": lambda c: c["age"].astype(int) >= 8,
    "belonging": lambda c: c["age"].astype(int) >= 8,
}
BEFORE_CONSENT = {"family_id", "community", "consent"}


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run([sys.executable, "-W", "error", DEMO / "make_demo.py", folder], check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def tables(demo_children) -> Tables:
    found = {
        (ROUNDS[1], name): pd.read_csv(DEMO / f"raw/2025Q4_{name}.csv", dtype=str) for name in ("family", "member")
    }
    sheets = pd.read_excel(DEMO / "raw/2025Q2_family.xlsx", sheet_name=None, dtype=str, engine="calamine")
    found |= {(ROUNDS[0], sheet): table for sheet, table in sheets.items()}
    found |= {(name, "child"): table for name, table in demo_children.items()}
    return {key: table.fillna("") for key, table in found.items()}


@pytest.fixture(scope="module")
def forms() -> dict[str, Frame]:
    """Survey sheet of each form, with the option names of every select question."""
    found = {}
    for name in ("family", "child"):
        sheets = pd.read_excel(DEMO / f"forms/{name}.xlsx", sheet_name=None, dtype=str, engine="calamine")
        survey = sheets["survey"].fillna("")
        options = sheets["choices"].groupby("list_name")["name"].agg(set).to_dict()
        words = survey["type"].str.split()
        survey["options"] = [options.get(word[1], set()) if len(word) > 1 else set() for word in words]
        found[name] = survey.set_index("name")
    return found


def flaws(tables: Tables, forms: dict[str, Frame], count: Callable[[pd.Series, pd.Series, Frame], pd.Series]) -> dict:
    """Rows that a rule marks, counted by round, table and question; rows sent twice count once."""
    found = {}
    for (round_name, name), table in tables.items():
        if name == "member":
            continue
        once = table.drop_duplicates(f"{name}_id")
        once = once[once["consent"] == "yes"] if name == "family" else once
        for question, row in forms[name].iterrows():
            if question in once:
                rows = int(count(once[question], row, once).sum())
                found |= {(round_name, name, question): rows} if rows else {}
    return found


def planted(rule: str) -> dict:
    return {
        (flaw["round"], flaw["table"], flaw["question"]): flaw["count"]
        for flaw in TRUTH["planted"]
        if flaw["rule"] == rule
    }


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def texts() -> dict[str, str]:
    """Everything that the folder's data files say, workbooks unpacked and Parquet as CSV."""
    read = {}
    for path in [*GENERATED, Path("truth.json")]:
        if path.suffix == ".parquet":
            read[str(path)] = pd.read_parquet(DEMO / path).to_csv()
            continue
        members = parts(DEMO / path) if path.suffix == ".xlsx" else {"": (DEMO / path).read_bytes()}
        read[str(path)] = "\n".join(data.decode("utf-8") for data in members.values())
    return read


@pytest.mark.parametrize("path", [*GENERATED, Path("truth.json")], ids=str)
def test_the_script_makes_the_committed_bytes(remade: Path, path: Path) -> None:
    if path.suffix == ".xlsx":  # unpacked, because builds of zlib pack the same bytes differently
        assert parts(remade / path) == parts(DEMO / path)
    elif path.suffix == ".parquet":  # as a table, because the file names the version that wrote it
        assert pq.read_table(remade / path).equals(pq.read_table(DEMO / path), check_metadata=True)
    else:
        assert (remade / path).read_bytes() == (DEMO / path).read_bytes()


def test_the_script_makes_nothing_else(remade: Path) -> None:
    made = {path.relative_to(remade) for path in remade.rglob("*") if path.is_file()}
    assert made == {*GENERATED, Path("truth.json")}


def test_raw_files_are_small() -> None:
    assert len(RAW) == 6
    assert max(path.stat().st_size for path in RAW) < 1_000_000


def test_the_folder_says_that_it_is_synthetic() -> None:
    for name in ("README.md", "study.yml", "truth.json"):
        text = (DEMO / name).read_text(encoding="utf-8")
        assert "合成演示数据" in text
        assert "ynthetic" in text


@pytest.mark.parametrize("path", [path for path in GENERATED if path.suffix == ".xlsx"], ids=str)
def test_every_workbook_says_that_it_is_synthetic(path: Path) -> None:
    assert "合成演示数据" in parts(DEMO / path)["docProps/core.xml"].decode("utf-8")


def test_the_map_says_that_it_is_synthetic() -> None:
    layer = json.loads((DEMO / "places/communities.geojson").read_text(encoding="utf-8"))
    assert layer["name"] == "Synthetic demonstration data"
    assert all(feature["properties"]["synthetic"] for feature in layer["features"])


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b1[3-9]\d{9}\b",
        r"\b0\d{2,3}-\d{7,8}\b",
        r"\b\d{17}[\dXx]\b",
        r"[\w.]+@[\w-]+\.\w+",
        r"\b(?!203\.0\.113\.)\d{1,3}(\.\d{1,3}){3}\b",  # but for those reserved for documentation
    ],
    ids=["mobile", "telephone", "identity card", "e-mail", "address of a computer"],
)
def test_nothing_looks_like_a_person(pattern: str) -> None:
    found = {name: re.findall(pattern, text)[:3] for name, text in texts().items() if re.search(pattern, text)}
    assert found == {}


def test_no_column_holds_a_name_or_an_address(tables: Tables) -> None:
    columns = {column for table in tables.values() for column in table}
    suspect = {column for column in columns if re.search("name|phone|address|gps|姓名|电话|地址", column.lower())}
    assert suspect == {"_parent_table_name"}


def test_unknown_options_are_the_planted_ones(tables: Tables, forms: dict[str, Frame]) -> None:
    def unknown(cells: pd.Series, row: pd.Series, _: Frame) -> pd.Series:
        known = row["options"] | ({"other"} if "or_other" in row["type"] else set())
        return cells.str.split().map(lambda words: bool(known) and not known.issuperset(words))

    assert flaws(tables, forms, unknown) == planted("option_unlisted")


def test_unreadable_numbers_are_the_planted_ones(tables: Tables, forms: dict[str, Frame]) -> None:
    def unreadable(cells: pd.Series, row: pd.Series, _: Frame) -> pd.Series:
        number = row["type"] in ("integer", "decimal")
        return (cells != "") & pd.to_numeric(cells, errors="coerce").isna() & number

    assert flaws(tables, forms, unreadable) == planted("value_unreadable")


def test_numbers_out_of_range_are_the_planted_ones(tables: Tables, forms: dict[str, Frame]) -> None:
    def outside(cells: pd.Series, row: pd.Series, _: Frame) -> pd.Series:
        limits = re.search(r"\. >= (\d+) and \. <= (\d+)", row["constraint"])
        low, high = map(int, limits.groups()) if limits else (-(10**9), 10**9)
        number = pd.to_numeric(cells.where(~cells.isin(UNSURE)), errors="coerce")
        return (number < low) | (number > high)

    assert flaws(tables, forms, outside) == planted("constraint_broken")


def test_answers_against_skip_logic_are_the_planted_ones(tables: Tables, forms: dict[str, Frame]) -> None:
    def against(cells: pd.Series, _: pd.Series, table: Frame) -> pd.Series:
        return (cells != "") & ~SHOWN[str(cells.name)](table) if cells.name in SHOWN else cells == "\0"

    assert flaws(tables, forms, against) == planted("answer_not_shown")


def test_blanks_in_required_questions_are_the_planted_ones(tables: Tables, forms: dict[str, Frame]) -> None:
    def blank(cells: pd.Series, row: pd.Series, table: Frame) -> pd.Series:
        shown = SHOWN[str(cells.name)](table) if cells.name in SHOWN else cells == cells
        return (cells == "") & shown & (row["required"] == "yes")

    assert flaws(tables, forms, blank) == planted("required_blank")


def test_exclusive_options_with_others_are_the_planted_ones(tables: Tables, forms: dict[str, Frame]) -> None:
    def conflict(cells: pd.Series, row: pd.Series, _: Frame) -> pd.Series:
        several = row["type"].startswith("select_multiple")
        return cells.str.split().map(lambda words: several and len(words) > 1 and not ALONE.isdisjoint(words))

    assert flaws(tables, forms, conflict) == planted("exclusive_with_others")


def _minutes(name: str, table: Frame) -> pd.Series:
    if name == "child":
        return table["所用时间"].str.removesuffix("秒").astype(float) / 60
    return (pd.to_datetime(table["end"]) - pd.to_datetime(table["start"])).dt.total_seconds() / 60


def test_short_interviews_are_the_planted_ones(tables: Tables) -> None:
    interviews = {key: _minutes(key[1], table) for key, table in tables.items() if key[1] != "member"}
    found = {(*key, "end"): int((minutes < 5).sum()) for key, minutes in interviews.items() if (minutes < 5).any()}
    assert found == planted("short_interview")


def test_interviews_sent_twice_are_the_planted_ones(tables: Tables) -> None:
    found = {}
    for (round_name, name), table in tables.items():
        if name != "member" and (twice := int(table[f"{name}_id"].duplicated().sum())):
            found[round_name, name, f"{name}_id"] = twice
    assert found == planted("key_twice")


@pytest.mark.parametrize("key", [(ROUNDS[0], "family"), (ROUNDS[1], "child")])
def test_interviews_sent_twice_agree_in_every_answer(tables: Tables, key: tuple[str, str]) -> None:
    answers = tables[key].loc[:, lambda table: ~table.columns.str.match("_|序号|提交|来自")]
    assert answers.duplicated().sum() == answers[f"{key[1]}_id"].duplicated().sum() > 0


def test_children_without_a_family_are_the_planted_ones(tables: Tables) -> None:
    found = {}
    for name in ROUNDS:
        lost = ~tables[name, "child"]["family_id"].isin(tables[name, "family"]["family_id"])
        found[name, "child", "family_id"] = int(lost.sum())
    assert found == planted("parent_missing")
    assert sum(found.values()) == 6


def test_one_question_was_asked_only_in_the_second_round(tables: Tables, forms: dict[str, Frame]) -> None:
    assert "station_known" in forms["family"].index
    first, second = (set(tables[name, "family"]) for name in ROUNDS)
    assert second - first == {"station_known"}
    assert first - second == set()


@pytest.mark.parametrize("name", ROUNDS)
def test_select_multiple_children_agree_with_their_parent(tables: Tables, forms: dict[str, Frame], name: str) -> None:
    for form in ("family", "child"):
        table = tables[name, form]
        for column in [column for column in table if "/" in column]:
            question, option = column.split("/")
            marked = table[question].str.split().map(lambda words, option=option: str(int(option in words)))
            assert table[column].equals(marked.where(table[question] != "", ""))


@pytest.mark.parametrize("name", ROUNDS)
def test_members_belong_to_an_interview(tables: Tables, name: str) -> None:
    families, members = tables[name, "family"].set_index("_index"), tables[name, "member"]
    size = members.groupby("_parent_index").size()
    agreed = families[families["consent"] == "yes"]
    assert size.reindex(agreed.index).astype(str).tolist() == agreed["family_size"].tolist()
    assert set(members["_submission__uuid"]) == set(agreed["_uuid"])


@pytest.mark.parametrize("name", ROUNDS)
def test_weights_add_up_to_the_population(tables: Tables, name: str) -> None:
    people = TRUTH["population"][name]
    for form, unit in (("family", "families"), ("child", "children")):
        table = tables[name, form].drop_duplicates(f"{form}_id")
        assert table["weight"].astype(float).sum() == pytest.approx(people[unit], rel=0.08)


def test_the_sample_has_the_promised_size(tables: Tables) -> None:
    first, second = (tables[name, "family"].drop_duplicates("family_id") for name in ROUNDS)
    assert first.groupby("stratum")["grid"].nunique().between(12, 16).all()
    assert set(first["grid"]) == set(second["grid"])
    assert 650 <= len(first) <= 750
    assert first["family_id"].isin(second["family_id"]).mean() == pytest.approx(0.4, abs=0.03)


def test_the_truth_covers_every_indicator() -> None:
    ids = {indicator["id"] for indicator in INDICATORS}
    assert set(TRUTH["truth"]["2025Q4"]) == ids
    assert ids - set(TRUTH["truth"]["2025Q2"]) == {"sup_station_unknown"}


@pytest.mark.parametrize("name", ROUNDS)
def test_the_truth_of_the_whole_lies_between_its_groups(name: str) -> None:
    for values in TRUTH["truth"][name].values():
        for group in {by.split("=")[0] for by in values if by}:
            parts_of_it = [value for by, value in values.items() if by.startswith(f"{group}=")]
            assert min(parts_of_it) <= values[""] <= max(parts_of_it)


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator["id"])
def test_the_truth_names_the_groups_of_its_unit(indicator: dict) -> None:
    values = TRUTH["truth"]["2025Q4"][indicator["id"]]
    groups = {by.split("=")[0] for by in values if by}
    assert groups == {"community", "hardship", "hukou"} | (
        {"sex", "age_band"} if indicator["unit"] == "child" else set()
    )
    assert all(0 <= value <= 1 for value in values.values()) or "value" in indicator


def test_only_the_declared_indicators_change() -> None:
    first, second = (TRUTH["truth"][name] for name in ROUNDS)
    change = {name: second[name][""] - first[name][""] for name in first}
    assert {name for name in change if abs(change[name]) > 0.02} == set(TRUTH["changes"])
    assert all(change[name] == pytest.approx(value, abs=1e-5) for name, value in TRUTH["changes"].items())


def test_the_map_counts_the_population() -> None:
    layer = json.loads((DEMO / "places/communities.geojson").read_text(encoding="utf-8"))
    about = [feature["properties"] for feature in layer["features"]]
    for unit in ("families", "children"):
        assert sum(place[unit] for place in about) == TRUTH["population"]["2025Q4"][unit]
    assert len({place["city_en"] for place in about}) == 2
    assert layer["crs"]["properties"]["name"].endswith("4490")


def test_the_ledger_of_activities_covers_the_communities_and_both_rounds(tables: Tables) -> None:
    ledger = pd.read_csv(DEMO / "services/activities.csv", dtype=str, keep_default_na=False)
    assert set(ledger["community"]) == set(tables["2025Q4", "family"]["community"])
    assert set(ledger["domain"]) == {"education", "health", "livelihood", "support", ""}
    assert set(ROUNDS) <= set(pd.PeriodIndex(ledger["date"], freq="Q").astype(str))


CHECKED = ("constraint_broken", "exclusive_with_others", "short_interview")
"""Planted flaws that the checks of quality find, not the reader."""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_study(open_study(DEMO))


def test_the_reader_reports_exactly_the_planted_flaws(dataset: Dataset) -> None:
    found: dict[tuple[str, str], int] = {}
    for finding in dataset.findings:
        if finding.severity != "note":
            place = finding.rule, finding.where.split(".")[0].removesuffix("_text")
            found[place] = found.get(place, 0) + finding.count
    expected: dict[tuple[str, str], int] = {}
    for flaw in TRUTH["planted"]:
        place = flaw["rule"], f"{flaw['round']}_{flaw['table']}"
        if flaw["rule"] not in CHECKED:
            expected[place] = expected.get(place, 0) + flaw["count"]
    assert found == expected


@pytest.mark.parametrize("rule", CHECKED)
def test_the_checks_find_exactly_the_planted_flaws(dataset: Dataset, rule: str) -> None:
    rows = dataset.quality.findings.of(rule)[["round", "unit", "question", "count"]].to_numpy(object)
    found = {(round_, unit, question or "end"): count for round_, unit, question, count in rows}
    assert found == planted(rule)


def test_the_checks_find_nothing_else_than_what_is_planted(dataset: Dataset) -> None:
    """Short interviews are answered too fast, and two broken constraints and one true value are far from the others."""
    frame = dataset.quality.findings.frame
    others = frame[~frame["rule"].isin(CHECKED) & (frame["severity"] != "note")]
    found = {
        (row["rule"], row["round"], row["unit"], row["question"]): row["count"] for row in others.to_dict("records")
    }
    assert found == {
        ("outlier", "2025Q2", "child", "hours_alone"): 2,
        ("outlier", "2025Q2", "family", "income_per_head"): 1,
        ("outlier", "2025Q2", "family", "years_in_city"): 2,
        ("outlier", "2025Q4", "child", "trusted_adults"): 1,
        ("speeding", "2025Q2", "child", ""): 3,
        ("speeding", "2025Q4", "family", ""): 2,
    }


def test_every_table_of_the_demo_may_be_published(dataset: Dataset) -> None:
    quality = dataset.quality
    assert quality.rules.minimum == 80
    assert {place: quality.score(*place).value >= 95 for place in quality.rows} == dict.fromkeys(quality.rows, True)
