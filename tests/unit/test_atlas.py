"""Needs, places and services of a study meet: reach, gaps by cause, plans, and what is refused before it misleads."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from pyproj import Transformer

import xzz_analysis as xzz
from tests.small_places import (
    CONTACT,
    SIDE,
    SOUTH,
    WEST,
    Frame,
    homes,
    moved,
    names,
    places_of,
    resources,
    told_places,
)
from tests.small_places import write_places_study as write
from tests.small_study import write_small_study
from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.gaps import find, gap_clusters, protected_gaps
from xzz_analysis.atlas.needing import needs_table, protected_needs
from xzz_analysis.atlas.planning import firmness, one_more, plan
from xzz_analysis.atlas.reaching import noticed, protected_reach
from xzz_analysis.cli import main
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.places.gaps import CAUSES
from xzz_analysis.places.matching import OBJECTIVES, Order
from xzz_analysis.report.chapters import places as chapters
from xzz_analysis.report.maps.block import MapBlock

DEMO = Path(__file__).parents[2] / "data" / "demo"
TRUTH = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))["places"]
DETOUR, METRES_A_MINUTE = 1.3, 54.0
NEEDS = "  minutes: 15\n  needs:\n    health: {indicator: uninsured}\n    education: {indicator: absent}\n"
FEW = "c15"
"""The community in which only three children answered."""


@pytest.fixture(scope="module")
def demo() -> Atlas:
    return xzz.open_atlas(DEMO)


@pytest.fixture(scope="module")
def demo_gaps(demo: Atlas) -> Frame:
    found = protected_gaps(demo)
    assert found is not None
    return found.frame.set_index(["community", "domain"])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Twelve communities with thirty homes each; no answers."""
    return xzz.open_atlas(write(tmp_path_factory.mktemp("places")))


