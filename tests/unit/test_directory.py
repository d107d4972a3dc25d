"""Places as data: codes, communities, resources and their checks."""

import datetime as dt
import json
import shutil
import uuid

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import xlsxwriter
from pydantic import ValidationError
from shapely.geometry import LineString, Point, Polygon, box

from xzz_analysis.declaration import check
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.places.directory.catalogue import DOMAINS as CATALOGUE_DOMAINS
from xzz_analysis.places.directory.catalogue import FILE, read_catalogue
from xzz_analysis.places.directory.codes import (
    CodeChanges,
    check_known,
    level_of,
    parent_of,
    read_code_changes,
    read_codes,
    update_codes,
)
from xzz_analysis.places.directory.communities import CommunityLayer, read_communities
from xzz_analysis.places.directory.facts import GROUPS, known_facts, read_community_facts
from xzz_analysis.places.directory.hsds import from_hsds, read_hsds, to_hsds, write_hsds
from xzz_analysis.places.directory.names import NONE, match_names, read_decisions, stem
from xzz_analysis.places.directory.resources import (
    Limits,
    make_resources,
    read_resources,
    resource_fields,
    same_places,
    write_resource_form,
    write_resources,
)

AS_OF = dt.date(2026, 3, 1)
SQUARE = 0.01
"""Side of a demo community, in degrees."""


def rules(findings, severity=None):
    return {finding.rule for finding in findings if severity in (None, finding.severity)}


def one(findings, rule):
    (found,) = [finding for finding in findings if finding.rule == rule]
    return found


# Codes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("440402001001", "community", "440402001000"),
        ("440402001000", "town", "440402000000"),
        ("440402000000", "county", "440400000000"),
        ("440400000000", "city", "440000000000"),
        ("440000000000", "province", ""),
        ("441900003000", "town", "441900000000"),  # Dongguan has no counties
    ],
)
def test_level_and_parent_of_a_code(code, level, parent):
    assert (level_of(code), parent_of(code)) == (level, parent)


@pytest.mark.parametrize("damaged", ["4.40402E+11", "4.4e+11", "4E11", " 4,40402E+11 "])
def test_codes_that_excel_took_for_numbers_are_refused_with_their_count(damaged):
    with pytest.raises(InputError, match="2 of 3 rows"):
        read_codes(pd.Series([damaged, "440402001001", damaged, ""]), "x.csv: code")


def test_codes_become_texts_of_twelve_digits():
    codes, findings = read_codes(pd.Series([440402001001.0, float("nan"), 440402001002.0]), "x")
    assert codes.tolist() == ["440402001001", "", "440402001002"]
    assert not findings
    codes, findings = read_codes(pd.Series(["440402", "４４０４０２００１", "'440402001001", "440402001001.0"]), "x")
    assert codes.tolist() == ["440402000000", "440402001000", "440402001001", "440402001001"]
    assert rules(findings) == {"code_padded", "code_decimal"}
    assert rules(findings, "error") == set()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("44040200100", "code_length"),
        ("abc", "code_length"),
        ("990402001001", "code_province"),
        ("440402000001", "code_parent"),
        ("440000001000", "code_parent"),
        ("440402001000", "code_level"),
        ("440402000000", "code_level"),  # what is left of 4.40402E+11
    ],
)
def test_wrong_codes_are_errors(code, rule):
    _, findings = read_codes(pd.Series([code, "440402001001"]), "x", "community")
    assert rules(findings, "error") == {rule}
    assert code in one(findings, rule).message


def test_an_unknown_level_names_the_nearest():
    with pytest.raises(InputError, match="'community'"):
        read_codes(pd.Series(["1"]), "x", "comunity")


def test_codes_are_compared_with_the_list_of_divisions():
    known = {"440402001000", "440402001001"}
    findings = check_known(pd.Series(["440402001001", "440402001002", "440499001002", ""]), known, "x")
    assert "440402001002" in one(findings, "code_unknown").message
    assert one(findings, "code_orphan").count == 1


def test_replaced_codes_are_followed_and_divided_ones_are_asked(tmp_path):
    path = tmp_path / "changes.csv"
    path.write_text(
        "旧代码,新代码,原因\n110228,110118,撤县设区\n110118001,110118101,\n110229,110119,\n110229,110120,\n"
    )
    changes = read_code_changes(path)
    codes, findings = update_codes(pd.Series(["110228000000", "110229000000", "110118000000", ""]), changes, "x")
    assert codes.tolist() == ["110118000000", "110229000000", "110118000000", ""]
    assert one(findings, "code_divided").message.endswith("nothing tells which part is meant")
    assert one(findings, "code_changed").count == 1
    chain = CodeChanges({"a": "c", "b": "c"}, {})
    assert "code_merged" in rules(update_codes(pd.Series(["a", "b"]), chain, "x")[1])


def test_changes_in_a_circle_are_refused(tmp_path):
    path = tmp_path / "changes.csv"
    path.write_text("old,new\n110101,110102\n110102,110101\n")
    with pytest.raises(InputError, match="circle"):
        read_code_changes(path)
    path.write_text("old,neu\n110101,110102\n")
    with pytest.raises(InputError, match="no column 'new'; did you mean 'neu'"):
        read_code_changes(path)


# Communities ----------------------------------------------------------------------------------------------------------


def community_rows(count=3):
    """Squares side by side."""
    return gpd.GeoDataFrame(
        {
            "community": [f"c{place}" for place in range(count)],
            "name_zh": [f"第{place}社区" for place in range(count)],
            "name_en": [f"Community {place}" for place in range(count)],
            "code": [440402001001 + place for place in range(count)],
            "population": [1000 + place for place in range(count)],
            "children": [100 + place for place in range(count)],
        },
        geometry=[box(113 + place * SQUARE, 22, 113 + (place + 1) * SQUARE, 22 + SQUARE) for place in range(count)],
        crs=4490,
    )


