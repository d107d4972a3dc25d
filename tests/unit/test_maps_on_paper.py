"""Maps on paper: names that do not overlap, a scale that is true, and legends that are never cut."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from tests.invented_places import CITY, CREDITS, children, communities, invented
from xzz_analysis.errors import ReportError
from xzz_analysis.places.datum import metric
from xzz_analysis.report.maps.content import MapContent, only, resource_map
from xzz_analysis.report.maps.paper.ground import View, ground_of
from xzz_analysis.report.maps.paper.labels import overlap, place_labels
from xzz_analysis.report.maps.paper.legend import Entry, arranged, balanced, legend_entries
from xzz_analysis.report.maps.paper.sheet import Drawn, draw, write_sheet
from xzz_analysis.report.maps.paper.tiles import tile_map
from xzz_analysis.report.maps.shading import shaded_by_figure
from xzz_analysis.report.theme import house_style

TITLE = {"zh": "资源图", "en": "Resource map"}


@pytest.fixture(scope="module")
def content() -> MapContent:
    counts = {"weidu": 120.0, "tangxu": 80.0, "xingzhan": 3.0, "heyan": 200.0}
    title = {"zh": "儿童", "en": "Children"}
    figures = shaded_by_figure(children(counts), title=title, areas="community", value="children", unit="count")
    whole = resource_map(communities(), invented(communities(), 60), credits=CREDITS, shading=figures)
    return only(whole, list(CITY))


def drawn(content: MapContent, sheet: str = "A4", language: str = "zh", title: str = "图") -> Drawn:
    with house_style():
        return draw(content, sheet, language, title)


def overlaps(made: Drawn) -> tuple[int, int]:
    """Pairs of texts on the map that overlap, and texts outside its frame."""
    renderer = made.canvas.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = np.array([label.get_window_extent(renderer).extents for label in made.body.labels])
    corner = made.body.axes.transData.transform(np.reshape(made.body.view.room, (2, 2)))
    low, high = corner.min(axis=0) - 1, corner.max(axis=0) + 1
    outside = (boxes[:, :2] < low).any(axis=1) | (boxes[:, 2:] > high).any(axis=1)
    return int(np.triu(overlap(boxes, boxes), 1).sum()), int(outside.sum())


@pytest.mark.parametrize("count", [60, 200])
def test_no_name_covers_another(count: int) -> None:
    areas = communities().loc[list(CITY)]
    made = drawn(resource_map(areas, invented(areas, count), credits=CREDITS))
    assert overlaps(made) == (0, 0)
    named = len(made.body.labels)
    assert named + made.unnamed == count + len(CITY)
    assert made.unnamed <= count * 0.3  # two communities on one sheet: the key is full before all are numbered


@pytest.mark.parametrize("sheet", ["A4", "A3", "booklet", "report"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_sheet_names_or_numbers_every_place(content: MapContent, sheet: str, language: str) -> None:
    made = drawn(content, sheet, language)
    assert overlaps(made) == (0, 0)
    assert made.unnamed == 0
    texts = [text.get_text() for text in made.body.axes.texts]
    labels = [label.get_text() for label in made.body.labels]
    assert [str(at) for at in range(1, len(made.key) + 1)] == [text for text in labels if text.isdigit()]
    assert set(made.key) <= {text.replace("\n", " ") for text in texts} | set(texts)
    for entry in legend_entries(content, language):
        assert entry.text.replace(" ", "") in {text.replace("\n", "").replace(" ", "") for text in texts}


def test_the_scale_bar_is_true(content: MapContent) -> None:
    areas = metric(communities().loc[list(CITY)])
    ground = ground_of(content)
    view = View.of(ground, 10, 10, 150, 150)
    one, other = areas.geometry.iloc[0].exterior.coords[0], areas.geometry.iloc[1].exterior.coords[2]
    metres = float(np.hypot(one[0] - other[0], one[1] - other[1]))
    millimetres = float(np.hypot(*np.subtract(*view.on_sheet(np.array([one, other])))))
    assert millimetres / view.scale == pytest.approx(metres, rel=1e-12)
    geod = communities().crs.get_geod()
    west, east = (communities().geometry[name].exterior.coords[0] for name in CITY)
    true = geod.inv(*west, *east)[2]
    ends = metric(communities().loc[list(CITY)]).geometry
    flat = float(np.hypot(*np.subtract(ends.iloc[0].exterior.coords[0], ends.iloc[1].exterior.coords[0])))
    assert flat == pytest.approx(true, rel=2e-4)  # the zone's own scale error, at most 0.02 % here


def test_credits_and_notice_stand_on_the_sheet(content: MapContent) -> None:
    texts = "".join(text.get_text() for text in drawn(content).body.axes.texts).replace("\n", "")
    for words in ("资料来源：演示机构社区走访", "2025-11-28", "无需审图", "合成演示数据", "北", "※ 不予公布"):
        assert words in texts


def test_tiles_have_neither_scale_nor_north() -> None:
    texts = [text.get_text() for text in drawn(tile_map(communities(), credits=CREDITS), "report").body.axes.texts]
    assert not {"北"} & set(texts)
    assert not [text for text in texts if text.endswith(("米", "公里"))]
    assert any("示意图" in text.replace("\n", "") for text in texts)


def test_too_many_places_are_dots_and_counted() -> None:
    areas = communities().loc[list(CITY)]
    made = drawn(resource_map(areas, invented(areas, 420), credits=CREDITS), "report")
    assert made.unnamed == 420
    assert "另有 420 处未标名称，见清单" in "".join(t.get_text() for t in made.body.axes.texts).replace("\n", "")


def test_a_dollar_sign_in_a_name_is_a_dollar_sign(content: MapContent) -> None:
    places = invented(communities(), 8)
    places["name_zh"] = "$x_1$ 店"
    made = drawn(resource_map(communities().loc[["heyan"]], places, credits=CREDITS), "report")
    assert "$x_1$ 店" in [label.get_text() for label in made.body.labels]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_content_gives_the_same_bytes(content: MapContent, suffix: str, tmp_path: Path) -> None:
    files = [
        write_sheet(content, tmp_path / f"{at}{suffix}", language="en", title=TITLE, sheet="booklet") for at in range(2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert b"Matplotlib" not in files[0].read_bytes()


def test_unknown_sheets_and_kinds_of_file_are_refused(content: MapContent, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no sheet is called 'A5'"):
        write_sheet(content, tmp_path / "x.png", language="zh", title=TITLE, sheet="A5")
    with pytest.raises(ReportError, match=r"x\.gif is no kind of map file.*\.png, \.svg, \.pdf"):
        write_sheet(content, tmp_path / "x.gif", language="zh", title=TITLE)


def test_a_single_place_has_a_map() -> None:
    areas: gpd.GeoDataFrame = communities()
    made = drawn(resource_map(None, invented(areas, 1), credits=CREDITS), "report")
    assert overlaps(made) == (0, 0)


# labels and legends as such


def test_a_label_without_room_is_left_out() -> None:
    placed = place_labels(
        np.array([[5.0, 5.0]]),
        np.array([[20.0, 2.0]]),
        room=(0, 0, 10, 10),
        taken=np.empty((0, 4)),
        distances=np.array([1.0]),
    )
    assert not placed.there.any()


def test_a_heading_never_ends_a_column() -> None:
    entries = [Entry("a"), Entry("b"), Entry("标题", heading=True), Entry("c")]
    spots = arranged(entries, 2, 40, 14)
    assert [spot.column for spot in spots] == [0, 0, 1, 1]


def test_a_balanced_legend_holds_everything_there_is_room_for() -> None:
    entries = [Entry(str(at)) for at in range(50)]
    assert len(balanced(entries, 3, 40, 1000)) == 50
    assert len(balanced(entries, 3, 40, 45)) == 30
