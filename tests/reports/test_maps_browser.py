"""Maps in a real browser with the network blocked: drawn, searched, filtered, read by keyboard, and printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.invented_places import CITY, CREDITS, children, communities, invented
from tests.reports.test_browser import DESKTOP, NAMES, QUIET, Visit
from xzz_analysis.report.blocks import Heading, PageMeta
from xzz_analysis.report.html import write_html
from xzz_analysis.report.maps.block import map_block
from xzz_analysis.report.maps.content import MapContent, only, resource_map
from xzz_analysis.report.maps.document import write_map
from xzz_analysis.report.maps.paper.tiles import tile_map
from xzz_analysis.report.maps.shading import Shading, shaded_by_figure

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
TITLE = {"zh": "澜汀市社区资源图", "en": "Resource map of Lanting"}
HOSTILE = "</script><script>window.stolen=1</script><img src=x onerror='window.stolen=1'>\"'&"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no system browser on the path (looked for {', '.join(NAMES)})")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield running
        running.close()


def shading() -> Shading:
    counts = {"weidu": 2802.0, "tangxu": 2903.0, "xingzhan": 3.0, "heyan": 2906.0}
    title = {"zh": "登记的儿童", "en": "Registered children"}
    return shaded_by_figure(children(counts), title=title, areas="community", value="children", unit="count")


@pytest.fixture(scope="module")
def content() -> MapContent:
    """The city with 30 places; one has a name that would be code, another says a formula."""
    places = invented(communities(), 60)
    places.loc["r0003", ["name_zh", "name_en"]] = HOSTILE
    places.loc["r0007", ["name_zh", "name_en"]] = "=HYPERLINK(1)"
    return only(resource_map(communities(), places, credits=CREDITS, shading=shading()), list(CITY))


@pytest.fixture(scope="module")
def files(content: MapContent, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("地图 maps")
    made = {
        language: write_map(content, folder / f"map.{language}.html", language=language, title=TITLE)
        for language in ("zh", "en")
    }
    tiles = tile_map(communities(), credits=CREDITS, shading=shading())
    made["tiles"] = write_map(tiles, folder / "tiles.html", language="zh", title=TITLE)
    meta = PageMeta(TITLE, {"zh": "机构", "en": "Centre"}, "demo", "2025-11-28", "0" * 12, "1", notice=CREDITS.notice)
    block = map_block(content, caption=TITLE)
    blocks = [Heading({"zh": "地图", "en": "Map"}), block, block]
    made["report"] = write_html(blocks, folder / "report.html", language="en", title=TITLE, meta=meta)
    frame = block.preview("zh")
    for name, around in (("notebook", "{}"), ("folded", "<details><summary>open</summary>{}</details>")):
        made[name] = folder / f"{name}.html"
        made[name].write_text('<!DOCTYPE html><meta charset="utf-8">' + around.format(frame), encoding="utf-8")
    return made


@pytest.fixture
def visit(browser: Browser, files: dict[str, Path]) -> Iterator[Any]:
    opened: list[Visit] = []

    def go(name: str, size: dict[str, int] = DESKTOP) -> Page:
        opened.append(Visit(browser, files[name], size))
        if "<iframe" not in files[name].read_text(encoding="utf-8"):
            opened[-1].page.wait_for_selector(".map-names span")
        opened[-1].page.wait_for_timeout(150)  # fonts of the page are read after it is there
        return opened[-1].page

    yield go
    for seen in opened:
        assert [url for url in seen.asked if not url.startswith("about:")] == [seen.page.url.split("#")[0]]
        assert seen.complaints == []
        seen.page.close()


def colours(page: Page) -> int:
    """How many different colours the canvas of the first map shows."""
    return int(
        page.evaluate(
            "() => { const canvas = document.querySelector('.map-view canvas');"
            " const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
            " const found = new Set(); for (let at = 0; at < pixels.length; at += 4)"
            " found.add(pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2]); return found.size }"
        )
    )


def count(page: Page) -> str:
    return page.inner_text(".map-count")


@LANGUAGES
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_drawn_and_asks_for_nothing(visit: Any, language: str, size: dict[str, int]) -> None:
    page = visit(language, size)
    assert colours(page) > 50
    assert count(page) == {"zh": "30 处（共 30 处）", "en": "30 of 30 places"}[language]
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert page.locator(".map-list li").count() == 30
    assert page.inner_text(".leaflet-control-scale-line").endswith({"zh": ("米", "公里"), "en": ("m", "km")}[language])
    assert page.inner_text(".map-north") == {"zh": "北", "en": "N"}[language]
    assert CREDITS.exemption[language] in page.inner_text(".map-credits")


def test_names_are_texts_whatever_they_hold(visit: Any) -> None:
    page = visit("zh")
    assert HOSTILE in page.locator(".map-list strong").all_inner_texts()
    assert "=HYPERLINK(1)" in page.locator(".map-list strong").all_inner_texts()
    page.fill("[name=search]", "onerror")
    expect(page.locator(".map-list li")).to_have_count(1)
    page.locator(".map-list summary").click()
    page.locator(".map-show").click()
    assert page.inner_text(".leaflet-popup h4") == HOSTILE
    assert page.evaluate("window.stolen") is None


def test_search_finds_and_moves_the_map(visit: Any) -> None:
    page = visit("zh")
    page.fill("[name=search]", "ＨＹＰＥＲ")  # full width letters find half width ones
    expect(page.locator(".map-count")).to_have_text("1 处（共 30 处）")
    page.fill("[name=search]", "没有这个地方")
    expect(page.locator(".map-count")).to_have_text("没有符合条件的资源。")
    page.click("[name=reset]")
    assert count(page) == "30 处（共 30 处）"


def test_filters_narrow_the_list_and_the_map(visit: Any) -> None:
    page = visit("en")
    page.select_option("[name=domain]", label="Health")
    health = int(count(page).split()[0])
    assert 0 < health < 30
    page.select_option("[name=domain]", label="all")
    page.select_option("[name=voucher]", label="takes them")
    assert 0 < int(count(page).split()[0]) < 30
    page.click("[name=reset]")
    page.click("[name=every]")
    assert count(page) == "No place fits these filters."
    page.get_by_label("Primary school").check()
    assert page.locator(".map-list small").all_inner_texts() == ["Primary school"] * int(count(page).split()[0])


def test_going_to_a_community_zooms_there(visit: Any) -> None:
    page = visit("zh")
    before = page.inner_text(".leaflet-control-scale-line")
    page.select_option("[name=area]", label="禾砚社区")
    expect(page.locator(".leaflet-control-scale-line")).not_to_have_text(before)


def test_a_card_says_what_is_known_and_keeps_private_contacts(visit: Any, content: MapContent) -> None:
    assert content.places is not None
    page = visit("zh")
    private = content.places.frame.index[(content.places.frame["contact"] == "").to_numpy()]
    assert len(private)
    html = page.content()
    assert not any(f"000-0000{key[1:]}" in html for key in private)
    page.locator(".map-list summary", has_text="春晖文具店").first.click()
    expect(page.locator(".map-list details[open] dt").first).to_be_visible()
    terms = page.locator(".map-list details[open] dt").all_inner_texts()
    assert {"类别", "领域", "开放时间", "收费", "办理方式", "地址", "核实"} <= set(terms)


def test_a_press_on_the_map_opens_a_card_and_escape_closes_it(visit: Any) -> None:
    page = visit("zh")
    text = page.locator(".map-name").first.inner_text()
    page.locator(".map-list summary", has_text=text).first.click()
    page.locator(".map-show").click()
    card = page.get_by_role("dialog")
    expect(card).to_be_focused()
    assert card.get_attribute("aria-label") == text
    page.wait_for_timeout(400)  # the map moves until the card fits in
    tip = page.locator(".leaflet-popup-tip-container").bounding_box()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.locator(".map-show")).to_be_focused()
    page.mouse.click(tip["x"] + tip["width"] / 2, tip["y"] + tip["height"] + 2)
    expect(page.locator(".leaflet-popup h4")).to_have_text(text)


def test_the_list_is_read_by_keyboard_alone(visit: Any) -> None:
    page = visit("en")
    page.focus("[name=print]")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.className"))
    assert any(stop.startswith("DIV map-view") for stop in reached)
    assert reached[-1].startswith("SUMMARY")
    page.keyboard.press("Enter")
    expect(page.locator(".map-list details[open] dt").first).to_be_visible()


def test_names_on_the_map_do_not_overlap(visit: Any) -> None:
    page = visit("en")
    boxes = page.evaluate(
        "[...document.querySelectorAll('.map-names span')].map(e => e.getBoundingClientRect())"
        ".map(b => [b.left, b.top, b.right, b.bottom])"
    )
    assert len(boxes) > 12
    for at, one in enumerate(boxes):
        for other in boxes[:at]:
            assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]


@LANGUAGES
def test_it_prints_with_legend_and_list(visit: Any, language: str) -> None:
    page = visit(language)
    page.emulate_media(media="print")
    expect(page.locator(".map-list details[open]")).to_have_count(30)
    assert page.locator(".map-tools").is_visible() is False
    assert page.locator(".map-view").bounding_box()["width"] == 650
    assert colours(page) > 50
    page.emulate_media(media="screen")
    expect(page.locator(".map-list details[open]")).to_have_count(0)
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")


def test_tiles_are_drawn_without_scale_and_north(visit: Any) -> None:
    page = visit("tiles")
    assert colours(page) > 5
    assert page.locator(".map-north, .leaflet-control-scale").count() == 0
    assert sorted(page.locator(".map-name-area").all_inner_texts()) == sorted(communities()["name_zh"])
    assert "示意图" in page.inner_text(".map-credits")


def test_a_report_holds_two_maps_and_prints_their_pictures(visit: Any) -> None:
    page = visit("report")
    assert page.locator(".map-view canvas").count() == 2
    assert page.locator("figcaption").all_inner_texts() == [f"Map {at}. {TITLE['en']}" for at in (1, 2)]
    assert page.locator(".map-picture").first.is_visible() is False
    page.locator("[name=search]").first.fill("HYPER")
    expect(page.locator(".map-count")).to_have_text(["1 of 30 places", "30 of 30 places"])
    page.emulate_media(media="print")
    assert page.locator(".map-picture img").first.is_visible()
    assert page.locator(".map-view").first.is_visible() is False


def test_a_notebook_shows_the_map_in_a_frame_of_its_own(visit: Any) -> None:
    page = visit("notebook")
    frame = page.frames[1]
    expect(frame.locator(".map-count")).to_have_text("30 处（共 30 处）")
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None


def test_a_folded_map_starts_when_it_is_opened(visit: Any) -> None:
    page = visit("folded")
    page.click("summary")
    expect(page.frames[1].locator(".map-count")).to_have_text("30 处（共 30 处）")


# --- the published reports of the demonstration study


REPORTS = {"map": "resource_map.zh.html", "profile": "community_profile-heyan.en.html"}


@pytest.fixture(scope="module")
def read(browser: Browser, my_study: Path) -> Iterator[Any]:
    """Opens a published report, once for all tests: how long its maps take is not what is tested here."""
    opened: dict[str, Visit] = {}

    def go(name: str) -> Page:
        if name not in opened:
            opened[name] = Visit(browser, my_study / "outputs" / "release" / "demo-2025Q4" / REPORTS[name], DESKTOP)
            opened[name].page.wait_for_selector(".map-names span")
        page = opened[name].page
        page.emulate_media(media="screen")
        for button in page.locator("[name=reset]").all():
            button.click()
        return page

    yield go
    for seen in opened.values():
        assert seen.asked == [seen.page.url.split("#")[0]]
        assert seen.complaints == []
        seen.page.close()


def listed(page: Page) -> int:
    """How many places the first map of a report says that it shows."""
    return int("".join(filter(str.isdigit, page.locator(".map-count").first.inner_text().partition("of")[0][:4])))


@pytest.mark.parametrize(("name", "maps", "lists"), [("map", 4, 4), ("profile", 1, 1)])
def test_a_report_draws_its_maps(read: Any, name: str, maps: int, lists: int) -> None:
    page = read(name)
    expect(page.locator(".map-view canvas")).to_have_count(maps)
    assert page.locator(".map-list").count() == lists
    assert page.locator("canvas").evaluate_all("all => all.every(one => one.width > 300 && one.height > 200)")
    assert colours(page) > 50
    assert page.locator(".map-list").first.locator("li").count() == listed(page)


@pytest.mark.parametrize(("name", "terms"), [("map", ["开放时间", "办理方式"]), ("profile", ["Open", "How to apply"])])
def test_a_card_of_a_report_says_hours_and_how_to_apply(read: Any, name: str, terms: list[str]) -> None:
    page = read(name)
    row = page.locator(".map-list").first.locator("li").first
    row.locator("summary").click()
    row.locator(".map-show").click()
    card = page.locator(".leaflet-popup")
    expect(card).to_be_visible()
    told = card.locator("dt").all_inner_texts()
    assert set(terms) <= set(told)
    assert all(text.strip() for text in card.locator("dd").all_inner_texts())
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    row.locator("summary").click()


@pytest.mark.parametrize("name", REPORTS)
def test_filters_and_search_of_a_report_find_places(read: Any, name: str) -> None:
    page = read(name)
    every, first = listed(page), page.locator(".map").first
    first.locator("[name=domain]").select_option(index=2)
    assert 0 < listed(page) < every
    first.locator("[name=reset]").click()
    first.locator("[name=category]").first.uncheck()
    assert listed(page) < every
    first.locator("[name=reset]").click()
    assert listed(page) == every
    name_of_one = first.locator(".map-list strong").nth(4).inner_text()
    first.locator("[name=search]").fill(name_of_one)
    expect(first.locator(".map-list strong").first).to_have_text(name_of_one)
    assert 0 < listed(page) < every


def test_the_list_of_a_report_is_reached_by_keyboard(read: Any) -> None:
    page = read("profile")
    page.locator(".map").first.locator("[name=search]").focus()
    for _ in range(14):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.map-list li') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".map-list details[open] dt").first).to_be_visible()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("name", "maps"), [("map", 4), ("profile", 1)])
def test_a_report_prints_the_sheets_of_its_maps(read: Any, name: str, maps: int) -> None:
    page = read(name)
    page.emulate_media(media="print")
    sheets = page.locator(".map-picture img")
    expect(sheets).to_have_count(maps)
    assert all(sheet.is_visible() for sheet in sheets.all())
    assert sheets.evaluate_all("all => all.every(one => one.complete && one.naturalWidth > 800)")
    assert not page.locator(".map-view, .map-tools, .map-list").first.is_visible()
    page.emulate_media(media="screen")
