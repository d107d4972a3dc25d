"""Places of the demonstration study: they agree with each other and with the survey, and hold what was planted."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from scipy import sparse

import xzz_analysis as xzz
from xzz_analysis.intake.privacy.identifiers import find
from xzz_analysis.places.datum import audit_datum, convert, declare
from xzz_analysis.places.directory.catalogue import read_catalogue
from xzz_analysis.places.directory.communities import Communities, read_communities
from xzz_analysis.places.directory.facts import CommunityFacts, known_facts, read_community_facts
from xzz_analysis.places.directory.resources import Resources, read_resources
from xzz_analysis.places.gaps import find_gaps
from xzz_analysis.places.travel import Cost, Streets, read_streets, travel
from xzz_analysis.study import Study, open_study

DEMO = Path(__file__).parents[2] / "data" / "demo"
TRUTH = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
PLACES = TRUTH["places"]
SPEC = yaml.safe_load((DEMO / "places.yml").read_text(encoding="utf-8"))
AS_OF = dt.date(2025, 11, 28)
FARTHEST = 30.0
Frame = pd.DataFrame


@pytest.fixture(scope="module")
def study() -> Study:
    return open_study(DEMO)


@pytest.fixture(scope="module")
def communities(study: Study) -> Communities:
    assert study.settings.communities is not None
    return read_communities(study.settings.communities)


@pytest.fixture(scope="module")
def resources(study: Study, communities: Communities) -> Resources:
    table = study.settings.resources
    assert table is not None
    return read_resources(table.file, datum=table.datum, as_of=AS_OF, communities=communities)


@pytest.fixture(scope="module")
def homes(study: Study) -> gpd.GeoDataFrame:
    given = study.settings.homes
    assert given is not None
    table = pd.read_csv(given.file)
    table.index = table.index.map("home {}".format)
    return declare(gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"])), given.datum)


@pytest.fixture(scope="module")
def streets(study: Study) -> Streets:
    assert study.settings.network is not None
    return read_streets(study.settings.network.file)


@pytest.fixture(scope="module")
def facts(study: Study, communities: Communities) -> CommunityFacts:
    assert study.settings.community_facts is not None
    return read_community_facts(study.settings.community_facts, dict(communities.layer["name_zh"]))


@pytest.fixture(scope="module")
def minutes(homes: gpd.GeoDataFrame, resources: Resources, streets: Streets) -> Frame:
    """Minutes from every home to every resource with a point, infinite beyond half an hour."""
    there = resources.table[resources.table.geometry.notna()]
    cost = travel(homes, convert(there, "WGS84"), streets, limit=FARTHEST)
    assert cost.findings == ()
    pairs = cost.matrix.tocoo()
    found = np.full(cost.matrix.shape, np.inf)
    found[pairs.coords] = pairs.data
    return Frame(found, index=cost.origins, columns=cost.destinations)


@pytest.fixture(scope="module")
def cost(homes: gpd.GeoDataFrame, minutes: Frame) -> Cost:
    """What it takes half of a community's children at most."""
    names = pd.Index(sorted(PLACES["homes"]))
    half = Frame(
        {
            name: _weighted_median(minutes[here], homes["children"][here])
            for name in names
            for here in [homes["community"] == name]
        }
    ).T.to_numpy()
    near = np.nonzero(half <= PLACES["minutes"])
    matrix = sparse.csr_array((half[near], near), shape=half.shape)
    return Cost(matrix, names, minutes.columns, "minutes", PLACES["minutes"], {"zh": "沿街道", "en": "along streets"})


def _weighted_median(minutes: Frame, weight: pd.Series) -> pd.Series:
    values, people = minutes.to_numpy(), weight.to_numpy(float)
    order = values.argsort(axis=0, kind="stable")
    reached = people[order].cumsum(axis=0) >= people.sum() / 2
    return pd.Series(
        np.take_along_axis(values, order, 0)[reached.argmax(axis=0), range(values.shape[1])], minutes.columns
    )


@pytest.fixture(scope="module")
def gaps(study: Study, resources: Resources, cost: Cost) -> Frame:
    access = study.settings.access
    assert access is not None
    found = Frame(xzz.open_round(DEMO).needs("community"))
    found = found[found["round"] == "2025Q4"]
    found = found.assign(community=found["by"].str.removeprefix("community="))
    needs, known = [], []
    for domain, need in access.needs.items():
        rows = found[found["indicator"] == need.indicator]
        needs.append(
            Frame({"community": rows["community"], "need": rows["estimate"] * rows["weighted_n"]}).assign(domain=domain)
        )
        rows = found[found["indicator"] == need.not_known]
        known.append(Frame({"community": rows["community"], "known": 1 - rows["estimate"]}).assign(domain=domain))
    services = resources.table.drop(columns="organisation")
    return find_gaps(pd.concat(needs), services, cost, pd.concat(known)).table.set_index(["community", "domain"])


