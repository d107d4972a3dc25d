"""What holds for every child: z grows with size, is 0 at the median, and does not depend on other children."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from xzz_analysis.needs.growth import FLAGS, growth_class, growth_z
from xzz_analysis.needs.growth.reference import box_cox, median
from xzz_analysis.needs.growth.scores import lms_z

MEASURE = st.sampled_from(["height", "weight", "bmi"])
CHILD = st.tuples(st.floats(0, 228), st.sampled_from(["m", "f"]))


def male(sex):
    return np.array([float(one == "m") for one in sex])


@given(MEASURE, st.lists(CHILD, min_size=1, max_size=8))
def test_the_median_child_scores_zero(measure, children):
    age, sex = np.array([one[0] for one in children]), [one[1] for one in children]
    value = median(measure, age, male(sex), "who")
    found = growth_z(measure, value, age, sex, "who")
    assert found["z"].abs().max(skipna=True) < 1e-9 or np.isnan(value).all()  # rounding of powers
    assert (found["z"].isna() == np.isnan(value)).all()


@given(MEASURE, CHILD, st.floats(0.2, 4), st.floats(0.001, 0.5))
def test_a_larger_child_scores_higher(measure, child, ratio, more):
    age, sex = child
    size = median(measure, np.array([age]), male([sex]), "who")[0] * ratio
    low, high = growth_z(measure, [size, size * (1 + more)], [age] * 2, [sex] * 2, "who")["z"]
    assert np.isnan(low) or low < high


@given(st.sampled_from(["weight", "bmi"]), CHILD, st.sampled_from([3.0, -3.0]))
def test_there_is_no_jump_where_the_scale_becomes_linear(measure, child, edge):
    L, M, S = box_cox(measure, np.array([child[0]]), male([child[1]]), "who")[0]
    size = M * (1 + L * S * edge) ** (1 / L)
    near = lms_z(np.array([size * (1 - 1e-9), size * (1 + 1e-9)]), L, M, S, restricted=True)
    assert np.isnan(size) or np.abs(near - edge).max() < 1e-6


@given(CHILD, st.floats(0.5, 2))
def test_height_needs_no_restriction_because_it_is_linear_everywhere(child, ratio):
    lms = box_cox("height", np.array([child[0]]), male([child[1]]), "who")[0]
    free, restricted = (lms_z(np.array([lms[1] * ratio]), *lms, restricted=one)[0] for one in (False, True))
    assert abs(free - restricted) < 1e-9


@given(MEASURE, st.lists(st.tuples(CHILD, st.floats(-5, 300) | st.just(np.nan)), min_size=2, max_size=6))
def test_children_do_not_depend_on_each_other_and_no_class_comes_without_a_measurement(measure, rows):
    age, sex, value = [one[0][0] for one in rows], [one[0][1] for one in rows], [one[1] for one in rows]
    together = growth_class(measure, value, age, sex, "who")
    alone = [growth_class(measure, value[i : i + 1], age[i : i + 1], sex[i : i + 1], "who") for i in range(len(rows))]
    assert together["class"].fillna("").tolist() == [one["class"].fillna("")[0] for one in alone]
    assert set(together["flag"]) <= set(FLAGS)
    assert ((together["flag"] == "") == together["class"].notna()).all()
    assert together["class"][np.isnan(value)].isna().all()
