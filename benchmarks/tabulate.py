"""Time and memory of `xzz tabulate` on the Haiti survey, with R's survey package on the same tables.

    python benchmarks/tabulate.py [DATA_FOLDER] [QUESTIONS]

DATA_FOLDER holds haiti_msna_2022 (XZZ_REAL_DATA, else ../shared/data); QUESTIONS is the size of R's timed
sample of questions (default 20). Whole processes are timed, start-up and writing included; R is timed for
the estimation alone, reading left out, which favours R.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "examples" / "haiti_msna_2022"
GROUPS = ["milieu", "admin1", "stratum"]


def run(command: list[str]) -> tuple[float, str]:
    """Seconds of a whole process, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return time.perf_counter() - started, done.stdout


def main() -> None:
    default = os.environ.get("XZZ_REAL_DATA") or ROOT.parent / "shared" / "data"
    data = Path(sys.argv[1] if len(sys.argv) > 1 else default)
    questions = sys.argv[2] if len(sys.argv) > 2 else "20"
    os.environ["XZZ_REAL_DATA"] = str(data.resolve())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "tables.csv"
        command = [sys.executable, "-m", "xzz_analysis", "tabulate", str(STUDY), "--by", *GROUPS]
        times = [run([*command, "--out", str(out), "--quiet"])[0] for _ in range(4)]
        made = pd.read_csv(out)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    first, warm = times[0], median(times[1:])
    print(
        f"xzz tabulate: {len(made)} estimates; first run {first:.1f} s, then {warm:.1f} s (median of 3), "
        f"peak memory {memory:.0f} MB, whole process"
    )
    r_script = str(ROOT / "benchmarks" / "haiti" / "speed.R")
    _, printed = run(["Rscript", r_script, str(data / "haiti_msna_2022"), questions])
    print(printed)
    for count, way, seconds in re.findall(r"all (\d+) estimates, shares by ([\w ]+): (\d+) s", printed):
        per_r, per_ours = float(seconds) / int(count), warm / len(made)
        print(
            f"R with {way}: {per_r / per_ours:.0f} times the time per estimate; "
            f"{float(seconds) / warm:.0f} times for all (R makes {count}, xzz {len(made)})"
        )


if __name__ == "__main__":
    main()