def test_files_are_small() -> None:
    assert (DEMO / "places/streets.geojson").stat().st_size < 350_000
    assert (DEMO / "places/homes.csv").stat().st_size < 300_000


def test_communities_are_read_without_findings(communities: Communities) -> None:
    assert communities.findings == ()
    assert communities.printable
    assert communities.layer["code"].is_unique
    assert communities.layer["code"].str[:4].isin(["4198", "4199"]).all()


def test_homes_lie_in_their_community(homes: gpd.GeoDataFrame, communities: Communities) -> None:
    areas = convert(communities.layer, "WGS84").geometry
    for name, here in homes.groupby("community"):
        assert shapely.contains_properly(areas[name], here.geometry.to_numpy()).all()


def test_homes_add_up_to_the_map(homes: gpd.GeoDataFrame, communities: Communities) -> None:
    counted = homes.groupby("community")["children"].agg(["size", "sum"])
    assert counted["size"].to_dict() == communities.layer["families"].astype(int).to_dict() == PLACES["homes"]
    assert counted["sum"].to_dict() == communities.layer["children"].astype(int).to_dict() == PLACES["children"]
    assert set(homes["children"]) == {1, 2, 3}


def test_homes_name_nobody() -> None:
    assert (DEMO / "places/homes.csv").read_text(encoding="utf-8").startswith("lon,lat,community,children\n")


def test_streets_connect(streets: Streets) -> None:
    assert streets.findings == ()
    assert streets.part.max() == 0


def test_streets_say_that_they_are_synthetic() -> None:
    layer = gpd.read_file(DEMO / "places/streets.geojson")
    assert layer["synthetic"].all()
    assert set(layer["highway"]) == {"residential", "footway", "primary"}
    assert layer.crs.to_epsg() == 4490
    assert (layer["name_zh"] == SPEC["cities"][1]["bridge_name"]).sum() == 1


def test_one_bridge_crosses_the_river(communities: Communities) -> None:
    hub, river = (SPEC["communities"]["heyan"]["hub"], SPEC["cities"][1]["river"])
    scale = np.array([93_620.0, 110_905.0])
    line = shapely.LineString(hub + np.array(river) / scale)
    layer = gpd.read_file(DEMO / "places/streets.geojson")
    crossing = layer[layer.crosses(line)]
    assert list(crossing["name_zh"]) == [SPEC["cities"][1]["bridge_name"]]


def test_resources_have_the_planted_findings_only(resources: Resources) -> None:
    found = {finding.rule: finding.count for finding in resources.findings}
    assert found == PLACES["findings"]
    assert len(found) == len(resources.findings)


def test_resources_are_of_every_kind(resources: Resources) -> None:
    table = resources.table
    assert len(table) == 72
    kinds = read_catalogue().kinds
    assert {kinds[name].asset for name in table["category"]} == set(read_catalogue().assets)
    assert set(table["voucher"]) == {"", "visited", "pending", "refused", "joined"}
    assert set(table["status"]) == {"active", "closed", "unverified"}
    assert (table["name_en"] != "").all()
    assert table["capacity"].notna().mean() > 0.8
    assert table["capacity"].isna().any()
    told = table["verified_on"].dropna()
    assert told.between("2024-06-01", "2025-11-20").all()


def test_roles_verified_and_not_persons(resources: Resources) -> None:
    assert set(resources.table["verified_by"]) <= {"", *SPEC["verified_by"]}


def test_no_text_of_a_resource_or_fact_tells_of_a_person(resources: Resources, facts: CommunityFacts) -> None:
    tables = (Frame(resources.confidential.drop(columns="geometry")), facts.table)
    texts = [text for table in tables for column in table for text in table[column] if isinstance(text, str)]
    assert find(texts).empty


def test_contacts_that_are_not_public_stay_inside(resources: Resources) -> None:
    private = ~resources.confidential["contact_public"]
    assert private.sum() >= 8
    assert (resources.table.loc[private, "contact"] == "").all()
    assert resources.confidential["contact"].replace("", "000-0000-0000").str.fullmatch(r"000-0000-\d{4}").all()


