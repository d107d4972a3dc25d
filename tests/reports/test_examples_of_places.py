"""The two real studies of places alone in `examples/`: prepared from published files, audited, measured, drawn."""

import runpy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.atlas import Atlas, register
from xzz_analysis.cli import main
from xzz_analysis.errors import DisclosureError, InputError
from xzz_analysis.study import open_study

pytestmark = pytest.mark.real
NEEDED = {
    "beijing_towns": (
        "beijing_subdistricts/beijing_subdistricts_wgs84.gpkg",
        "vonng_adcode_points/adcode_bj_nc_zh_nj_qd.csv.gz",
    ),
    "porto_alegre_walks": ("accessibility_reference/poa_hexgrid.csv", "accessibility_reference/poa_osm.pbf"),
}
REPORT = {"beijing_towns": ("internal", "people_and_towns"), "porto_alegre_walks": ("release", "walks_to_school")}
TOWN, SCHOOL, CLINIC = "general.government", "education.school", "health.facility"


@pytest.fixture(scope="module")
def prepared(real_data: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Make an example ready outside the project, once; skip with the reason where its files are not there."""
    project = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZZ_REAL_DATA", str(real_data))

        def prepare(name: str) -> Path:
            missing = [file for file in NEEDED[name] if not (real_data / file).is_file()]
            if missing:
                pytest.skip(f"no data of {name}: {real_data.name} holds no {missing[0]}; see the example's README")
            folder = project / "examples" / name
            if not folder.is_dir():
                shutil.copytree(root / "examples" / name, folder)
                runpy.run_path(str(folder / "prepare.py"), run_name="__main__")
            return folder

        yield prepare


@pytest.fixture(scope="module")
def beijing(prepared) -> Atlas:
    return xzz.open_atlas(prepared("beijing_towns"))


@pytest.fixture(scope="module")
def porto_alegre(prepared) -> Atlas:
    return xzz.open_atlas(prepared("porto_alegre_walks"))


def built(folder: Path) -> Path:
    """The example's first report, built."""
    audience, report = REPORT[folder.name]
    with pytest.raises(SystemExit) as caught:
        main(["build", str(folder), report, "--quiet"])
    assert caught.value.code in (0, None)
    (manifest,) = (folder.parents[1] / "outputs" / audience).glob(f"{folder.name}-*/manifest.json")
    return manifest.parent


@pytest.mark.parametrize("name", NEEDED)
def test_no_line_of_the_data_is_in_the_project(root, name):
    assert {path.suffix for path in (root / "examples" / name).iterdir()} <= {".md", ".py", ".yml"}
    ignored = (root / ".gitignore").read_text(encoding="utf-8").split()
    prepare = (root / "examples" / name / "prepare.py").read_text(encoding="utf-8")
    assert "outputs/" in ignored and '"outputs" / "prepared"' in prepare


@pytest.mark.parametrize("name", NEEDED)
def test_check_finds_nothing_that_would_fail(prepared, name, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["check", str(prepared(name)), "--quiet"])
    assert caught.value.code in (0, None)
    assert "read places alone" in capsys.readouterr().out


def test_more_town_offices_lie_in_their_own_sub_district_once_the_datum_is_right(beijing):
    audit = beijing.directory.audit(beijing.areas)
    shares = audit.table.set_index("points")["inside"].groupby(level=0).max()
    assert (audit.verdict, audit.counts["matched"]) == ("agrees", 249)
    assert (shares["WGS84"], shares["GCJ02"]) == (210, 242)


def test_the_readme_tells_both_shares(root, beijing):
    told = (root / "examples" / "beijing_towns" / "README.md").read_text(encoding="utf-8")
    audit = beijing.directory.audit(beijing.areas).table.drop_duplicates("points").set_index("points")
    for datum in ("WGS84", "GCJ02"):
        assert f"{audit['share'][datum]:.1%}".replace("%", " %") in told


def test_offices_declared_in_the_wrong_datum_are_refused(prepared, tmp_path):
    folder = prepared("beijing_towns")
    copy = tmp_path / "examples" / folder.name
    shutil.copytree(folder, copy)
    shutil.copytree(folder.parents[1] / "outputs" / "prepared", tmp_path / "outputs" / "prepared")
    study = copy / "study.yml"
    study.write_text(study.read_text(encoding="utf-8").replace("datum: GCJ02", "datum: WGS84"), encoding="utf-8")
    with pytest.raises(InputError, match="declared WGS84, and they lie as if in GCJ02"):
        xzz.open_atlas(copy)


def test_walks_to_the_offices_agree_with_distances_computed_one_by_one(beijing):
    table = register.people_and_walks(beijing, "population", TOWN)
    system = 4527  # CGCS2000, zone 39
    points = beijing.places.to_crs(system)
    for key, row in beijing.areas.iloc[::60].iterrows():
        start = gpd.GeoSeries([row.geometry], crs=4326).to_crs(system).representative_point().iloc[0]
        minutes = points.distance(start).min() * 1.3 / 1.3 / 60  # detour, metres a second
        assert table["minutes"][key] == pytest.approx(minutes, rel=0.02, abs=1.0)


def test_people_of_beijing_live_densest_where_walks_are_shortest(beijing):
    parts = register.by_part(register.people_and_walks(beijing, "", TOWN), "district", 30).set_index("part")
    assert len(parts) == 16 and parts["people"].sum() == 20_755_648
    assert list(parts.index[:2]) == ["西城区", "东城区"]
    assert (parts["within"][:2] == 1).all() and parts["within"]["通州区"] < 0.2


def test_clusters_and_classes_of_beijing_are_found(beijing):
    table = register.people_and_walks(beijing, "", TOWN)
    far, dense = register.clusters(beijing, table), register.clusters(beijing, table, "density")
    assert 0.2 < far.moran < 0.6 and dense.moran > 0.7
    assert (dense.table["spot"] == "high_high").sum() > 20
    assert register.density_by_walk(table).counts.to_numpy().sum() == 331


def test_the_report_of_the_house_is_built_with_boundaries(prepared):
    edition = built(prepared("beijing_towns"))
    page = (edition / "people_and_towns.zh.html").read_text(encoding="utf-8")
    assert "97.2%" in page and "84.3%" in page
    assert page.count('"schematic":false') == 5
    assert len(page) < 2_500_000
    assert "20,755,648" in page
    results = pd.read_csv(edition / "people_and_towns.results.csv")
    assert set(results["indicator"]) == {"near_population"} and len(results) == 5 + 16


def test_boundaries_of_beijing_cannot_be_released(prepared):
    folder = prepared("beijing_towns")
    assert not open_study(folder).settings.communities.approval
    atlas = xzz.open_atlas(folder, audience="internal")
    (block,) = [one for one in xzz.chapters.walk_clusters(atlas, "", TOWN) if one.kind == "map"]
    with pytest.raises(DisclosureError, match="made for an internal report"):
        block.require_audience("release")


def test_a_released_map_of_beijing_is_of_hexagons(beijing):
    (block,) = [one for one in xzz.chapters.population_map(beijing) if one.kind == "map"]
    block.require_audience("release")
    assert block.data["schematic"]
    assert {len(rings[0]) for rings in block.data["areas"]["rings"]} == {1}


def test_hexagons_of_porto_alegre_fill_the_land_without_overlap(porto_alegre):
    cells = porto_alegre.areas.to_crs(32722)
    assert len(cells) == 1227 and cells.is_valid.all()
    assert cells.area.sum() == pytest.approx(cells.union_all().area, rel=1e-6)
    assert cells.area.std() / cells.area.mean() < 0.01


def test_children_of_porto_alegre_walk_along_the_streets(porto_alegre):
    assert "poa_osm.pbf" in porto_alegre.walks.method["en"] and "0.9 m/s" in porto_alegre.walks.method["en"]
    assert porto_alegre.walks.facts["streets_main_share"] > 0.98
    shares = {}
    for kind in (SCHOOL, CLINIC):
        table = register.people_and_walks(porto_alegre, "population", kind)
        shares[kind] = register.reached_within(table, [15])["share"][0]
        here = porto_alegre.places[porto_alegre.places["category"] == kind]["community"]
        assert table["minutes"][here].dropna().max() < 1  # the point inside a cell, to its centre
    assert shares[SCHOOL] == pytest.approx(0.884, abs=0.001)
    assert shares[CLINIC] == pytest.approx(0.694, abs=0.001)


def test_streets_are_never_shorter_than_the_straight_line(porto_alegre):
    along = register.people_and_walks(porto_alegre, "", SCHOOL)["minutes"]
    straight = xzz.travel(
        porto_alegre.areas, porto_alegre.places[porto_alegre.places["category"] == SCHOOL], limit=240, detour=1.0
    ).nearest
    assert (along.dropna() >= straight.reindex(along.dropna().index) - 0.01).all()


def test_the_report_on_walks_may_be_released(prepared):
    edition = built(prepared("porto_alegre_walks"))
    page = (edition / "walks_to_school.en.html").read_text(encoding="utf-8")
    assert "88.4%" in page and "OpenStreetMap contributors" in page and "Internal: not for release" not in page
    assert "a regular grid of hexagons outside China" in page
