"""Overlap of deprivations on samples small enough to be counted by hand."""

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.errors import DesignError, InputError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.needs.overlap import (
    MEASURES,
    SEVERITY_MEASURES,
    TABLES,
    Dimension,
    cutoff_robustness,
    deprived_from,
    overlap,
    overlap_change,
    severity,
    weighting_sensitivity,
)
from xzz_analysis.needs.overlap.basis import Asked
from xzz_analysis.survey import weighting
from xzz_analysis.survey.change.change import Terms
from xzz_analysis.survey.design import Sample
from xzz_analysis.survey.estimate import Item
from xzz_analysis.survey.estimates import COLUMNS

DK, NOT_ASKED, OUTSIDE = "dk", "not_asked", "outside"
CODES = {DK: Reason.DONT_KNOW, NOT_ASKED: Reason.NOT_ASKED}


def item(name: str, cells: list, version: str = "") -> Item:
    """An indicator: numbers, words for a reason, or OUTSIDE the base."""
    y = np.array([np.nan if isinstance(cell, str) else cell for cell in cells], float)
    return Item(name, y, np.array([CODES.get(cell, 0) for cell in cells], np.int8), version=version)


def sample_of(size: int, **columns) -> Sample:
    return Sample(pd.DataFrame({"row": range(size), **columns}))


def figure(frame, indicator: str, option: str = "", by: str = "", column: str = "estimate"):
    rows = (frame["indicator"] == indicator) & (frame["option"] == option) & (frame["by"] == by)
    (value,) = frame.loc[rows, column]
    return value


@pytest.fixture
def survey() -> tuple[Sample, dict[str, list[Item]]]:
    """Six hundred synthetic children in clusters, three dimensions, some answers missing."""
    return made(3, 600, 0.25)


def made(seed: int, size: int, share: float, labels=None) -> tuple[Sample, dict[str, list[Item]]]:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "stratum": draw.integers(0, 4, size),
            "cluster": draw.integers(0, 10, size),
            "w": draw.uniform(0.5, 2, size).round(3) * (draw.random(size) > 0.03),
            "hukou": draw.choice(["本地", "外地"], size, p=[0.4, 0.6]),
            "area": draw.choice(["村庄", "城中村", "小区"], size),
        }
    )
    frame.loc[draw.random(size) < 0.04, "hukou"] = None
    dimensions = {}
    for place, name in enumerate(("education", "health", "support")):
        y = (draw.random((size, 2)) < share - 0.05 * place + 0.1 * (frame["area"] == "村庄").to_numpy()[:, None]) * 1.0
        missing = draw.random((size, 2)) < 0.04
        y[missing] = np.nan
        codes = np.where(missing, draw.integers(1, 8, (size, 2)), 0).astype(np.int8)
        dimensions[name] = [Item(f"{name}_{i}", y[:, i], codes[:, i]) for i in (0, 1)]
    sample = Sample(frame, weight="w", strata="stratum", cluster="cluster")
    return sample.described(labels=labels or {}), dimensions


# --- Alkire and Foster --------------------------------------------------------------------------------------------


def test_the_published_example():
    """Alkire and Foster (2011), four persons and four dimensions, k = 2: H 1/2, A 3/4, M0 3/8."""
    deprived = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1], [0, 1, 0, 0]], float)
    found = overlap(sample_of(4), {f"d{j}": [Item(f"d{j}", deprived[:, j])] for j in range(4)}, [2]).counting
    measures = ("headcount", "intensity", "adjusted_headcount")
    assert [figure(found, name, "cutoff=2") for name in measures] == pytest.approx([0.5, 0.75, 0.375])
    assert figure(found, "censored_headcount", "cutoff=2;dimension=d1") == 0.5
    assert figure(found, "uncensored_headcount", "dimension=d1") == 0.75
    assert figure(found, "contribution", "cutoff=2;dimension=d1") == pytest.approx(0.125)
    assert figure(found, "contribution_share", "cutoff=2;dimension=d1") == pytest.approx(1 / 3)


