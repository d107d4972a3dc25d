"""Communities of the demonstration study and places that are invented here, for tests and screenshots of maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.places.directory.catalogue import read_catalogue
from xzz_analysis.report.maps.content import Credits

DEMO = Path(__file__).parents[1] / "data" / "demo" / "places" / "communities.geojson"
CITY = ("xingzhan", "heyan")

CREDITS = Credits(
    source={"zh": "演示机构社区走访", "en": "walks of the demonstration centre"},
    date="2025-11-28",
    exemption={
        "zh": "虚构地点，不涉及真实边界，无需审图",
        "en": "Fictional places: no real boundary, no review needed",
    },
    notice={"zh": "合成演示数据", "en": "Synthetic demonstration data"},
)

KINDS: dict[str, tuple[str, str]] = {
    "education.primary": ("小学", "Primary School"),
    "education.kindergarten": ("幼儿园", "Kindergarten"),
    "education.library": ("图书室", "Reading Room"),
    "education.after_school": ("四点半课堂", "After-school Club"),
    "health.clinic": ("社区卫生服务站", "Community Clinic"),
    "health.pharmacy": ("药店", "Pharmacy"),
    "health.counselling": ("心理咨询室", "Counselling Room"),
    "livelihood.employment": ("就业服务站", "Job Centre"),
    "livelihood.grocery": ("平价超市", "Supermarket"),
    "livelihood.clothing": ("童装店", "Children's Clothes"),
    "livelihood.stationery": ("文具店", "Stationery Shop"),
    "support.social_work": ("社工站", "Social Work Station"),
    "support.children_home": ("儿童之家", "Children's Corner"),
    "support.volunteers": ("志愿服务队", "Volunteer Team"),
    "general.party_service": ("党群服务中心", "Community Service Centre"),
    "general.park": ("口袋公园", "Pocket Park"),
}
WORDS_ZH = [
    "晨光",
    "春晖",
    "向阳",
    "青禾",
    "小桔灯",
    "云帆",
    "松果",
    "百川",
    "星火",
    "望舒",
    "榕树下",
    "和风",
    "同行",
    "彩虹桥",
]
WORDS_EN = [
    "Dawn",
    "Spring",
    "Sunny",
    "Greenfield",
    "Lantern",
    "Sail",
    "Pinecone",
    "Rivers",
    "Spark",
    "Moon",
    "Banyan",
    "Breeze",
    "Together",
    "Rainbow",
]
VOUCHERS = ("joined", "visited", "pending", "refused")
STREETS = ["禾苗路", "砚池街", "星河路", "栈桥巷", "苇塘路", "棠梨街"]


def communities() -> gpd.GeoDataFrame:
    """The four fictional communities, by id."""
    layer = gpd.read_file(DEMO).set_index("community")
    layer.attrs["datum"] = "CGCS2000"
    return layer


def invented(areas: gpd.GeoDataFrame, count: int, seed: int = 7) -> gpd.GeoDataFrame:
    """Resources inside some communities, each with everything a record can say."""
    draw = np.random.default_rng(seed)
    kinds = list(KINDS)
    domains = read_catalogue().kinds
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        at = len(rows)
        name = areas.index[at % len(areas)]
        west, south, east, north = areas.geometry[name].bounds
        point = shapely.Point(draw.uniform(west, east), draw.uniform(south, north))
        if not areas.geometry[name].contains(point):
            continue
        kind = kinds[int(draw.integers(len(kinds)))]
        word = int(draw.integers(len(WORDS_ZH)))
        rows.append(
            {
                "resource": f"r{at:04d}",
                "name_zh": f"{WORDS_ZH[word]}{KINDS[kind][0]}",
                "name_en": f"{WORDS_EN[word]} {KINDS[kind][1]}",
                "category": kind,
                "domains": domains[kind].domains,
                "eligibility": [(), ("migrant_children",), ("children", "parents")][at % 3],
                "hours": ["周一至周五 9:00–17:30", "每天 8:00–20:00", "周六日 10:00–16:00"][at % 3],
                "fee": ["免费", "按规定收费", "午餐每天 12 元"][at % 3],
                "procedure": ["到前台登记即可", "先打电话预约，带孩子一起来", "在社区居委会开证明后办理"][at % 3],
                "papers": ["", "户口簿、居住证"][at % 2],
                "contact": f"000-0000{at:04d}",
                "contact_public": at // 4 % 4 != 0,
                "address": f"{STREETS[at % len(STREETS)]}{1 + int(draw.integers(180))}号",
                "verified_by": ["演示社工甲", "演示社工乙"][at % 2],
                "verified_on": pd.Timestamp("2025-10-01") + pd.Timedelta(days=at % 50),
                "status": "unverified" if at % 9 == 5 else "active",
                "voucher": ["joined", "visited", "pending", "refused"][at // 4 % 4]
                if kind.startswith("livelihood")
                else "",
                "community": name,
                "geometry": point,
            }
        )
    frame = pd.DataFrame(rows).set_index("resource")
    layer = gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4490")
    layer.attrs["datum"] = "CGCS2000"
    return layer


def children(values: dict[str, float]) -> Protected:
    """A protected table of one count for each community."""
    frame = pd.DataFrame({"community": list(values), "children": list(values.values())})
    return protect_counts(frame, ["children"], Policy(5))
