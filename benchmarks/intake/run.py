"""Every figure of benchmarks/intake/results.md: each format beside the bare reader underneath, in one run.

    python benchmarks/intake/run.py [--rows 100000] [--questions 300] [--formats wjx-text …] [--folder PLACE]

Exports are made once and kept in --folder (a temporary one by default). One measurement at a time, each in a process
of its own. Writes results.md beside itself, and says there which aims are missed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data import FORMATS

HERE = Path(__file__).parent
TIMES, PEAK, CHECKS = 2.0, 2000, 20.0
"""Aims: times the bare reader, MB at the peak, and seconds of all checks on 10,000 records of 300 questions."""

PEERS = {
    ".xlsx": "calamine → rows → pandas text",
    ".csv": "pyarrow.csv as text",
    ".json": "json → pandas text",
    ".sav": "pyreadstat → pandas",
    ".dta": "pyreadstat → pandas",
}


def measure(way: str, form: str, folder: Path) -> dict[str, Any]:
    """One measurement: its line of JSON, and the peak of its processes together in MB."""
    command = [sys.executable, str(HERE / "measure.py"), way, form, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, sum(map(resident, processes(process.pid))))
            time.sleep(0.02)
        out, problem = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{problem[-2000:]}")
    told = dict(json.loads(out.strip().splitlines()[-1]))
    return told | {"peak": peak or told["largest"]}


def processes(pid: int) -> Iterator[int]:
    """A process and those it started, where the system lists them (Linux)."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            started = children.read_text().split()
        except OSError:  # it has just ended
            continue
        for child in started:
            yield from processes(int(child))


def resident(pid: int) -> float:
    """MB of memory that a process holds; 0 when it has ended."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def one_format(form: str, rows: int, questions: int, place: Path) -> dict[str, Any]:
    folder = place / f"{form}_{rows}_{questions}"
    subprocess.run([sys.executable, str(HERE / "data.py"), str(folder), form, str(rows), str(questions)], check=True)
    found = {way: measure(way, form, folder) for way in ("bare", "ours", "again")}
    file = folder / FORMATS[form].file
    row = {"format": form, "peer": PEERS[file.suffix], "size": file.stat().st_size / 1024**2, **found}
    print(form, {way: {name: one[name] for name in ("wall", "cpu", "peak")} for way, one in found.items()}, flush=True)
    return row


def all_checks() -> tuple[float, float]:
    """Seconds and peak in MB of all checks on 10,000 records of 300 questions."""
    done = subprocess.run([sys.executable, str(HERE / "quality.py")], capture_output=True, text=True, check=True)
    found = re.search(r"([\d.]+) s  all checks; peak (\d+) MB", done.stdout)
    if not found:
        raise SystemExit(f"quality.py said something else:\n{done.stdout[-2000:]}")
    return float(found[1]), float(found[2])


def table(found: list[dict[str, Any]]) -> str:
    head = (
        *("format", "file MB", "seconds", "bare seconds", "ratio", "CPU seconds", "bare CPU", "CPU ratio"),
        *("peak MB", "bare peak MB", "again, seconds", "bare reader, then Parquet"),
    )
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in found:
        ours, bare, again = row["ours"], row["bare"], row["again"]
        cells = [row["format"], f"{row['size']:.0f}"]
        for clock in ("wall", "cpu"):
            cells += [f"{ours[clock]:.1f}", f"{bare[clock]:.1f}", f"{ours[clock] / bare[clock]:.1f}"]
        cells += [f"{ours['peak']:.0f}", f"{bare['peak']:.0f}", f"{again['wall']:.2f}", row["peer"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def missed(found: list[dict[str, Any]], checks: float) -> str:
    """Which aims are missed, and by how much; other work on the machine lengthens the clock more than CPU seconds."""
    said = []
    for clock, words in (("wall", "seconds on the clock"), ("cpu", "CPU seconds")):
        ratios = {row["format"]: row["ours"][clock] / row["bare"][clock] for row in found}
        slow = [f"{form} {ratio:.1f}" for form, ratio in ratios.items() if ratio > TIMES]
        said.append(f"More than {TIMES:g} times the bare reader's {words}: {', '.join(slow) or 'none'}.")
    large = [f"{row['format']} {row['ours']['peak']:,.0f}" for row in found if row["ours"]["peak"] > PEAK]
    said.append(f"More than {PEAK:,} MB at the peak: {', '.join(large) or 'none'}.")
    said += [f"The checks take more than {CHECKS:g} s."] if checks > CHECKS else []
    return "\n".join(f"- {line}" for line in said)


def report(found: list[dict[str, Any]], rows: int, questions: int, checks: tuple[float, float]) -> str:
    return f"""{rows:,} respondents × {questions} questions, from each format to Parquet.

{table(found)}

*Seconds* are of `load` of a study whose store is empty: form, guarded opening, reader of the platform, door, typing
with skip logic, and the store of values and reasons (the checks of quality apart). *Bare* is what the library
underneath takes to read the same file as text and to write it as Parquet. *Again* is `load` of the unchanged study: a
hash of its files, and the store. *Peak* counts the child process that reads a workbook or an SPSS or Stata file.

All checks of quality on 10,000 records × 300 questions: {checks[0]:.1f} s, {checks[1]:.0f} MB at the peak.

Aims missed:

{missed(found, checks[0])}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = options.folder or Path(temporary)
        found = [one_format(form, options.rows, options.questions, place) for form in options.formats]
    text = report(found, options.rows, options.questions, all_checks())
    print(text)
    (HERE / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