def saved(layer, folder, name="communities.geojson"):
    layer.to_file(folder / name)
    return folder / name


def said(file, **more):
    count = {"source": {"zh": "七普", "en": "Census"}, "year": "2020"}
    usual = {"key": "community", "datum": "CGCS2000", "code": "code", "level": "community"}
    counts = {"population": count, "children": count}
    return CommunityLayer(file=file, **{**usual, "counts": counts, **more})


@pytest.mark.parametrize("name", ["communities.geojson", "communities.gpkg", "communities.shp"])
def test_communities_are_read_from_any_layer(tmp_path, name):
    read = read_communities(said(saved(community_rows(), tmp_path, name), exemption={"zh": "示意图", "en": "Sketch"}))
    layer = read.layer
    assert layer.index.tolist() == ["c0", "c1", "c2"]
    assert layer["code"].tolist() == ["440402001001", "440402001002", "440402001003"]
    assert layer["population"].tolist() == [1000, 1001, 1002]
    assert layer["name_zh"].iloc[1] == "第1社区"
    assert layer.attrs["datum"] == "CGCS2000"
    assert layer["area_km2"].between(1.1, 1.2).all()
    assert read.areas
    assert read.printable
    assert "113" not in repr(read)
    assert rules(read.findings) == set()


def test_a_shapefile_in_gbk_without_its_encoding_is_read(tmp_path):
    layer = community_rows()
    layer.to_file(tmp_path / "c.shp", encoding="GB18030")
    (tmp_path / "c.cpg").unlink()
    assert read_communities(said(tmp_path / "c.shp")).layer["name_zh"].tolist() == layer["name_zh"].tolist()


def test_points_and_projected_layers_are_read(tmp_path):
    points = community_rows()
    points.geometry = [Point(113 + place / 100, 22) for place in range(3)]
    read = read_communities(said(saved(points, tmp_path), datum="GCJ-02"))
    assert not read.areas
    assert read.layer["area_km2"].isna().all()
    assert (read.layer.attrs["datum"], read.layer.crs) == ("GCJ02", None)
    projected = community_rows().to_crs(4547)
    read = read_communities(said(saved(projected, tmp_path, "p.gpkg")))
    assert read.layer.total_bounds[0] == pytest.approx(113, abs=1e-6)


def test_boundaries_without_approval_are_not_printable(tmp_path):
    file = saved(community_rows(), tmp_path)
    read = read_communities(said(file))
    assert not read.printable
    assert rules(read.findings) == {"no_map_approval"}
    assert read_communities(said(file, approval="审图号：GS(2024)0650号")).approval == "GS(2024)0650号"
    assert said(file, approval="粤S（2021）023号").approval
    with pytest.raises(ValidationError, match="审图号"):
        said(file, approval="yes")
    with pytest.raises(ValidationError, match="no text in en"):
        said(file, exemption={"zh": "示意图"})


def test_a_count_needs_source_and_year(tmp_path):
    declared, findings = check(
        CommunityLayer, {"file": "x", "key": "k", "datum": "WGS84", "counts": {"population": {}}}, "study.yml"
    )
    assert declared is None
    assert {finding.where.rpartition(".")[2] for finding in findings} == {"source", "year"}


def edited(**columns):
    return community_rows().assign(**columns)


def reshaped(place, shape):
    layer = community_rows()
    shapes = list(layer.geometry)
    shapes[place] = shape
    return layer.set_geometry(shapes, crs=4490)


BOWTIE = Polygon([(113, 22), (113.01, 22.01), (113.01, 22), (113, 22.01)])


@pytest.mark.parametrize(
    ("layer", "rule"),
    [
        (edited(community=["c0", "c0", "c1"]), "duplicate_id"),
        (edited(community=["c0", None, "c1"]), "key_missing"),
        (edited(code=[440402001001] * 3), "code_twice"),
        (edited(code=[440402000000.0, 440402001002.0, 440402001003.0]), "code_level"),
        (edited(population=["1000", "-5", "n/a"]), "count_no_number"),
        (edited(children=[100, 5000, 100]), "part_exceeds_whole"),
        (reshaped(0, None), "geometry_missing"),
        (reshaped(0, Polygon()), "geometry_missing"),
        (reshaped(0, BOWTIE), "geometry_invalid"),
        (reshaped(0, Point(113, 22)), "geometry_kind"),
        (reshaped(0, LineString([(113, 22), (114, 23)])), "geometry_kind"),
        (reshaped(0, box(113.01, 22, 113.02, 22.01)), "geometry_twice"),
    ],
)
def test_errors_in_a_layer_are_refused(tmp_path, layer, rule):
    with pytest.raises(InputError) as caught:
        read_communities(said(saved(layer, tmp_path, "c.gpkg")))
    assert rule in rules(caught.value.findings, "error")
    assert "22.0" not in str(caught.value)


def test_all_errors_are_told_together(tmp_path):
    layer = edited(community=["c0", "c0", "c1"], children=[100, 5000, 100])
    with pytest.raises(InputError) as caught:
        read_communities(said(saved(layer, tmp_path)))
    assert rules(caught.value.findings) == {"duplicate_id", "part_exceeds_whole"}


def test_overlaps_beyond_a_tolerance_are_told(tmp_path):
    layer = reshaped(0, box(113, 22, 113.012, 22.01))
    told = one(read_communities(said(saved(layer, tmp_path))).findings, "communities_overlap")
    assert "c0 and c1 by 20%" in told.message
    assert "communities_overlap" not in rules(read_communities(said(saved(layer, tmp_path), overlap=0.25)).findings)


