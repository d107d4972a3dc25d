"""A study of places alone: no tables, no answers, and every command that still makes sense."""

import json
import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import xzz_analysis as xzz
from xzz_analysis.atlas import opening, register
from xzz_analysis.cli import main
from xzz_analysis.editions.plan import plan
from xzz_analysis.editions.publish import publish
from xzz_analysis.editions.run import build, page_meta
from xzz_analysis.editions.trace import trace
from xzz_analysis.errors import DisclosureError, StudyError
from xzz_analysis.places.datum import from_wgs84
from xzz_analysis.report.html import write_html
from xzz_analysis.study import open_study

LON, LAT, STEP = 116.30, 39.90, 0.01
STUDY = """
id: squares
title: {zh: 方格, en: Squares}
publisher: {zh: 测试, en: test}
population: {zh: 居民, en: residents}
outputs: outputs
rounds: {"2020": {collected: [2020-01-01, 2020-12-31]}}
communities:
  file: areas.geojson
  key: key
  datum: WGS84
  keep: [part]
  counts: {population: {source: {zh: 登记, en: register}, year: "2020"}}
resources: {file: "${PLACES_OF_SQUARES:-.}/places.csv", datum: GCJ02}
access: {minutes: 30, profile: adult}
reports: reports.yml
"""
REPORTS = """
- report: people
  notebook: 09_population_map
  title: {zh: 人口与地点, en: People and places}
  parameters: {group: part}
  languages: [en]
  audience: release
"""


def areas() -> gpd.GeoDataFrame:
    """Twenty squares in four rows; people grow from west to east, and nobody lives in the last one."""
    at = np.arange(20)
    west, south = LON + at % 5 * STEP, LAT + at // 5 * STEP
    people = np.where(at == 19, 0, 100 * (1 + at % 5))
    part = np.where(at < 10, "south", "north")
    names = {"key": [f"a{one:02d}" for one in at], "population": people, "part": part}
    return gpd.GeoDataFrame(names, geometry=shapely.box(west, south, west + STEP, south + STEP), crs=4326)


