"""Every figure of benchmarks/services/results.md: large ledgers of vouchers beside plain SQL and pandas, in one run.

    python benchmarks/services/run.py [--rows 100000000] [--persons 10000000] [--pandas 6000000] [--folder PLACE]

Ledgers are made in --folder (a temporary one by default, about 4 GB with the store at 10⁸ rows). One measurement at a
time, each in a process of its own; writes results.md beside itself, and says there which aims are missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TIMES, PEAK = 1.5, 2000
"""Aims: times plain SQL on the same files, and MB at the peak."""
NAMES = {
    "same": "plain SQL for the same monthly tables",
    "scan": "plain SQL, scan and group-by alone",
    "ours": "monthly tables, uptake and what to look at",
    "known": "again, nothing changed",
    "add": "one month added",
    "persons": "different persons of the year",
    "exact": "the same, counted from the keys themselves",
}


def measure(way: str, folder: Path) -> dict[str, Any]:
    """One measurement."""
    done = subprocess.run(
        [sys.executable, str(HERE / "measure.py"), way, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(told, flush=True)
    return told


def made(folder: Path, rows: int, persons: int, *more: str) -> float:
    """Make ledgers where there are none; returns their size in MB."""
    if not folder.exists():
        subprocess.run([sys.executable, str(HERE / "data.py"), str(folder), str(rows), str(persons), *more], check=True)
    return sum(path.stat().st_size for path in folder.glob("*.parquet")) / 1024**2


def table(found: dict[str, dict[str, Any]]) -> str:
    lines = ["| | CPU seconds | seconds | peak MB |", "| --- | --- | --- | --- |"]
    for way, one in found.items():
        lines.append(f"| {NAMES[way]} | {one['cpu']:.1f} | {one['wall']:.1f} | {one['peak']:.0f} |")
    return "\n".join(lines)


def missed(found: dict[str, dict[str, Any]]) -> str:
    said = []
    for peer in ("same", "scan"):
        ratio = {clock: found["ours"][clock] / found[peer][clock] for clock in ("cpu", "wall")}
        word = "met" if ratio["cpu"] <= TIMES else "missed"
        said.append(
            f"At most {TIMES:g} times {NAMES[peer]}: {word}; {ratio['cpu']:.1f} times its CPU seconds, "
            f"{ratio['wall']:.1f} times its seconds."
        )
    peak = found["ours"]["peak"]
    said.append(f"At most {PEAK:,} MB: {'met' if peak <= PEAK else 'missed'}; {peak:,.0f} MB.")
    read = found["add"]["found"]["read"]
    said.append(f"One month added reads that month alone: {'met' if read == 2 else 'missed'}; {read} files were read.")
    ours, exact = (found[way]["found"]["issued"] for way in ("persons", "exact"))
    said.append(f"Different persons exact: {'met' if ours == exact else 'missed'}; {ours:,} and {exact:,}.")
    return "\n".join(f"- {line}" for line in said)


def report(found: dict[str, dict[str, Any]], sizes: dict[str, float], small: dict[str, dict[str, Any]]) -> str:
    ours, frames, mixed = small["ours"], small["pandas"], small["mixed"]
    held = PEAK / frames["peak"] * sizes["small"] / 1e6
    head = f"{sizes['rows']:,.0f} rows of vouchers issued and redeemed in 24 monthly files of Parquet"
    beside = " and ".join(
        f"{who} {one['cpu']:.1f} CPU seconds and {one['peak']:,.0f} MB at the peak"
        for who, one in (("the monthly tables take", ours), ("pandas takes", frames))
    )
    return f"""{head} ({sizes["mb"]:,.0f} MB);
up to {sizes["persons"]:,.0f} persons, 200 communities, 8 categories, 20,000 merchants; two threads.

{table(found)}

*Plain SQL for the same monthly tables* joins redemptions with their vouchers, as community, category and person stand
with the issue, and groups both ledgers with different persons counted; it may hold as much memory, and finds neither
uptake nor anything to look at. This is the fair comparison. *Scan and group-by alone* neither joins nor counts
persons, so it makes none of the tables of redemptions by community, and keeps nothing for the next month. Everything is
measured in a process of its own, while the machine did other work, which lengthens seconds on the clock most and CPU
seconds too: compare CPU seconds of one table only.

Aims:

{missed(found)}

Beside pandas, {sizes["small"]:,.0f} rows: {beside}.
The largest ledger that pandas holds in {PEAK:,} MB has about {held:,.0f} million rows.

The numbers of vouchers above begin with the month, so a file of issues whose numbers lie elsewhere need not be looked
through. As many rows with numbers that tell nothing of the month: {mixed["cpu"]:.1f} CPU seconds.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--persons", type=int, default=10_000_000)
    parser.add_argument("--pandas", type=int, default=6_000_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = options.folder or Path(temporary)
        small, large = place / f"small_{options.pandas}", place / f"large_{options.rows}"
        made(small, options.pandas, options.persons // 10)
        beside = {way: measure(way, small) for way in ("pandas", "ours")}
        made(place / f"mixed_{options.pandas}", options.pandas, options.persons // 10, "mixed")
        beside["mixed"] = measure("ours", place / f"mixed_{options.pandas}")
        size = made(large, options.rows, options.persons)
        found = {way: measure(way, large) for way in NAMES}
    sizes = {"rows": options.rows, "mb": size, "persons": options.persons, "small": options.pandas}
    text = report(found, sizes, beside)
    print(text)
    (HERE / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