def test_invalid_polygons_are_repaired_when_asked(tmp_path):
    layer = reshaped(0, BOWTIE)
    read = read_communities(said(saved(layer, tmp_path), repair=True))
    assert read.layer.geometry.is_valid.all()
    assert "geometry_repaired" in rules(read.findings)


def test_nobody_registered_and_shared_names_are_warnings(tmp_path):
    layer = edited(population=[0, 10, 2000], children=[0, 5, 5], name_zh=["甲", "甲", "乙"])
    assert {"nobody_registered", "name_twice"} <= rules(read_communities(said(saved(layer, tmp_path))).findings)


def test_parents_changes_and_lists_are_checked(tmp_path):
    file = saved(edited(town=["440402001", "440402001", "440402009"]), tmp_path)
    with pytest.raises(InputError, match="'town'"):
        read_communities(said(file, parent="town"))
    (tmp_path / "list.csv").write_text("code\n440402001000\n440402001001\n440402001002\n")
    read = read_communities(said(file, divisions=tmp_path / "list.csv"))
    assert "code_unknown" in rules(read.findings)
    (tmp_path / "changes.csv").write_text("old,new\n440402001003,440402001009\n")
    read = read_communities(said(file, changes=tmp_path / "changes.csv"))
    assert read.layer["code"].tolist()[2] == "440402001009"


def test_swapped_coordinates_are_refused(tmp_path):
    layer = community_rows()
    layer.geometry = [box(22, 113 + place, 22.5, 113.5 + place) for place in range(3)]
    with pytest.raises(InputError):
        read_communities(said(saved(layer, tmp_path, "c.gpkg")))


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", b'{"type": "FeatureCollection", "features": []}', b"{" * 40])
def test_files_that_are_no_layer_are_refused(tmp_path, content):
    (tmp_path / "c.geojson").write_bytes(content)
    with pytest.raises(InputError):
        read_communities(said(tmp_path / "c.geojson"))
    with pytest.raises(InputError, match="check its path"):
        read_communities(said(tmp_path / "none.geojson"))


def test_a_file_that_names_other_files_is_not_opened(tmp_path):
    (tmp_path / "c.geojson").write_text('<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>')
    with pytest.raises(InputError, match="is no GeoJSON"):
        read_communities(said(tmp_path / "c.geojson"))


def test_a_missing_column_names_the_nearest(tmp_path):
    with pytest.raises(InputError, match="did you mean 'community'"):
        read_communities(said(saved(community_rows(), tmp_path), key="comunity"))


def test_the_demo_layer_reads(root):
    declared = CommunityLayer(
        file=root / "data/demo/places/communities.geojson",
        key="community",
        datum="CGCS2000",
        counts={"children": {"source": {"zh": "合成", "en": "synthetic"}, "year": "2025"}},
        keep=("city_zh",),
    )
    read = read_communities(declared)
    assert "heyan" in read.layer.index
    assert rules(read.findings) == {"no_map_approval"}


# Catalogue ------------------------------------------------------------------------------------------------------------


def test_the_catalogue_is_whole():
    catalogue = read_catalogue()
    assert {heading.id for heading in catalogue.headings} == {*DOMAINS, "general"}
    assert 40 <= len(catalogue.kinds) <= 60
    assert catalogue.domains == DOMAINS
    assert tuple(DOMAINS) == CATALOGUE_DOMAINS
    assert set(catalogue.table["asset"]) == set(catalogue.assets)
    assert catalogue.words["社区卫生服务中心"] == "health.clinic"


def test_a_word_for_two_categories_is_refused(tmp_path):
    path = tmp_path / "catalogue.yml"
    path.write_text(FILE.read_text().replace("[药房, 大药房]", "[药房, 牙科]"))
    with pytest.raises(StudyError, match=r"means 'health.pharmacy' and 'health.dental'"):
        read_catalogue(path)


# Resources ------------------------------------------------------------------------------------------------------------

ROW = {
    "id": "r1",
    "name_zh": "晨光社区卫生服务站",
    "category": "health.clinic",
    "capacity": "120",
    "eligibility": "不限",
    "contact": "王医生 0756-2123456",
    "contact_public": "是",
    "address": "晨光路1号",
    "lon": "113.005",
    "lat": "22.005",
    "verified_by": "社工站",
    "verified_on": "2026-02-01",
    "status": "active",
}


def rows(*changes):
    """Rows like the clinic, with other cells."""
    table = [{**ROW, "id": f"r{place}", **change} for place, change in enumerate(changes, start=1)]
    return pd.DataFrame(table).fillna("").astype("str")


def made(*changes, communities=None, **options):
    return make_resources(rows(*changes), "r.xlsx", datum="CGCS2000", as_of=AS_OF, communities=communities, **options)


@pytest.fixture
def communities(tmp_path):
    return read_communities(said(saved(community_rows(), tmp_path)))


def test_a_row_is_read():
    row = made({}).table.iloc[0]
    assert row["domains"] == ("health",)
    assert row["eligibility"] == ()
    assert row["capacity"] == 120
    assert row["verified_on"] == pd.Timestamp("2026-02-01")
    assert row["geometry"] == Point(113.005, 22.005)
    assert (row["status"], row["voucher"], bool(row["contact_public"])) == ("active", "", True)


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("category", "社区卫生服务站", "health.clinic"),
        ("category", " Health.Clinic ", "health.clinic"),
        ("domains", "生计、教育", ("education", "livelihood")),
        ("domains", "health; support", ("health", "support")),
        ("capacity", "１,２００", 1200.0),
        ("capacity", "0", 0.0),
        ("eligibility", "流动儿童、6-15岁，退役军人", ("migrant_children", "school_age", "退役军人")),
        ("eligibility", "Everybody", ()),
        ("contact_public", "不公开", False),
        ("contact_public", "", False),
        ("verified_on", "2026年2月1日", pd.Timestamp("2026-02-01")),
        ("verified_on", "2026/2/1", pd.Timestamp("2026-02-01")),
        ("verified_on", "2026-3-1", pd.Timestamp(AS_OF)),
        ("status", "停办", "closed"),
        ("status", "", "unverified"),
        ("voucher", "已加入", "joined"),
        ("precision", "楼栋", "building"),
    ],
)
def test_cells_are_read_in_either_language(field, written, read):
    assert made({field: written}).table.iloc[0][field] == read