def test_weights_add_up_to_one_and_a_cutoff_survives_rounding():
    three = {name: [item(name, cells)] for name, cells in {"a": [1, 1, 0], "b": [1, 0, 0], "c": [0, 0, 0]}.items()}
    found = overlap(sample_of(3), three, [2 / 3, 2], {"a": 5, "b": 5, "c": 5})
    assert found.weights == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert list(found.table("cutoffs", by="")["cutoff"].unique()) == ["66.66666667%", "2"]
    assert figure(found.counting, "headcount", "cutoff=2") == figure(
        found.counting, "headcount", "cutoff=66.66666667%25"
    )
    heavy = overlap(sample_of(3), three, [1, 0.5], {"a": 8, "b": 1, "c": 1}).counting
    assert figure(heavy, "headcount", "cutoff=50%25") == pytest.approx(2 / 3)
    assert figure(heavy, "adjusted_headcount", "cutoff=50%25") == pytest.approx((0.9 + 0.8) / 3)


def test_one_count_is_one_dimension_and_one_point_nought_all_of_the_weight():
    two = {"a": [item("a", [1, 1, 0])], "b": [item("b", [1, 0, 0])]}
    found = overlap(sample_of(3), two, [1, 1.0]).counting
    assert figure(found, "headcount", "cutoff=1") == pytest.approx(2 / 3)
    assert figure(found, "headcount", "cutoff=100%25") == pytest.approx(1 / 3)


def test_groups_make_up_the_whole(survey):
    sample, dimensions = survey
    table = pd.DataFrame(overlap(sample, dimensions, [1, 2], by="hukou").table("groups"))
    sums = table.groupby(["indicator", "cutoff"], dropna=False)["estimate"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(3))
    assert set(table["group"]) == {"hukou=本地", "hukou=外地"}


# --- three-valued logic -------------------------------------------------------------------------------------------


def test_a_dimension_is_known_when_one_indicator_holds_and_open_when_none_does():
    cells = [[1, 0], [1, DK], [0, DK], [0, 0], [DK, DK], [OUTSIDE, 1], [OUTSIDE, DK], [OUTSIDE, OUTSIDE]]
    first, second = (item(name, [row[place] for row in cells]) for place, name in enumerate("ab"))
    states = overlap(sample_of(8), {"d": [first, second]}).basis.states
    rows = states.code
    assert states.low[rows, 0].tolist() == [True, True, False, False, False, True, False, False]
    assert states.high[rows, 0].tolist() == [True, True, True, False, True, True, True, False]
    assert states.measured[rows, 0].tolist() == [True, False, False, True, False, True, False, True]
    assert states.applies[rows].tolist() == [True] * 7 + [False]


def test_a_threshold_of_two_needs_two():
    cells = {"a": [1, 1, 1, DK, 1], "b": [1, 0, DK, DK, OUTSIDE], "c": [0, 0, 0, 0, OUTSIDE]}
    dimension = Dimension([item(name, some) for name, some in cells.items()], 2)
    states = overlap(sample_of(5), {"d": dimension}).basis.states
    assert states.low[states.code, 0].tolist() == [True, False, False, False, False]
    assert states.high[states.code, 0].tolist() == [True, False, True, True, False]
    assert states.applies[states.code].tolist() == [True, True, True, True, False]


def test_point_estimates_are_of_those_fully_measured_and_bounds_of_everybody():
    dimensions = {"a": [item("a", [1, 0, 1, DK, DK])], "b": [item("b", [1, 0, 0, 1, NOT_ASKED])]}
    found = overlap(sample_of(5), dimensions, [1, 2])
    made = found.estimates
    assert figure(made, "headcount", "cutoff=1", column="n") == 3
    assert figure(made, "headcount", "cutoff=1", column="n_dont_know") == 2
    assert figure(made, "headcount", "cutoff=1") == pytest.approx(2 / 3)
    assert [figure(made, f"headcount_{end}", "cutoff=1") for end in ("low", "high")] == pytest.approx([3 / 5, 4 / 5])
    assert [figure(made, f"headcount_{end}", "cutoff=2") for end in ("low", "high")] == pytest.approx([1 / 5, 3 / 5])
    ends = [figure(made, f"adjusted_headcount_{end}", "cutoff=2") for end in ("low", "high")]
    assert ends == pytest.approx([1 / 5, 3 / 5])
    assert figure(made, "incidence", "dimension=b", column="n") == 4
    assert figure(made, "incidence", "dimension=b") == pytest.approx(0.5)
    assert figure(made, "headcount_low", "cutoff=1", column="n") == 5


