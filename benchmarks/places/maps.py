"""A map of 5,000 places and 300 communities: bytes, seconds to make and to open; and 200 names on paper.

    python benchmarks/places/maps.py [--repeats 5] [--folder PLACE]

The data are made here. Opening is timed in headless Chromium where there is one; every request is refused and counted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.report.maps.content import Credits, MapContent, resource_map
from xzz_analysis.report.maps.document import write_map
from xzz_analysis.report.maps.paper.labels import overlap
from xzz_analysis.report.maps.paper.sheet import draw, write_sheet
from xzz_analysis.report.theme import house_style

TITLE = {"zh": "资源图", "en": "Resource map"}
CREDITS = Credits({"zh": "随机生成", "en": "made at random"}, "2025-01-01", exemption={"zh": "虚构", "en": "fictional"})
KINDS = ("education.primary", "health.clinic", "livelihood.grocery", "support.social_work", "general.park")
SYLLABLES = "晨春向青云松百星望榕和同光晖阳禾帆果川火舒树风行安宁福康乐明德志远方圆平泰祥瑞丰"
STREETS = [f"{a}{b}路" for a in SYLLABLES[:16] for b in SYLLABLES[16:30]]


def communities(across: int = 20, down: int = 15, vertices: int = 19) -> gpd.GeoDataFrame:
    """A grid of communities with wavy borders that neighbours share: 76 vertices each."""
    draw = np.random.default_rng(1)
    step = 0.01

    def border(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
        key = abs(hash((round(x0, 4), round(y0, 4), round(x1, 4), round(y1, 4)))) % 2**32
        along = np.linspace(0, 1, vertices, endpoint=False)[:, None]
        wave = np.random.default_rng(key).normal(0, step / 60, (vertices, 2)) * np.sin(np.pi * along)
        return np.array([[x0, y0]]) + along * np.array([[x1 - x0, y1 - y0]]) + wave

    shapes = []
    for row in range(down):
        for column in range(across):
            x, y = 116 + column * step, 39.8 + row * step
            south, east = border(x, y, x + step, y), border(x + step, y, x + step, y + step)
            north, west = border(x, y + step, x + step, y + step), border(x, y, x, y + step)
            ring = np.vstack([south, east, [[x + step, y + step]], north[:0:-1], [[x, y + step]], west[:0:-1]])
            shapes.append(shapely.make_valid(shapely.Polygon(ring)).buffer(0))
    names = ["".join(draw.choice(list(SYLLABLES), 2)) + "社区" for _ in shapes]
    layer = gpd.GeoDataFrame({"name_zh": names, "name_en": ""}, geometry=shapes, crs="EPSG:4490")
    layer.index = pd.Index([f"c{at:03d}" for at in range(len(layer))])
    return layer


def places(count: int, *, full: bool) -> gpd.GeoDataFrame:
    """Places with a name and a public telephone number; with ``full`` everything else that a record says too."""
    draw = np.random.default_rng(2)
    pick = lambda words: draw.choice(np.array(words), count)  # noqa: E731
    frame = pd.DataFrame(
        {
            "name_zh": ["".join(draw.choice(list(SYLLABLES), 3)) + "服务点" for _ in range(count)],
            "name_en": "",
            "category": pick(KINDS),
            "contact": [f"010-{number:08d}" for number in draw.integers(10**7, 10**8, count)],
            "contact_public": True,
            "status": "active",
        },
        index=[f"r{at:05d}" for at in range(count)],
    )
    if full:
        frame["hours"] = pick([f"周一至周五 {at}:00–{at + 9}:30" for at in range(7, 11)] + ["每天 8:00–20:00"])
        frame["fee"] = pick(["免费", "按规定收费", "每次 10 元"])
        frame["procedure"] = pick(["到前台登记即可", "先打电话预约，带孩子一起来", "在社区居委会开证明后办理"])
        frame["papers"] = pick(["", "户口簿、居住证", "身份证"])
        frame["address"] = [f"{street}{draw.integers(1, 300)}号" for street in pick(STREETS)]
        frame["verified_by"] = pick(["社工甲", "社工乙", "社工丙"])
        frame["verified_on"] = pick([f"2025-10-{day:02d}" for day in range(1, 29)])
    x, y = draw.uniform(116, 116.2, count), draw.uniform(39.8, 39.95, count)
    return gpd.GeoDataFrame(frame, geometry=shapely.points(x, y), crs="EPSG:4490")


def opened(file: Path) -> tuple[float, int] | None:
    """Seconds until the map is drawn, and how many requests it made beside its own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        return None
    from playwright.sync_api import sync_playwright

    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.continue_() if route.request.url == file.as_uri() else route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.route("**/*", answer)
        started = time.perf_counter()
        page.goto(file.as_uri())
        page.wait_for_function("document.querySelector('.map-count').textContent")
        seconds = time.perf_counter() - started
        browser.close()
    return seconds, len(asked) - 1


def made(content: Any, path: Path, repeats: int) -> dict[str, Any]:
    """Bytes and CPU seconds of one interactive map, from layers to file, imports and fonts in the first."""
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        write_map(content(), path, language="zh", title=TITLE)
        seconds.append(time.process_time() - started)
    data = path.read_bytes()
    return {
        "bytes": len(data),
        "gzip": len(gzip.compress(data)),
        "first": round(seconds[0], 2),
        "median": round(statistics.median(seconds), 2),
        "opened": opened(path),
    }


def on_paper(count: int, folder: Path) -> dict[str, Any]:
    """Names on an A4 sheet: how many are placed, how many pairs of real text boxes overlap, and seconds."""
    areas = communities(5, 4)
    layer = places(count, full=False)
    west, south, east, north = areas.total_bounds
    draw_at = np.random.default_rng(3)
    layer = layer.set_geometry(
        shapely.points(draw_at.uniform(west, east, count), draw_at.uniform(south, north, count)), crs="EPSG:4490"
    )
    content = resource_map(areas, layer, credits=CREDITS)
    started = time.perf_counter()
    write_sheet(content, folder / "sheet.png", language="zh", title=TITLE)
    seconds = time.perf_counter() - started
    with house_style():
        drawn = draw(content, "A4", "zh", TITLE["zh"])
        renderer = drawn.canvas.canvas.get_renderer()
        boxes = np.array([label.get_window_extent(renderer).extents for label in drawn.body.labels])
    return {
        "labels": len(boxes),
        "numbered": len(drawn.key),
        "unnamed": drawn.unnamed,
        "overlaps": int(np.triu(overlap(boxes, boxes), 1).sum()),
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    areas = communities()
    print("vertices", int(shapely.get_num_coordinates(areas.geometry.to_numpy()).sum()))
    for name, full in (("names and telephones", False), ("whole records", True)):
        layer = places(5000, full=full)

        def content(layer: gpd.GeoDataFrame = layer) -> MapContent:
            return resource_map(areas, layer, credits=CREDITS)

        print(name, json.dumps(made(content, folder / f"map_{full}.html", options.repeats)), flush=True)
    print("200 names on A4", json.dumps(on_paper(200, folder)))


if __name__ == "__main__":
    main()