@pytest.mark.parametrize(
    ("field", "written", "rule", "told"),
    [
        ("category", "health.clinc", "unknown_word", "did you mean 'health.clinic'"),
        ("category", "社区卫生服务战", "unknown_word", "did you mean '社区卫生服务站'"),
        ("category", "", "value_missing", "no category"),
        ("name_zh", "", "value_missing", "no name"),
        ("capacity", "约30", "no_number", "'约30'"),
        ("capacity", "-3", "no_number", "-3"),
        ("capacity", "inf", "no_number", "inf"),
        ("capacity", "nan", "no_number", "nan"),
        ("lon", "113°E", "no_number", "not shown"),
        ("lat", "", "point_incomplete", "one coordinate"),
        ("status", "opne", "unknown_word", "did you mean"),
        ("voucher", "maybe", "unknown_word", "maybe"),
        ("contact_public", "perhaps", "unknown_word", "perhaps"),
        ("verified_on", "2026-02-30", "no_day", "2026-02-30"),
        ("verified_on", "46054", "no_day", "46054"),
        ("domains", "healht", "unknown_word", "'health'"),
        ("lat", "122.5", "degrees_impossible", ""),
        ("id", "", "key_missing", "no id"),
    ],
)
def test_cells_that_cannot_be_read_are_errors(field, written, rule, told):
    with pytest.raises(InputError) as caught:
        made({field: written})
    found = one(caught.value.findings, rule)
    assert found.severity == "error"
    assert told in found.message


def test_a_directory_that_is_newer_than_the_report_is_told():
    found = one(made({"verified_on": "2026-03-02"}).findings, "day_to_come")
    assert found.severity == "warning" and "2026-03-01" in found.message


def test_all_errors_of_a_table_are_told_together():
    with pytest.raises(InputError) as caught:
        made({"category": "x"}, {"capacity": "many"}, {"id": "r1"}, {"lon": "0", "lat": "0"})
    assert {"unknown_word", "no_number", "duplicate_id", "point_incomplete"} <= rules(caught.value.findings)


def test_a_telephone_number_in_the_wrong_column_is_not_repeated():
    with pytest.raises(InputError) as caught:
        made({"status": "13812345678"}, {"capacity": "13812345678-"})
    assert "138" not in str(caught.value)


def test_private_contacts_are_in_no_table_that_is_shown(tmp_path):
    private = {"contact_public": "no", "contact": "李姐 138 1234 5678 / 0756-2123456 wx: lijie_88"}
    read = made(
        {
            **private,
            "procedure": "先打13812345678，或 0756 2123456，加微信 lijie_88",
            "address": "一楼（139-1111-2222）",
            "eligibility": "儿童、打138-1234-5678",
            "hours": "9:00-17:00",
        }
    )
    row = read.table.iloc[0]
    shown = " ".join(map(str, row))
    assert row["contact"] == ""
    for part in ("1234", "2123456", "lijie_88", "1111"):
        assert part not in shown
    assert row["procedure"].count("※") == 3
    assert row["hours"] == "9:00-17:00"
    assert "5678" in read.confidential.iloc[0]["contact"]
    write_resources(read, tmp_path / "public.xlsx")
    again = read_resources(tmp_path / "public.xlsx", datum="CGCS2000", as_of=AS_OF)
    assert "5678" not in again.confidential.to_csv()
    assert "5678" not in repr(read)
    assert "5678" not in " ".join(map(str, read.findings))


def test_public_numbers_stay():
    row = made({"contact": "13812345678", "procedure": "打 13812345678"}).table.iloc[0]
    assert row["contact"] == "13812345678"
    assert row["procedure"] == "打 13812345678"
    assert "mobile_public" in rules(made({"contact": "13812345678"}).findings)


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://x","y")', "</script><script>alert(1)</script>", "@SUM(A1)", "+1+1"]
)
def test_hostile_texts_are_kept_as_texts(tmp_path, text):
    read = made({"name_zh": text, "hours": text})
    assert "text_like_code" in rules(read.findings)
    write_resources(read, tmp_path / "r.xlsx", confidential=True)
    again = read_resources(tmp_path / "r.xlsx", datum="CGCS2000", as_of=AS_OF)
    assert again.table.iloc[0]["name_zh"] == text


def test_doubtful_rows_are_warnings():
    read = made(
        {"lon": "", "lat": "", "address": ""},
        {"name_zh": "乙站", "lon": "", "lat": ""},
        {"name_zh": "丙站", "verified_on": "2024-01-01", "lat": "22.5"},
        {"name_zh": "丁站", "verified_on": "", "lat": "22.6"},
        {"name_zh": "戊站", "status": "closed", "voucher": "joined", "lat": "22.7", "verified_on": "2020-01-01"},
    )
    assert "(r1)" in one(read.findings, "resource_no_place").message
    assert "(r2)" in one(read.findings, "resource_no_point").message
    assert "(r3)" in one(read.findings, "verification_old").message
    assert "(r4)" in one(read.findings, "verification_missing").message
    assert "(r5)" in one(read.findings, "closed_but_joined").message