def test_counting_children_with_one_known_deprivation_says_too_much():
    """Ten children without any need but with one open answer each, ten with one need and one open answer."""
    first, second = [0.0] * 10 + [1.0] * 10 + [0, 1], [DK] * 20 + [0, 0]
    dimensions = {"d": [item("a", first), item("b", second)]}
    strict = overlap(sample_of(22), dimensions).counting
    known = overlap(sample_of(22), dimensions, base="known").counting
    assert (figure(strict, "headcount", "cutoff=1"), figure(strict, "headcount", "cutoff=1", column="n")) == (0.5, 2)
    assert figure(known, "headcount", "cutoff=1") == pytest.approx(11 / 12)


def test_a_point_estimate_outside_the_bounds_is_shown():
    """Of those measured all are deprived in both; the others are known not to be."""
    dimensions = {"a": [item("a", [1, 0, 0, 0])], "b": [item("b", [1, DK, DK, DK])]}
    found = overlap(sample_of(4), dimensions, [2])
    (row,) = found.outside_bounds().query("measure == 'headcount'").to_dict("records")
    assert (row["estimate"], row["low"], row["high"]) == (1.0, 0.25, 0.25)


# --- what nobody answered -----------------------------------------------------------------------------------------


def test_a_dimension_nobody_answered_is_left_out_and_named():
    dimensions = {"a": [item("a", [1, 0, 1])], "b": [item("b", [NOT_ASKED] * 3)], "c": [item("c", [1, 1, 0])]}
    found = overlap(sample_of(3), dimensions, [1, 2, 3])
    assert found.dimensions == ("a", "c")
    assert [finding.rule for finding in found.findings] == ["dimension_unmeasured", "cutoff_out_of_reach"]
    assert "none as not deprived" in str(found.findings[0])
    assert list(found.table("cutoffs", by="")["cutoff"].unique()) == ["1", "2"]
    assert figure(found.bounds, "headcount_high", "cutoff=2") == pytest.approx(1 / 3)


def test_an_indicator_nobody_answered_is_left_out_of_its_dimension():
    found = overlap(sample_of(3), {"a": [item("a", [1, 0, 1]), item("b", [DK, DK, DK])]})
    assert [finding.rule for finding in found.findings] == ["indicator_unmeasured"]
    assert figure(found.counting, "headcount", "cutoff=1", column="n") == 3


def test_a_threshold_that_too_few_indicators_can_reach_leaves_the_dimension_out():
    two = Dimension([item("a", [1, 0]), item("b", [DK, DK])], 2)
    found = overlap(sample_of(2), {"d": two, "e": [item("e", [1, 0])]})
    assert found.dimensions == ("e",)
    assert "1 of its 2 indicators" in str(found.findings[0])


def test_nothing_measured_gives_no_figures_and_says_so():
    found = overlap(sample_of(2), {"a": [item("a", [DK, DK])]}, [1])
    assert len(found.estimates) == 0
    assert list(found.estimates.columns) == list(COLUMNS)
    assert {finding.rule for finding in found.findings} == {"dimension_unmeasured", "cutoff_out_of_reach"}
    assert len(found.table("cutoffs")) == 0
    assert len(found.outside_bounds()) == 0
    with pytest.raises(InputError, match="no dimension was measured"):
        weighting_sensitivity(found)


def test_children_whom_a_dimension_is_not_about_are_counted_and_left_out():
    dimensions = {"school": [item("school", [OUTSIDE, 1, 0, 0])], "health": [item("health", [1, 1, 0, DK])]}
    found = overlap(sample_of(4), dimensions)
    (finding,) = found.findings
    assert (finding.rule, finding.count) == ("outside_overlap", 1)
    assert figure(found.counting, "headcount", "cutoff=1", column="n") == 2
    assert figure(found.bounds, "headcount_low", "cutoff=1", column="n") == 3
    assert figure(found.counting, "headcount", "cutoff=1", column="n_blank") == 0