def _crossings() -> dict[frozenset[str], tuple[float, float]]:
    """Pairs of street names → where they meet."""
    layer = gpd.read_file(DEMO / "places/streets.geojson")
    names: dict[tuple[float, float], set[str]] = {}
    for name, line in zip(layer["name_zh"], layer.geometry, strict=True):
        for point in line.coords:
            names.setdefault(point, set()).add(name)
    return {
        frozenset((one, two)): point for point, found in names.items() for one in found for two in found if one < two
    }


@pytest.mark.parametrize(
    ("declared", "verdict"), [("GCJ02", "agrees"), ("WGS84", "mislabelled"), ("BD09", "mislabelled")]
)
def test_points_lie_at_the_crossings_of_their_addresses(resources: Resources, declared: str, verdict: str) -> None:
    there = resources.table[resources.table.geometry.notna()]
    crossings = _crossings()
    streets = there["address"].str.removesuffix("路口附近").str.replace(r"^..市", "", regex=True).str.split("与")
    marks = shapely.points([crossings[frozenset(names)] for names in streets])
    landmarks = declare(gpd.GeoDataFrame(geometry=marks, index=there.index), "CGCS2000")
    points = declare(gpd.GeoDataFrame(geometry=there.geometry.array, index=there.index), declared)
    found = audit_datum(points, landmarks)
    assert (found.verdict, found.found) == (verdict, "GCJ02")


def test_facts_agree_with_the_map(facts: CommunityFacts, communities: Communities) -> None:
    assert facts.findings == ()
    for name, place in communities.layer.iterrows():
        known = facts.of(str(name)).set_index("fact")
        assert len(known) >= 20
        assert known.loc["area", "number"] == pytest.approx(place["area_km2"], abs=0.01)
        assert place["children"] <= known.loc["migrant_children", "number"] <= known.loc["children", "number"]
        assert place["families"] <= known.loc["households", "number"]
        assert known.loc["registered", "number"] + known.loc["migrants", "number"] <= known.loc["population", "number"]


def test_texts_of_facts_are_in_both_languages(facts: CommunityFacts) -> None:
    texts = facts.table[facts.table["fact"].map(lambda fact: known_facts()[fact].kind == "text")]
    assert texts["value"].map(lambda text: bool(re.search("[\u4e00-\u9fff]", text))).all()
    assert texts["value_en"].map(lambda text: bool(re.fullmatch("[ -~]+", text))).all()


def test_walks_of_the_truth_are_those_of_the_library(homes: gpd.GeoDataFrame, minutes: Frame) -> None:
    for name in PLACES["reach"]:
        here = homes["community"] == name
        near = (minutes[here] <= PLACES["minutes"]).T @ homes["children"][here] / homes["children"][here].sum()
        truth = pd.Series(PLACES["reach"][name]).reindex(near.index, fill_value=0.0)
        assert np.abs(near - truth).max() < 0.005


@pytest.mark.parametrize("planted", PLACES["planted"], ids=lambda row: f"{row['community']}-{row['domain']}")
def test_planted_causes_have_a_wide_margin(planted: dict[str, str]) -> None:
    shares = PLACES["within"][planted["community"]][planted["domain"]]
    if planted["cause"] == "none_in_reach":
        assert shares["any"] < 0.3
    else:
        assert shares["best"] > 0.7
        assert (shares["for_everybody"] == 0) == (planted["cause"] == "wrong_group")


@pytest.mark.parametrize("planted", PLACES["planted"], ids=lambda row: f"{row['community']}-{row['domain']}")
def test_planted_causes_are_found(gaps: Frame, planted: dict[str, str]) -> None:
    row = gaps.loc[(planted["community"], planted["domain"])]
    if planted["cause"]:
        assert row["main_cause"] == planted["cause"]
        assert row[planted["cause"]] == pytest.approx(row["gap"], abs=0.01)
        assert row["gap"] > 0.3 * row["need"]
    else:
        assert row["gap"] < 0.01
        assert row["need"] > 100


def test_what_is_near_on_the_map_may_be_far_on_foot(homes: gpd.GeoDataFrame, resources: Resources) -> None:
    """Across the river: in reach along a straight line for many more of heyan's children than on foot."""
    here = homes[homes["community"] == "heyan"]
    there = convert(resources.table.loc[["LT-201"]], "WGS84")
    straight = travel(here, there, "straight", limit=PLACES["minutes"], detour=1).reached
    assert here["children"][straight.to_numpy()].sum() / here["children"].sum() > 0.5
    assert PLACES["reach"]["heyan"]["LT-201"] < 0.3