def test_a_verification_is_as_old_as_on_the_day_of_the_report():
    cells = rows({"verified_on": "2025-03-01"})
    for day, old in ((dt.date(2026, 3, 1), False), (dt.date(2026, 3, 2), True)):
        read = make_resources(cells, "r", datum="WGS84", as_of=day)
        assert ("verification_old" in rules(read.findings)) == old


def test_resources_are_located_in_communities(communities):
    read = made(
        {},
        {"name_zh": "西区站", "lon": "113.5"},
        {"name_zh": "东区站", "lon": "113.015", "community": "c0"},
        {"name_zh": "界站", "lon": "113.01", "community": ""},
        {"name_zh": "无点站", "lon": "", "lat": "", "community": "第2社区"},
        communities=communities,
    )
    assert read.table["community"].tolist() == ["c0", "", "c0", "c0", "c2"]
    assert "(r2)" in one(read.findings, "outside_communities").message
    assert "(r3)" in one(read.findings, "community_differs").message
    with pytest.raises(InputError, match="did you mean 'c0'"):
        made({"community": "cc0"}, communities=communities)


def test_points_and_areas_of_two_datums_are_compared_in_one(communities, tmp_path):
    """GCJ-02 moves a place by half a kilometre, here 0.0054 degrees to the east."""
    cells = rows({"lon": "113.0074", "lat": "22.003"})
    here = make_resources(cells, "r", datum="CGCS2000", as_of=AS_OF, communities=communities)
    moved = make_resources(cells.assign(lon="113.0024"), "r", datum="GCJ02", as_of=AS_OF, communities=communities)
    areas = read_communities(said(saved(community_rows(), tmp_path), datum="GCJ02"))
    there = make_resources(cells, "r", datum="CGCS2000", as_of=AS_OF, communities=areas)
    both = make_resources(cells, "r", datum="GCJ02", as_of=AS_OF, communities=areas)
    assert [read.table["community"].iloc[0] for read in (here, moved, there, both)] == ["c0", "", "c1", "c0"]


@pytest.mark.parametrize(
    ("change", "twice"),
    [
        ({"name_zh": "晨光卫生服务站"}, True),
        ({"name_zh": "岚砚市晨光社区卫生服务站"}, True),
        ({"name_zh": "晨光社区卫生服务站（新）", "lat": "22.0059"}, True),  # 100 m
        ({"name_zh": "晨光社区卫生服务站", "lat": "22.1"}, False),  # 11 km
        ({"name_zh": "晨光社区第二卫生服务站", "contact": ""}, False),
        ({"name_zh": "红星药店", "category": "health.pharmacy"}, False),
        ({"name_zh": "红星服务中心"}, True),  # the same telephone
        ({"name_zh": "红星服务中心", "contact": "0756-1"}, False),
        ({"name_zh": "晨光社区卫生服务站", "category": "education.primary"}, False),
    ],
)
def test_the_same_place_under_two_names(change, twice):
    read = made({}, change)
    assert ("resource_twice" in rules(read.findings)) == twice
    assert len(same_places(read.table)) == twice


def test_schools_that_differ_in_a_number_are_two():
    school = {"category": "education.primary", "contact": ""}
    assert not len(
        same_places(made({**school, "name_zh": "岚砚市第一小学"}, {**school, "name_zh": "岚砚市第二小学"}).table)
    )


def test_the_same_name_without_a_point_is_told_inside_a_community():
    bare = {"lon": "", "lat": "", "contact": ""}
    assert len(same_places(made({**bare, "community": "a"}, {**bare, "community": "a"}).table)) == 1
    assert len(same_places(made({**bare, "community": "a"}, {**bare, "community": "b"}).table)) == 0
    assert len(same_places(made({**bare, "community": "a"}, {"community": "a"}).table)) == 1


def test_limits_can_be_widened():
    read = made({}, {"lat": "22.0068"})
    assert len(same_places(read.table)) == 0
    assert len(same_places(read.table, Limits(near=300))) == 1


def test_tables_without_rows_or_columns_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds no resources"):
        make_resources(rows({}).iloc[:0], "r.xlsx", datum="WGS84", as_of=AS_OF)
    (tmp_path / "r.csv").write_text("编号,名称\n1,甲\n")
    with pytest.raises(InputError, match=r"category \(类别\)"):
        read_resources(tmp_path / "r.csv", datum="WGS84", as_of=AS_OF)
    (tmp_path / "r.csv").write_text("编号,名称,类别,类型\n1,甲,公园,公园\n")
    with pytest.raises(InputError, match="both mean 'category'"):
        read_resources(tmp_path / "r.csv", datum="WGS84", as_of=AS_OF)


def test_damaged_ids_are_refused(tmp_path):
    (tmp_path / "r.csv").write_text("id,name,category\n4.40402E+11,甲,公园\n4.40402E+11,乙,公园\n")
    with pytest.raises(InputError, match="rounded"):
        read_resources(tmp_path / "r.csv", datum="WGS84", as_of=AS_OF)


def test_a_workbook_with_numbers_and_dates_is_read(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "r.xlsx") as book:
        sheet = book.add_worksheet("资源")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["资源编号", "资源名称", "类型", "容量", "经度", "纬度", "更新日期", "我们自己的一列"])
        sheet.write_row(1, 0, [1, "幸福公园", "公园", 30, 113.25, 22.5])
        sheet.write_datetime(1, 6, dt.datetime(2026, 1, 5), day)
    row = read_resources(tmp_path / "r.xlsx", datum="高德", as_of=AS_OF).table.iloc[0]
    assert (row.name, row["category"], row["capacity"]) == ("1", "general.park", 30)
    assert row["verified_on"] == pd.Timestamp("2026-01-05")