def test_a_base_of_zero_has_a_reason():
    dimensions = {"a": [item("a", [1, DK])], "b": [item("b", [DK, 0])]}
    found = overlap(sample_of(2), dimensions)
    row = found.counting.iloc[0]
    assert (row["n"], row["reason"], np.isnan(row["estimate"])) == (0, "nobody_answered", True)
    assert figure(found.bounds, "headcount_high", "cutoff=1") == 1.0
    assert len(found.combinations) == 0


def test_nobody_multiply_deprived_has_no_intensity():
    dimensions = {"a": [item("a", [1, 0])], "b": [item("b", [0, 0])]}
    made = overlap(sample_of(2), dimensions, [2]).counting
    assert figure(made, "headcount", "cutoff=2") == 0
    assert figure(made, "intensity", "cutoff=2", column="reason") == "denominator_zero"
    assert figure(made, "contribution_share", "cutoff=2;dimension=a", column="reason") == "denominator_zero"


# --- patterns -----------------------------------------------------------------------------------------------------


def test_patterns_by_hand():
    cells = {"a": [1, 1, 1, 0, 0], "b": [1, 1, 0, 0, 0], "c": [1, 0, 0, 0, DK]}
    found = overlap(sample_of(5), {name: [item(name, some)] for name, some in cells.items()})
    made = found.estimates
    assert [figure(made, "deprivations", f"count={number}") for number in range(4)] == [0.25] * 4
    assert [figure(made, "at_least", f"count={number}") for number in (1, 2, 3)] == [0.75, 0.5, 0.25]
    assert figure(made, "mean_deprivations") == 1.5
    assert figure(made, "depth") == 2.0
    assert [figure(made, "together", f"dimension=a;others={others}") for others in range(3)] == [0.25] * 3
    assert figure(made, "together_of_deprived", "dimension=b;others=2") == 0.5
    assert figure(made, "pair", "dimension=a;other=b") == 0.5
    assert figure(made, "at_least_high", "count=1") == pytest.approx(4 / 5)


def test_combinations_come_most_frequent_first_and_make_up_the_whole(survey):
    sample, dimensions = survey
    table = pd.DataFrame(overlap(sample, dimensions, by="area").table("combinations"))
    whole = table[table["by"] == ""]
    assert whole["estimate"].is_monotonic_decreasing
    assert whole["estimate"].sum() == pytest.approx(1)
    assert (whole["n_need"].sum(), set(whole["n"])) == (whole["n"].iloc[0], {whole["n"].iloc[0]})
    assert len(whole) == 8
    assert whole.set_index("combination")["size"].to_dict()["education+health+support"] == "3"
    assert whole.set_index("combination")["size"].to_dict()[""] == "0"


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_measures_and_their_labels(name, survey):
    sample, dimensions = survey
    table = overlap(sample, dimensions, [1, 2], by="hukou").table(name)
    assert set(table["indicator"]) == set(TABLES[name].measures) <= set(MEASURES)
    assert list(table.columns[: len(TABLES[name].places)]) == list(TABLES[name].places)
    assert table.covariance().shape == (len(table), len(table))
    assert all(set(label) == {"zh", "en"} for label in (MEASURES | SEVERITY_MEASURES).values())


def test_more_dimensions_than_bits():
    draw = np.random.default_rng(5)
    y = (draw.random((50, 70)) < 0.3) * 1.0
    found = overlap(sample_of(50), {f"d{j}": [Item(f"d{j}", y[:, j])] for j in range(70)}, [20, 0.4])
    assert figure(found.counting, "headcount", "cutoff=20") == pytest.approx((y.sum(axis=1) >= 20).mean())
    assert len(found.combinations) == 50


# --- the engine ---------------------------------------------------------------------------------------------------


def test_sums_of_states_are_the_sums_of_respondents(survey, monkeypatch):
    sample, dimensions = survey
    sample = sample.subpopulation(np.arange(600) % 9 > 0)
    asked = {"by": ["hukou", "area"], "weights": {"education": 1, "health": 2, "support": 1.5}}
    ours = overlap(sample, dimensions, **asked).estimates
    monkeypatch.setattr(Asked, "_by_rows", True)
    theirs = overlap(sample, dimensions, **asked).estimates
    for name in COLUMNS:
        if ours[name].dtype.kind != "f":
            assert list(ours[name]) == list(theirs[name]), name
        elif name != "deff":
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-10, atol=1e-14, err_msg=name)
    varied = theirs["se"] > 1e-12  # where a ratio is the same for everybody, the engine divides rounding by rounding
    np.testing.assert_allclose(ours["deff"][varied], theirs["deff"][varied], rtol=1e-9)


