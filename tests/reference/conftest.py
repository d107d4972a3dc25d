"""Reference cases: what R's survey package gave, and the Python call that has to give the same.

``x.R`` writes ``x.json``; a test of ``test_x.py`` that takes ``case`` runs once for each of its cases.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz

FOLDER = Path(__file__).parent
KEY = ["option", "statistic", "by"]
WHERE_R_GIVES_IT = ("n_need", "n_eff", "deff")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    source = FOLDER / f"{metafunc.definition.path.stem.removeprefix('test_')}.json"
    if "case" in metafunc.fixturenames and source.exists():
        reference = json.loads(source.read_text(encoding="utf-8"))
        cases = [{**case, "columns": reference["columns"]} for case in reference["cases"]]
        metafunc.parametrize("case", cases, ids=[case["id"] for case in cases])


@pytest.fixture(scope="session")
def households() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "fixtures" / "households.csv")


@pytest.fixture(scope="session")
def samples(households: pd.DataFrame) -> dict[str, xzz.Sample]:
    """Every sample that a reference file declares, made by the Python call written there."""
    calls = {}
    for source in sorted(FOLDER.glob("*.json")):
        calls |= json.loads(source.read_text(encoding="utf-8"))["samples"]
    return {name: perform(call, {"households": households}) for name, call in calls.items()}


@pytest.fixture
def run(samples: dict[str, xzz.Sample]) -> Callable[[dict[str, Any]], pd.DataFrame]:
    return lambda case: perform(case["call"], samples)


def perform(call: str, names: dict[str, Any]) -> Any:
    """Make one call of the library as it is written: names of ``names``, otherwise literal arguments."""
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)
    given = [names[arg.id] if isinstance(arg, ast.Name) else ast.literal_eval(arg) for arg in tree.args]
    options = {option.arg: ast.literal_eval(option.value) for option in tree.keywords}
    return getattr(xzz, tree.func.id)(*given, **options)


@pytest.fixture
def assert_equals_r() -> Callable[..., None]:
    return compare


def compare(estimates: pd.DataFrame, case: dict[str, Any], *, rtol: float, atol: float) -> None:
    """Compare the whole frame with R's rows; a bound that R cannot give must be absent with a reason."""
    theirs = pd.DataFrame(case["rows"], columns=case["columns"]).set_index(KEY)
    ours = answered(estimates).set_index(KEY)
    assert ours.index.is_unique
    assert set(ours.index) == set(theirs.index)
    ours = ours.loc[theirs.index]
    for column in theirs.columns:
        expected = theirs[column].to_numpy(dtype=float)
        found = ours[column].to_numpy(dtype=float, na_value=np.nan)
        if column in WHERE_R_GIVES_IT:
            found = np.where(np.isnan(expected), np.nan, found)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=column)
    absent = ours[["estimate", "se", "low", "high"]].isna().any(axis=1)
    assert (ours.loc[absent, "reason"].fillna("") != "").all()


def answered(estimates: pd.DataFrame) -> pd.DataFrame:
    """Leave out groups without a single answer, which R has no row for; they must say so."""
    empty = estimates["n"] == 0
    assert (estimates.loc[empty, "reason"].fillna("") != "").all()
    return estimates[~empty]