def test_headers_can_be_declared(tmp_path):
    (tmp_path / "r.csv").write_text("k,名,种\n1,甲,公园\n")
    read = read_resources(
        tmp_path / "r.csv", datum="WGS84", as_of=AS_OF, columns={"id": "k", "name_zh": "名", "category": "种"}
    )
    assert read.table["name_zh"].tolist() == ["甲"]
    with pytest.raises(InputError, match="no field of a resource; did you mean 'category'"):
        read_resources(tmp_path / "r.csv", datum="WGS84", as_of=AS_OF, columns={"categry": "种"})


def test_the_empty_form_lists_every_column_and_category(tmp_path):
    for language in ("zh", "en"):
        path = write_resource_form(tmp_path / f"{language}.xlsx", language=language)
        sheets = pd.read_excel(path, sheet_name=None, dtype=str, engine="calamine")
        assert list(sheets["resources"]) == [field.label[language] for field in resource_fields().values()]
        assert len(sheets["categories"]) == len(read_catalogue().kinds)
    with pytest.raises(InputError, match="somebody may have filled it"):
        write_resource_form(tmp_path / "zh.xlsx")


# Names ----------------------------------------------------------------------------------------------------------------


def places(*pairs):
    return pd.DataFrame(
        {"name": [name for name, _ in pairs], "within": [within for _, within in pairs]},
        index=[f"x{place}" for place in range(len(pairs))],
    )


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("建外街道", "建外"),
        ("永顺地区", "永顺"),
        ("紫荆社区居民委员会", "紫荆"),
        ("紫荆社区居委会", "紫荆"),
        ("长哨营满族乡", "长哨营"),
        ("东小口地区办事处", "东小口"),
        ("南 苑 镇", "南苑"),
        ("东乡", "东乡"),
        ("小村", "小村"),
    ],
)
def test_stems(name, short):
    assert stem(name) == short


def test_names_match_exactly_by_suffix_or_not_at_all():
    ours = places(("永宁镇", "延庆县"), ("建外街道", "朝阳区"), ("南苑镇", "丰台区"), ("望京开发街道", "朝阳区"))
    theirs = places(
        ("永宁镇", "延庆区"),
        ("建外地区", "朝阳区"),
        ("南苑街道", "丰台区"),
        ("南苑地区", "丰台区"),
        ("望京街道", "朝阳区"),
    )
    table = match_names(ours, theirs).table
    assert table["match"].tolist() == ["x0", "x1", "", ""]
    assert table["how"].tolist() == ["exact", "suffix", "", ""]
    assert table["reason"].tolist() == ["", "", "several", "unlike"]
    assert table["candidates"].tolist()[2:] == [("x2", "x3"), ("x4",)]


def test_two_of_ours_never_share_one_of_theirs():
    table = match_names(places(("南苑街道", "丰台区"), ("南苑镇", "丰台区")), places(("南苑街道", "丰台区"))).table
    assert table["match"].tolist() == ["x0", ""]
    assert table["reason"].tolist() == ["", "shared"]
    table = match_names(places(("南苑地区", "丰台区"), ("南苑镇", "丰台区")), places(("南苑街道", "丰台区"))).table
    assert table["match"].tolist() == ["", ""]


def test_a_person_decides_in_a_file(tmp_path):
    ours, theirs = places(("南苑镇", "丰台区"), ("新村", "")), places(("南苑街道", "丰台区"), ("南苑地区", "丰台区"))
    match = match_names(ours, theirs)
    path = match.write_undecided(tmp_path / "decide.xlsx")
    assert read_decisions(path) == {}
    sheet = pd.read_excel(path, dtype=str, engine="calamine", keep_default_na=False)
    assert "x0 南苑街道" in sheet["candidates"][0]
    sheet["decision"] = ["x1 南苑地区", NONE]
    sheet.to_csv(tmp_path / "decided.csv", index=False)
    again = match_names(ours, theirs, read_decisions(tmp_path / "decided.csv"))
    assert again.table["match"].tolist() == ["x1", ""]
    assert not again.findings
    with pytest.raises(InputError, match="exists"):
        match.write_undecided(path)
    with pytest.raises(InputError, match="no id"):
        match_names(ours, theirs, {"x0": "x9"})
    with pytest.raises(InputError, match="decided twice"):
        match_names(ours, theirs, {"x0": "x1", "x1": "x1"})


@pytest.mark.real
def test_sub_districts_of_beijing_match_the_division_codes(real_data):
    """327 stems of 331 are in both lists; three are of towns whose stem a sub-district has (南苑镇, 南苑街道)."""
    layer = gpd.read_file(real_data / "beijing_subdistricts/beijing_subdistricts_wgs84.gpkg")
    ours = pd.DataFrame({"name": layer["subdistrict"], "within": layer["district"]}).astype("str")
    ours.index = ours["within"] + ours["name"]
    folder = real_data / "china_division_codes"
    towns = pd.read_csv(folder / "streets.csv", dtype=str).query("provinceCode == '11'").set_index("code")
    districts = pd.read_csv(folder / "areas.csv", dtype=str).set_index("code")["name"]
    theirs = pd.DataFrame({"name": towns["name"], "within": towns["areaCode"].map(districts)})
    match = match_names(ours, theirs)
    how, reason = match.table["how"].value_counts(), match.table["reason"].value_counts()
    assert (how["exact"], how["suffix"], reason["shared"], reason["unlike"]) == (265, 59, 3, 4)
    matched = match.table["match"][match.table["match"] != ""]
    assert matched.is_unique
    assert set(match.table.index[match.table["reason"] == "shared"]) == {
        "丰台区南苑镇",
        "丰台区卢沟桥镇",
        "丰台区长辛店镇",
    }


