"""Places as data: what is written is read again, order does not matter, and hostile texts stay texts."""

import datetime as dt
import json

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from xzz_analysis.errors import InputError
from xzz_analysis.places.directory.catalogue import read_catalogue
from xzz_analysis.places.directory.codes import LEVELS, level_of, parent_of, read_codes
from xzz_analysis.places.directory.communities import CommunityLayer, check_shapes, read_communities
from xzz_analysis.places.directory.hsds import from_hsds, read_hsds, to_hsds, write_hsds
from xzz_analysis.places.directory.names import match_names
from xzz_analysis.places.directory.resources import (
    as_cells,
    make_resources,
    read_resources,
    resource_fields,
    same_places,
    write_resources,
)

AS_OF = dt.date(2026, 3, 1)
HOSTILE = [
    '=HYPERLINK("http://x.invalid","点我")',
    "</script><script>alert(1)</script>",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3",
    "a\tb\nc",
    "_x0041_",
    "‮abc",
    "𠮷野家👨‍👩‍👧",
    '","',
    "注：这是一家店",
    "NULL",
    "NaN",
    "4.40402E+11",
    "00123",
    "''",
]
# signs that a workbook cannot hold, or that reading takes away, are not in a directory
signs = st.characters(exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\ufeff\ufffe\uffff")
texts = st.one_of(st.just(""), st.sampled_from(HOSTILE), st.text(signs, max_size=12)).map(str.strip)
words = st.sampled_from(["流动儿童", "退役军人", "children", "=1+1", "低保家庭"])
degrees = st.one_of(
    st.none(), st.tuples(st.floats(113, 113.02, allow_subnormal=False), st.floats(22, 22.02, allow_subnormal=False))
)


@st.composite
def resource(draw):
    point = draw(degrees)
    lon, lat = ("", "") if point is None else map(repr, point)
    free = (
        "organisation",
        "items",
        "hours",
        "fee",
        "procedure",
        "papers",
        "address",
        "source",
        "verified_by",
        "name_en",
    )
    return {
        **{name: draw(texts) for name in free},
        "name_zh": draw(texts.filter(bool)),
        "category": draw(st.sampled_from(sorted(read_catalogue().kinds))),
        "domains": draw(st.sampled_from(["", "health", "教育、生计"])),
        "capacity": draw(st.sampled_from(["", "0", "30", "12.5"])),
        "eligibility": "、".join(draw(st.lists(words, max_size=3))),
        "contact": draw(st.one_of(texts, st.sampled_from(["王姐 138 1234 5678", "0756-2123456", "wx: abc_12345"]))),
        "contact_public": draw(st.sampled_from(["yes", "no"])),
        "lon": lon,
        "lat": lat,
        "precision": draw(st.sampled_from(["", "door"])),
        "community": draw(st.sampled_from(["", "c0", "=c1"])),
        "verified_on": draw(st.sampled_from(["", "2025-06-01", "2026-03-01"])),
        "status": draw(st.sampled_from(["active", "closed", "unverified"])),
        "voucher": draw(st.sampled_from(["", "joined", "refused"])),
    }


@st.composite
def tables(draw):
    rows = draw(st.lists(resource(), min_size=1, max_size=5))
    ids = draw(st.permutations(["a", "b", "007", "7", "编号一"]))
    return pd.DataFrame([{"id": key, **row} for key, row in zip(ids, rows, strict=False)], dtype="str")


def read(cells, **more):
    return make_resources(cells, "r", **{"datum": "CGCS2000", "as_of": AS_OF, **more})


def same(first, second):
    pd.testing.assert_frame_equal(
        pd.DataFrame(first).drop(columns="geometry"),
        pd.DataFrame(second).drop(columns="geometry"),
        check_index_type=False,
    )
    both = gpd.GeoSeries(first.geometry.array), gpd.GeoSeries(second.geometry.array)
    assert both[0].isna().equals(both[1].isna())
    assert both[0].dropna().geom_equals_exact(both[1].dropna(), 1e-9).all()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tables(), st.sampled_from(["zh", "en"]))
def test_a_written_table_is_read_again(tmp_path, cells, language):
    made = read(cells)
    path = write_resources(made, tmp_path / "r.xlsx", language=language, confidential=True)
    again = read_resources(path, datum="CGCS2000", as_of=AS_OF)
    same(made.confidential, again.confidential)
    assert again.confidential.attrs == made.confidential.attrs


