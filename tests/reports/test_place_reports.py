"""The resource map and the profile of a community, as they are published: traced, bilingual, complete, and discreet."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import xzz_analysis as xzz
from tests.reports.test_traced import Page, labels, page, printed, unexplained
from xzz_analysis.atlas import Atlas
from xzz_analysis.editions.plan import plan
from xzz_analysis.editions.trace import trace
from xzz_analysis.places.directory.facts import known_facts
from xzz_analysis.report.theme import figure_text
from xzz_analysis.study import open_study

MAP, PROFILE = "resource_map", "community_profile-heyan"
REPORTS = pytest.mark.parametrize("report", [MAP, PROFILE])
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])

HEADINGS = {
    (MAP, "zh"): "资源地图 有什么资源 信息可靠程度 谁够得着 每个儿童分到多少 缺口在哪里 谁可以补上 局限",
    (MAP, "en"): "Map of resources|What there is|How sure this is|Who can reach it|How much there is for each child|"
    "Where the gaps are|Who could fill them|Limits",
    (PROFILE, "zh"): "地域、人口与交通 社区有什么 关爱券商户 需要什么 居民怎么说 够得着什么，缺什么 机会 信息可靠程度",
    (PROFILE, "en"): "Land, people and transport|What the community has|Voucher merchants|What is needed|"
    "What residents said|What is in reach, and what is missing|Opportunities|How sure this is",
}

LISTED = (
    "各类资源的数量|How many resources there are",
    "教育（|Education (",
    "健康（|Health (",
    "生计（|Livelihood (",
    "社会支持（|Social support (",
    "综合（|General (",
    "商户的关爱券状态|Merchants and care vouchers",
    "资源信息的核实情况|How far the directory has been verified",
    "社区资产|What the community has",
    "基本情况|The community in facts",
)
"""Captions of tables that list or count what the directory and the facts of communities hold."""
WORKED_OUT = (
    "每百名儿童可得的名额|Places for every hundred children",
    "分布得有多不均|How unequally places are spread",
    "最多儿童依靠的服务|Services that most children depend on",
    "分配方案|a plan (people)",
    "按方案分配以后仍缺|left open by the plan",
    "多办一处|One more service",
)
"""Captions of tables whose figures come of a register and of places, and are no results with an id of their own."""
CAPTIONS = tuple(word for pair in (*LISTED, *WORKED_OUT) for word in pair.split("|"))

FIXED = (
    r"\d+\s?分钟|\d+ minutes?",  # what in reach means, and how long half of the children walk
    r"（\d+ 处）|(?<=[a-z]) \(\d+\)$",  # how many places a table lists
    r"0\.9\s?(?:米/秒|m/s)|250\s?(?:米|m\b)",
    r"(?:Soukhov 等|Soukhov et al\.) 2023",
    r"基尼系数为0|越接近1|Gini of 0|near 1",
    r"只有\d+个社区|少于12个|Only \d+ communities|fewer than 12",
    r"CGCS2000|Coordinate System 2000|GCJ-02",
    r"\d+类情况|\d+ kinds of things",
    r"^Map \d+\.|^地图 \d+",
    r"每百名|取整到十",
)


@pytest.fixture(scope="module")
def edition(my_study: Path) -> Path:
    return my_study / "outputs" / "release" / "demo-2025Q4"


@pytest.fixture(scope="module")
def atlas(my_study: Path) -> Atlas:
    return xzz.open_atlas(my_study)


@pytest.fixture(scope="module")
def known(my_study: Path, atlas: Atlas) -> set[str]:
    """Every declared text, and every name of a place."""
    names = [*atlas.names.values(), *atlas.community_names.values()]
    named = {text for label in names for text in label.values()}
    facts = {text for fact in known_facts().values() for text in fact.label.values()}
    return labels(my_study) | named | facts


def outside_maps(edition: Path, report: str, language: str) -> Page:
    """Texts of a page without its maps."""
    html = (edition / f"{report}.{language}.html").read_text(encoding="utf-8")
    read = Page()
    read.feed(re.sub(r'<div class="map".*?</figure>', "</figure>", html, flags=re.DOTALL))
    return read


def loose(text: str, known: set[str]) -> list[str]:
    """Numbers of a text that nothing explains."""
    for phrase in FIXED:
        text = re.sub(phrase, " ", text)
    return unexplained(text, known)


@LANGUAGES
@REPORTS
def test_every_digit_is_a_result_a_declared_text_or_in_a_table_that_counts(
    edition: Path, known: set[str], report: str, language: str
) -> None:
    texts = outside_maps(edition, report, language).texts
    assert len(texts) > 300
    found = [
        (tag, caption, text)
        for text, stated, tag, caption in texts
        if not stated and loose(text, known) and not any(word in caption for word in CAPTIONS)
    ]
    assert found == []


@LANGUAGES
@REPORTS
def test_every_number_of_a_sentence_is_the_result_it_names(
    edition: Path, known: set[str], report: str, language: str
) -> None:
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str}).set_index("result_id")
    sentences = [one for one in page(edition, report, language).texts if one[1] and one[2] == "p"]
    assert len(sentences) >= 2
    for text, stated, _, _ in sentences:
        allowed = set().union(*(as_printed(results.loc[name]) for name in stated.split()))
        assert set(loose(text, known)) <= allowed, text


def as_printed(row: pd.Series) -> set[str]:
    """Every way in which a result's figures are printed, people among them."""
    people = [row[name] for name in ("estimate", "low", "high") if row["statistic"] == "people"]
    return printed(row) | {figure_text(value, "count") for value in people}