@pytest.mark.real
def test_real_codes_have_their_parents(real_data):
    folder = real_data / "china_division_codes"
    villages = pd.read_csv(folder / "villages_bj_nc_zh_nj_qd.csv", dtype=str)
    towns = pd.read_csv(folder / "streets.csv", dtype=str)
    codes, findings = read_codes(villages["code"], "villages.csv", "community")
    above, problems = read_codes(towns["code"], "streets.csv")
    assert not rules([*findings, *problems], "error")
    assert not check_known(codes, {*above, *codes}, "villages.csv")


@pytest.mark.real
def test_sub_districts_of_beijing_are_a_layer(real_data, tmp_path):
    """331 polygons without overlaps; areas on the ellipsoid are those of Karney's geodesics (pyproj.Geod)."""
    source = real_data / "beijing_subdistricts/beijing_subdistricts_wgs84.gpkg"
    count = {"column": "worldpop", "source": {"zh": "WorldPop", "en": "WorldPop"}, "year": "2020"}
    declared = CommunityLayer(
        file=source, key="subdistrict", datum="WGS84", zh="subdistrict", counts={"population": count}
    )
    with pytest.raises(InputError) as caught:
        read_communities(declared)
    assert "八里庄街道" in one(caught.value.findings, "duplicate_id").message  # in two districts
    layer = gpd.read_file(source)
    layer["key"] = layer["district"] + layer["subdistrict"]
    again = declared.model_copy(update={"file": saved(layer, tmp_path, "keyed.gpkg"), "key": "key"})
    read = read_communities(again)
    assert len(read) == 331
    assert read.layer["population"].sum() == 20_755_648
    areas = [abs(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) / 1e6 for shape in read.layer.geometry]
    assert read.layer["area_km2"].to_numpy() == pytest.approx(areas, rel=1e-4)  # edges are no geodesics
    assert rules(read.findings) == {"no_map_approval", "name_twice"}


def test_a_copied_layer_reads_the_same(tmp_path):
    file = saved(community_rows(), tmp_path)
    shutil.copy(file, tmp_path / "again.geojson")
    first, second = read_communities(said(file)), read_communities(said(tmp_path / "again.geojson"))
    pd.testing.assert_frame_equal(pd.DataFrame(first.layer), pd.DataFrame(second.layer))


# HSDS -----------------------------------------------------------------------------------------------------------------

FOREIGN = [
    {
        "id": "ac148810-d857-441c-9679-408f346de14b",
        "name": "Community Counselling",
        "status": "temporarily closed",
        "wait_time": "long",
        "eligibility_description": "Children, Women",
        "assured_date": "2025-11-01T00:00:00Z",
        "organization": {"id": "o1", "name": "Example Org", "description": "x", "website": "http://example.com"},
        "contacts": [{"id": "k1", "name": "Reception", "phones": [{"id": "p1", "number": "0756 2123456"}]}],
        "attributes": [
            {"id": "a1", "taxonomy_term": {"id": "t1", "code": "1800-1", "name": "Counselling", "description": "d"}}
        ],
        "service_at_locations": [
            {
                "id": "l1",
                "schedules": [{"id": "s1", "description": "Mon–Fri"}],
                "location": {
                    "id": "x1",
                    "location_type": "physical",
                    "latitude": 22.27,
                    "longitude": 113.57,
                    "addresses": [{"id": "d1", "address_1": "1 Main Street", "city": "MyCity"}],
                },
            },
            {"id": "l2", "location": {"id": "x2", "location_type": "physical", "latitude": 22.28, "longitude": 113.58}},
        ],
    },
    {"id": "s2", "name": "Hotline", "status": "active"},
]


@pytest.mark.parametrize("shape", ["list", "page", "one"])
def test_services_of_others_are_read(tmp_path, shape):
    data = {"list": FOREIGN, "page": {"contents": FOREIGN}, "one": FOREIGN[0]}[shape]
    (tmp_path / "s.json").write_text(json.dumps(data))
    read = from_hsds(read_hsds(tmp_path / "s.json"), as_of=AS_OF)
    first = read.table.loc["l1"]
    assert len(read) == (2 if shape == "one" else 3)
    assert (first["category"], first["status"]) == ("health.counselling", "closed")
    assert (first["organisation"], first["contact"]) == ("Example Org", "Reception 0756 2123456")
    assert first["eligibility"] == ("children", "women")
    assert first["geometry"] == Point(113.57, 22.27)
    assert (first["hours"], read.table.loc["l2", "hours"]) == ("Mon–Fri", "")
    assert "hsds_status" in rules(read.findings)
    assert ("hsds_uncategorised" in rules(read.findings)) == (shape != "one")


def test_foreign_terms_can_be_given_a_category(tmp_path):
    (tmp_path / "s.json").write_text(json.dumps(FOREIGN[:1]))
    tables = read_hsds(tmp_path / "s.json")
    tables["taxonomy_term"]["name"] = "Talking"
    assert set(from_hsds(tables, as_of=AS_OF).table["category"]) == {"general.other"}
    read = from_hsds(tables, as_of=AS_OF, categories={"1800-1": "support.social_work"})
    assert set(read.table["category"]) == {"support.social_work"}


def test_files_that_are_no_hsds_are_refused(tmp_path):
    for content in ("", "x", "[1]", '[{"name": "x"}]', "[" * 100_000):
        (tmp_path / "s.json").write_text(content)
        with pytest.raises(InputError):
            read_hsds(tmp_path / "s.json")
    with pytest.raises(InputError, match=r"services\.csv"):
        read_hsds(tmp_path)
    (tmp_path / "s.json").write_text("[]")
    with pytest.raises(InputError, match="no service"):
        from_hsds(read_hsds(tmp_path / "s.json"), as_of=AS_OF)