@settings(max_examples=12)
@given(tables())
def test_cells_of_a_table_make_the_same_table(cells):
    made = read(cells)
    same(made.confidential, read(as_cells(made.confidential)).confidential)


@settings(max_examples=12)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(cells, random):
    order = list(range(len(cells)))
    random.shuffle(order)
    first, second = read(cells), read(cells.iloc[order].reset_index(drop=True))
    same(first.confidential, second.confidential)
    assert first.findings == second.findings
    pd.testing.assert_frame_equal(same_places(first.table), same_places(second.table))


@settings(max_examples=12)
@given(tables())
def test_what_is_shown_holds_no_private_number(cells):
    made = read(cells)
    hidden = made.table[~made.table["contact_public"]]
    assert (hidden["contact"] == "").all()
    shown = hidden.drop(columns="geometry").to_csv() + " ".join(map(str, made.findings)) + repr(made)
    for number in ("1234 5678", "12345678"):
        assert number not in shown
    public = made.table[made.table["contact_public"]]
    same(public, made.confidential.loc[public.index])


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tables(), st.sampled_from(["hsds.json", "hsds"]), st.sampled_from(["WGS84", "GCJ02", "BD09"]))
def test_hsds_brings_back_everything_but_what_it_says(tmp_path, cells, name, datum):
    made = read(cells, datum=datum)
    out = to_hsds(made, city="岚砚市", province="岚省")
    back = from_hsds(read_hsds(write_hsds(out, tmp_path / name)), as_of=AS_OF)
    lost = ["verified_by", "contact_public"]
    expected = made.table.assign(contact=made.table["contact"].where(made.table["contact_public"], ""))
    expected["organisation"] = expected["organisation"].where(expected["organisation"] != expected["name_zh"], "")
    assert back.confidential.attrs["datum"] == "WGS84"
    pd.testing.assert_frame_equal(
        pd.DataFrame(back.table).drop(columns=["geometry", *lost]),
        pd.DataFrame(expected).drop(columns=["geometry", *lost]),
        check_index_type=False,
    )
    assert back.table.geometry.isna().equals(expected.geometry.isna())
    assert {finding.rule for finding in out.lost} <= {
        *("hsds_contact_private", "hsds_verifier", "hsds_attribute", "hsds_address"),
        *("hsds_datum", "hsds_no_location", "hsds_formula"),
    }


@settings(max_examples=15)
@given(tables())
def test_hsds_holds_no_private_contact(cells):
    made = read(cells.assign(contact_public="no"))
    text = json.dumps(
        {name: table.to_dict("records") for name, table in to_hsds(made, city="x", province="y").tables.items()}
    )
    for part in ("1234 5678", "2123456", "abc_12345"):
        assert part not in text


@settings(max_examples=30)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=4), st.sampled_from(sorted(resource_fields())))
def test_any_cell_is_read_or_refused(values, field):
    cells = pd.DataFrame({"id": [f"r{place}" for place in range(len(values))], "name_zh": "甲", "category": "公园"})
    cells[field] = values
    try:
        made = read(cells.astype("str"))
    except InputError as error:
        assert error.findings
        assert all(finding.count >= 0 for finding in error.findings)
    else:
        assert len(made) == len(values)


# Codes and names ------------------------------------------------------------------------------------------------------

codes = st.builds(
    lambda parts, level: "".join(parts)[: LEVELS[level][1]].ljust(12, "0"),
    st.tuples(
        st.sampled_from(["11", "44", "65"]),
        st.sampled_from(["01", "04", "90"]),
        st.sampled_from(["02", "81"]),
        st.sampled_from(["001", "120"]),
        st.sampled_from(["001", "218"]),
    ),
    st.sampled_from(sorted(LEVELS)),
)


@given(codes)
def test_parents_lead_up_to_the_province(code):
    read_, findings = read_codes(pd.Series([code]), "x", level_of(code))
    assert read_.tolist() == [code]
    assert not findings
    seen = [code]
    while parent_of(seen[-1]):
        seen.append(parent_of(seen[-1]))
        assert list(LEVELS).index(level_of(seen[-1])) < list(LEVELS).index(level_of(seen[-2]))
    assert level_of(seen[-1]) == "province"


