"""Maps as data and as text: what goes in, what is refused, and that nothing in a name can become code."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from tests.invented_places import CITY, CREDITS, children, communities, invented
from xzz_analysis.disclosure.protect import Policy, protect_counts
from xzz_analysis.errors import DisclosureError, InputError, ReportError
from xzz_analysis.intake.privacy.identifiers import spans
from xzz_analysis.intake.privacy.scan import DETECTED
from xzz_analysis.report.blocks import PageMeta, captions, from_json
from xzz_analysis.report.html import render_html
from xzz_analysis.report.maps import fragment
from xzz_analysis.report.maps.block import MapBlock, map_block
from xzz_analysis.report.maps.coding import coded, numbers, once, script_json, steps, written_numbers
from xzz_analysis.report.maps.content import Credits, MapContent, only, resource_map
from xzz_analysis.report.maps.document import document, write_map
from xzz_analysis.report.maps.paper.tiles import tile_map
from xzz_analysis.report.maps.shading import Shading, shaded_by_class, shaded_by_figure
from xzz_analysis.report.maps.symbols import GROUP_COLOURS, SYMBOLS, crossed_colours, on, outline, scale_colours

TITLE = {"zh": "资源图", "en": "Resource map"}
COUNTS = {"weidu": 120.0, "tangxu": 80.0, "xingzhan": 3.0, "heyan": 200.0}
HOSTILE = "</script><!-- <b>&\"' \u2028 =1+1 {{7*7}}"


def shaded(counts: dict[str, float] = COUNTS, **options: object) -> Shading:
    title, what = {"zh": "儿童", "en": "Children"}, {"areas": "community", "value": "children", "unit": "count"}
    return shaded_by_figure(children(counts), title=title, **what, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def areas() -> gpd.GeoDataFrame:
    return communities()


@pytest.fixture(scope="module")
def places(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return invented(areas, 40)


@pytest.fixture(scope="module")
def content(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> MapContent:
    return resource_map(areas, places, credits=CREDITS, shading=shaded())


@pytest.fixture(scope="module")
def block(content: MapContent) -> MapBlock:
    return map_block(only(content, list(CITY)), caption=TITLE)


def data_of(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


# what a map is made of


def test_a_released_map_of_boundaries_needs_a_review_number_or_an_exemption(areas: gpd.GeoDataFrame) -> None:
    bare = Credits({"zh": "甲", "en": "a"}, "2025-01-01")
    with pytest.raises(DisclosureError, match=r"4 boundaries.*审图号.*communities\.approval of study\.yml"):
        resource_map(areas, credits=bare)
    assert resource_map(areas, credits=bare, audience="internal").areas is not None
    assert resource_map(areas, credits=dataclasses.replace(bare, approval="京S（2023）012号")).areas is not None
    assert tile_map(areas, credits=bare).schematic


def test_places_alone_need_no_review_number(places: gpd.GeoDataFrame) -> None:
    assert resource_map(None, places, credits=Credits({"zh": "甲", "en": "a"}, "2025-01-01")).areas is None


@pytest.mark.parametrize(
    "number", ["GS(2019)1822号", "GS（2020）4619号", "京S(2021)023号", "GS京(2022)1061号", "粤S(2023) 012 号"]
)
def test_review_numbers_as_they_are_printed(number: str) -> None:
    assert Credits({"zh": "甲", "en": "a"}, "2025-01-01", number).publishable


@pytest.mark.parametrize("number", ["1234", "exempt", "GS 2019"])
def test_what_is_no_review_number_is_refused(number: str) -> None:
    with pytest.raises(ReportError, match="does not look like one"):
        Credits({"zh": "甲", "en": "a"}, "2025-01-01", number)


def test_layers_in_shifted_or_unknown_datums_are_refused(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> None:
    shifted = places.set_crs(None, allow_override=True)
    shifted.attrs["datum"] = "GCJ02"
    with pytest.raises(InputError, match=r"resources are in GCJ02.*convert"):
        resource_map(areas, shifted, credits=CREDITS)
    unknown = places.set_crs("EPSG:4326", allow_override=True)
    unknown.attrs = {}
    with pytest.raises(InputError, match="datum of a layer of 40 places is not declared"):
        resource_map(areas, unknown, credits=CREDITS)


def test_layers_in_metres_are_brought_back(areas: gpd.GeoDataFrame, content: MapContent) -> None:
    metric = areas.to_crs("EPSG:4547")
    metric.attrs = {}
    again = resource_map(metric, credits=CREDITS)
    assert content.areas is not None and again.areas is not None
    assert again.areas.geometry.geom_equals_exact(content.areas.geometry, 1e-9).all()


def test_closed_places_and_those_without_a_point_are_counted(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> None:
    changed = places.copy()
    changed.loc["r0001", "status"] = "closed"
    changed.loc[["r0002", "r0003"], "geometry"] = None
    made = resource_map(areas, changed, credits=CREDITS)
    assert made.places is not None
    assert made.places.left_out == {"closed": 1, "without_place": 2}
    assert len(made.places.frame) == 37
    assert "另有 2 处没有位置，未画出" in fragment.credit_lines(coded(made), "zh")


def test_private_contacts_never_reach_the_data(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> None:
    text = json.dumps(coded(resource_map(areas, places, credits=CREDITS)), ensure_ascii=False)
    private = places.loc[~places["contact_public"], "contact"]
    assert len(private) >= 5
    assert not any(contact in text for contact in private)
    assert all(contact in text for contact in places.loc[places["contact_public"], "contact"])


def test_an_unknown_category_is_refused_with_the_nearest(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> None:
    wrong = places.assign(category="health.clinik")
    with pytest.raises(InputError, match=r"health\.clinik'; did you mean 'health\.clinic'"):
        resource_map(areas, wrong, credits=CREDITS)


def test_a_map_of_nothing_is_refused() -> None:
    with pytest.raises(ReportError, match="shows nothing"):
        resource_map(None, credits=CREDITS)


def test_a_part_of_a_map_keeps_its_places_and_its_classes(content: MapContent) -> None:
    part = only(content, ["heyan"])
    assert part.places is not None and part.shading is not None and content.shading is not None
    assert set(part.places.frame.index) < set(content.places.frame.index)  # type: ignore[union-attr]
    assert part.shading.classes == content.shading.classes
    with pytest.raises(ReportError, match="no community 'heyann'; did you mean 'heyan'"):
        only(content, ["heyann"])


# figures


def test_figures_come_from_protected_tables_alone() -> None:
    frame = pd.DataFrame({"community": ["heyan"], "children": [7.0]})
    with pytest.raises(DisclosureError, match="not protected"):
        shaded_by_figure(frame, title=TITLE, areas="community", value="children", unit="count")  # type: ignore[arg-type]


def test_a_suppressed_figure_is_hatched_and_says_so() -> None:
    made = shaded()
    shade = made.classes[made.of["xingzhan"]]
    assert shade.hatched
    assert made.texts["xingzhan"] == {"zh": "※ 不予公布", "en": "※ not published"}
    assert [dict(one.label)["en"] for one in made.classes] == ["80", "120", "200", "※ not published"]


def test_classes_by_breaks_take_the_break_upwards() -> None:
    made = shaded({"weidu": 100.0, "tangxu": 99.0, "xingzhan": 150.0, "heyan": 200.0}, breaks=[100, 200])
    assert made.of == {"weidu": 1, "tangxu": 0, "xingzhan": 1, "heyan": 2}
    assert [one.label["en"] for one in made.classes] == ["below 100", "100 to below 200", "200 and above"]


def test_classes_by_rank_say_what_they_hold() -> None:
    counts = {f"a{at:02d}": 10.0 + at for at in range(20)}
    made = shaded(counts, classes=4)
    assert [one.label["zh"] for one in made.classes] == ["10～14", "15～19", "20～24", "25～29"]
    assert np.bincount(list(made.of.values())).tolist() == [5, 5, 5, 5]


def test_shares_are_printed_as_tables_print_them() -> None:
    table = protect_counts(pd.DataFrame({"by": ["community=heyan"], "n": [100.0], "share": [0.12345]}), ["n"], Policy())
    made = shaded_by_figure(table, title=TITLE, value="share", unit="percent")
    assert made.texts == {"heyan": {"zh": "12.3%", "en": "12.3%"}}


def test_classes_in_words_need_their_words() -> None:
    frame = pd.DataFrame({"community": ["heyan", "weidu"], "cause": ["full", ""], "n": [9.0, 9.0]})
    table = protect_counts(frame, ["n"], Policy())
    words = {"full": {"zh": "已满", "en": "full"}}
    made = shaded_by_class(table, title=TITLE, column="cause", classes=words, areas="community")
    assert made.texts == {"heyan": {"zh": "已满", "en": "full"}, "weidu": {"zh": "没有数字", "en": "no figure"}}
    with pytest.raises(ReportError, match="class 'full' of 'cause' has no words"):
        shaded_by_class(table, title=TITLE, column="cause", classes={"ful": TITLE}, areas="community")


def test_figures_of_a_community_without_a_boundary_are_refused(areas: gpd.GeoDataFrame) -> None:
    with pytest.raises(ReportError, match="no boundary on the map, first 'heyann'; did you mean 'heyan'"):
        resource_map(areas, credits=CREDITS, shading=shaded({"heyann": 50.0}))


def test_two_figures_of_one_community_are_refused() -> None:
    table = protect_counts(pd.DataFrame({"by": ["c=heyan", "c=heyan"], "n": [9.0, 8.0]}), ["n"], Policy())
    with pytest.raises(ReportError, match="areas in several rows, first 'heyan'"):
        shaded_by_figure(table, title=TITLE, value="n", unit="count")


# coding


def test_lines_are_coded_as_steps_and_repeated_points_dropped() -> None:
    assert steps(np.array([[116.0, 40.0], [116.000001, 40.0], [116.00002, 39.99999]])).count("|") <= 1
    assert steps(np.array([[0.0, 0.0], [0.00001, -0.00001]])) == "aa" + "bc"


@pytest.mark.parametrize("values", [[], [0], [5, 5, 5], [0, 61, 3], [62, 0], [3843, 1], [3844, 3844], [7]])
def test_numbers_come_back(values: list[int]) -> None:
    assert written_numbers(numbers(values), len(values)) == values


def test_nothing_coded_reads_as_a_telephone_or_a_chat_account() -> None:
    draw = np.random.default_rng(1)
    coded = [steps(draw.integers(-40, 40, (4000, 2)).cumsum(axis=0) / 1e5), numbers(draw.integers(0, 9, 4000).tolist())]
    assert [kind for text in coded for kind, _, _ in spans(text, kinds=DETECTED)] == []
    assert not set("0123456789qvwx") & set("".join(coded).lower())


def test_texts_that_repeat_stand_once() -> None:
    assert once(["甲", "乙", "甲", "甲"]) == {"words": ["甲", "乙"], "of": "babaa"}
    assert once(["一路1号", "一路2号", "一路3号"]) == {"words": ["一路"], "of": "aba", "ends": ["1号", "2号", "3号"]}
    assert once(["甲", "乙"]) == {"each": ["甲", "乙"]}


def test_json_in_a_script_element_cannot_end_it() -> None:
    text = script_json({"name": HOSTILE})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": HOSTILE}


# the page


def test_a_hostile_name_stays_a_name(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> None:
    named = areas.assign(name_zh=HOSTILE.replace("\u2028", ""), name_en=HOSTILE.replace("\u2028", ""))
    wrong = places.assign(name_zh=HOSTILE.replace("\u2028", ""), hours="<svg onload=alert(1)>")
    page = document(coded(resource_map(named, wrong, credits=CREDITS)), "zh", title=TITLE)
    assert "<svg onload" not in page
    assert page.count("</script>") == 2
    assert len(re.findall(r"<!--", page)) == 0
    assert "{{7*7}}" in page  # no template reads it again
    assert data_of(page)["places"]["names"][0] == HOSTILE.replace("\u2028", "")  # type: ignore[index]


def test_the_page_names_no_host_it_would_ask(content: MapContent) -> None:
    page = document(coded(content), "zh", title=TITLE)
    style = re.search(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    assert style and set(re.findall(r"url\((\w+)", style[1])) == {"data"}
    assert "sourceMappingURL" not in page
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r'(?:src|href)="(?!data:)([^"]*)"', markup) == []
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy and "unsafe" not in policy[1] and fragment.script_hash() in policy[1]


def test_the_same_content_gives_the_same_bytes(
    areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    shuffled = places.sample(frac=1, random_state=3)
    shuffled.attrs = dict(places.attrs)
    files = [
        write_map(resource_map(areas, layer, credits=CREDITS), tmp_path / f"{at}.html", language="zh", title=TITLE)
        for at, layer in enumerate((places, places, shuffled))
    ]
    assert len({file.read_bytes() for file in files}) == 1


def test_a_page_is_in_one_language(content: MapContent) -> None:
    page = document(coded(content), "en", title=TITLE)
    assert "Search names and addresses" in page
    assert "苇渡社区" not in page
    assert data_of(page)["areas"]["names"] == list(communities()["name_en"])  # type: ignore[index]


def test_a_large_map_keeps_below_its_aim_by_leaving_glyphs_to_the_reader(
    content: MapContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = document(coded(content), "zh", title=TITLE)
    monkeypatch.setattr("xzz_analysis.report.maps.document.HEAVY", 1)
    light = document(coded(content), "zh", title=TITLE)
    assert len(light) < len(whole)
    assert light.count("@font-face") == whole.count("@font-face")


def test_without_leaflet_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragment, "PACKAGE", "XStatic-Leaflet-that-is-not-there")
    with pytest.raises(ReportError, match="pip install XStatic-Leaflet"):
        fragment.leaflet_file("leaflet.js")


# in a report


def test_a_block_survives_the_notebook(block: MapBlock) -> None:
    again = from_json(json.loads(json.dumps(block.to_json())))
    assert isinstance(again, MapBlock)
    assert again.markup("zh", "地图") == block.markup("zh", "地图")
    assert captions([block], "en") == ["Map 1. Resource map"]


def test_a_block_says_in_words_what_it_shows(block: MapBlock) -> None:
    assert "communities: 2; shaded by Children: Xingzhan ※ not published, Heyan 200" in block.alt["en"]
    assert "2 个社区" in block.alt["zh"]
    assert "places: 20 (" in block.alt["en"]


def test_an_internal_map_is_refused_in_a_released_report(content: MapContent) -> None:
    internal = dataclasses.replace(only(content, ["heyan"]), audience="internal")
    block = map_block(internal, caption=TITLE)
    meta = PageMeta(TITLE, {"zh": "机构", "en": "Centre"}, "x", "2025-11-28", "0", "1")
    with pytest.raises(DisclosureError, match="made for an internal report"):
        render_html([block], language="zh", title=TITLE, meta=meta)
    within = dataclasses.replace(meta, audience="internal")
    assert "data-map" in render_html([block], language="zh", title=TITLE, meta=within)


def test_a_report_carries_script_and_policy_only_with_a_map(block: MapBlock) -> None:
    meta = PageMeta(TITLE, {"zh": "机构", "en": "Centre"}, "x", "2025-11-28", "0", "1")
    without = render_html([], language="zh", title=TITLE, meta=meta)
    page = render_html([block, block], language="zh", title=TITLE, meta=meta)
    assert "script" not in without
    assert page.count("Leaflet 1.9") == 1
    assert page.count("data-map>") == 2


def test_a_notebook_shows_it_in_a_frame_that_cannot_reach_out(block: MapBlock) -> None:
    preview = block.preview("zh")
    assert 'sandbox="allow-scripts allow-modals"' in preview
    assert preview.count("<") == preview.count(">") == 2


# symbols


def test_every_icon_of_the_catalogue_is_drawn(content: MapContent) -> None:
    assert content.places is not None
    catalogue = content.places.catalogue
    icons = {kind.icon for kind in catalogue.kinds.values()} | {heading.icon for heading in catalogue.headings}
    assert icons <= set(SYMBOLS)


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_fill_their_square(name: str) -> None:
    box = outline(name).get_extents()
    assert np.abs(box.extents).max() <= 1.05
    assert max(box.width, box.height) > 0.8


def test_symbols_are_readable_on_their_colours() -> None:
    def contrast(one: str, other: str) -> float:
        def light(colour: str) -> float:
            levels = np.array(list(bytes.fromhex(colour[1:]))) / 255
            linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
            return float(linear @ [0.2126, 0.7152, 0.0722])

        bright, dark = sorted([light(one), light(other)], reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    assert min(contrast(colour, on(colour)) for colour in GROUP_COLOURS) >= 3  # WCAG 2.2, 1.4.11: parts of graphics


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_scales_grow_darker(count: int) -> None:
    light = [sum(bytes.fromhex(colour[1:])) for colour in scale_colours(count)]
    assert light == sorted(light, reverse=True)
    assert len(set(light)) == count


def test_crossed_classes_are_nine_colours() -> None:
    assert len(set(crossed_colours())) == 9
    with pytest.raises(ReportError, match="7 classes"):
        scale_colours(7)


# tiles


def test_tiles_are_one_for_each_community_and_give_no_boundary_away(areas: gpd.GeoDataFrame) -> None:
    made = tile_map(areas, credits=CREDITS, shading=shaded())
    assert made.areas is not None
    assert list(made.areas.index) == list(areas.index)
    assert made.areas.area.std() < 1e-12
    assert made.areas.union_all().area == pytest.approx(made.areas.area.sum())
    moved = areas.copy()
    moved["geometry"] = [point.buffer(0.003, cap_style="square") for point in areas.representative_point()]
    assert tile_map(moved, credits=CREDITS).areas.geometry.tolist() == made.areas.geometry.tolist()  # type: ignore[union-attr]


def test_tiles_keep_their_neighbours(areas: gpd.GeoDataFrame) -> None:
    tiles = tile_map(areas, credits=CREDITS).areas
    assert tiles is not None
    assert tiles.geometry["weidu"].distance(tiles.geometry["tangxu"]) < 1e-9
    assert tiles.geometry["xingzhan"].distance(tiles.geometry["heyan"]) < 1e-9
