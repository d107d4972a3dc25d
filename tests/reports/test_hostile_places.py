"""Names of places that would be code: a resource map is made of them, and they stay texts in every file."""

from __future__ import annotations

import html
import json
import re
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from tests.reports.test_no_home import DEGREES, near_a_home, parts
from tests.reports.test_no_home import MAP_DATA as DATA
from tests.small_places import CONTACT, Frame, homes, places_of
from tests.small_study import write_small_study
from xzz_analysis.editions.run import build
from xzz_analysis.errors import ReportError
from xzz_analysis.study import open_study

SCRIPT = "</script><script>window.stolen=1</script><img src=x onerror='window.stolen=1'>"
FORMULA = "=cmd|' /C calc'!A0"
NAMES = [
    SCRIPT,
    FORMULA,
    '"quo\'ted" & <b>bold</b>',
    "长" * 500,
    "+1-2 @SUM(A1)",
    "{{7*7}} ${7*7} `x` \\n",
    "# 标题 **粗** [链接](javascript:alert(1))",
]
REPORT = """
- report: resource_map
  notebook: 04_resource_map
  title: {zh: 资源图, en: Resource map}
  languages: [zh, en]
  audience: release
"""
NOTICE = "notice: {zh: 合成数据, en: Synthetic data}\nreports: reports.yml\n"
NEEDS = "  minutes: 15\n  needs:\n    health: {indicator: uninsured}\n"


def hostile(table: Frame, names: list[str]) -> Frame:
    """The names again and again, in every column of texts that is printed."""
    given = [names[at % len(names)] for at in range(len(table))]
    if "hours" in table:
        return table.assign(name_zh=given, name_en=given, hours=given, procedure=given, address=given)
    numbered = [f"{name}{at}" for at, name in enumerate(given)]
    return table.assign(name_zh=numbered, name_en=numbered)


def study(folder: Path, names: list[str]) -> Path:
    """A survey study of six communities with hostile names, and a report on its places."""
    changes = dict.fromkeys(("communities", "resources"), lambda table: hostile(table, names))
    lines = places_of(folder, changes, count=6).replace("  minutes: 15\n", NEEDS)
    write_small_study(folder, ["r1"], communities=6, settings=lines + NOTICE)
    (folder / "reports.yml").write_text(REPORT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = study(tmp_path_factory.mktemp("hostile") / "study", NAMES)
    build(open_study(folder))
    return folder / "outputs"


def pages(made: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(made.rglob("*.html"))}


class Tags(HTMLParser):
    """Names of the elements of a page, and attributes that run code."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.handlers, self.links = 0, list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]


def test_names_are_texts_on_the_page(made: Path) -> None:
    assert len(pages(made)) == 2
    for text in pages(made).values():
        tags = Tags()
        tags.feed(text)
        assert tags.handlers == []
        assert all(link.startswith(("#", "data:,", "data:image/png", "data:font")) for link in tags.links)
        assert tags.scripts == len(DATA.findall(text)) + 1  # and the one of all maps
        assert html.escape(SCRIPT, quote=False).split("'")[0] in text
        assert html.escape("<b>bold</b>") in text and "<b>bold</b>" not in text


def test_names_are_whole_in_the_data_of_the_map(made: Path) -> None:
    for text in pages(made).values():
        found = [
            name for data in map(json.loads, DATA.findall(text)) for name in (data["places"] or {}).get("names", [])
        ]
        assert set(NAMES) <= set(found)


def test_workbooks_hold_texts_and_no_formula(made: Path) -> None:
    for path in sorted(made.rglob("*.xlsx")):
        with zipfile.ZipFile(path) as archive:
            assert not [name for name in archive.namelist() if re.search(rb"<f[ >]", archive.read(name))]
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value]
        assert {cell.data_type for cell in cells} <= {"s", "n", "b"}
        assert any(FORMULA in str(cell.value) for cell in cells)


def test_nothing_of_it_tells_a_home_or_a_private_contact(made: Path) -> None:
    known = homes(6)[["lon", "lat"]].to_numpy()
    for path in made.rglob("*"):
        for part in parts(path) if path.is_file() else ():
            assert CONTACT.encode() not in part, path.name
            assert near_a_home([float(number) for number in DEGREES.findall(part)], known) == [], path.name


@pytest.mark.browser
def test_a_browser_runs_none_of_it(made: Path) -> None:
    from playwright.sync_api import sync_playwright

    from tests.reports.test_browser import DESKTOP, QUIET, Visit
    from tests.reports.test_browser import NAMES as BROWSERS

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no system browser on the path (looked for {', '.join(BROWSERS)})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        (file,) = made.rglob("resource_map.zh.html")
        visit = Visit(browser, file, DESKTOP)
        visit.page.wait_for_selector(".map-names span")
        for summary in visit.page.locator(".map-list").first.locator("summary").all()[:7]:
            summary.click()
        visit.page.locator(".map-show").first.click()
        assert visit.page.evaluate("window.stolen") is None
        assert visit.complaints == []
        assert visit.asked == [file.as_uri()]
        browser.close()


def test_a_sign_that_no_font_has_is_refused_and_nothing_is_kept_of_homes(tmp_path: Path) -> None:
    folder = study(tmp_path / "study", ["第一小学 🏫"])
    with pytest.raises(ReportError, match=r"1 character.* have no glyph .*U\+1F3EB"):
        build(open_study(folder))
    assert not list(folder.rglob("outputs/release/*/*"))
    (kept,) = folder.rglob("outputs/failed/*/*.ipynb")
    text = kept.read_bytes()
    numbers = [float(number) for number in DEGREES.findall(text)]
    assert near_a_home(numbers, homes(6)[["lon", "lat"]].to_numpy()) == []
    assert CONTACT.encode() not in text
