"""Scales, for any answers: what is missing never helps, and nothing hangs on the order of rows or of reversing."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.needs import scales

ROWS = 6
scale_names = st.sampled_from(sorted(scales.SCALES))


@st.composite
def answered(draw, missing=0.2):
    """A shipped scale, and answers to its items, some of them missing."""
    scale = scales.SCALES[draw(scale_names)]
    codes = st.sampled_from([np.nan, *scale.responses] if missing else list(scale.responses))
    row = st.lists(codes, min_size=len(scale.items), max_size=len(scale.items))
    rows = draw(st.lists(row, min_size=ROWS, max_size=ROWS))
    return scale, pd.DataFrame(rows, columns=scale.items, dtype=float)


@settings(max_examples=500)
@given(answered(), st.data())
def test_an_answer_that_goes_missing_never_gives_a_better_score(made, data):
    scale, items = made
    before = scales.score(scale, items)
    row, column = data.draw(st.integers(0, ROWS - 1)), data.draw(st.integers(0, len(scale.items) - 1))
    items.iloc[row, column] = np.nan
    after = scales.score(scale, items)
    assert np.isnan(after[row])  # no score at all, and never zero
    np.testing.assert_array_equal(np.delete(after, row), np.delete(before, row))


@given(answered(missing=0), st.integers(1, 3), st.data())
def test_a_prorated_score_lies_between_the_best_and_the_worst_missing_answers(made, gone, data):
    scale, items = made
    if scale.rule == "ladder":
        return
    part = scale.model_copy(update={"missing": scales.Prorate(prorate=1)})
    lost = data.draw(st.permutations(range(len(scale.items))))[: min(gone, len(scale.items) - 1)]
    codes = sorted(scale.responses, key=scale.responses.__getitem__)
    low, high, some = items.copy(), items.copy(), items.copy()
    low.iloc[:, lost], high.iloc[:, lost], some.iloc[:, lost] = codes[0], codes[-1], np.nan
    found = scales.score(part, some)
    assert (scales.score(part, low) <= found + 1e-9).all() and (found <= scales.score(part, high) + 1e-9).all()


@given(answered(), st.permutations(range(ROWS)))
def test_the_order_of_rows_and_columns_changes_no_score(made, order):
    scale, items = made
    expected = scales.score(scale, items)[order]
    np.testing.assert_array_equal(scales.score(scale, items.iloc[order, ::-1]), expected)


@given(answered())
def test_scores_stay_in_the_declared_range_and_every_one_has_a_class(made):
    scale, items = made
    found = scales.score(scale, items)
    known = found[~np.isnan(found)]
    assert ((known >= scale.range[0] - 1e-9) & (known <= scale.range[1] + 1e-9)).all()
    if scale.cutoffs is not None:
        assert (scales.categories(scale, found).isna() == np.isnan(found)).all()


@given(answered(missing=0), st.data())
def test_a_higher_answer_never_lowers_a_score(made, data):
    scale, items = made
    column = data.draw(st.integers(0, len(scale.items) - 1))
    codes = sorted(scale.responses, key=scale.responses.__getitem__)
    more = items.copy()
    more.iloc[:, column] = codes[-1]
    assert (scales.score(scale, more) >= scales.score(scale, items)).all()


@given(
    st.lists(st.lists(st.integers(1, 5), min_size=4, max_size=4), min_size=1, max_size=5), st.sets(st.integers(0, 3))
)
def test_reversing_twice_changes_nothing(rows, turned):
    names, frame = list("abcd"), pd.DataFrame(rows, columns=list("abcd"), dtype=float)
    label = {"zh": "量表", "en": "Scale"}
    plain = scales.likert("s", label, names)
    reverse = scales.likert("s", label, names, reverse=[names[place] for place in turned])
    once = pd.DataFrame(scales.item_scores(reverse, frame), columns=names)
    np.testing.assert_array_equal(scales.item_scores(reverse, once), frame)
    np.testing.assert_array_equal(scales.score(reverse, once), scales.score(plain, frame))


@st.composite
def affirmed(draw):
    """Items of increasing severity, answered so that every item is connected with every other."""
    rows = draw(st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=20, max_size=60))
    connecting = np.eye(5, dtype=int).tolist()
    return pd.DataFrame([*rows, *connecting], columns=list("abcde"), dtype=float)


@given(affirmed(), st.randoms(use_true_random=False))
def test_severities_do_not_hang_on_the_order_of_respondents_or_items(x, random):
    rows, columns = list(range(len(x))), list(x)
    random.shuffle(rows)
    random.shuffle(columns)
    one, other = scales.rasch(x), scales.rasch(x.iloc[rows][columns])
    expected = pd.Series(one.severity, one.items)[columns]
    np.testing.assert_allclose(other.severity, expected, atol=1e-7)


@given(affirmed())
def test_the_models_expectations_are_what_was_observed(x):
    model = scales.rasch(x)
    assert abs(model.severity.sum()) < 1e-9
    assert np.abs(model.influence.sum(axis=0)).max() < 1e-6  # nobody's weight moves the maximum further
    turned = scales.rasch(1 - x)
    np.testing.assert_allclose(turned.severity, -model.severity, atol=1e-7)  # denying is affirming the opposite