def test_links_to_rows_that_are_not_there_are_refused():
    tables = dict(to_hsds(made({}), city="岚砚市", province="岚省").tables)
    tables["service_at_location"] = tables["service_at_location"].assign(location_id="lost")
    with pytest.raises(InputError, match="location that is not there"):
        from_hsds(tables, as_of=AS_OF)


def test_an_export_has_the_fields_that_hsds_requires(tmp_path):
    read = made({"papers": "居住证", "hours": "9-17", "name_en": "Clinic"}, {"name_zh": "乙站", "contact_public": "no"})
    out = to_hsds(read, city="岚砚市", province="岚省")
    required = {
        "organization": ["id", "name", "description"],
        "service": ["id", "name", "status", "organization_id"],
        "location": ["id", "location_type"],
        "service_at_location": ["id", "service_id", "location_id"],
        "address": ["id", "address_1", "city", "state_province", "country", "address_type"],
        "attribute": ["id", "link_id", "taxonomy_term_id", "link_entity"],
        "phone": ["id", "number"],
        "taxonomy_term": ["id", "name", "description"],
    }
    for name, fields in required.items():
        assert len(out.tables[name])
        assert (out.tables[name][fields] != "").all(axis=None), name
    assert all(uuid.UUID(key) for table in out.tables.values() for key in table["id"])
    assert out.tables["contact"]["name"].tolist() == ["王医生"]
    assert one(out.lost, "hsds_contact_private").count == 1
    write_hsds(out, tmp_path / "s.json")
    service = next(row for row in json.loads((tmp_path / "s.json").read_text()) if "alternate_name" in row)
    assert service["service_at_locations"][0]["location"]["latitude"] == 22.005
    assert service["contacts"][0]["phones"][0]["number"] == "0756-2123456"
    again = to_hsds(from_hsds(out.tables, as_of=AS_OF), city="岚砚市", province="岚省")
    assert again.tables["service"].equals(out.tables["service"])


def test_points_leave_in_wgs84():
    out = to_hsds(make_resources(rows({}), "r", datum="GCJ02", as_of=AS_OF), city="x", province="y")
    moved = float(out.tables["location"]["longitude"].iloc[0]) - 113.005
    assert -0.008 < moved < -0.003
    assert "hsds_datum" in rules(out.lost)


# Facts ----------------------------------------------------------------------------------------------------------------

FACTS = """社区,事项,数值,来源,年份,备注
c0,常住人口,"12,000",七普,2020,
c0,population,11800,社区台账,2025,
第1社区,交通状况,两条公交线,走访,2025,
"""
NAMES = {"c0": "第0社区", "c1": "第1社区"}


def test_facts_are_read_newest_first(tmp_path):
    (tmp_path / "facts.csv").write_text(FACTS)
    facts = read_community_facts(tmp_path / "facts.csv", NAMES)
    assert facts.table["year"].tolist() == ["2025", "2020", "2025"]
    assert facts.of("c0")["number"].tolist() == [11800]
    assert facts.of("c1")[["group", "value"]].to_numpy().tolist() == [["transport", "两条公交线"]]
    assert not len(facts.of("c9"))


def test_facts_may_stand_in_yaml(tmp_path):
    (tmp_path / "facts.yml").write_text(
        "c0:\n  population: {value: 12000, source: 七普, year: 2020}\n"
        "  transport: {value: 地铁, source: 走访, year: 2025}\n"
    )
    table = read_community_facts(tmp_path / "facts.yml", NAMES).table
    assert table[["fact", "value", "year"]].to_numpy().tolist() == [
        ["population", "12000", "2020"],
        ["transport", "地铁", "2025"],
    ]


@pytest.mark.parametrize(
    ("row", "rule", "told"),
    [
        ("c0,populaton,5,x,2020,", "unknown_word", "did you mean 'population'"),
        ("c7,population,5,x,2020,", "unknown_word", "c7"),
        ("c0,population,5,,2020,", "source_missing", "c0 population"),
        ("c0,population,5,x,,", "year_missing", "c0 population"),
        ("c0,population,5,x,去年,", "year_missing", "c0 population"),
        ("c0,population,约五千,x,2020,", "no_number", "c0 population"),
        ("c0,population,-5,x,2020,", "no_number", "c0 population"),
        ("c0,transport,,x,2020,", "value_missing", "c0 transport"),
        ("c0,children,5,x,2020,\nc0,children,6,y,2020,", "fact_twice", "c0 children"),
        ("c0,population,5,x,2020,\nc0,children,6,x,2020,", "part_exceeds_whole", "children exceeds population in c0"),
    ],
)
def test_facts_that_cannot_be_printed_are_refused(tmp_path, row, rule, told):
    (tmp_path / "facts.csv").write_text(f"community,fact,value,source,year,note\nc1,area,1.5,台账,2024,\n{row}\n")
    with pytest.raises(InputError) as caught:
        read_community_facts(tmp_path / "facts.csv", NAMES)
    assert told in one(caught.value.findings, rule).message


def test_every_fact_has_words_in_both_languages():
    facts = known_facts()
    assert {fact.group for fact in facts.values()} == set(GROUPS)
    assert all(not fact.part_of or facts[fact.part_of].kind == "number" for fact in facts.values())
    assert all(set(fact.unit) in (set(), {"zh", "en"}) for fact in facts.values())


# Documentation --------------------------------------------------------------------------------------------------------


def test_the_page_lists_every_column_category_group_and_fact(root):
    page = (root / "docs/resources.md").read_text(encoding="utf-8")
    catalogue = read_catalogue()
    wanted = [*resource_fields(), *catalogue.kinds, *catalogue.groups, *known_facts()]
    assert [name for name in wanted if f"`{name}`" not in page] == []
