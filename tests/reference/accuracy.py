"""Write docs/methods/accuracy.md: every reference family, its calls, and the worst difference its tests met.

    python tests/reference/accuracy.py

The reference tests are run, and every comparison they make with R's values is recorded.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PAGE = ROOT / "docs" / "methods" / "accuracy.md"
COLUMNS = ("estimate", "se", "low", "high", "df", "n")
FLOOR = -13  # differences below 1e-13 are the last bits of a double, and not told apart

HEAD = """# How well the estimates agree with R

Written by `make accuracy`, which runs the reference tests and records every figure they compare. Each family stands
in `tests/reference` as three files: the R script that makes the values (`make references` runs all of them), the values
with the versions of R and its packages, and the test.

A difference is |ours − theirs| / (|theirs| + floor): the floor, 1 % of a unit in most families, keeps bounds and shares
of exactly 0, which come out of a difference, from being divided by nothing. "Other" are the figures that a family
compares beside these: design effects, effective sizes, test statistics, p values, weights, covariances.
"""


@dataclass
class Family:
    """What the tests of one reference file compared."""

    values: int = 0
    worst: dict[str, float] = field(default_factory=dict)

    def add(self, column: str, difference: np.ndarray) -> None:
        self.values += len(difference)
        self.worst[column] = max([self.worst.get(column, 0.0), *difference])


@dataclass
class Recorder:
    """A pytest plugin that listens to every comparison that a reference's parametrised tests make."""

    compare: Callable[..., None]
    families: dict[str, Family] = field(default_factory=dict)
    running: str = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: Any) -> Iterator[None]:
        compares = hasattr(item, "callspec") and item.path.with_name(f"{item.path.stem[5:]}.json").exists()
        self.running = item.path.stem.removeprefix("test_") if compares else ""
        try:
            return (yield)
        finally:
            self.running = ""

    def listen(self, actual: Any, desired: Any, rtol: float = 1e-7, atol: float = 0.0, **options: Any) -> None:
        self.compare(actual, desired, rtol=rtol, atol=atol, **options)
        if not self.running:
            return
        ours, theirs = (np.atleast_1d(np.asarray(given, float)).ravel() for given in (actual, desired))
        told = np.isfinite(theirs) & np.isfinite(ours)
        base = np.abs(theirs) + (atol / rtol if rtol else 1.0)
        difference = np.abs(ours - theirs)[told] / np.where(base > 0, base, 1)[told]
        name = str(options.get("err_msg", ""))
        self.families.setdefault(self.running, Family()).add(name if name in COLUMNS else "other", difference)


def measure() -> dict[str, Family]:
    """Run the reference tests and listen."""
    recorder = Recorder(np.testing.assert_allclose)
    np.testing.assert_allclose = recorder.listen
    try:
        code = pytest.main(["-q", "-p", "no:cacheprovider", str(FOLDER)], plugins=[recorder])
    finally:
        np.testing.assert_allclose = recorder.compare
    if code:
        raise SystemExit("reference tests failed; the page was not written")
    return recorder.families


def references() -> dict[str, dict[str, Any]]:
    """Every reference file by its name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def bound(difference: float | None) -> str:
    """A power of ten that the difference stays below."""
    if difference is None:
        return ""
    return "0" if difference == 0 else f"< 1e{max(FLOOR, math.floor(math.log10(difference)) + 1)}"


def counts(reference: dict[str, Any]) -> tuple[int, int]:
    """Calls and rows of a reference file."""
    return len(reference["cases"]), sum(len(case["rows"]) for case in reference["cases"])


def row(name: str, reference: dict[str, Any], family: Family) -> str:
    """The family's line of the table."""
    calls, rows = counts(reference)
    worst = [bound(family.worst.get(column)) for column in (*COLUMNS, "other")]
    against = f"R {reference['R']}" + (f", survey {reference['survey']}" if "survey" in reference else "")
    return "| " + " | ".join([name, str(calls), str(rows), str(family.values), *worst, against]) + " |"


def page(families: dict[str, Family]) -> str:
    """The whole document."""
    known = references()
    heads = ["family", "calls", "rows", "values", *COLUMNS, "other", "against"]
    table = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    table += [row(name, known[name], family) for name, family in sorted(families.items())]
    total = sum(family.values for family in families.values())
    rows = sum(counts(known[name])[1] for name in families)
    said = f"{total:,} values in {rows:,} rows of {len(families)} families agree."
    lists = []
    for name in sorted(families):
        verbs = Counter(case["call"].split("(")[0] for case in known[name]["cases"])
        lists.append(f"- **{name}**: " + ", ".join(f"{count} × `{verb}`" for verb, count in verbs.most_common()))
    return "\n".join([HEAD, said, "", *table, "", "## Calls of each family", "", *lists, ""])


def main() -> None:
    text = page(measure())
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
