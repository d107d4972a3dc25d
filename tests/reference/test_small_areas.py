"""Small areas equal the same model in R with full matrices, and the published figures of a well-known example."""

import ast
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.survey.estimates import COLUMNS, Estimates, group_pairs
from xzz_analysis.survey.small_areas import fit_area_model, shrink, small_area

REFERENCE = json.loads(Path(__file__).with_name("small_areas.json").read_text(encoding="utf-8"))
RTOL = 1e-10  # full matrices against sums; the area variance is a root, solved in both to 1e-15 of its scale
ATOL = 1e-12  # an area variance near zero; R writes 15 digits
RESULTS = ("estimate", "se", "low", "high", "df", "n", "direct", "sampling_se", "shrinkage", "area_variance")


def rows_of(case):
    return pd.DataFrame(case["rows"], columns=case["columns"]).set_index("by")


def areas_of(case):
    """The direct estimates of a case that was made up, as an estimates frame, and its covariates."""
    rows = rows_of(case).reset_index()
    rows["area"] = [group_pairs(by)[0][1] for by in rows["by"]]
    answered = rows[rows["n"] > 0]
    frame = pd.DataFrame({name: 0 if name.startswith(("n_", "w")) else "" for name in COLUMNS}, index=answered.index)
    frame[["by", "statistic", "n", "deff"]] = answered[["by", "statistic", "n", "deff"]]
    frame[["estimate", "se", "df"]] = answered[["direct", "direct_se", "direct_df"]].astype(float)
    frame = frame.assign(kind="probability", result_id=answered["area"])
    return Estimates(frame), rows.set_index("area")


def estimated(case, run):
    """Perform the call of a case: of a sample, or of areas that stand in the first columns of its rows."""
    call = ast.parse(case["call"], mode="eval").body
    if not isinstance(call.args[0], ast.Name):
        return run(case)
    covariates = ast.literal_eval(call.args[1])
    covariates = covariates if isinstance(covariates, list) else [covariates]
    frame, table = areas_of(case)
    options = {option.arg: ast.literal_eval(option.value) for option in call.keywords}
    unvisited = len(frame) < len(table)
    return small_area(frame, table[covariates] if covariates or unvisited else None, **options)


def test_equals_r(case, run):
    theirs = rows_of(case)
    ours = estimated(case, run).set_index("by").loc[theirs.index]
    for column in RESULTS:
        expected = theirs[column].to_numpy(float)
        np.testing.assert_allclose(ours[column].to_numpy(float), expected, rtol=RTOL, atol=ATOL, err_msg=column)
    assert list(ours["method"]) == list(theirs["method"])
    assert ours[["estimate", "se", "low", "high"]].notna().all(axis=None)


def test_the_model_equals_r(case):
    """Coefficients, their covariance and the likelihood, which the frame does not show."""
    (expected,) = [model for model in REFERENCE["models"] if model["call"] == case["call"]]
    rows = rows_of(case).query("method == 'fay-herriot'")
    design = np.column_stack([np.ones(len(rows)), rows[expected["covariates"]]])
    model = fit_area_model(rows["direct"].to_numpy(), rows["sampling_se"].to_numpy() ** 2, design)
    np.testing.assert_allclose(model.coefficients, expected["coefficients"], rtol=RTOL)
    np.testing.assert_allclose(model.covariance, expected["covariance"], rtol=RTOL)
    assert model.log_likelihood == pytest.approx(expected["log_likelihood"], rel=RTOL)


# What others print for the spending on milk: coefficients in the documentation of R's saens, areas in the tests of
# samplics. They stop searching when σ² moves by less than 1e-4 of itself, which moves the seventh digit.
PUBLISHED_COEFFICIENTS = [0.9681890, 0.1327801, 0.2269462, -0.2413011]
PUBLISHED_COEFFICIENT_ERRORS = [0.06936208, 0.10300072, 0.09232981, 0.08161707]
PUBLISHED_AREAS = {  # estimate and mean squared error
    "1": (1.0219703, 0.013460220),
    "4": (0.7608170, 0.008541740),
    "22": (1.1923057, 0.017243977),
    "28": (0.7338443, 0.016476912),
    "34": (0.6102302, 0.003870786),
    "43": (0.6810870, 0.009903626),
}
PUBLISHED_TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def milk():
    return next(case for case in REFERENCE["cases"] if case["call"].startswith("small_area(milk, ['x1', 'x2', 'x3']"))


def test_spending_on_milk_is_as_published(milk):
    frame, covariates = areas_of({**milk, "columns": REFERENCE["columns"]})
    found = small_area(frame, covariates[["x1", "x2", "x3"]], smooth_variance=False)
    areas = found.set_index(found["by"].str.removeprefix("community="))
    for area, (estimate, error) in PUBLISHED_AREAS.items():
        assert areas.loc[area, "estimate"] == pytest.approx(estimate, abs=PUBLISHED_TOLERANCE)
        assert areas.loc[area, "se"] ** 2 == pytest.approx(error, abs=PUBLISHED_TOLERANCE)


def test_coefficients_of_spending_on_milk_are_as_published(milk):
    (model,) = [model for model in REFERENCE["models"] if model["call"] == milk["call"]]
    errors = np.sqrt(np.diag(model["covariance"]))
    np.testing.assert_allclose(model["coefficients"], PUBLISHED_COEFFICIENTS, atol=PUBLISHED_TOLERANCE)
    np.testing.assert_allclose(errors, PUBLISHED_COEFFICIENT_ERRORS, atol=PUBLISHED_TOLERANCE)


REPEATS = 400
AREAS = 40


@pytest.fixture(scope="module")
def simulated():
    """Squared errors of direct and shrunken estimates and the estimated errors, each (repeats, areas)."""
    random = np.random.default_rng(8)
    variance = np.tile([0.25, 0.5, 1.0, 2.0], AREAS // 4)
    design = np.column_stack([np.ones(AREAS), np.linspace(-1, 1, AREAS)])
    rows = []
    for _ in range(REPEATS):
        truth = design @ [2.0, 1.0] + random.normal(size=AREAS)
        direct = truth + np.sqrt(variance) * random.normal(size=AREAS)
        shrunken = shrink(fit_area_model(direct, variance, design), direct, variance, design)
        rows.append([(direct - truth) ** 2, (shrunken.estimate - truth) ** 2, shrunken.mse])
    return np.swapaxes(rows, 0, 1), variance


def test_shrinking_lowers_the_error(simulated):
    (direct, shrunken, _), variance = simulated
    for size in np.unique(variance):
        lower = (direct - shrunken)[:, variance == size].mean(axis=1)
        assert lower.mean() > 2 * lower.std() / np.sqrt(REPEATS)


def test_the_estimated_error_is_the_error(simulated):
    """The estimated mean squared error is unbiased, up to a term that vanishes faster than 1 / areas."""
    (_, shrunken, estimated), variance = simulated
    for size in np.unique(variance):
        difference = (estimated - shrunken)[:, variance == size].mean(axis=1)
        assert abs(difference.mean()) < 3 * difference.std() / np.sqrt(REPEATS)  # Monte Carlo error