@pytest.mark.parametrize("kind", ["probability", "census"])
def test_nothing_gives_a_protected_headcount_away(kind):
    """Three of forty are deprived in both: H, M0, A and every contribution disappear together."""
    dimensions = {"a": [item("a", [1] * 3 + [0] * 37)], "b": [item("b", [1] * 20 + [0] * 20)]}
    sample = Sample(pd.DataFrame({"row": range(40)}), kind=kind)
    found = overlap(sample, dimensions)
    made = protect(found.counting, Policy(5)).frame
    hidden = made[made["option"].str.startswith("cutoff=2") | made["option"].str.contains("dimension=a")]
    assert hidden["estimate"].isna().all()
    shown = made[(made["indicator"] == "headcount") & (made["option"] == "cutoff=1")]
    assert (shown["estimate"] == 0.5).all()
    assert figure(found.counting, "adjusted_headcount", "cutoff=1", column="n_need") == 20
    for name in TABLES:
        assert protect(found.table(name), Policy(5)).frame is not None


def test_a_census_has_no_sampling_error_and_calibrated_weights_are_credited(survey):
    sample, dimensions = survey
    census = Sample(sample.frame, weight="w", kind="census")
    row = overlap(census, dimensions, [1]).counting.iloc[0]
    assert (row["se"], row["low"]) == (0, row["estimate"])
    totals = {"村庄": 300.0, "城中村": 250.0, "小区": 250.0}
    stratified = weighting.post_stratify(sample, "area", totals)
    unaware = Sample(sample.frame.assign(w=stratified.design.weight), weight="w", strata="stratum", cluster="cluster")
    one, other = (overlap(some, dimensions, [1], by="area").groups for some in (stratified, unaware))
    np.testing.assert_allclose(one["estimate"], other["estimate"])
    assert figure(one, "group_share", "group=area%3D村庄", column="se") < 0.8 * figure(
        other, "group_share", "group=area%3D村庄", column="se"
    )


def test_other_ways_of_counting_have_other_result_ids(survey):
    sample, dimensions = survey
    made = [
        overlap(sample, dimensions, [1]),
        overlap(sample, dimensions, [1], {"education": 2, "health": 1, "support": 1}),
        overlap(sample, dimensions, [1], base="known"),
        overlap(sample, {**dimensions, "support": Dimension(dimensions["support"], 2)}, [1]),
    ]
    assert len({one.counting["result_id"].iloc[0] for one in made}) == 4
    again = overlap(sample, dimensions, [1]).counting
    assert list(again["result_id"]) == list(made[0].counting["result_id"])


def test_the_repr_shows_nobody(survey):
    sample, dimensions = survey
    assert repr(overlap(sample, dimensions)) == "Overlap(findings=())"


# --- what is refused ----------------------------------------------------------------------------------------------

GOOD = {"health": [item("h", [1, 0, 1])], "support": [item("s", [0, 0, 1])]}


@pytest.mark.parametrize(
    ("dimensions", "asked", "message"),
    [
        ({}, {}, "got none"),
        ([1], {}, "got list"),
        ({"a": []}, {}, "'a' has no list of items"),
        ({"a": "h"}, {}, "'a' has no list of items"),
        ({"a+b": GOOD["health"]}, {}, "name without"),
        ({"a": [item("h", [1, 2, 0.5])]}, {}, "holds 2 numbers other than 0 and 1"),
        ({"a": [item("h", [1, 0])]}, {}, "has 2 answers and the sample 3 respondents"),
        ({"a": GOOD["health"], "b": GOOD["health"]}, {}, "'h' in 'a' and 'b'"),
        ({"a": GOOD["health"] * 2}, {}, "'h' in 'a' and 'a'"),
        ({"a": Dimension(GOOD["health"], 2)}, {}, "whole number from 1 to 1"),
        ({"a": [Item("r", np.ones(3), below=np.ones(3))]}, {}, "is a ratio"),
        (GOOD, {"weights": {"health": 1, "suport": 1}}, "did you mean 'support'"),
        (GOOD, {"weights": {"health": 1}}, "'support' has no weight"),
        (GOOD, {"weights": {"health": 1, "support": 0}}, "weight of 'support' is 0"),
        (GOOD, {"weights": [1, 1]}, "not of type list"),
        (GOOD, {"cutoffs": [3]}, "cutoff 3 is neither a count from 1 to 2"),
        (GOOD, {"cutoffs": [0]}, "cutoff 0 is neither"),
        (GOOD, {"cutoffs": [1.5]}, "cutoff 1.5 is neither"),
        (GOOD, {"cutoffs": [True]}, "cutoff True is neither"),
        (GOOD, {"cutoffs": []}, r"cutoffs are \[\]"),
        (GOOD, {"cutoffs": 2}, "cutoffs are 2"),
        (GOOD, {"base": "measurd"}, "did you mean 'measured'"),
    ],
)
def test_bad_input_is_named(dimensions, asked, message):
    with pytest.raises(InputError, match=message):
        overlap(sample_of(3), dimensions, **asked)


