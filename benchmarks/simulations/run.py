"""How often intervals hold the truth and tests find what is not there: every figure of docs/methods/simulations.md.

    python benchmarks/simulations/run.py           draws everything again, about a quarter of an hour on one core
    python benchmarks/simulations/run.py --demo    draws the demonstration study again, about five of them
    python benchmarks/simulations/run.py --page    only writes the page again from results.csv and demo.csv

Seeded: the same figures in every run with the same versions.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import demo
import intervals
import page
import pandas as pd
import type_one

RESULTS = Path(__file__).parent / "results.csv"
DEMO = Path(__file__).parent / "demo.csv"
PAGE = Path(__file__).parents[2] / "docs" / "methods" / "simulations.md"
SURVEYS = {"share": 200, "group": 200, "change": 100, "test": 100}
REPEATS = 20  # columns drawn for each survey
DRAWS = 200  # of the demonstration study
CHECKED = 5  # surveys of the cells that a test draws again


def checks() -> pd.DataFrame:
    """A few surveys of three cells, which tests/docs/test_simulations.py draws again and compares figure by figure."""
    cells = (intervals.Cell("share", 15), intervals.Cell("change", 15), type_one.Cell("10 %", "sex", 15))
    return pd.concat([cell.run(CHECKED, REPEATS) for cell in cells]).assign(run="check")


def simulate() -> pd.DataFrame:
    """Every cell."""
    out = []
    for cell in (*intervals.cells(), *type_one.cells()):
        started = time.process_time()
        found = cell.run(SURVEYS[getattr(cell, "panel", "test")], REPEATS)
        print(cell, f"{time.process_time() - started:.0f} s", flush=True)
        out.append(found)
    return pd.concat(out).assign(run="full")


def draw_demo() -> pd.DataFrame:
    """The demonstration study: all draws, and the first one, which a test draws again."""
    return pd.concat([demo.simulate(range(DRAWS)).assign(run="full"), demo.simulate(range(1)).assign(run="check")])


def write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--demo", action="store_true", help="only draw the demonstration study again")
    options = parser.parse_args()
    if not (options.page or options.demo):
        write(pd.concat([simulate(), checks()], ignore_index=True), RESULTS)
    if not options.page:
        write(draw_demo(), DEMO)
    PAGE.write_text(page.text(page.read(RESULTS), page.read_demo(DEMO)), encoding="utf-8")


if __name__ == "__main__":
    main()