def survey_study(folder: Path, count: int = 12, change: Callable[[str], str] = str, **options: object) -> Path:
    """Places of a study with answers; ``change`` is applied to study.yml."""
    lines = places_of(folder, count=count, **options).replace("  minutes: 15\n", NEEDS)  # type: ignore[arg-type]
    write_small_study(folder, ["r1"], communities=count, settings=lines)
    study = folder / "study.yml"
    study.write_text(change(study.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Sixteen communities; in the last one only three children answered."""
    folder = survey_study(tmp_path_factory.mktemp("survey"), 16)
    answers = pd.read_csv(folder / "r1.csv")
    left = answers[(answers["community"] != FEW) | (answers.groupby("community").cumcount() < 3)]
    left = left.assign(grid=np.where(left["community"] == FEW, left.index, left["grid"]))
    left.to_csv(folder / "r1.csv", index=False)
    return xzz.open_atlas(folder)


# --- the demonstration study


@pytest.mark.parametrize("planted", TRUTH["planted"], ids=lambda row: f"{row['community']}-{row['domain']}")
def test_planted_gaps_are_found_by_cause(demo_gaps: Frame, planted: dict[str, str]) -> None:
    row = demo_gaps.loc[(planted["community"], planted["domain"])]
    assert row["main_cause"] == planted["cause"]
    assert row["estimate"] == sum(row[cause] for cause in CAUSES)
    if planted["cause"]:
        assert row[planted["cause"]] == row["estimate"] > 0.3 * row["need"]
    else:
        assert row["estimate"] == 0 < row["need"]


def test_people_of_a_gap_are_in_tens_and_no_more_than_the_need(demo_gaps: Frame) -> None:
    assert len(demo_gaps) == 16
    assert (demo_gaps[["need", "estimate", "low", "high", *CAUSES]] % 10 == 0).all().all()
    assert (demo_gaps["estimate"] <= demo_gaps["need"] + 5 * len(CAUSES)).all()
    assert (demo_gaps["low"] <= demo_gaps["estimate"]).all()
    assert (demo_gaps["estimate"] <= demo_gaps["high"]).all()


def test_needs_are_protected_shares_of_the_weighted_base(demo: Atlas) -> None:
    shown = protect(xzz.open_round(DEMO).needs("community"), Policy.of(demo.study)).frame
    shown = shown.assign(community=shown["by"].str.removeprefix("community=")).set_index(["indicator", "community"])
    table = needs_table(demo)
    assert len(table) == 16
    for row in table.itertuples():
        estimate = shown.loc[(row.indicator, row.community)]
        assert row.sources == estimate["result_id"]
        for given, column in (("need", "estimate"), ("low", "low"), ("high", "high")):
            assert getattr(row, given) == round(estimate[column] * estimate["weighted_n"] / 10) * 10


def test_reach_of_the_demonstration_is_the_one_planted(demo: Atlas) -> None:
    frame = protected_reach(demo).frame.set_index(["community", "option"])["estimate"]
    for community, domains in TRUTH["within"].items():
        for domain, shares in domains.items():
            assert frame[(community, domain)] == pytest.approx(shares["any"], abs=0.005)


# --- reach


def metres(atlas: Atlas) -> tuple[Frame, Frame]:
    """Homes and open resources in metres of the zone around 114°E, by a projection of our own."""
    to_metres = Transformer.from_crs(4490, 4547, always_xy=True)
    made = []
    for name in ("homes", "resources"):
        table = pd.read_csv(atlas.study.folder / f"{name}.csv")
        table["x"], table["y"] = to_metres.transform(table["lon"], table["lat"])
        made.append(table)
    return made[0], made[1]


def dense_minutes(atlas: Atlas) -> tuple[Frame, Frame]:
    """Homes, and minutes from each of them to each resource along straight lines."""
    people, there = metres(atlas)
    apart = [np.subtract.outer(people[axis].to_numpy(), there[axis].to_numpy()) for axis in ("x", "y")]
    return people, Frame(np.hypot(*apart) * DETOUR / METRES_A_MINUTE, columns=there["id"])


def test_reach_equals_a_count_from_every_home(alone: Atlas) -> None:
    people, minutes = dense_minutes(alone)
    _, there = metres(alone)
    frame = protected_reach(alone).frame
    shown = frame[~frame["suppressed"]]
    assert len(shown) > 40
    for row in shown.itertuples():
        domain = {"health": "health.clinic", "livelihood": "livelihood.grocery"}.get(
            row.option, "education.after_school"
        )
        nearest = minutes.loc[:, (there["category"] == domain).to_numpy()].min(axis=1)
        if row.option == "voucher":
            nearest[:] = np.inf
        own = people["community"] == row.community
        children = people["children"][own]
        assert row.people == children.sum()
        assert row.within == children[nearest[own] <= 15].sum()
        assert row.estimate == pytest.approx(row.within / row.people)
        ordered = children[nearest[own].sort_values().index].cumsum()
        half = nearest[ordered.index[(ordered >= children.sum() / 2).argmax()]]
        assert row.minutes_known == (half <= 60)
        assert row.minutes == (math.ceil(half - 1e-9) if half <= 60 else 60)


def test_few_people_within_or_without_are_not_shown(alone: Atlas) -> None:
    people, minutes = dense_minutes(alone)
    _, there = metres(alone)
    frame = protected_reach(alone).frame
    hidden = frame[frame["suppressed"]]
    assert len(hidden)
    assert hidden[["estimate", "people", "within", "minutes", "n", "n_need"]].isna().all().all()
    clinics = minutes.loc[:, (there["category"] == "health.clinic").to_numpy()].min(axis=1) <= 15
    for name in hidden["community"][hidden["option"] == "health"]:
        own = people["community"] == name
        near, every = people["children"][own & clinics].sum(), people["children"][own].sum()
        assert 0 < near < 5 or 0 < every - near < 5


def test_a_service_is_in_reach_of_a_community_when_half_of_its_children_are(alone: Atlas) -> None:
    people, minutes = dense_minutes(alone)
    pairs = alone.cost.pairs().set_index(["origin", "destination"])["minutes"]
    share = (minutes <= 15).T @ pd.get_dummies(people["community"]).mul(people["children"], axis=0)
    share = (share / people.groupby("community")["children"].sum()).T.stack()
    assert set(pairs.index) == set(share.index[share >= 0.5])
    assert (pairs % 1 == 0).all()


def test_a_point_exactly_at_the_limit_is_in_reach(alone: Atlas, tmp_path: Path) -> None:
    far = float(alone.walks.matrix[0].data.min())
    for number, (limit, inside) in enumerate([(far, True), (math.nextafter(far, 0), False)]):
        lines = {"homes": lambda table: table, "resources": lambda table: table}
        folder = write(tmp_path / str(number), lines)
        study = folder / "study.yml"
        study.write_text(study.read_text(encoding="utf-8").replace("minutes: 15", f"minutes: {limit!r}"), "utf-8")
        atlas = xzz.open_atlas(folder)
        near = atlas.walks.within(atlas.rules.minutes).matrix[[0]]
        assert (near.data == far).sum() == inside


def test_without_homes_a_point_inside_stands_for_the_community(tmp_path: Path) -> None:
    atlas = xzz.open_atlas(write(tmp_path, with_homes=False))
    frame = protected_reach(atlas).frame
    assert set(frame["estimate"].dropna()) <= {0.0, 1.0}
    assert frame.groupby("community", sort=False)["people"].first().tolist() == [100.0 + at for at in range(12)]
    words = str(chapters.reach_chapter(atlas))
    assert "Homes are not known, so a point inside each community stands for all of it" in words
    assert "没有住处数据" in words
    assert chapters.walk_maps(atlas) == chapters.access_chapter(atlas) == chapters.load_chapter(atlas) == []
    assert chapters.site_chapter(atlas) == []


def test_streets_that_do_not_connect_are_told_and_lead_nowhere(tmp_path: Path) -> None:
    lines = [shapely.LineString([(113.59, south), (113.65, south)]) for south in (32.855, 32.865, 32.875)]
    folder = write(tmp_path, settings="network: {file: streets.gpkg}\n")
    gpd.GeoDataFrame(geometry=lines, crs=4490).to_file(folder / "streets.gpkg")
    atlas = xzz.open_atlas(folder)
    assert {"travel_parts", "travel_far_from_streets"} <= {one.rule for one in atlas.walks.findings}
    pairs = atlas.walks.pairs()
    people, there = atlas.homes.frame.geometry.y, atlas.places.geometry.y
    gap = (people[pairs["origin"]].to_numpy() - there[pairs["destination"]].to_numpy()) * 111_000
    assert np.abs(gap).max() < 1200  # never by way of the street that is next to theirs but one
    assert chapters.reach_chapter(atlas)


# --- places that are incomplete


def every_chapter(atlas: Atlas, community: str) -> list[object]:
    """All chapters of both reports on places but maps, which take long to draw."""
    whole = [
        chapters.resource_lists,
        chapters.resource_counts,
        chapters.voucher_table,
        chapters.directory_confidence,
        chapters.reach_chapter,
        chapters.access_chapter,
        chapters.load_chapter,
        chapters.gap_chapter,
        chapters.plan_chapter,
        chapters.site_chapter,
        chapters.atlas_limits,
    ]
    own = [chapters.community_facts, chapters.assets_table, chapters.nearby_lists, chapters.opportunities]
    own += [chapters.reach_chapter, chapters.gap_chapter, chapters.directory_confidence]
    made = [block for chapter in whole for block in chapter(atlas)]
    return [*made, *(block for chapter in own for block in chapter(atlas, community))]


def test_resources_without_points_are_listed_and_on_no_map(tmp_path: Path) -> None:
    folder = write(tmp_path, {"resources": lambda table: blank(table, table.index % 2 == 0)})
    atlas = xzz.open_atlas(folder)
    assert {one.rule: one.count for one in atlas.findings}["resource_no_point"] == 18
    assert len(atlas.places) == 18 and len(atlas.resources) == 36
    assert sum(len(table.rows) for table in chapters.resource_lists(atlas)) == 36
    (map_block,) = chapters.resource_maps(atlas)
    assert len(map_block.data["places"]["names"]) == 18
    assert every_chapter(atlas, "c05")


def blank(table: Frame, rows: np.ndarray) -> Frame:
    table = table.astype({"lon": object, "lat": object})
    table.loc[rows, ["lon", "lat"]] = ""
    return table


def test_no_resource_with_a_point_leaves_out_what_needs_one(tmp_path: Path) -> None:
    atlas = xzz.open_atlas(survey_study(tmp_path, changes={"resources": lambda table: table.assign(lon="", lat="")}))
    assert (find(atlas), plan(atlas), protected_gaps(atlas)) == (None, None, None)
    assert chapters.reach_chapter(atlas) == chapters.gap_chapter(atlas) == chapters.resource_maps(atlas) == []
    with pytest.raises(InputError, match="no open resource with a point"):
        _ = atlas.walks
    assert every_chapter(atlas, "c05")


@pytest.mark.parametrize("how", ["none", "empty"])
def test_a_community_without_people_is_told_and_left_out(tmp_path: Path, how: str) -> None:
    def change(table: Frame) -> Frame:
        own = table["community"] == "c05"
        return table[~own] if how == "none" else table.assign(children=table["children"].where(~own, 0))

    atlas = xzz.open_atlas(survey_study(tmp_path, changes={"homes": change}))
    (told,) = [one for one in atlas.findings if one.rule == "nobody_registered"]
    assert (told.count, told.severity) == (1, "warning") and "c05" in told.message
    assert "c05" in set(needs_table(atlas)["community"])
    for table in (protected_gaps(atlas).frame, plan(atlas).unmet, protected_reach(atlas).frame):
        assert set(table["community"]) == set(names()) - {"c05"}
        assert not table.select_dtypes("number").isin([np.inf]).any().any()
    assert every_chapter(atlas, "c05")
    assert chapters.reach_chapter(atlas, "c05") == chapters.gap_chapter(atlas, "c05") == []
    if how == "none":
        drawn = [*chapters.walk_maps(atlas), *chapters.gap_maps(atlas)]
        assert len(drawn) >= 2 and "c05" not in {text for block in drawn for text in str(block.data["areas"]["names"])}


def test_a_service_that_nobody_reaches_is_told(tmp_path: Path) -> None:
    far = {"resources": lambda table: table.assign(lon=table["lon"] + 0.5 * (table["category"] == "health.clinic"))}
    atlas = xzz.open_atlas(survey_study(tmp_path, changes=far))
    assert {one.rule: one.count for one in atlas.findings}["outside_communities"] == 12
    assert "access_supply_unreached" in noticed(atlas, "health")
    assert "in nobody's reach" in str(chapters.access_chapter(atlas))
    frame = protected_gaps(atlas).frame
    rows = frame[frame["domain"] == "health"]
    assert set(rows["main_cause"]) <= {"none_in_reach", ""}
    assert (rows["estimate"] == rows["need"]).all()
    health = protected_reach(atlas).frame.query("option == 'health'")
    assert (health["estimate"] == 0).all() and not health["minutes_known"].any()


def test_a_resource_may_have_the_id_of_a_community(tmp_path: Path) -> None:
    atlas = xzz.open_atlas(write(tmp_path, {"resources": lambda table: table.assign(id=["c05", *table["id"][1:]])}))
    assert chapters.opportunities(atlas, "c05") == []
    told = str(chapters.reach_chapter(atlas))
    assert "Community 5" in told and "Service 0" not in told
    assert "Service 0" in str(chapters.resource_lists(atlas))


# --- needs, gaps and plans


def test_a_need_that_is_not_shown_is_in_no_gap_no_plan_and_no_map(surveyed: Atlas) -> None:
    hidden = protected_needs(surveyed).frame
    assert hidden[hidden["by"] == f"community={FEW}"]["estimate"].isna().all()
    needs = needs_table(surveyed).set_index(["community", "domain"])
    few = set(needs.index[needs["need"].isna()])
    assert {(FEW, "health"), (FEW, "education")} <= few
    found = plan(surveyed)
    tables = [protected_gaps(surveyed).frame, found.allocation, found.unmet, found.candidates]
    tables += [firmness(found, 5).pairs, firmness(found, 5).unmet]
    for table in tables:
        assert len(table) and not few & set(zip(table["community"], table["domain"], strict=True))
    assert FEW not in gap_clusters(surveyed, "health").rates.query("measured").index
    assert chapters.opportunities(surveyed, FEW) == chapters.gap_chapter(surveyed, FEW) == []
    drawn = [*chapters.gap_maps(surveyed), *chapters.cluster_chapter(surveyed)[:1]]
    drawn = [block for block in drawn if isinstance(block, MapBlock)]
    assert len(drawn) >= 2
    for block in drawn:
        place = [name["en"] for name in block.data["areas"]["names"]].index("Community 15")
        assert block.data["areas"]["texts"][place]["en"] in ("no figure", "not measured")


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_plan_keeps_to_places_locks_and_bans(surveyed: Atlas, objective: str) -> None:
    free = plan(surveyed, objective)
    taken = free.allocation.iloc[0]
    ban = Order("ban", taken["community"], taken["organisation"], by="station", why="closed")
    lock = Order("exactly", *free.allocation[["community", "organisation"]].iloc[5], 3, by="station", why="agreed")
    found = plan(surveyed, objective, orders=[ban, lock])
    served = found.allocation.set_index(["community", "organisation"])["people"]
    assert (ban.community, ban.organisation) not in served.index
    assert served[(lock.community, lock.organisation)].sum() == 3
    assert (found.use["used"] <= 20).all()
    assert (found.allocation["cost"] <= 15).all()
    assert (found.unmet["met"] <= found.unmet["need"]).all()
    assert found.summary["met"] <= free.summary["met"]


def test_more_places_never_leave_more_needs_open(surveyed: Atlas) -> None:
    before = plan(surveyed, "most_need").unmet.set_index(["community", "domain"])["met"]
    draw = np.random.default_rng(3)
    for _ in range(4):
        doubled = surveyed.resources.copy()
        doubled["capacity"] *= np.where(draw.random(len(doubled)) < 0.3, 2, 1)
        atlas = Atlas(surveyed.study, survey=surveyed.survey)
        atlas.__dict__["resources"] = doubled
        after = plan(atlas, "most_need").unmet.set_index(["community", "domain"])["met"]
        assert after.sum() >= before.sum()


def test_one_more_is_where_most_children_are_newly_in_reach(alone: Atlas, tmp_path: Path) -> None:
    people, minutes = dense_minutes(alone)
    there = metres(alone)[1].set_index("id")["category"]
    near = minutes <= 15
    running = near.loc[:, (there == "health.clinic").to_numpy()].any(axis=1)
    adds = {key: people["children"][near[key] & ~running].sum() for key in there.index[there != "health.clinic"]}
    found = one_more(alone, "health")
    assert found.candidates["alone"].to_dict() == pytest.approx(adds)
    assert adds[found.chosen[0]] == max(adds.values())
    assert found.before == people["children"][running].sum()
    assert one_more(alone, "voucher") is None
    everywhere = {"resources": lambda table: table.assign(category="health.clinic")}
    assert one_more(xzz.open_atlas(write(tmp_path, everywhere)), "health") is None


def test_merchants_who_were_visited_may_take_vouchers(tmp_path: Path) -> None:
    words = ["joined", "visited", "pending", "refused"]
    given = {"resources": lambda table: table.assign(voucher=[words[at % 4] for at in range(len(table))])}
    atlas = xzz.open_atlas(write(tmp_path, given))
    assert len(atlas.offering("voucher")) == 9
    status = atlas.resources["voucher"][one_more(atlas, "voucher").candidates.index]
    assert set(status) == {"visited", "pending"} and len(status) == 18


# --- what is refused, or told


def exchanged(table: Frame) -> Frame:
    """Every other row has its latitude first."""
    lon = np.where(table.index % 2, table["lon"], table["lat"])
    return table.assign(lat=np.where(table.index % 2, table["lat"], table["lon"]), lon=lon)


def twisted(layer: Frame) -> Frame:
    west, south, east, north = layer.geometry[3].bounds
    crossing = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    return layer.assign(geometry=[crossing if at == 3 else one for at, one in enumerate(layer.geometry)])


def overlapping(layer: Frame) -> Frame:
    aside = shapely.affinity.translate(layer.geometry[3], -SIDE / 2)
    return layer.assign(geometry=[aside if at == 3 else one for at, one in enumerate(layer.geometry)])


def many(table: Frame) -> Frame:
    """More resources, so that an audit can tell two datums apart."""
    return resources(each=12)


REFUSED = {
    "datum": ({"resources": moved("GCJ02")}, ["declared WGS84", "as if in GCJ02", "100.0% as GCJ02", "36 points"]),
    "datum of homes": ({"homes": moved("BD09")}, ["as if in BD09", "of 360 points of 12 places"]),
    "mixed datums": (
        {"resources": lambda table: moved("GCJ02", slice(0, 60))(many(table))},
        ["of two datums", "split the file"],
    ),
    "mixed homes": ({"homes": moved("GCJ02", slice(0, 180))}, ["of two datums", "split the file"]),
    "exchanged": ({"resources": exchanged}, ["longitude and latitude are exchanged in 18 of 36"]),
    "exchanged homes": ({"homes": exchanged}, ["longitude and latitude are exchanged in 180 of 360"]),
    "invalid polygons": ({"communities": twisted}, ["invalid polygons: self-intersection (c03)", "repair: true"]),
    "the same id twice": ({"resources": lambda table: table.assign(id="r1")}, ["id(s) are there more than once (r1)"]),
    "the same community twice": (
        {"communities": lambda layer: layer.assign(community=["c00", "c00", *layer["community"][2:]])},
        ["1 key(s) name several communities (c00)"],
    ),
    "no communities": ({"communities": lambda layer: layer.iloc[:0]}, ["communities.geojson holds no shapes"]),
    "no resources": ({"resources": lambda table: table.iloc[:0]}, ["resources.csv holds no resources"]),
    "no homes": ({"homes": lambda table: table.iloc[:0]}, ["homes.csv holds no homes"]),
    "unknown community": (
        {"homes": lambda table: table.assign(community="c0")},
        ["360 home(s) name a community that is not among the 12"],
    ),
    "unknown category": (
        {"resources": lambda table: table.assign(category="health.clinc")},
        ["'health.clinc'", "did you mean 'health.clinic'"],
    ),
    "more people than a number": (
        {"homes": lambda table: table.assign(children="many")},
        ["360 of 360 cell(s) are no number of people"],
    ),
}
TOLD = {
    "overlapping": ({"communities": overlapping}, ["c02 and c03 by 50%"]),
    "outside": (
        {"resources": lambda table: table.assign(lon=table["lon"] + 0.2 * (table.index < 2))},
        ["2 of 36 resources lie outside every community (r000, r001)"],
    ),
    "no points": (
        {"resources": lambda table: blank(table, table.index < 3)},
        ["3 of 36 resources have no coordinates"],
    ),
    "homes elsewhere": (
        {"homes": lambda table: table.assign(community=table["community"].where(table.index >= 7, "c11"))},
        ["7 of 360 home(s) lie outside the community that the file names"],
    ),
    "closed and joined": (
        {"resources": lambda table: table.assign(status="closed", voucher="joined")},
        ["36 of 36 resources are closed and redeem vouchers"],
    ),
    "nobody at home": (
        {"homes": lambda table: table[table["community"] != "c07"]},
        ["1 of 12 communities have no home with people (c07)"],
    ),
}


def checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code of ``xzz check`` and everything that it prints, without coordinates and contacts."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(["check", str(folder)])
    told = "".join(capsys.readouterr())
    log = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("outputs/internal/*.csv"))
    for text in (told, log):
        assert [place for place in told_places(folder) if place in text] == []
        assert CONTACT not in text
    assert "Traceback" not in told
    return int(caught.value.code or 0), told


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_mislead_is_refused_with_the_evidence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, words = REFUSED[case]
    folder = write(tmp_path, changes)
    with pytest.raises(InputError) as caught:
        xzz.open_atlas(folder)
    assert [word for word in words if word not in str(caught.value)] == []
    assert [place for place in told_places(folder) if place in str(caught.value)] == []
    code, told = checked(folder, capsys)
    assert code == 1
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize("case", TOLD)
def test_what_is_doubtful_is_told_and_does_not_stop_the_work(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, words = TOLD[case]
    folder = write(tmp_path, changes)
    code, told = checked(folder, capsys)
    assert code == 0
    assert [word for word in words if word not in told] == []
    assert every_chapter(xzz.open_atlas(folder), "c05")


def test_ids_that_are_numbers_are_read_as_they_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def numbered(table: Frame) -> Frame:
        table = table.assign(community=table["community"].str[1:].astype(int))
        return table.assign(id=range(len(table))) if "id" in table else table

    folder = write(tmp_path, dict.fromkeys(("communities", "resources", "homes"), numbered))
    atlas = xzz.open_atlas(folder)
    assert list(atlas.communities.layer.index) == [str(at) for at in range(12)]
    assert set(atlas.resources["community"]) == set(atlas.communities.layer.index)
    assert "Community 7" in str(chapters.reach_chapter(atlas))
    assert checked(folder, capsys)[0] == 0


def test_codes_that_lost_digits_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, {"communities": lambda layer: layer.assign(code=[41_980_100 + at for at in range(12)])})
    study = folder / "study.yml"
    text = study.read_text(encoding="utf-8").replace("  key: community", "  code: code\n  key: community")
    study.write_text(text, encoding="utf-8")
    code, told = checked(folder, capsys)
    assert code == 1
    assert "12 code(s)" in told and "12 digits" in told


NAMED = {
    "unknown": (
        "indicator: uninsured}",
        "indicator: uninsurd}",
        "'uninsurd' is no share of this round.*mean 'uninsured'",
    ),
    "a mean": ("indicator: absent}", "indicator: sleep}", "access.needs.education: 'sleep' is no share"),
    "no group": ("  key: community", "  key: commune", "'commune' is no group.*mean 'community'"),
}


@pytest.mark.parametrize("case", NAMED)
def test_needs_that_cannot_be_set_beside_services_are_named(case: str, tmp_path: Path) -> None:
    before, after, words = NAMED[case]
    renamed = (
        {"communities": lambda layer: layer.rename(columns={"community": "commune"})} if case == "no group" else {}
    )
    atlas = xzz.open_atlas(survey_study(tmp_path, change=lambda text: text.replace(before, after), changes=renamed))
    with pytest.raises(StudyError) as caught:
        chapters.gap_chapter(atlas)
    assert re.search(words, str(caught.value))


def test_a_check_names_needs_that_cannot_be_set_beside_services(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after, words = NAMED["unknown"]
    code, told = checked(survey_study(tmp_path, change=lambda text: text.replace(before, after)), capsys)
    assert code == 1
    assert re.search(words, told)


def test_fifty_thousand_resources_are_on_a_map(tmp_path: Path) -> None:
    folder = write(tmp_path, {"communities": province, "resources": lambda table: crowd(50_000)}, with_homes=False)
    atlas = xzz.open_atlas(folder)
    (block,) = chapters.resource_maps(atlas)
    markup = block.markup("zh", "图")
    assert len(block.data["places"]["names"]) == 50_000
    assert len(markup) < 12_000_000


def province(layer: Frame) -> Frame:
    """Communities twenty times as long and wide."""
    grown = [shapely.affinity.scale(shape, 20, 20, origin=(WEST, SOUTH)) for shape in layer.geometry]
    return layer.assign(geometry=grown)


def crowd(count: int) -> Frame:
    """Places all over it."""
    share = np.random.default_rng(5).uniform(0.01, 0.99, (count, 2))
    lon, lat = (WEST + 80 * SIDE * share[:, 0]).round(6), (SOUTH + 60 * SIDE * share[:, 1]).round(6)
    return resources(each=math.ceil(count / 12)).iloc[:count].assign(lon=lon, lat=lat, community="")


def test_homes_are_in_no_printed_form_of_an_atlas(alone: Atlas) -> None:
    places = told_places(alone.study.folder)
    shown = [repr(alone), repr(alone.homes), str(alone.findings), str(every_chapter(alone, "c05"))]
    own = {text for text in places if text in {f"{value:.4f}" for value in homes()[["lon", "lat"]].to_numpy().ravel()}}
    assert len(own) > 300
    assert [place for place in own if any(place in text for text in shown)] == []