def test_unknown_groups_levels_and_tables_are_refused(survey):
    sample, dimensions = survey
    with pytest.raises(DesignError, match="did you mean 'hukou'"):
        overlap(sample, dimensions, by="huko")
    with pytest.raises(DesignError, match="confidence level"):
        overlap(sample, dimensions, level=95)
    with pytest.raises(DesignError, match="Sample is needed"):
        overlap(sample.frame, dimensions)
    with pytest.raises(InputError, match="did you mean 'combinations'"):
        overlap(sample, dimensions).table("combination")


# --- robustness ---------------------------------------------------------------------------------------------------


def test_every_weighting_gives_what_the_overlap_gives(survey):
    sample, dimensions = survey
    found = weighting_sensitivity(overlap(sample, dimensions, [2], by="area"), draws=20)
    assert list(found.weightings["kind"].value_counts(sort=False)) == [1, 6, 20]
    assert found.weightings[["education", "health", "support"]].sum(axis=1).to_numpy() == pytest.approx(np.ones(27))
    for weighting_ in (1, 4, 20):
        weights = found.weightings.set_index("weighting").loc[weighting_, ["education", "health", "support"]].to_dict()
        ours = overlap(sample, dimensions, [2 / 3], weights, by="area").counting
        rows = found.figures[found.figures["weighting"] == weighting_]
        for row in rows.itertuples():
            assert row.estimate == pytest.approx(figure(ours, row.measure, "cutoff=66.66666667%25", row.by))


def test_a_shifted_weight_is_half_more_and_half_less(survey):
    sample, dimensions = survey
    weights = weighting_sensitivity(overlap(sample, dimensions), draws=1).weightings
    assert weights.loc[1, "education"] / weights.loc[1, "health"] == pytest.approx(1.5)
    assert weights.loc[2, "education"] / weights.loc[2, "health"] == pytest.approx(0.5)


def test_a_group_that_is_worse_in_everything_keeps_its_place():
    worse = [1.0] * 20 + [0.0] * 20
    dimensions = {"a": [item("a", worse)], "b": [item("b", worse)], "c": [item("c", [1.0, 0.0] * 20)]}
    sample = sample_of(40, group=["x"] * 20 + ["y"] * 20)
    found = weighting_sensitivity(overlap(sample, dimensions, [1, 2], by="group"), draws=50)
    kept = found.order[(found.order["cutoff"] == "2") & (found.order["measure"] == "adjusted_headcount")]
    assert set(kept["kept"]) == {1.0}
    assert (kept["difference"] < 0).all()
    again = weighting_sensitivity(overlap(sample, dimensions, [1, 2], by="group"), draws=50)
    pd.testing.assert_frame_equal(again.figures, found.figures)
    ranks = found.ranges[(found.ranges["by"] == "group=x") & (found.ranges["cutoff"] == "2")]
    assert set(ranks["declared_rank"]) == {1.0}


def test_pairs_without_an_order_say_why():
    sample = sample_of(6, group=["x", "x", "y", "y", "z", "z"])
    dimensions = {"a": [item("a", [1, 0, 1, 0, DK, DK])], "b": [item("b", [0, 1, 0, 1, 1, 1])]}
    order = weighting_sensitivity(overlap(sample, dimensions, [1], by="group"), draws=5).order
    reasons = order.set_index(["first", "second"])["reason"].groupby(level=[0, 1]).first()
    assert reasons[("group=x", "group=y")] == "equal"
    assert reasons[("group=x", "group=z")] == "nobody_answered"


