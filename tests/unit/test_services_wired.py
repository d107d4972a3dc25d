"""What the rooms of services share: definitions of every figure, and candidates handed to places."""

import numpy as np
import pytest

import xzz_analysis as xzz
from xzz_analysis.atlas.reaching import demand
from xzz_analysis.atlas.services import figures
from xzz_analysis.atlas.services.definitions import definition_of
from xzz_analysis.atlas.services.sites import located_candidates, merchant_sites
from xzz_analysis.places.travel import travel


@pytest.fixture(scope="module")
def year():
    return xzz.open_ledgers("data/demo", "2025")


@pytest.fixture(scope="module")
def atlas():
    return xzz.open_atlas("data/demo", "2025Q4")


def test_every_figure_has_a_definition_in_both_languages_and_an_id_of_its_own(year):
    ids = []
    for frame, _ in figures(year):
        ids += list(frame["result_id"])
        for name in frame["indicator"].unique():
            told = definition_of(name)
            assert told is not None and told["zh"].endswith("。") and told["en"].endswith("."), name
    assert len(ids) > 1000 and len(ids) == len(set(ids))
    assert definition_of("nothing_of_the_kind") is None


def test_protected_figures_are_those_of_the_ledgers_or_hidden(year):
    for frame, protected in figures(year):
        safe = protected().frame.set_index("result_id")["estimate"]
        raw = frame.drop_duplicates("result_id").set_index("result_id")["estimate"].reindex(safe.index)
        shown = safe.notna().to_numpy()
        np.testing.assert_allclose(safe.to_numpy(float)[shown], raw.to_numpy(float)[shown], atol=1e-9)


def test_candidates_are_pending_merchants_where_the_ledgers_or_the_resources_put_them(year, atlas):
    found = located_candidates(year, atlas)
    assert set(found["state"]) <= {"pending", "visited"} and len(found) >= 10
    by_resource = found[found["resource"] != ""]
    assert (
        len(by_resource)
        and (by_resource.geometry == atlas.resources.geometry.loc[by_resource["resource"]].values).all()
    )
    west, south, east, north = atlas.areas.total_bounds
    assert found.cx[west - 0.02 : east + 0.02, south - 0.02 : north + 0.02].index.equals(found.index)


def test_the_merchant_whose_joining_helps_most_by_brute_force(year, atlas):
    found = merchant_sites(year, atlas)
    candidates = located_candidates(year, atlas)
    minutes = atlas.rules.minutes
    how = {"profile": "child", "limit": 60.0}
    people = demand(atlas).to_numpy(float)
    near = travel(atlas.homes.frame, atlas.places.loc[atlas.offering("voucher")], atlas.streets, **how).within(minutes)
    served = near.reached.to_numpy(bool)
    adds = {}
    for key in candidates.index:
        one = travel(atlas.homes.frame, candidates.loc[[key]], atlas.streets, **how).within(minutes)
        adds[key] = people[one.reached.to_numpy(bool) & ~served].sum()
    assert found.before == people[served].sum()
    assert found.candidates["alone"].to_dict() == pytest.approx(adds)
    assert found.chosen == (max(sorted(adds), key=adds.get),)
