"""The page in a real browser, every request blocked: it shows, is walked by keyboard, and prints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from xzz_analysis.report.blocks import Block, PageMeta
from xzz_analysis.report.html import write_html

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no system browser on the path (looked for {', '.join(NAMES)})")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def files(
    page: list[Block], title: dict[str, str], meta: PageMeta, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("报告 pages")
    return {
        language: write_html(page, folder / f"r.{language}.html", language=language, title=title, meta=meta)
        for language in ("zh", "en")
    }


class Visit:
    """An open page, what it asked for and what it complained about."""

    def __init__(self, browser: Browser, file: Path, size: dict[str, int]) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(viewport=size)  # type: ignore[arg-type]
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.route("**/*", lambda route: self.answer(route, file.as_uri()))
        self.page.goto(file.as_uri())
        self.page.evaluate("document.fonts.ready")

    def answer(self, route: Route, own: str) -> None:
        """Let the file itself through and nothing else."""
        self.asked.append(route.request.url)
        if route.request.url == own:
            route.continue_()
        else:
            route.abort()

    def focused(self) -> str:
        """What the next press of Tab reaches: a class, an address or a label."""
        self.page.keyboard.press("Tab")
        return str(
            self.page.evaluate(
                "e => { e = document.activeElement;"
                " return e.className === 'scroll' ? e.getAttribute('aria-label') : e.getAttribute('href') }"
            )
        )


@pytest.fixture
def visit(browser: Browser, files: dict[str, Path]) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(language: str, size: dict[str, int] = DESKTOP) -> Visit:
        opened.append(Visit(browser, files[language], size))
        return opened[-1]

    yield go
    for one in opened:
        one.page.close()


@LANGUAGES
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_asks_for_nothing_but_itself_and_complains_of_nothing(
    visit: Any, files: dict[str, Path], language: str, size: dict[str, int]
) -> None:
    seen = visit(language, size)
    seen.page.wait_for_timeout(200)
    assert seen.asked == [files[language].as_uri()]
    assert seen.complaints == []


@LANGUAGES
def test_its_text_and_pictures_are_seen(visit: Any, language: str, title: dict[str, str]) -> None:
    page = visit(language).page
    assert page.get_by_role("heading", level=1).inner_text() == title[language]
    assert page.get_by_role("heading", level=1).is_visible()
    widths = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth)")
    assert len(widths) == 3
    assert min(widths) > 1000


def test_its_chinese_is_drawn_with_the_font_it_carries(visit: Any) -> None:
    page = visit("zh").page
    faces = page.evaluate("[...document.fonts].map(f => [f.family, f.status])")
    assert ["Report embedded", "error"] not in [[family.strip('"'), status] for family, status in faces]
    assert page.evaluate("document.fonts.check('16px \"Report embedded\"', '流动儿童')")


def test_the_first_stop_of_the_keyboard_skips_to_the_report(visit: Any) -> None:
    seen = visit("zh")
    assert seen.focused() == "#report"
    link = seen.page.locator(".skip")
    assert link.bounding_box()["x"] >= 0
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "report"


def test_the_keyboard_reaches_the_contents_and_every_wide_table(visit: Any) -> None:
    seen = visit("en", PHONE)
    stops = [seen.focused() for _ in range(11)]
    assert stops[1:6] == [
        "#who-answered",
        "#needs-now",
        "#by-domain",
        "#girls-and-boys",
        "#since-the-last-round",
    ]
    assert stops[6:8] == [
        "Table 1. Response flow (scrolls sideways)",
        "Table 2. Needs by domain (scrolls sideways)",
    ]
    assert stops[-1].startswith("Figure 3.")


@LANGUAGES
def test_a_phone_scrolls_tables_and_not_the_page(visit: Any, language: str) -> None:
    page = visit(language, PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    wide = page.locator(".scroll").nth(1)
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    assert wide.evaluate("e => e.scrollLeft") > 0


def test_a_figure_is_found_by_its_result_id(visit: Any, files: dict[str, Path]) -> None:
    page = visit("zh").page
    page.evaluate("location.hash = 'a00000000001'")
    cell = page.locator("td:target")
    assert cell.inner_text() == "45.7%"
    assert page.evaluate("getComputedStyle(document.querySelector(':target')).backgroundColor") != "rgba(0, 0, 0, 0)"


@LANGUAGES
def test_the_tree_for_screen_readers_names_everything(visit: Any, language: str) -> None:
    page = visit(language).page
    for role, count in (
        ("banner", 1),
        ("navigation", 1),
        ("main", 1),
        ("contentinfo", 1),
        ("table", 2),
        ("img", 3),
    ):
        assert page.get_by_role(role).count() == count
    assert page.get_by_role("rowheader").count() == 12
    unnamed = page.evaluate("[...document.images].filter(i => !i.alt).length")
    assert unnamed == 0


@LANGUAGES
def test_it_prints(visit: Any, language: str) -> None:
    pdf = visit(language).page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF-")
    assert b"/Count 4" in pdf or pdf.count(b"/Type /Page\n") == 4


def test_the_skip_link_is_not_printed(visit: Any) -> None:
    page = visit("zh").page
    page.emulate_media(media="print")
    assert not page.locator(".skip").is_visible()
    assert page.get_by_role("heading", level=1).is_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["internal/{}/data_quality", "release/{}/needs_report", "release/{}/methods"])
def test_reports_of_the_demo_show_with_the_network_blocked(
    browser: Browser, my_study: Path, name: str, language: str
) -> None:
    shown(
        browser,
        my_study / "outputs" / f"{name.format('demo-2025Q4')}.{language}.html",
        figures="needs" in name,
    )


@pytest.mark.real
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_of_a_real_survey_shows_with_the_network_blocked(
    browser: Browser, haiti: Path, language: str
) -> None:
    edition = haiti.parents[1] / "outputs" / "release" / "haiti_msna_2022-2022"
    shown(browser, edition / f"needs_report.{language}.html", figures=True)


def shown(browser: Browser, file: Path, *, figures: bool) -> None:
    """Text, tables and figures are there; nothing was asked for, nothing was complained about."""
    visit = Visit(browser, file, DESKTOP)
    assert visit.asked == [file.as_uri()]
    assert visit.complaints == []
    assert len(visit.page.inner_text("main")) > 500
    assert visit.page.locator("table").count() > 0
    widths = visit.page.eval_on_selector_all("img", "found => found.map(one => one.naturalWidth)")
    assert all(width > 500 for width in widths)
    assert bool(widths) is figures
    visit.page.close()