@REPORTS
def test_results_are_traced_and_the_same(my_study: Path, edition: Path, report: str) -> None:
    results = pd.read_csv(edition / f"{report}.results.csv", dtype={"result_id": str})
    places = results[results["unit"] == "place"]
    assert set(places["indicator"]) == {"reach", "service_gap"}
    chosen = list(places.groupby("indicator")["result_id"].first())[: 2 if report == MAP else 1]
    told = [trace(open_study(my_study), name) for name in chosen]
    assert [one["same"] for one in told] == [True] * len(chosen)


def test_every_gap_and_reach_of_the_map_is_in_the_results(edition: Path) -> None:
    results = pd.read_csv(edition / f"{MAP}.results.csv", dtype={"result_id": str})
    counted = results.groupby("indicator")["by"].nunique()
    assert counted[["reach", "service_gap"]].to_dict() == {"reach": 4, "service_gap": 4}
    shown = {ids for _, stated, _, _ in page(edition, MAP, "zh").texts for ids in stated.split()}
    assert shown <= set(results["result_id"]) and len(shown) >= 36


@LANGUAGES
@REPORTS
def test_chapters_stand_in_their_order(edition: Path, report: str, language: str) -> None:
    html = (edition / f"{report}.{language}.html").read_text(encoding="utf-8")
    found = [re.sub("<[^>]+>", "", text) for text in re.findall(r"<h2[^>]*>(.*?)</h2>", html)]
    wanted = HEADINGS[(report, language)].split(" " if language == "zh" else "|")
    assert [one for one in found if one in wanted] == wanted
    assert len(found) == len(wanted) + 1  # and the contents


@LANGUAGES
@REPORTS
def test_workbooks_hold_the_tables_and_no_formula(edition: Path, report: str, language: str) -> None:
    book = openpyxl.load_workbook(edition / f"{report}.{language}.xlsx")
    captions = {text for _, _, _, text in page(edition, report, language).texts if text}
    assert len(book.worksheets) == len(captions) + 1
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 300
    assert [cell.value for cell in cells if cell.data_type == "f"] == []


ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[a-z]{2,}){3,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


@REPORTS
def test_the_chinese_page_has_no_english_sentence(edition: Path, report: str) -> None:
    texts = [text for text, _, _, _ in page(edition, report, "zh").texts]
    assert [text for text in texts if ENGLISH.search(text)] == []


@REPORTS
def test_the_english_page_has_chinese_only_where_it_quotes(edition: Path, atlas: Atlas, report: str) -> None:
    """Texts of the directory and sources of facts stand as somebody wrote them; everything else is translated."""
    table = pd.DataFrame(atlas.resources.drop(columns="geometry"))
    quoted = {str(value).strip() for column in table for value in table[column]} | set(atlas.facts.table["source"])
    quoted |= {group for groups in table["eligibility"] for group in groups}
    texts = [(text, caption) for text, _, _, caption in page(edition, report, "en").texts if CHINESE.search(text)]
    strange = [text for text, _ in texts if text not in quoted and "审图号" not in text]
    assert strange == []
    assert all(any(word in caption for word in CAPTIONS) for text, caption in texts if caption)


def test_one_command_makes_the_profile_of_every_community(root: Path) -> None:
    jobs = [job for job in plan(open_study(root / "data" / "demo")) if job.spec.report.startswith("community_profile")]
    assert [job.spec.report.partition("-")[2] for job in jobs] == ["weidu", "tangxu", "xingzhan", "heyan"]
    assert [job.place for job in jobs] == [f"community={job.spec.report.partition('-')[2]}" for job in jobs]
    assert {job.spec.audience for job in jobs} == {"release"}
    assert jobs[-1].spec.title == {"zh": "社区基本情况：禾砚社区", "en": "Community profile: Heyan"}


def test_contacts_that_are_not_public_are_in_no_file(my_study: Path, atlas: Atlas) -> None:
    table = atlas.directory.confidential
    private = set(table.loc[~table["contact_public"], "contact"]) - {""} - set(atlas.resources["contact"])
    assert len(private) >= 6
    texts = every_text(my_study / "outputs")
    assert {one for one in private for text in texts.values() if one in text} == set()
    public = set(atlas.resources["contact"]) - {""}
    assert any(public & set(re.findall(r"[\d-]{9,}", text)) for text in texts.values())  # they would be found


def every_text(folder: Path) -> dict[str, str]:
    """What every file for readers says: pages, tables of results, parts of workbooks."""
    found = {}
    for path in sorted(folder.rglob("*-2025Q4/*")):
        if path.suffix in (".html", ".csv", ".json"):
            found[path.name] = path.read_text(encoding="utf-8")
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                found[path.name] = "\n".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    return found


def test_what_people_wrote_in_their_own_words_is_in_no_file(my_study: Path) -> None:
    texts = every_text(my_study / "outputs")
    assert len(texts) > 20
    raw = (my_study / "raw").glob("*child_text.xlsx")
    remarks = {text for path in raw for text in pd.read_excel(path, dtype=str, engine="calamine").iloc[:, -5:].stack()}
    assert "合成示例：无备注" in remarks
    assert [name for name, text in texts.items() if "合成示例：无备注" in text or "〖合成示例" in text] == []