def places(squares: gpd.GeoDataFrame) -> pd.DataFrame:
    """A clinic a little south of the middle of each square of the first row and of one more, in GCJ-02."""
    chosen = squares.iloc[[0, 1, 2, 3, 4, 12]]
    middle = chosen.geometry.centroid
    lon, lat = from_wgs84(middle.x.to_numpy(), middle.y.to_numpy() - 0.001, "GCJ02")
    told = {"id": [f"clinic-{key}" for key in chosen["key"]], "name_zh": "卫生站", "category": "health.clinic"}
    return pd.DataFrame({**told, "lon": lon, "lat": lat, "community": chosen["key"].to_numpy()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("alone")
    squares = areas()
    with pytest.warns(UserWarning, match="geographic CRS"):
        table = places(squares)
    squares.to_file(made / "areas.geojson")
    table.to_csv(made / "places.csv", index=False)
    (made / "study.yml").write_text(STUDY, encoding="utf-8")
    (made / "reports.yml").write_text(REPORTS, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def atlas(folder):
    return xzz.open_atlas(folder)


@pytest.fixture(scope="module")
def edition(folder):
    build(open_study(folder))
    return folder / "outputs" / "release" / "squares-2020"


def test_a_study_of_places_needs_neither_tables_nor_design(folder):
    study = open_study(folder)
    assert study.tables == {} and study.design.kind == "census"
    assert xzz.open_atlas(study).survey is None


def test_tables_written_as_empty_are_none(tmp_path, folder):
    for empty in ("tables:\n", "tables: {}\n"):
        copy = shutil.copytree(folder, tmp_path / empty[7], ignore=shutil.ignore_patterns("outputs"))
        (copy / "study.yml").write_text(STUDY + empty, encoding="utf-8")
        assert open_study(copy).tables == {}


def test_a_study_of_nothing_is_refused(tmp_path):
    text = STUDY.partition("communities:")[0] + "tables: {}\ndesign: {kind: census}\n"
    (tmp_path / "study.yml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="no table of answers, no communities and no ledgers"):
        open_study(tmp_path)
    (tmp_path / "study.yml").write_text(text.replace("tables: {}\n", ""), encoding="utf-8")
    with pytest.raises(StudyError, match="tables: is missing"):
        open_study(tmp_path)


def test_a_round_of_answers_cannot_be_opened(folder):
    with pytest.raises(StudyError, match=r"declares no tables.*open_atlas"):
        xzz.open_round(folder)


@pytest.mark.parametrize("command", [["tabulate"], ["alerts"]])
def test_commands_about_answers_say_that_there_are_none(folder, tmp_path, command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, str(folder), *(["--out", str(tmp_path / "t.csv")] if command == ["tabulate"] else [])])
    assert caught.value.code == 2
    assert "declares no tables" in capsys.readouterr().err


def test_a_file_of_places_may_be_named_by_a_variable_of_the_environment(folder, monkeypatch):
    monkeypatch.setenv("PLACES_OF_SQUARES", "elsewhere")
    with pytest.raises(StudyError) as caught:
        open_study(folder)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.where) == ("missing_file", "study.yml: resources.file")


def test_check_finds_no_error(folder, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["check", str(folder), "--json"])
    assert caught.value.code in (0, None)
    rules = {finding["rule"]: finding["severity"] for finding in json.loads(capsys.readouterr().out)}
    assert rules["no_map_approval"] == "warning" and "error" not in rules.values()


def test_the_report_is_built_and_status_knows_it(folder, edition, capsys):
    assert (edition / "people.en.html").is_file()
    with pytest.raises(SystemExit):
        main(["status", str(folder), "--json"])
    assert [row["stale"] for row in json.loads(capsys.readouterr().out)] == [""]


def test_a_released_report_holds_hexagons_and_no_boundary(edition):
    page = (edition / "people.en.html").read_text(encoding="utf-8")
    assert page.count('"schematic":true') == 4 and page.count('"schematic":false') == 1  # the last one: points alone
    assert "Internal: not for release" not in page


def test_every_share_is_traced(folder, edition):
    results = pd.read_csv(edition / "people.results.csv", dtype={"result_id": str, "option": str})
    assert set(results["indicator"]) == {"near_population"} and len(results) == 5 + 2
    found = trace(open_study(folder), results["result_id"][0])
    assert found["same"] is True and found["in_reach"] == "at most 30 minutes on foot" and found["design"] is None


def test_places_are_published_without_a_statement_about_a_survey(folder, edition, monkeypatch):
    monkeypatch.setattr("xzz_analysis.editions.publish.leaks", lambda study, folder: [])  # of people: not asked here
    (made,) = publish(open_study(folder))
    assert (made / "people.en.html").read_bytes() == (edition / "people.en.html").read_bytes()


def test_boundaries_are_drawn_for_the_house_and_refused_in_a_released_report(folder, tmp_path):
    inside = xzz.open_atlas(folder, audience="internal")
    (block,) = [one for one in xzz.chapters.population_map(inside) if one.kind == "map"]
    assert not block.data["schematic"] and block.data["audience"] == "internal"
    study = open_study(folder)
    meta = page_meta(plan(study)[0], study)
    with pytest.raises(DisclosureError, match="was made for an internal report"):
        write_html([block], tmp_path / "x.html", language="en", title={"zh": "一", "en": "One"}, meta=meta)


def test_for_release_the_same_map_is_of_hexagons(atlas):
    (block,) = [one for one in xzz.chapters.population_map(atlas) if one.kind == "map"]
    assert block.data["schematic"] and block.data["audience"] == "release"


def test_an_unknown_audience_is_refused(folder):
    with pytest.raises(StudyError, match="did you mean 'internal'"):
        xzz.open_atlas(folder, audience="intern")


def test_people_walk_to_the_nearest_place_however_far(atlas):
    table = register.people_and_walks(atlas, "population", "health.clinic")
    assert table["minutes"].notna().all()
    assert table["minutes"]["a00"] < 2 < 20 < table["minutes"]["a15"]
    assert table["density"]["a01"] == pytest.approx(200 / table["area_km2"]["a01"])


def test_a_walk_of_exactly_the_limit_is_within_it():
    table = pd.DataFrame({"people": [10.0, 20.0, np.nan, 30.0], "minutes": [5.0, 10.0, 1.0, np.nan]})
    found = register.reached_within(table, [4.9, 5, 10])
    assert found["people"].tolist() == [0, 10, 30] and found["share"].tolist() == [0, 10 / 60, 0.5]
    assert register.half_within(table) == 10
    assert register.half_within(table.assign(minutes=np.nan)) == float("inf")
    assert register.half_within(table.iloc[:0]) == float("inf")


def test_parts_add_up_to_the_whole(atlas):
    table = register.people_and_walks(atlas)
    parts = register.by_part(table, "part", 30)
    whole = register.reached_within(table, [30]).iloc[0]
    assert parts["people"].sum() == table["people"].sum() == 5500
    assert (parts["people"] * parts["within"]).sum() == pytest.approx(whole["people"], rel=1e-12)
    with pytest.raises(StudyError, match="did you mean 'part'"):
        register.by_part(table, "parts", 30)


def test_areas_where_nobody_lives_are_in_no_cluster_and_no_class(atlas):
    table = register.people_and_walks(atlas)
    found = register.clusters(atlas, table)
    assert found.table["spot"]["a19"] == "not_measured"
    assert register.density_by_walk(table).table["cell"]["a19"] == ""


@pytest.mark.parametrize(("count", "kind"), [("populace", ""), ("", "health.clinics")])
def test_an_unknown_count_or_kind_is_refused_with_the_nearest(atlas, count, kind):
    with pytest.raises(StudyError, match="did you mean"):
        register.people_and_walks(atlas, count, kind)


def test_borders_with_many_corners_are_simplified_for_drawing_alone(folder, monkeypatch):
    squares = areas()
    squares.geometry = squares.segmentize(STEP / 50)
    copy = xzz.open_atlas(folder)
    copy.__dict__["areas"] = squares.set_index("key")
    assert copy.drawn is copy.areas
    del copy.__dict__["drawn"]
    monkeypatch.setattr(opening, "MOST_CORNERS", 100)
    assert shapely.get_num_coordinates(copy.drawn.geometry.to_numpy()).sum() < 300
    assert shapely.get_num_coordinates(copy.areas.geometry.to_numpy()).sum() > 3000
    assert copy.drawn.union_all().equals(copy.areas.union_all())
