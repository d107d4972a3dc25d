"""Datums: published check points, what is refused, layers, metres, and which datum points are really in."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from xzz_analysis.errors import InputError
from xzz_analysis.places.datum import (
    DATUMS,
    VERDICTS,
    audit_datum,
    convert,
    datum_name,
    declare,
    declared,
    from_wgs84,
    metric,
    to_wgs84,
)
from xzz_analysis.places.datum.hypotheses import landmark_p, sign_p

METRES = 111_000.0
"""In a degree of latitude, roughly."""

EVILTRANSFORM = [  # googollee/eviltransform, python/test.py: latitude, longitude in WGS 84, then in GCJ-02
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
]
GCOORD = [  # hujiulong/gcoord, test/unit/crs and test/unit/transform.spec.ts, all of [123, 45]
    ("WGS84", "GCJ02", 123.00607541, 45.00197815),
    ("GCJ02", "WGS84", 122.99395597, 44.99804071),
    ("GCJ02", "BD09", 123.00636499, 45.00636899),
    ("BD09", "GCJ02", 122.99363304, 44.99365430),
    ("BD09", "WGS84", 122.98762210, 44.99171540),
]
CITIES = [  # hujiulong/gcoord, test/fixtures/china-cities.json: longitude, latitude in WGS 84, GCJ-02 and BD-09
    ((114.0164322, 33.0133556), (114.022306, 33.0115324), (114.0287781, 33.0176697)),
    ((92.0499619, 31.4784436), (92.0512438, 31.4762063), (92.0576832, 31.4824421)),
    ((123.2312099, 41.2651725), (123.2369518, 41.2672464), (123.2433178, 41.2736074)),
    ((116.6775114, 23.3567569), (116.6819735, 23.3540964), (116.6885014, 23.3598884)),
    ((116.0414035, 43.9312805), (116.0482308, 43.9334573), (116.0546232, 43.9397782)),
    ((98.4937175, 39.7319946), (98.4943595, 39.7328234), (98.5008441, 39.7388949)),
]


class TestConversion:
    @pytest.mark.parametrize(("lat", "lon", "lat_gcj", "lon_gcj"), EVILTRANSFORM)
    def test_points_of_eviltransform(self, lat, lon, lat_gcj, lon_gcj):
        # its radius is 6378137, not 6378245, which moves its points by up to 12 mm: 1.1e-7 degree
        assert from_wgs84(lon, lat, "GCJ02") == pytest.approx((lon_gcj, lat_gcj), rel=0, abs=2e-7)
        assert to_wgs84(lon_gcj, lat_gcj, "GCJ02") == pytest.approx((lon, lat), rel=0, abs=2e-7)

    @pytest.mark.parametrize(("origin", "target", "lon", "lat"), GCOORD)
    def test_points_of_gcoord(self, origin, target, lon, lat):
        found = from_wgs84(*to_wgs84(123, 45, origin), target)
        # its inverses stop at 1e-6 degree, and BD-09's is one step
        assert found == pytest.approx((lon, lat), rel=0, abs=1e-8 if origin == "WGS84" else 5e-6)

    @pytest.mark.parametrize(("wgs", "gcj", "baidu"), CITIES)
    def test_cities_of_gcoord(self, wgs, gcj, baidu):
        # written with seven digits; their GCJ-02 is 0.6 m off, in the same direction everywhere
        assert from_wgs84(*to_wgs84(*gcj, "GCJ02"), "BD09") == pytest.approx(baidu, rel=0, abs=1.5e-7)
        assert from_wgs84(*wgs, "GCJ02") == pytest.approx(gcj, rel=0, abs=7e-6)
        assert to_wgs84(*gcj, "GCJ02") == pytest.approx(wgs, rel=0, abs=7e-6)
        assert to_wgs84(*baidu, "BD09") == pytest.approx(wgs, rel=0, abs=7e-6)

    @pytest.mark.parametrize("datum", ["GCJ02", "BD09"])
    @pytest.mark.parametrize(
        "place", [(139.7, 35.7), (-51.2, -30.0), (71.5, 40.0), (116.0, 0.5), (0.0, 0.0), (180, 90)]
    )
    def test_outside_china_nothing_moves(self, datum, place):
        assert to_wgs84(*place, datum) == place
        assert from_wgs84(*place, datum) == place

    @pytest.mark.parametrize("datum", ["WGS84", "CGCS2000"])
    def test_satellite_datums_stay(self, datum):
        assert to_wgs84(116.4, 39.9, datum) == (116.4, 39.9)

    @pytest.mark.parametrize("size", [(), (0,), (1,), (4, 3)])
    def test_shape_is_kept(self, size):
        lon, lat = to_wgs84(np.full(size, 116.4), np.full(size, 39.9), "GCJ02")
        assert np.shape(lon) == np.shape(lat) == size

    def test_series_keep_their_index_and_names(self):
        table = pd.DataFrame({"x": [116.4, 113.5], "y": [39.9, 22.2]}, index=["b", "a"])
        lon, lat = to_wgs84(table["x"], table["y"], "GCJ02")
        assert list(lon.index) == ["b", "a"]
        assert (lon.name, lat.name) == ("x", "y")
        assert lon["a"] == to_wgs84(113.5, 22.2, "GCJ02")[0]

    def test_what_is_given_stays_as_it_is(self):
        lon, lat = np.array([116.4, np.nan]), np.array([39.9, 40.0])
        to_wgs84(lon, lat, "GCJ02")
        np.testing.assert_array_equal(lon, [116.4, np.nan])
        np.testing.assert_array_equal(lat, [39.9, 40.0])

    def test_half_a_place_is_none(self):
        lon, lat = to_wgs84([116.4, np.nan, 116.4], [np.nan, 39.9, 39.9], "GCJ02")
        np.testing.assert_array_equal(np.isnan(lon), [True, True, False])
        np.testing.assert_array_equal(np.isnan(lat), [True, True, False])

    def test_area_limits_where_it_applies(self):
        mainland = shapely.box(100, 22.1, 114, 40)
        hong_kong, shenzhen = (114.17, 22.3), (113.9, 22.54)
        assert to_wgs84(*hong_kong, "GCJ02", area=mainland) == hong_kong
        assert to_wgs84(*shenzhen, "GCJ02", area=mainland) == to_wgs84(*shenzhen, "GCJ02")
        assert from_wgs84(*hong_kong, "BD09", area=lambda lon, lat: lon < 114) == hong_kong

    def test_area_never_reaches_beyond_the_box(self):
        def everywhere(lon, lat):
            return np.full(lon.shape, True)

        for place in ((2.35, 48.85), (71.6, 40.0)):
            assert to_wgs84(*place, "GCJ02", area=everywhere) == place

    def test_area_of_another_kind_is_refused(self):
        with pytest.raises(InputError, match=r"polygon in WGS 84 or a function.*union_all"):
            to_wgs84(116.4, 39.9, "GCJ02", area=shapely.Point(116, 39))


class TestRefusals:
    def test_exchanged_columns(self):
        with pytest.raises(InputError, match=r"exchanged in 2 of 3 places.*give the longitude") as caught:
            to_wgs84([39.9, 116.4, 39.8], [116.4, 39.9, 116.3], "GCJ02")
        assert "116" not in str(caught.value).replace("73 to 135", "")

    def test_exchanged_in_the_far_west(self):
        """Latitudes up to 90 pass for themselves, but no place of China lies in the Arctic Ocean."""
        with pytest.raises(InputError, match="exchanged in 1 of 1"):
            to_wgs84(39.5, 76.0, "GCJ02")
        assert to_wgs84(15.6, 78.2, "WGS84") == (15.6, 78.2)

    @pytest.mark.parametrize(("lon", "lat"), [(116.4, 91), (-181, 20), (np.inf, 40), (10, -90.5)])
    def test_nowhere(self, lon, lat):
        with pytest.raises(InputError, match=r"of 2 places|exchanged"):
            to_wgs84([lon, 116.4], [lat, 39.9], "GCJ02")

    def test_metres(self):
        with pytest.raises(InputError, match=r"2 of 2 places have coordinates of thousands.*EPSG code"):
            to_wgs84([448_000, 449_000], [4_418_000, 4_419_000], "CGCS2000")

    def test_text(self):
        with pytest.raises(InputError, match="must be numbers"):
            to_wgs84(["116.4", "east"], [39.9, 40], "GCJ02")

    def test_lengths(self):
        with pytest.raises(InputError, match="of one shape, not 2 and 3 values"):
            to_wgs84([1, 2], [1, 2, 3], "GCJ02")

    def test_indexes(self):
        with pytest.raises(InputError, match="different indexes"):
            to_wgs84(pd.Series([1.0], index=["a"]), pd.Series([1.0], index=["b"]), "GCJ02")

    def test_unknown_datum(self):
        with pytest.raises(InputError, match=r"datum 'GJC02' is unknown; did you mean 'GCJ02'\?; write one of"):
            to_wgs84(116.4, 39.9, "GJC02")


class TestNames:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("gcj-02", "GCJ02"),
            ("高德", "GCJ02"),
            ("EPSG:4326", "WGS84"),
            (4490, "CGCS2000"),
            ("bd-09", "BD09"),
            ("百度", "BD09"),
        ],
    )
    def test_spellings(self, text, name):
        assert datum_name(text) == name

    def test_metres_of_baidu(self):
        with pytest.raises(InputError, match=r"study\.yml: resources\.crs: datum 'bd09mc' is Baidu's metres"):
            datum_name("bd09mc", "study.yml: resources.crs")

    def test_labels_are_in_both_languages(self):
        for label in [*DATUMS.values(), *VERDICTS.values()]:
            assert set(label) == {"zh", "en"}
            assert all(label.values())


def layer(shapes, datum=None, **columns):
    made = gpd.GeoDataFrame(columns, geometry=list(shapes))
    return declare(made, datum) if datum else made


class TestLayers:
    def test_epsg_4326_declares_nothing(self):
        with pytest.raises(InputError, match=r"a layer of 1 places is not declared \(it says EPSG:4326.*audit_datum"):
            declared(layer([shapely.Point(116, 40)]).set_crs(4326))
        with pytest.raises(InputError, match="names no reference system"):
            declared(layer([shapely.Point(116, 40)]))

    def test_epsg_4490_declares_itself(self):
        assert declared(layer([shapely.Point(116, 40)]).set_crs(4490)) == "CGCS2000"

    def test_a_wrong_word_in_attrs(self):
        made = layer([shapely.Point(116, 40)])
        made.attrs["datum"] = "mars-2"
        with pytest.raises(InputError, match=r"attrs\['datum'\]: datum 'mars-2' is unknown"):
            declared(made)

    def test_declaring_moves_nothing(self):
        before = layer([shapely.Point(116, 40)]).set_crs(4326)
        after = declare(before, "GCJ-02")
        assert after.attrs["datum"] == "GCJ02"
        assert after.crs is None
        assert after.geometry[0] == before.geometry[0]
        assert "datum" not in before.attrs
        assert before.crs is not None

    def test_a_shifted_layer_cannot_be_reprojected_by_mistake(self):
        with pytest.raises(ValueError, match="naive"):
            declare(layer([shapely.Point(116, 40)]), "GCJ02").to_crs(4547)

    def test_metres_cannot_be_declared(self):
        with pytest.raises(InputError, match="whose units are metres, and cannot be declared GCJ02"):
            declare(layer([shapely.Point(448_000, 4_418_000)]).set_crs(4547), "GCJ02")

    def test_every_vertex_moves_and_comes_back(self):
        ring = shapely.box(116, 39, 117, 40).difference(shapely.box(116.4, 39.4, 116.6, 39.6))
        shapes = [ring, shapely.MultiPoint([(113, 22), (114, 23)]), shapely.LineString([(100, 30), (101, 31)]), None]
        before = layer([*shapes, shapely.Polygon(), shapely.Point(116, 40, 55)], "GCJ02", name=list("abcdef"))
        after = convert(before, "CGCS2000")
        back = convert(after, "GCJ02")
        assert declared(after) == "CGCS2000"
        assert after.crs.to_epsg() == 4490
        assert back.crs is None
        here, there = (shapely.get_coordinates(one.geometry.array) for one in (before, after))
        np.testing.assert_array_equal(np.column_stack(to_wgs84(*here.T, "GCJ02")), there)
        np.testing.assert_allclose(shapely.get_coordinates(back.geometry.array), here, rtol=0, atol=1e-11)
        assert after.geometry[3] is None
        assert after.geometry[4].is_empty
        assert shapely.get_z(after.geometry[5]) == 55
        assert not shapely.has_z(after.geometry[0])
        assert list(after["name"]) == list("abcdef")

    def test_same_datum_is_a_copy(self):
        before = layer([shapely.Point(116, 40)], "BD09")
        assert convert(before, "BD09").geometry[0] == before.geometry[0]
        satellite = convert(layer([shapely.Point(116, 40)], "WGS84"), "CGCS2000")
        assert (satellite.crs.to_epsg(), satellite.geometry[0].x) == (4490, 116)

    def test_exchanged_layer_is_refused_by_place(self):
        shapes = [shapely.box(39, 116, 40, 117), shapely.Point(116, 39)]
        with pytest.raises(InputError, match="exchanged in 1 of 2 places"):
            layer(shapes, "CGCS2000")

    def test_an_empty_layer_converts(self):
        assert len(convert(layer([], "GCJ02"), "WGS84")) == 0


class TestMetres:
    @pytest.mark.parametrize(
        ("lon", "lat", "code"),
        [
            (116.4, 39.9, 4548),
            (113.5, 22.2, 4547),
            (73.6, 39.4, 4534),
            (134.7, 48.4, 4554),
            (75.1, 31, 4534),
            (121.6, 31, 4550),
        ],
    )
    def test_zone_in_china(self, lon, lat, code):
        found = metric(layer([shapely.Point(lon, lat)], "WGS84"))
        assert found.crs.to_epsg() == code
        assert "datum" not in found.attrs

    def test_zone_elsewhere(self):
        assert metric(layer([shapely.Point(-51.2, -30)], "WGS84")).crs.to_epsg() == 32722

    @pytest.mark.parametrize("datum", ["WGS84", "CGCS2000"])
    def test_east_comes_first_and_lengths_are_those_of_the_ellipsoid(self, datum):
        ends = [(116.3, 39.9), (116.32, 39.91)]
        found = metric(layer([shapely.Point(*end) for end in ends], datum))
        _, _, metres = pyproj.Geod(ellps="GRS80").inv(*ends[0], *ends[1])
        assert found.geometry[0].distance(found.geometry[1]) == pytest.approx(
            metres, rel=1e-4
        )  # scale at the zone's edge
        assert found.geometry[1].x - found.geometry[0].x == pytest.approx(1710, abs=20)

    def test_two_layers_in_one_system(self):
        homes = metric(layer([shapely.Point(117.4, 39.9)], "WGS84"))
        services = metric(layer([shapely.Point(117.6, 39.9)], "WGS84"), like=homes)
        assert metric(layer([shapely.Point(119, 39.9)], "WGS84")).crs != homes.crs == services.crs

    def test_metres_stay(self):
        before = layer([shapely.Point(448_000, 4_418_000)]).set_crs(32650)
        assert metric(before).crs == before.crs
        assert metric(metric(before), like=metric(before)).geometry[0] == before.geometry[0]

    def test_web_mercator_is_no_metres(self):
        before = layer([shapely.Point(116.4, 39.9)]).set_crs(4326).to_crs(3857)
        assert metric(before).crs.to_epsg() == 4548

    @pytest.mark.parametrize("datum", ["GCJ02", "BD09"])
    def test_shifted_datums_are_refused(self, datum):
        with pytest.raises(InputError, match=rf"cannot be computed in {datum}.*convert\(layer, 'WGS84'\)"):
            metric(layer([shapely.Point(116.4, 39.9)], datum))

    def test_undeclared_is_refused(self):
        with pytest.raises(InputError, match="not declared"):
            metric(layer([shapely.Point(116.4, 39.9)]).set_crs(4326))

    def test_a_wide_layer_is_refused_and_strays_are_counted(self):
        shapes = [*(shapely.Point(116 + part / 100, 39.9) for part in range(9)), shapely.Point(16.4, 39.9)]
        with pytest.raises(InputError, match=r"lengths would be off.*1 of 10 places lie more than 5 degrees"):
            metric(layer(shapes, "WGS84"))

    def test_a_province_is_not_too_wide(self):
        corners = [shapely.Point(97.4, 26.1), shapely.Point(108.5, 34.3)]  # Sichuan
        assert metric(layer(corners, "WGS84")).crs.to_epsg() == 4543

    def test_an_empty_layer_is_refused(self):
        with pytest.raises(InputError, match="without any shape"):
            metric(layer([], "WGS84"))

    def test_like_must_be_in_metres(self):
        with pytest.raises(InputError, match="like must be a layer in metres"):
            metric(layer([shapely.Point(116, 40)], "WGS84"), like=layer([shapely.Point(116, 40)], "WGS84"))


def town(side=12, metres=1200):
    """A square of communities around a point in Beijing, in WGS 84."""
    step = metres / METRES
    cells = [
        shapely.box(116.3 + x * step / 0.766, 39.85 + y * step, 116.3 + (x + 1) * step / 0.766, 39.85 + (y + 1) * step)
        for x in range(side)
        for y in range(side)
    ]
    made = layer(cells, "WGS84", name=[f"c{number:03}" for number in range(len(cells))])
    return made.set_index("name", drop=False)


def homes(places, each=2, seed=1, noise=0.0):
    """Points anywhere inside their communities, in WGS 84, with metres of error."""
    draw = np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(places)), each)
    west, south, east, north = places.geometry.bounds.to_numpy()[rows].T
    error = draw.normal(size=(2, len(rows))) * noise / METRES
    lon = west + draw.random(len(rows)) * (east - west) + error[0]
    lat = south + draw.random(len(rows)) * (north - south) + error[1]
    made = layer(shapely.points(lon, lat), "WGS84", name=places["name"].to_numpy()[rows])
    return made.set_index(pd.Index([f"h{number}" for number in range(len(rows))]))


def relabelled(points, real, said):
    """Points really in one datum and said to be in another, or in none."""
    moved = convert(points, real)
    if said:
        return declare(moved, said)
    moved.attrs = {}
    return moved


def turned(points, rows=None):
    """Longitude and latitude exchanged in some rows, without a declaration that would refuse them."""
    rows = np.full(len(points), True) if rows is None else rows
    xy = shapely.get_coordinates(points.geometry.array)
    xy[rows] = xy[rows][:, ::-1]
    made = gpd.GeoDataFrame(points.drop(columns="geometry"), geometry=shapely.points(xy))
    made.attrs["datum"] = points.attrs["datum"]
    return made


@pytest.fixture(scope="module")
def places():
    return town()


@pytest.fixture(scope="module")
def points(places):
    return homes(places)


class TestAudit:
    @pytest.mark.parametrize("real", ["WGS84", "GCJ02", "BD09"])
    @pytest.mark.parametrize("said", ["WGS84", "CGCS2000", "GCJ02", "BD09", ""])
    def test_names_the_real_datum(self, places, points, real, said):
        found = audit_datum(relabelled(points, real, said), places, "name")
        same = real == said or {real, said} == {"WGS84", "CGCS2000"}
        assert found.verdict == ("undeclared" if not said else "agrees" if same else "mislabelled")
        assert found.found == (said if same else "CGCS2000" if (real, said) == ("WGS84", "CGCS2000") else real)
        assert found.confidence == "strong"
        assert found.refused == (found.verdict != "agrees")

    @pytest.mark.parametrize("frame", ["WGS84", "GCJ02", "BD09"])
    def test_the_datum_of_the_polygons_does_not_matter_when_it_is_right(self, places, points, frame):
        found = audit_datum(relabelled(points, "BD09", "GCJ02"), convert(places, frame), "name")
        assert (found.verdict, found.found) == ("mislabelled", "BD09")

    def test_mislabelled_polygons(self, places, points):
        wrong = declare(convert(places, "GCJ02"), "WGS84")
        found = audit_datum(points, wrong, "name")
        assert (found.verdict, found.found, found.polygons) == ("mislabelled", "WGS84", "GCJ02")
        with pytest.raises(
            InputError, match=r"one is wrong: they fit as if the polygons were in GCJ02.*declare the polygons"
        ):
            found.require("homes.csv")

    def test_two_layers_in_one_wrong_datum_look_right(self, places, points):
        """Only the difference between layers shows, and the message says so."""
        both = audit_datum(
            declare(convert(points, "GCJ02"), "WGS84"), declare(convert(places, "GCJ02"), "WGS84"), "name"
        )
        assert both.verdict == "agrees"
        half = audit_datum(convert(points, "GCJ02"), declare(convert(places, "GCJ02"), "WGS84"), "name")
        assert "(or both layers are in GCJ02)" in half.message()

    def test_table_holds_every_hypothesis(self, places, points):
        found = audit_datum(relabelled(points, "GCJ02", "WGS84"), places, "name")
        table = found.table
        assert list(table["points"][:3]) == ["WGS84", "GCJ02", "BD09"]
        assert table.groupby("axes").size().to_dict() == {"lat, lon": 3, "lon, lat": 5}
        assert table["best"].sum() == 1
        right = table[table["best"]].iloc[0]
        assert (right["share"], right["median_m"], right["outside_m"]) == (1.0, 0.0, 0.0)
        assert table["share"][0] == table["inside"][0] / len(points) < 0.6
        assert 100 < table["outside_m"][0] < 600
        assert np.isfinite(table[["share", "median_m", "outside_m", "p"]].to_numpy()).all()

    def test_refusal_shows_the_evidence_and_no_place(self, places, points):
        found = audit_datum(relabelled(points, "GCJ02", "WGS84"), places, "name")
        with pytest.raises(InputError) as caught:
            found.require("homes.csv")
        said = str(caught.value)
        assert said.startswith("homes.csv: the points are declared WGS84, and they lie as if in GCJ02")
        assert "of 288 points of 144 places" in said
        assert "100.0% as GCJ02" in said
        assert "declare the points GCJ02" in said
        for text in (said, repr(found)):
            assert not any(word in text for word in ("116.", "39.8", "c001", "h1"))

    def test_finding(self, places, points):
        wrong = audit_datum(relabelled(points, "GCJ02", "WGS84"), places, "name").finding("homes.csv")
        assert (wrong.severity, wrong.rule, wrong.count) == ("error", "datum_mislabelled", 288)
        right = audit_datum(points, places, "name")
        right.require()
        assert right.finding("homes.csv").severity == "note"
        assert right.finding("homes.csv").remedy == ""

    def test_all_axes_exchanged(self, places, points):
        found = audit_datum(turned(relabelled(points, "GCJ02", "GCJ02")), places, "name")
        assert (found.verdict, found.found, found.axes) == ("mislabelled", "GCJ02", "lat, lon")
        with pytest.raises(InputError, match=r"exchanged in all points.*give the longitude first"):
            found.require()

    def test_axes_exchanged_is_clear_even_where_the_datum_is_not(self, points):
        large = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(115, 39, 118, 41)])
        few = turned(points.iloc[:20].assign(name="a"))
        assert audit_datum(few, declare(large, "WGS84"), "name").verdict == "cannot tell"  # one place has one vote
        many = town(4, 9000)
        found = audit_datum(turned(homes(many)), many, "name")
        assert (found.verdict, found.axes) == ("mislabelled", "lat, lon")

    def test_one_exchanged_row_is_enough(self, places, points):
        rows = np.arange(len(points)) == 7
        found = audit_datum(turned(points, rows), places, "name")
        assert found.verdict == "mixed"
        with pytest.raises(InputError, match=r"exchanged in 1 points and not in the others.*exchange them back"):
            found.require()

    def test_a_place_in_another_continent_is_not_exchanged(self, places, points):
        stray = points.copy()
        stray.loc["h7", "geometry"] = shapely.Point(30.5, -1.9)
        stray.attrs = points.attrs
        assert audit_datum(stray, places, "name").verdict == "agrees"

    @pytest.mark.parametrize(("first", "second"), [("WGS84", "GCJ02"), ("GCJ02", "BD09"), ("WGS84", "BD09")])
    @pytest.mark.parametrize("part", [0.3, 0.5])
    def test_mixed_without_a_column(self, places, points, first, second, part):
        rows = np.random.default_rng(5).random(len(points)) < part
        one, other = convert(points, first), convert(points, second)
        mixed = points.set_geometry(gpd.GeoSeries(np.where(rows, other.geometry, one.geometry), index=points.index))
        found = audit_datum(declare(mixed, first), places, "name")
        assert found.verdict == "mixed"
        assert {found.found, found.mixture.second.points} == {first, second}
        share = found.mixture.share if found.mixture.second.points == second else 1 - found.mixture.share
        assert share == pytest.approx(part, abs=0.15)

    def test_the_column_that_tells_them_apart_is_named(self, places, points):
        rows = np.random.default_rng(5).random(len(points)) < 0.3
        moved = convert(points, "GCJ02")
        mixed = points.set_geometry(gpd.GeoSeries(np.where(rows, moved.geometry, points.geometry), index=points.index))
        mixed = mixed.assign(noise=np.arange(len(points)) % 4, batch=np.where(rows, "second visit", "first visit"))
        found = audit_datum(declare(mixed, "WGS84"), places, "name")
        assert found.told_apart_by == "batch"
        assert "split the file by the column 'batch'" in found.finding("x").remedy

    def test_parts_by_source(self, places, points):
        part = points.iloc[:60]
        moved = convert(part, "GCJ02").geometry.to_numpy()
        odd = np.arange(60) % 2 == 1
        made = gpd.GeoDataFrame(
            {"name": part["name"].to_numpy(), "source": np.where(odd, "map", "walk")},
            geometry=np.where(odd, moved, part.geometry.to_numpy()),
        )
        found = audit_datum(declare(made, "WGS84"), places, "name", by="source")
        assert found.verdict == "mixed"
        assert found.parts.loc["map", "best"] == "GCJ02"
        assert found.parts.loc["walk", "best"] == "WGS84"
        assert found.parts["n"].sum() == 60
        with pytest.raises(InputError, match=r"'map' as GCJ02 \(100% of 30\), 'walk' as WGS84 \(100% of 30\)"):
            found.require()

    def test_parts_too_small_to_be_sure_of_alone(self, places):
        """One part cannot be told alone, and no mixture shows without the column; beside the other part it does."""
        rows = np.random.default_rng(10).choice(len(places), 40, replace=False)
        some = homes(places.iloc[rows], each=1, seed=10)
        first = np.arange(40) < 10
        moved = convert(some, "GCJ02").geometry.to_numpy()
        some = some.set_geometry(np.where(first, moved, some.geometry.to_numpy()))
        some = declare(some.assign(source=np.where(first, "map", "walk")), "WGS84")
        assert audit_datum(some, places, "name").verdict == "cannot tell"
        found = audit_datum(some, places, "name", by="source")
        assert (found.verdict, found.mixture, list(found.parts["verdict"])) == (
            "mixed",
            None,
            ["cannot tell", "agrees"],
        )
        assert found.p < 0.001

    @pytest.mark.parametrize("seed", range(4))
    def test_a_quarter_of_sloppy_points_shows_with_a_column(self, places, seed):
        some = homes(places, each=1, seed=seed, noise=200)
        quarter = np.arange(len(some)) % 4 == 0
        moved = some.set_geometry(np.where(quarter, convert(some, "GCJ02").geometry, some.geometry))
        moved = declare(moved.assign(source=np.where(quarter, "map", "walk")), "WGS84")
        found = audit_datum(moved, places, "name", by="source")
        assert found.verdict == "mixed"
        assert list(found.parts["best"]) == ["GCJ02", "WGS84"]

    def test_a_part_that_is_clearly_wrong_is_not_hidden_by_the_others(self, places):
        """Which datum it is in cannot be told, nor beside the others; that it is not in the declared one can."""
        rows = np.random.default_rng(2).choice(len(places), 70, replace=False)
        some = homes(places.iloc[rows], each=1, seed=2, noise=400)
        first = np.arange(70) < 18
        moved = np.where(first, convert(some, "GCJ02").geometry.to_numpy(), some.geometry.to_numpy())
        some = declare(some.set_geometry(moved).assign(source=np.where(first, "map", "walk")), "WGS84")
        assert audit_datum(some, places, "name").verdict == "cannot tell"
        found = audit_datum(some, places, "name", by="source")
        assert (found.verdict, list(found.parts["verdict"])) == ("mixed", ["mislabelled", "agrees"])
        assert list(found.parts["found"]) == ["", "WGS84"]

    def test_parts_that_agree(self, places, points):
        found = audit_datum(points.assign(source=np.arange(len(points)) % 3), places, "name", by="source")
        assert found.verdict == "agrees"
        assert set(found.parts["best"]) == {"WGS84"}

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("noise", [100, 400])
    def test_sloppy_points_are_not_mixed(self, places, seed, noise):
        sloppy = homes(places, seed=seed, noise=noise).assign(source=np.arange(2 * len(places)) % 3)
        found = audit_datum(sloppy, places, "name", by="source")
        assert found.verdict in ("agrees", "cannot tell")

    @pytest.mark.parametrize("east", [-250, -150, 150, 250])
    def test_borders_drawn_askew_are_not_mixed(self, places, points, east):
        askew = places.set_geometry(places.geometry.translate(-east / METRES / 0.766, 0))
        assert not audit_datum(points, askew, "name").refused

    def test_small_numbers_cannot_tell(self, places, points):
        found = audit_datum(relabelled(points.iloc[:6], "GCJ02", "WGS84"), places, "name")
        assert (found.verdict, found.found, found.confidence) == ("cannot tell", "", "none")
        found.require()
        assert found.finding("x").severity == "note"

    def test_wrong_without_knowing_what_is_right(self, places):
        few = homes(places.iloc[:60], each=1, seed=0, noise=300)
        found = audit_datum(relabelled(few, "GCJ02", "BD09"), places, "name")
        assert (found.verdict, found.found) == ("mislabelled", "")
        with pytest.raises(InputError, match=r"declared BD09, which is wrong, but what they are in cannot be told"):
            found.require()

    def test_metres_are_those_of_the_ellipsoid(self):
        known = layer([shapely.Point(116.39, 39.9)], "WGS84")
        seen = layer([shapely.Point(116.42, 39.91)], "WGS84")
        _, _, metres = pyproj.Geod(ellps="WGS84").inv(116.39, 39.9, 116.42, 39.91)
        assert audit_datum(seen, known).table["median_m"][0] == pytest.approx(metres, rel=1e-3)  # a plane around it

    def test_many_points_of_one_place_have_one_vote(self, places):
        crowd = homes(places.iloc[[30]], each=500)
        assert audit_datum(relabelled(crowd, "GCJ02", "WGS84"), places, "name").verdict == "cannot tell"

    def test_large_polygons_cannot_tell(self):
        provinces = town(3, 60_000)
        assert audit_datum(relabelled(homes(provinces), "GCJ02", "WGS84"), provinces, "name").verdict == "cannot tell"

    def test_names_that_fit_nothing_cannot_tell(self, places, points):
        shuffled = points.assign(name=np.random.default_rng(0).permutation(points["name"]))
        found = audit_datum(shuffled, places, "name")
        assert found.verdict == "cannot tell"
        assert "under no datum" in found.message()

    def test_outside_china_nothing_tells(self):
        shifted = town().translate(-160, -65)
        abroad = declare(town().set_geometry(shifted.set_crs(None, allow_override=True)), "WGS84")
        assert audit_datum(declare(homes(abroad), "GCJ02"), abroad, "name").verdict == "cannot tell"

    def test_what_is_left_out_is_counted(self, places, points):
        twice = pd.concat([places, places.iloc[[0]]])
        twice.attrs = places.attrs
        some = points.copy()
        some.loc["h4", "geometry"] = None
        some.loc["h6", "geometry"] = shapely.Point()
        some.loc["h8", "geometry"] = shapely.Point(0, 0)
        some.loc["h10", "name"] = "nowhere"
        some.loc["h12", "name"] = None
        some.attrs = points.attrs
        counts = audit_datum(some, twice, "name").counts
        assert counts["points"] == 288
        assert (counts["no_place"], counts["unknown_name"], counts["ambiguous_name"]) == (3, 2, 2)
        assert counts["matched"] == 288 - 7
        assert counts["places"] == 143

    def test_index_and_several_columns_as_names(self, places, points):
        by_index = audit_datum(points.set_index("name"), places)
        several = audit_datum(points.assign(city="x"), places.assign(city="x"), ["city", "name"])
        for found in (by_index, several):
            pd.testing.assert_frame_equal(found.table, audit_datum(points, places, "name").table)

    def test_broken_polygons_are_mended(self):
        bow = shapely.Polygon([(116, 39), (117, 40), (117, 39), (116, 40)])
        made = layer([bow], "WGS84", name=["a"])
        inside = layer([shapely.Point(116.1, 39.5)], "WGS84", name=["a"])
        assert audit_datum(inside, made, "name").table["inside"][0] == 1

    def test_landmarks(self):
        known = layer(shapely.points([(116.39, 39.9), (116.31, 39.95), (116.45, 39.93), (116.42, 39.87)]), "WGS84")
        seen = relabelled(known.set_geometry(known.translate(8e-5, -5e-5)), "GCJ02", "WGS84")
        found = audit_datum(seen, known)
        assert (found.verdict, found.found, found.confidence) == ("mislabelled", "GCJ02", "strong")
        assert audit_datum(seen.iloc[:2], known).verdict == "cannot tell"
        assert audit_datum(declare(seen, "GCJ02"), known).verdict == "agrees"

    def test_landmarks_of_no_known_datum(self):
        known = layer(shapely.points([(116.39, 39.9), (116.31, 39.95), (116.45, 39.93), (116.42, 39.87)]), "WGS84")
        assert audit_datum(known.set_geometry(known.translate(-0.01, 0.004)), known).verdict == "cannot tell"


class TestAuditRefuses:
    def test_polygons_without_a_datum(self, points):
        with pytest.raises(InputError, match="not declared"):
            audit_datum(points, gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)]))

    def test_points_in_metres(self, places, points):
        with pytest.raises(InputError, match="in metres, where no datum shows"):
            audit_datum(metric(points), places, "name")

    def test_nothing_in_common(self, places, points):
        with pytest.raises(InputError, match=r"none of 288 points.*288 have a name that no polygon has.*街道"):
            audit_datum(points.assign(name=points["name"] + "街道"), places, "name")

    def test_no_points(self, places, points):
        with pytest.raises(InputError, match="none of 0 points"):
            audit_datum(points.iloc[:0], places, "name")

    def test_shapes_that_are_no_points(self, places):
        with pytest.raises(InputError, match="144 of 144 shapes are no points"):
            audit_datum(places, places, "name")

    def test_areas_and_landmarks_together(self, places, points):
        both = pd.concat([places, points.iloc[[0]].assign(name="x")])
        both.attrs = places.attrs
        some = pd.concat([points, points.iloc[[0]].assign(name="x")])
        some.attrs = points.attrs
        with pytest.raises(InputError, match="1 of 145 places are no areas"):
            audit_datum(some, both, "name")

    def test_columns(self, places, points):
        with pytest.raises(InputError, match=r"the points have no column 'nmae'; did you mean 'name'\?"):
            audit_datum(points, places, "nmae")
        with pytest.raises(InputError, match="no column 'source'"):
            audit_datum(points, places, "name", by="source")


class TestStatistics:
    def test_sign_test(self):
        assert sign_p(10, 0) == pytest.approx(0.5**10)
        assert sign_p(7, 3) == pytest.approx(176 / 1024)  # (120 + 45 + 10 + 1) / 2^10
        assert sign_p(0, 0) == sign_p(0, 9) == 1

    def test_common_displacement(self):
        # mean (10, 0), squares around it 4 · 2 = 8 over 6 degrees of freedom: F = 4 · 100 / 2 / (8 / 6) = 150; with 2
        # numerator degrees of freedom p = (1 + 2 F / 6)^(-6 / 2) = 51^-3
        metres = np.array([[9, 1], [11, 1], [9, -1], [11, -1]], float)
        assert landmark_p(metres) == pytest.approx(51.0**-3)
        assert landmark_p(metres[:2]) == 1
        assert landmark_p(np.zeros((5, 2))) == 1


SUFFIX = r"(?:街道办事处|地区办事处|街道|地区|办事处|镇|乡)$"


@pytest.mark.real
def test_towns_of_beijing_are_in_gcj02(real_data):
    """Points published in GCJ-02 over polygons in WGS 84: named, refused, and at home after conversion."""
    polygons = declare(gpd.read_file(real_data / "beijing_subdistricts" / "beijing_subdistricts_wgs84.gpkg"), "WGS84")
    table = pd.read_csv(real_data / "vonng_adcode_points" / "adcode_bj_nc_zh_nj_qd.csv.gz", dtype=str)
    table = table[(table["level"] == "town") & (table["province"] == "北京市")]
    towns = gpd.GeoDataFrame(
        {
            "district": table["county"].replace({"密云区": "密云县", "延庆区": "延庆县"}),
            "name": table["town"].str.replace(SUFFIX, "", regex=True).str.replace(SUFFIX, "", regex=True),
        },
        geometry=gpd.points_from_xy(table["longitude"].astype(float), table["latitude"].astype(float)),
    )
    polygons["name"] = polygons["subdistrict"].str.replace(SUFFIX, "", regex=True).str.replace(SUFFIX, "", regex=True)
    keys = ["district", "name"]

    mixed = audit_datum(declare(towns, "WGS84"), polygons, keys)
    assert (mixed.verdict, mixed.found, mixed.confidence) == ("mislabelled", "GCJ02", "strong")
    with pytest.raises(InputError, match=r"lie as if in GCJ02.*84\.6% as WGS84, 97\.2% as GCJ02, 69\.2% as BD09"):
        mixed.require("adcode.csv")
    with pytest.raises(InputError, match="cannot be computed in GCJ02"):
        metric(declare(towns, "GCJ02"))
    assert mixed.counts["matched"] == 247

    right = audit_datum(convert(declare(towns, "GCJ02"), "WGS84"), polygons, keys)
    assert (right.verdict, right.mixture) == ("agrees", None)
    assert (mixed.table["inside"][0], right.table["inside"][0]) == (209, 240)
