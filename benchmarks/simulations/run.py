"""How often intervals hold the truth and tests find what is not there: every figure of docs/methods/simulations.md.

    python benchmarks/simulations/run.py           draws everything again, about ten minutes on one core
    python benchmarks/simulations/run.py --page    only writes the page again from results.csv

Seeded: the same figures in every run with the same versions.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import intervals
import page
import pandas as pd
import type_one

RESULTS = Path(__file__).parent / "results.csv"
PAGE = Path(__file__).parents[2] / "docs" / "methods" / "simulations.md"
SURVEYS = {"share": 200, "group": 200, "change": 100, "test": 100}
REPEATS = 20  # columns drawn for each survey
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="only write the page again")
    if not parser.parse_args().page:
        results = pd.concat([simulate(), checks()], ignore_index=True)
        results.to_csv(RESULTS, index=False, float_format="%.6g", lineterminator="\n")
    PAGE.write_text(page.text(page.read(RESULTS)), encoding="utf-8")


if __name__ == "__main__":
    main()
