"""Comparisons and tests hold whatever the numbers: orders, bounds, linearity, invariances."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import xzz_analysis as xzz
from xzz_analysis.survey import testing
from xzz_analysis.survey.testing.families import adjust, benjamini_hochberg, holm
from xzz_analysis.survey.testing.hypotheses import METHODS
from xzz_analysis.survey.testing.independence import Table, rao_scott, table_wald
from xzz_analysis.survey.testing.simultaneous import simultaneous

TABLES = METHODS[:4]
AREAS = np.array(["a", "b", "c"])

p_values = arrays.arrays(float, st.integers(1, 12), elements=st.floats(0, 1))
coefficients = st.lists(st.integers(-4, 4), min_size=3, max_size=3).filter(any)
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, *, answer: str = "share") -> pd.DataFrame:
    """Answers of 8 clusters in 2 strata; areas, weights and answers by chance, some missing."""
    rng = np.random.default_rng(seed)
    rows = 64
    frame = pd.DataFrame({"cluster": np.arange(rows) // 8, "w": rng.uniform(0.2, 5, rows)})
    frame["stratum"] = frame["cluster"] // 4
    frame["area"] = AREAS[np.r_[0:3, rng.integers(0, 3, rows - 3)]]
    frame["sex"] = np.where(np.r_[True, False, rng.random(rows - 2) < 0.5], "f", "m")
    frame["y"] = rng.random(rows) < 0.4 if answer == "share" else rng.normal(size=rows)
    frame["y"] = frame["y"].astype(float).where(rng.random(rows) > 0.1)
    return frame


def sample_of(frame: pd.DataFrame) -> xzz.Sample:
    return xzz.Sample(frame, weight="w", strata="stratum", cluster="cluster")


def means(seed: int) -> xzz.Estimates:
    return xzz.mean(sample_of(drawn(seed, answer="number")), "y", "area")


# --- families -----------------------------------------------------------------------------------------------------


@given(p=p_values)
def test_adjusted_p_lies_between_p_and_bonferroni(p):
    for adjusted in (holm(p), benjamini_hochberg(p)):
        assert (adjusted >= p * (1 - 1e-12)).all()  # n/n·p may lose the last bit
        assert (adjusted <= np.minimum(1, len(p) * p) * (1 + 1e-12)).all()


@given(p=p_values)
def test_screening_is_never_stricter_than_holm(p):
    assert (benjamini_hochberg(p) <= holm(p) * (1 + 1e-12)).all()


@given(p=p_values, seed=seeds)
@pytest.mark.parametrize("method", ["none", "holm", "benjamini-hochberg"])
def test_the_order_of_the_questions_changes_nothing(method, p, seed):
    order = np.random.default_rng(seed).permutation(len(p))
    np.testing.assert_array_equal(adjust(p[order], method)[0], adjust(p, method)[0][order])


@given(p=p_values)
@pytest.mark.parametrize("method", ["none", "holm", "benjamini-hochberg"])
def test_the_order_of_the_p_values_is_kept(method, p):
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjust(p, method)[0][order]) >= 0).all()


@given(p=p_values, where=st.data())
@pytest.mark.parametrize("method", ["none", "holm", "benjamini-hochberg"])
def test_absent_tests_are_as_if_they_had_not_been_asked(method, p, where):
    absent = where.draw(arrays.arrays(bool, len(p)))
    adjusted, tests = adjust(np.where(absent, np.nan, p), method)
    np.testing.assert_array_equal(adjusted[~absent], adjust(p[~absent], method)[0])
    np.testing.assert_array_equal(np.isnan(adjusted), absent)
    assert tests == (~absent).sum()


# --- the largest |t| ----------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=seeds, size=st.integers(1, 8), rank=st.integers(1, 8), df=st.integers(1, 60))
def test_simultaneous_p_lies_between_p_and_bonferroni_and_keeps_the_order(seed, size, rank, df):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, rank))
    factor /= np.linalg.norm(factor, axis=1)[:, None]
    p = rng.uniform(1e-6, 1, size)
    found = simultaneous(p, factor @ factor.T, np.full(size, float(df)))
    assert ((found.p_adjusted >= p) & (found.p_adjusted <= np.minimum(1, size * p) * (1 + 1e-12))).all()
    assert (np.diff(found.p_adjusted[np.argsort(p)]) >= -1e-12).all()


@settings(max_examples=10, deadline=None)
@given(seed=seeds, size=st.integers(2, 6), df=st.lists(st.integers(2, 50), min_size=6, max_size=6))
def test_at_the_critical_value_the_adjusted_p_is_what_is_left_of_the_level(seed, size, df):
    from scipy.special import stdtr

    factor = np.random.default_rng(seed).normal(size=(size, size))
    factor /= np.linalg.norm(factor, axis=1)[:, None]
    correlation, df = factor @ factor.T, np.array(df[:size], float)
    critical = simultaneous(np.full(size, 0.5), correlation, df, 0.9).critical
    at = simultaneous(2 * stdtr(df, -critical), correlation, df)
    np.testing.assert_allclose(at.p_adjusted, 0.1, rtol=1e-6)  # the bisection's own end


# --- contrasts ----------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=seeds, one=coefficients, other=coefficients)
def test_contrasts_are_linear(seed, one, other):
    estimates = means(seed)
    matrix = np.array([one, other], float)
    asked = {name: dict(enumerate(row)) for name, row in zip("ab", matrix, strict=True)}
    found = testing.contrast(estimates, asked)
    covariance = matrix @ estimates.covariance() @ matrix.T
    scale = np.abs(covariance).max()
    np.testing.assert_allclose(found["estimate"], matrix @ estimates["estimate"], atol=1e-12)
    np.testing.assert_allclose(found.covariance(), covariance, atol=1e-12 * scale)
    np.testing.assert_allclose(found["se"] ** 2, np.diag(covariance), atol=1e-12 * scale)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, times=st.floats(0.01, 100))
def test_a_multiple_of_a_contrast_has_the_same_test(seed, times):
    found = testing.contrast(means(seed), {"one": {0: 1, 2: -1}, "more": {0: times, 2: -times}})
    np.testing.assert_allclose(found["t"][0], found["t"][1], rtol=1e-9)
    assert found["df"][0] == found["df"][1]


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_differences_add_up(seed):
    gap = testing.differences(means(seed), "area").set_index("by")["estimate"]
    assert gap["area=c − a"] == pytest.approx(gap["area=b − a"] + gap["area=c − b"], abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
@pytest.mark.parametrize("method", ["holm", "max-t"])
def test_every_absent_figure_has_a_reason(method, seed):
    frame = drawn(seed)
    frame = frame[frame.index % 5 == seed % 5]
    found = testing.differences(xzz.share(sample_of(frame), "y", ["area", "sex"]), "area", adjust=method)
    absent = found[["estimate", "se", "low", "high", "t", "p", "p_adjusted"]].isna().any(axis=1)
    np.testing.assert_array_equal(absent, found["reason"] != "")
    assert not np.isinf(found.select_dtypes(float).to_numpy()).any()


# --- tests of questions -------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(seed=seeds, times=st.floats(1e-6, 1e12))
@pytest.mark.parametrize("method", METHODS)
def test_rows_and_the_scale_of_weights_change_nothing(method, seed, times):
    frame = drawn(seed)
    by = "sex" if method == "t" else "area"
    expected = testing.test(sample_of(frame), "y", by, method=method)
    moved = frame.sample(frac=1, random_state=seed).assign(w=lambda shuffled: shuffled["w"] * times)
    found = testing.test(sample_of(moved), "y", by, method=method)
    numbers = ["statistic", "df1", "df2", "p", "n"]
    pd.testing.assert_frame_equal(found[numbers], expected[numbers], rtol=1e-6)  # ill-conditioned tables
    assert found["reason"].tolist() == expected["reason"].tolist()


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
@pytest.mark.parametrize("method", METHODS)
def test_every_test_is_a_probability_or_says_why_not(method, seed):
    frame = drawn(seed)
    frame = frame[frame.index % 6 == seed % 6]
    if frame["sex"].nunique() == 2:
        found = testing.test(sample_of(frame), "y", "sex", method=method).iloc[0]
        assert (0 <= found["p"] <= 1) != bool(found["reason"])
        assert not np.isinf(found[["statistic", "df1", "df2"]].astype(float)).any()


@settings(max_examples=25, deadline=None)
@given(seed=seeds, rows=st.integers(2, 4), columns=st.integers(2, 4))
@pytest.mark.parametrize("method", [rao_scott, lambda table: table_wald(table, adjusted=False)])
def test_the_order_of_levels_changes_nothing(method, seed, rows, columns):
    rng = np.random.default_rng(seed)
    total = rng.uniform(1, 9, (rows, columns))
    factor = rng.normal(size=(rows * columns, rows * columns + 4)) * np.sqrt(total.ravel())[:, None]
    table = Table(total, factor @ factor.T / 40, 200, 40)
    row, column = rng.permutation(rows), rng.permutation(columns)
    place = np.arange(rows * columns).reshape(rows, columns)[np.ix_(row, column)].ravel()
    moved = Table(total[np.ix_(row, column)], table.covariance[np.ix_(place, place)], 200, 40)
    assert method(moved).p == pytest.approx(method(table).p, rel=1e-7)  # solves with random covariances


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
@pytest.mark.parametrize("method", TABLES)
def test_question_and_group_are_interchangeable(method, seed):
    sample = sample_of(drawn(seed))
    one, other = testing.test(sample, "y", "area", method=method), testing.test(sample, "area", "y", method=method)
    assert one["p"].item() == pytest.approx(other["p"].item(), rel=1e-7, nan_ok=True)
    assert one["reason"].item() == other["reason"].item()
