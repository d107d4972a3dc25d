"""Reference cases: what R's survey package gave, and the Python call that has to give the same.

``x.R`` writes ``x.json``; a test of ``test_x.py`` that takes ``case`` runs once for each of its cases. A call may
name the samples of its own file, and every ``fixtures/<name>.csv``; each is made when a test first asks for it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.survey.estimates import REASONS

FOLDER = Path(__file__).parent
KEY = ["option", "statistic", "by"]
ABSENT_WITH_A_REASON = ("estimate", "se", "low", "high", "statistic", "p")
WHERE_R_GIVES_IT = ("n_need", "n_eff", "deff")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    source = FOLDER / f"{metafunc.definition.path.stem.removeprefix('test_')}.json"
    if "case" in metafunc.fixturenames and source.exists():
        reference = json.loads(source.read_text(encoding="utf-8"))
        shared = {"columns": reference["columns"], "key": reference.get("key", KEY)}
        cases = [{**case, **shared} for case in reference["cases"]]
        metafunc.parametrize("case", cases, ids=[case["id"] for case in cases])


@cache
def fixture_frame(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "fixtures" / f"{name}.csv")


@pytest.fixture(scope="session")
def households() -> pd.DataFrame:
    return fixture_frame("households")


@pytest.fixture(scope="module")
def samples(request: pytest.FixtureRequest) -> Samples:
    """The samples that this test's reference file declares."""
    return Samples(FOLDER / f"{request.path.stem.removeprefix('test_')}.json")


@pytest.fixture
def run(samples: Samples) -> Callable[[dict[str, Any]], pd.DataFrame]:
    return lambda case: perform(case["call"], samples)


class Samples(Mapping[str, Any]):
    """Samples of one reference file by name; each is made once, by the Python call written there."""

    def __init__(self, source: Path) -> None:
        self.calls = json.loads(source.read_text(encoding="utf-8"))["samples"]
        self.made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.made:
            self.made[name] = perform(self.calls[name], self)
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)


def perform(call: str, samples: Mapping[str, Any]) -> Any:
    """Make a call of the library as it is written: samples, fixtures, literals, and calls of the same."""
    return evaluate(ast.parse(call, mode="eval").body, samples)


def evaluate(node: ast.expr, samples: Mapping[str, Any]) -> Any:
    match node:
        case ast.Call():
            given = [evaluate(arg, samples) for arg in node.args]
            options = {str(option.arg): evaluate(option.value, samples) for option in node.keywords}
            return function(node.func, samples)(*given, **options)
        case ast.Name():
            return samples[node.id] if node.id in samples else fixture_frame(node.id)
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return {ast.literal_eval(key): evaluate(value, samples) for key, value in pairs if key}
        case ast.List():
            return [evaluate(item, samples) for item in node.elts]
    return ast.literal_eval(node)


def function(node: ast.expr, samples: Mapping[str, Any]) -> Any:
    """What is called: ``share``, ``weighting.rake``, ``DataFrame``, or a public method of a sample."""
    match node:
        case ast.Name(id="DataFrame"):
            return pd.DataFrame
        case ast.Name():
            return getattr(xzz, node.id)
        case ast.Attribute(value=ast.Name(id="weighting")):
            return getattr(xzz.weighting, node.attr)
        case ast.Attribute() if not node.attr.startswith("_"):
            return getattr(evaluate(node.value, samples), node.attr)
    raise ValueError(f"{ast.unparse(node)} is not a function of the library")


@pytest.fixture
def assert_equals_r() -> Callable[..., None]:
    return compare


def compare(estimates: pd.DataFrame, case: dict[str, Any], *, rtol: float, atol: float) -> None:
    """Compare the whole frame with R's rows; a bound that R cannot give must be absent with a reason."""
    theirs = pd.DataFrame(case["rows"], columns=case["columns"]).set_index(case["key"])
    ours = answered(estimates).set_index(case["key"])
    assert ours.index.is_unique
    assert set(ours.index) == set(theirs.index)
    ours = ours.loc[theirs.index]
    for column in theirs.columns:
        if any(isinstance(value, str) for value in theirs[column]):
            assert list(ours[column]) == list(theirs[column]), column
            continue
        expected = theirs[column].to_numpy(dtype=float)
        found = ours[column].to_numpy(dtype=float, na_value=np.nan)
        if column in WHERE_R_GIVES_IT:
            found = np.where(np.isnan(expected), np.nan, found)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=column)
    absent = ours[[column for column in ABSENT_WITH_A_REASON if column in theirs]].isna().any(axis=1)
    assert set(ours.loc[absent, "reason"]) <= set(REASONS)


@pytest.fixture
def assert_covariance_equals_r() -> Callable[..., None]:
    return compare_covariance


def compare_covariance(estimates: pd.DataFrame, case: dict[str, Any], *, rtol: float) -> None:
    """Compare the covariance of the rows that R names by indicator and group; zeros on the scale of their errors."""
    rows = {key: row for row, key in enumerate(zip(estimates["indicator"], estimates["by"], strict=True))}
    order = [rows[indicator, by] for indicator, by in case["keys"]]
    theirs = np.array(case["matrix"])
    scale = np.sqrt(np.outer(theirs.diagonal(), theirs.diagonal()))
    ours = np.asarray(estimates.covariance())[np.ix_(order, order)]
    np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=rtol)


def answered(estimates: pd.DataFrame) -> pd.DataFrame:
    """Leave out groups without a single answer, which R has no row for; they must say so."""
    empty = estimates["n"] == 0
    assert (estimates.loc[empty, "reason"].fillna("") != "").all()
    return estimates[~empty]
