"""Change between rounds: what must hold whatever the sample, and V₁ + V₂ − 2C₁₂ by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xzz_analysis as xzz

EXAMPLES = 25
CLOSE = {"rtol": 1e-9, "atol": 1e-12}  # sums taken in another order; the roots of differences near zero
COLUMNS = ["estimate", "se", "low", "high", "df", "p", "p_adjusted", "before", "after", "overlap", "n"]


@st.composite
def two_rounds(draw) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two rounds in some common and some other clusters; answers, weights and groups with gaps and zeros."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    strata, clusters, each = draw(st.integers(1, 3)), draw(st.integers(3, 6)), draw(st.integers(2, 5))
    moved = draw(st.integers(0, clusters - 2))
    frames = []
    for shift in (0, moved):
        place = np.repeat(np.arange(strata * clusters), each)
        size = len(place)
        frame = pd.DataFrame({"stratum": place // clusters, "cluster": place % clusters + shift})
        frame["weight"] = random.uniform(0.5, 3, size) * (random.random(size) > 0.05)
        frame["need"] = np.where(random.random(size) < 0.08, np.nan, random.random(size) < 0.4)
        frame["hours"] = np.where(random.random(size) < 0.08, np.nan, random.normal(8, 2, size))
        frame["group"] = random.choice(["甲", "乙"], size)
        frame["person"] = random.permutation(2 * size)[:size]
        frames.append(frame)
    return frames[0], frames[1]


def sample(frame: pd.DataFrame) -> xzz.Sample:
    return xzz.Sample(frame, weight="weight", strata="stratum", cluster="cluster")


def change(frames: tuple[pd.DataFrame, pd.DataFrame], **options) -> pd.DataFrame:
    return xzz.change(sample(frames[0]), sample(frames[1]), **{"what": "need", "by": "group"} | options)


def same(found: pd.DataFrame, expected: pd.DataFrame, columns: list[str] = COLUMNS) -> None:
    for column in columns:
        np.testing.assert_allclose(
            found[column].to_numpy(float), expected[column].to_numpy(float), err_msg=column, **CLOSE
        )


def variance_by_hand(frames: tuple[pd.DataFrame, pd.DataFrame], what: str) -> float:
    """Σ over strata of n/(n−1) Σ (z − z̄)², z a cluster's influence on after − before, n its clusters in any round."""
    parts = []
    for frame, sign in zip(frames, (-1, 1), strict=True):
        used = frame[frame[what].notna()]
        mean = np.average(used[what], weights=used["weight"])
        z = sign * used["weight"] * (used[what] - mean) / used["weight"].sum()
        parts.append(z.groupby([used["stratum"], used["cluster"]]).sum())
    visited = pd.concat(frames).groupby(["stratum", "cluster"]).size()
    z = parts[0].add(parts[1], fill_value=0).reindex(visited.index, fill_value=0)
    return float(sum(len(one) / (len(one) - 1) * ((one - one.mean()) ** 2).sum() for _, one in z.groupby(level=0)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds(), st.sampled_from(["need", "hours"]))
def test_the_error_is_that_of_the_clusters_differences(frames, what):
    statistic = "share" if what == "need" else "mean"
    found = change(frames, what=what, by=None, statistic=statistic).iloc[0]
    np.testing.assert_allclose(found["se"] ** 2, variance_by_hand(frames, what), **CLOSE)


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds())
def test_back_again_turns_the_sign_alone(frames):
    there, back = change(frames), change(frames[::-1])
    same(back.assign(estimate=-back["estimate"]), there, ["estimate", "se", "df", "p", "overlap", "n"])


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds())
def test_independent_rounds_add_variances_and_degrees_of_freedom(frames):
    found = change(frames, overlap="none").set_index("by")
    rounds = [xzz.share(sample(frame), "need", by="group").set_index("by").loc[found.index] for frame in frames]
    expected = pd.DataFrame({"se": np.hypot(rounds[0]["se"], rounds[1]["se"]), "df": rounds[0]["df"] + rounds[1]["df"]})
    same(found, expected, ["se", "df"])
    assert (found["overlap"] == 0).all()


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds(), st.floats(1e-3, 1e6), st.integers(0, 2**32 - 1))
def test_names_order_and_the_size_of_weights_mean_nothing(frames, scale, seed):
    random = np.random.default_rng(seed)
    names = {number: f"c{place}" for place, number in enumerate(random.permutation(20))}
    turned = tuple(
        frame.sample(frac=1, random_state=seed % 1000).assign(
            cluster=lambda one: one["cluster"].map(names), stratum=lambda one: -one["stratum"]
        )
        for frame in frames
    )
    turned[1]["weight"] *= scale
    same(change(turned), change(frames))


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds())
def test_a_panel_of_clusters_differs_from_revisited_clusters_in_the_overlap_only(frames):
    panel, revisited = change(frames, overlap="panel", key="person"), change(frames)
    same(panel, revisited, [column for column in COLUMNS if column != "overlap"])
    both = frames[0].merge(frames[1], on=["person", "group"])
    used = both[["need_x", "need_y"]].notna().all(axis=1) & (both[["weight_x", "weight_y"]] > 0).all(axis=1)
    common = used.groupby(both["group"]).sum().reindex(["甲", "乙"], fill_value=0)
    common.index = "group=" + common.index
    common = common.loc[panel["by"]].to_numpy()
    np.testing.assert_allclose(panel["overlap"], common / (panel["n"] - common), **CLOSE)


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds(), st.sampled_from(["cluster", "none"]))
def test_the_two_parts_add_up_to_the_change_and_so_do_their_errors(frames, overlap):
    found = xzz.composition_change(
        sample(frames[0]), sample(frames[1]), "hours", "group", statistic="mean", overlap=overlap
    )
    if (found["reason"] == "level_not_in_both_rounds").any():
        return
    whole, within, mix = found["estimate"]
    v = found.covariance()
    np.testing.assert_allclose(within + mix, whole, **CLOSE)
    np.testing.assert_allclose(v[1:, 1:].sum(), v[0, 0], **CLOSE)
    same(
        found.iloc[:1],
        change(frames, what="hours", by=None, statistic="mean", overlap=overlap),
        ["estimate", "se", "df"],
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds(), st.floats(0.1, 50), st.floats(-1000, 1000))
def test_a_trend_knows_no_origin_and_follows_the_unit_of_time(frames, unit, origin):
    samples = [sample(frame) for frame in (*frames, frames[0].assign(hours=frames[0]["hours"].iloc[::-1].to_numpy()))]
    found = xzz.trend(samples, "hours", statistic="mean", times={"1": 0.0, "2": 1.0, "3": 2.5}).iloc[0]
    times = {"1": origin, "2": origin + unit, "3": origin + 2.5 * unit}
    moved = xzz.trend(samples, "hours", statistic="mean", times=times).iloc[0]
    assert moved["reason"] == found["reason"]
    for column, expected in (("estimate", found["estimate"] / unit), ("se", found["se"] / unit), ("fit", found["fit"])):
        np.testing.assert_allclose(moved[column], expected, rtol=1e-6, atol=1e-9, err_msg=column)  # V is inverted


@settings(max_examples=EXAMPLES, deadline=None)
@given(two_rounds())
def test_weights_of_those_who_stayed_keep_the_population(frames):
    """Whoever is followed stands for all of the class, so equal later weights add up to the earlier ones."""
    even = frames[1].assign(weight=1.0)
    first = frames[0].assign(weight=1.0)
    try:
        weighted = xzz.attrition_weights(sample(first), sample(even), "person", "group")
    except xzz.XzzError as error:
        assert "nobody" in str(error)
        return
    assert weighted.design.weight.sum() == pytest.approx(len(first), rel=1e-9)