@given(st.lists(st.one_of(st.text(max_size=14), st.floats(), st.integers(-(10**18), 10**18), st.none()), max_size=6))
def test_any_codes_are_read_or_refused(values):
    try:
        read_, findings = read_codes(pd.Series(values, dtype=object), "x")
    except InputError as error:
        assert "spreadsheet" in str(error)
    else:
        if not any(finding.severity == "error" for finding in findings):
            assert read_[read_ != ""].str.fullmatch(r"\d{12}").all()


names = st.builds(
    str.__add__,
    st.sampled_from(["南苑", "永宁", "建外", "东"]),
    st.sampled_from(["街道", "镇", "乡", "地区", "", "社区居委会"]),
)
lists = st.lists(st.tuples(names, st.sampled_from(["丰台区", "丰台县", "延庆区"])), min_size=1, max_size=7, unique=True)


def listed(pairs):
    index = ["".join(pair) for pair in pairs]
    return pd.DataFrame(pairs, columns=["name", "within"], index=index, dtype="str")


@settings(max_examples=25)
@given(lists, lists, st.randoms(use_true_random=False))
def test_matches_are_one_to_one_and_do_not_depend_on_order(ours, theirs, random):
    match = match_names(listed(ours), listed(theirs)).table
    random.shuffle(ours)
    random.shuffle(theirs)
    pd.testing.assert_frame_equal(match, match_names(listed(ours), listed(theirs)).table)
    taken = match["match"][match["match"] != ""]
    assert taken.is_unique
    assert ((match["match"] == "") == (match["reason"] != "")).all()
    back = match_names(listed(theirs), listed(ours)).table
    assert set(zip(taken, taken.index, strict=True)) == {(key, row) for key, row in back["match"].items() if row}


@settings(max_examples=15)
@given(lists)
def test_a_list_matches_itself(pairs):
    table = match_names(listed(pairs), listed(pairs)).table
    exact = table[table["how"] == "exact"]
    assert (exact["match"] == exact.index).all()


# Communities ----------------------------------------------------------------------------------------------------------

boxes = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=6
)


@given(boxes)
def test_overlaps_are_those_of_every_pair(shapes):
    layer = gpd.GeoDataFrame(
        geometry=[box(x, y, x + wide, y + high) for x, y, wide, high in shapes],
        index=[f"c{place}" for place in range(len(shapes))],
        crs=4490,
    )
    pairs = 0
    for place, one in enumerate(layer.geometry):
        for other in layer.geometry.iloc[place + 1 :]:
            share = one.intersection(other).area / min(one.area, other.area)
            pairs += share > 0.1 and not one.equals(other)
    found = [finding.count for finding in check_shapes(layer, "x", 0.1) if finding.rule == "communities_overlap"]
    assert sum(found) == pairs


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(4)))
def test_the_order_of_communities_does_not_matter(tmp_path, order):
    layer = gpd.GeoDataFrame(
        {"k": [f"c{place}" for place in range(4)], "name_zh": list("甲乙丙丁")},
        geometry=[box(113 + place * 0.008, 22, 113.01 + place * 0.008, 22.01) for place in range(4)],
        crs=4490,
    )
    layer.to_file(tmp_path / "a.geojson")
    layer.iloc[list(order)].to_file(tmp_path / "b.geojson")
    first, second = (
        read_communities(CommunityLayer(file=tmp_path / name, key="k", datum="CGCS2000"))
        for name in ("a.geojson", "b.geojson")
    )
    pd.testing.assert_frame_equal(
        pd.DataFrame(first.layer).drop(columns="geometry"),
        pd.DataFrame(second.layer).drop(columns="geometry").sort_index(),
    )
    assert [finding.message for finding in first.findings] == [finding.message for finding in second.findings]


@pytest.mark.parametrize("seed", [0, 1])
def test_many_resources_are_read_in_seconds(seed):
    count = 2000
    cells = pd.DataFrame(
        {
            "id": [f"r{place}" for place in range(count)],
            "name_zh": [f"店{place * 7919 % count}" for place in range(count)],
            "category": "公园",
            "lon": [repr(113 + place % 50 / 500) for place in range(count)],
            "lat": [repr(22 + (place + seed) // 50 / 500) for place in range(count)],
        },
        dtype="str",
    )
    assert len(read(cells)) == count