@pytest.mark.parametrize("asked", [{"draws": 0}, {"draws": True}, {"shift": 1}, {"shift": 0}])
def test_bad_sensitivity_is_named(survey, asked):
    with pytest.raises(InputError, match="draws="):
        weighting_sensitivity(overlap(*survey), **asked)


def test_groups_are_compared_at_every_cutoff(survey):
    sample, dimensions = survey
    found = overlap(sample, dimensions, by="area")
    table = pd.DataFrame(cutoff_robustness(found))
    assert len(table) == 3 * 3 * 2
    assert set(table["cutoff"]) == {"1", "2", "3"}
    row = table[(table["indicator"] == "headcount") & (table["cutoff"] == "1")].iloc[0]
    first, second = row["by"].removeprefix("area=").split(" − ")
    levels = [figure(found.counting, "headcount", "cutoff=1", f"area={level}") for level in (first, second)]
    assert row["estimate"] == pytest.approx(levels[0] - levels[1])
    signs = table.groupby(["indicator", "by"])["estimate"].agg(
        lambda given: len(set(np.sign(given.round(12)) - 0)) == 1
    )
    told = table.groupby(["indicator", "by"])["always"].first()
    assert (told | ~signs).all()
    with pytest.raises(InputError, match="not split by a group"):
        cutoff_robustness(overlap(sample, dimensions))


# --- change -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rounds():
    (first, before), (second, after) = made(1, 500, 0.2, {"round": "r1"}), made(2, 600, 0.3, {"round": "r2"})
    return (first, second), (before, after)


def test_what_h_and_a_add_is_the_change_of_m0(rounds):
    samples, dimensions = rounds
    found = overlap_change(*samples, dimensions, by="hukou", over="area")
    changes, effects, mix = (pd.DataFrame(part) for part in (found.changes, found.effects, found.mix))
    whole = changes[changes["indicator"] == "adjusted_headcount"].set_index(["option", "by"])["estimate"]
    split = effects.groupby(["option", "by"])["estimate"].sum()
    np.testing.assert_allclose(split, whole.loc[split.index], atol=1e-14)
    parts = changes[changes["indicator"] == "contribution"]
    options = parts["option"].str.split(";").str[0]
    summed = parts.groupby([options, parts["by"]])["estimate"].sum()
    np.testing.assert_allclose(summed, whole.loc[summed.index], atol=1e-14)
    wide = mix.pivot(index="option", columns="statistic", values="estimate")
    np.testing.assert_allclose(wide["mean_change_within"] + wide["mean_change_mix"], wide["mean_change"], atol=1e-14)
    assert set(effects["statistic"]) == {"headcount_effect", "intensity_effect"}
    assert effects["result_id"].is_unique
    assert set(effects["round"]) == {"r1→r2"}


def test_the_change_without_groups_is_that_of_the_two_overlaps(rounds):
    samples, dimensions = rounds
    found = pd.DataFrame(overlap_change(*samples, dimensions, [2], terms=Terms(overlap="none")).changes)
    levels = [overlap(*pair, [2]).counting for pair in zip(samples, dimensions, strict=True)]
    for name in ("headcount", "adjusted_headcount", "intensity"):
        one, two = (figure(level, name, "cutoff=2") for level in levels)
        errors = [figure(level, name, "cutoff=2", column="se") for level in levels]
        assert figure(found, name, "cutoff=2") == pytest.approx(two - one)
        assert figure(found, name, "cutoff=2", column="se") == pytest.approx(np.hypot(*errors))


