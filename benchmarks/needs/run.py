"""Every figure of benchmarks/needs/results.md: a study of needs from answers to changes, and overlap beside mpitb.

    python benchmarks/needs/run.py [--children 20000 5000] [--sizes 20000x6x48 …] [--repeats 5] [--folder PLACE]

Needs R with ``survey``. Studies and data are made once and kept in --folder (a temporary one by default). Every
measurement is a process of its own. Writes results.md beside itself, and says there which aims are missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import overlap
import study

HERE = Path(__file__).parent
SECONDS, PEAK = 20.0, 1000.0
"""Aims: all steps of a study of 20,000 children in each of four rounds, on the clock, and MB at the peak."""


def measured(folder: Path, children: int) -> dict[str, Any]:
    """Steps of one study, whose exports have been read into the store before."""
    place = folder / f"study_{children}"
    if not place.exists():
        study.write_study(place, children)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", READ, str(place)], check=True)
    reading = time.perf_counter() - started
    done = subprocess.run([sys.executable, str(HERE / "measure.py"), str(place)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"measure.py failed:\n{done.stderr[-2000:]}")
    found = {**json.loads(done.stdout.strip().splitlines()[-1]), "children": children, "reading": reading}
    print(found, flush=True)
    return found


READ = """
import sys
from xzz_analysis.intake.store import load
from xzz_analysis.study import open_study
load(open_study(sys.argv[1]))
"""


def steps(found: list[dict[str, Any]]) -> str:
    """The section of results.md about whole studies."""
    head = ["step", *(f"{one['children']:,} a round: {what}" for one in found for what in ("seconds", "CPU", "rows"))]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for same in zip(*(one["steps"] for one in found), strict=True):
        cells = [f"{step['wall']:.2f} | {step['cpu']:.2f} | {step['rows']:,}" for step in same]
        lines.append("| " + " | ".join([same[0]["step"], *cells]) + " |")
    totals = [[sum(step[clock] for step in one["steps"]) for clock in ("wall", "cpu")] for one in found]
    lines.append("| **all** | " + " | ".join(f"**{wall:.1f}** | {cpu:.1f} | " for wall, cpu in totals) + " |")
    peaks = ", ".join(f"{one['peak']:.0f} MB with {one['children']:,} children a round" for one in found)
    missed = [
        f"{one['children']:,} children a round: {wall:.1f} s, {one['peak']:.0f} MB"
        for one, (wall, _) in zip(found, totals, strict=True)
        if wall > SECONDS or one["peak"] > PEAK
    ]
    return f"""## Sixty indicators, twelve communities, four rounds

{chr(10).join(lines)}

Peak of the process: {peaks}.

One process, from a study folder through expressions, samples and the survey engine to tables with errors: sixty
indicators (50 shares, some of them with a base or of two questions, 8 means, 2 ratios), 12 communities of 20 clusters
with unequal weights, the same clusters in all rounds. Changes are between rounds that follow each other,
with the covariance of the clusters; overlap is of {study.DIMENSIONS} dimensions of 3 indicators at every cutoff, with
all its measures (counts, bounds, patterns, combinations). Not in it: reading the exports into the store, checks of
quality included ({", ".join(f"{one['reading']:.0f} s" for one in found)}); it happens once.

Aims are {SECONDS:.0f} s and {PEAK:,.0f} MB. Missed: {"; ".join(missed) or "none"}.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--children", nargs="+", type=int, default=[20_000, 5_000])
    parser.add_argument("--sizes", nargs="+", default=list(overlap.SIZES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--python", default="", help="a Python that has mpitb, instead of installing it")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        found = [measured(folder, children) for children in options.children]
        python = options.python or overlap.python_with_mpitb(Path(temporary))
        rows = [overlap.one_size(size, folder, python, options.repeats) for size in options.sizes]
    title = "# Needs: a whole study, and overlap beside its peer\n\nWritten by `python benchmarks/needs/run.py`."
    text = "\n".join([f"{title}\n", steps(found), overlap.report(rows)])
    print(text)
    (HERE / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