def test_what_one_round_did_not_measure_is_left_out_of_both(rounds):
    (first, second), (before, after) = rounds
    gone = {**after, "support": [Item(one.indicator, np.full(600, np.nan)) for one in after["support"]]}
    found = overlap_change(first, second, (before, gone))
    assert {finding.rule for finding in found.findings} == {"dimension_unmeasured", "overlap_not_comparable"}
    assert found.findings[0].where == "overlap: support, r2"
    assert not found.changes["option"].str.contains("support").any()
    assert set(found.changes["option"].str.extract(r"cutoff=(\d)")[0].dropna()) == {"1", "2"}
    newer = {**after, "health": [Item(one.indicator, one.y, one.reasons, version="2") for one in after["health"]]}
    told = overlap_change(first, second, (before, newer)).findings
    assert "another version" in str(told[0])
    nothing = overlap_change(first, second, ({"a": before["health"]}, {"a": newer["health"]}))
    assert (len(nothing.changes), len(nothing.effects), len(nothing.mix)) == (0, 0, 0)


def test_no_intensity_in_a_round_leaves_the_effects_undefined():
    sample = [sample_of(4).described(labels={"round": name}) for name in ("r1", "r2")]
    none, some = ({"a": [item("a", cells)], "b": [item("b", cells)]} for cells in ([0, 0, 0, 0], [1, 0, 1, 0]))
    found = overlap_change(*sample, (none, some), [1], terms=Terms(overlap="none"))
    assert set(found.effects["reason"]) == {"denominator_zero"}
    assert found.effects["estimate"].isna().all()
    assert figure(found.changes, "adjusted_headcount", "cutoff=1") == 0.5


def test_rounds_with_other_dimensions_are_refused(rounds):
    samples, (before, after) = rounds
    with pytest.raises(InputError, match="same dimensions in the same order"):
        overlap_change(*samples, (before, {"health": after["health"]}))


# --- severity -----------------------------------------------------------------------------------------------------


def test_the_worst_class_is_the_childs_and_an_unmeasured_one_gives_bounds():
    classes = {
        "a": item("a", [1, 5, 3, DK, 1]),
        "b": item("b", [2, DK, 4, 1, 1]),
        "c": item("c", [1, 1, 1, 1, OUTSIDE]),
    }
    made = severity(sample_of(5), classes).estimates
    assert [figure(made, "severity", f"class={one}") for one in (1, 2, 3, 4, 5)] == [0, 0.5, 0, 0.5, 0]
    assert figure(made, "severity_at_least", "class=3", column="n") == 2
    assert figure(made, "severity_at_least", "class=3", column="n_dont_know") == 2
    ends = [figure(made, f"severity_at_least_{end}", "class=5") for end in ("low", "high")]
    assert ends == [0.25, 0.5]
    assert figure(made, "severity_at_least_low", "class=3", column="n") == 4
    assert figure(made, "dimension_severity", "dimension=a;class=5") == pytest.approx(1 / 3)
    assert figure(made, "driver", "dimension=b") == 1.0
    assert figure(made, "driver", "dimension=a") == 0.0


def test_a_ladder_dimension_nobody_answered_is_left_out_and_named():
    found = severity(sample_of(2), {"a": item("a", [1, 3]), "b": item("b", [DK, DK])})
    assert [finding.rule for finding in found.findings] == ["dimension_unmeasured"]
    assert figure(found.estimates, "severity_at_least", "class=3") == 0.5
    nothing = severity(sample_of(2), {"b": item("b", [DK, DK])})
    assert len(nothing.estimates) == 0


def test_the_ladder_and_the_counts_stand_side_by_side():
    classes = {"a": item("a", [1, 5, 3, DK]), "b": item("b", [2, 4, 2, 1])}
    found = overlap(sample_of(4), deprived_from(classes), [1, 2])
    assert figure(found.counting, "headcount", "cutoff=1") == pytest.approx(2 / 3)
    assert figure(found.counting, "headcount", "cutoff=2") == pytest.approx(1 / 3)
    assert figure(severity(sample_of(4), classes).estimates, "severity_at_least", "class=3") == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("classes", "asked", "message"),
    [
        ({}, {}, "at least one"),
        ({"a": [1, 2]}, {}, "at least one"),
        ({"a": item("a", [0, 6])}, {}, "holds 2 values that are no class"),
        ({"a": item("a", [1])}, {}, "not one for each of 2"),
        ({"a": item("a", [1, 2])}, {"in_need": 1}, "from class 1 on"),
    ],
)
def test_bad_classes_are_named(classes, asked, message):
    with pytest.raises(InputError, match=message):
        severity(sample_of(2), classes, **asked)
