"""Time every step of one synthetic study in this process; prints one line of JSON.

    python benchmarks/needs/measure.py FOLDER

Steps: the answers from the store (the exports have been read before), the rounds with their declarations, every
indicator of every round for the whole and by community, every change between rounds that follow each other, and the
overlap with all its measures. Seconds on the clock and of the processor; peak of the process in MB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from study import ROUNDS

from xzz_analysis.intake.store import load
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.study import open_study

GROUP = "community"


def steps(folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    """What is done, in the order of a report, each with the number of rows that it makes."""
    told: dict[str, Any] = {}

    def read() -> int:
        told["study"] = open_study(folder)
        told["data"] = load(told["study"])
        return sum(map(len, told["data"].answers.values()))

    def rounds() -> int:
        told["rounds"] = [MonitoringRound(told["study"], told["data"], name) for name in ROUNDS]
        return len(told["rounds"][0].indicators)

    yield "answers from the store", read
    yield "rounds and indicators", rounds
    for name, by in (("whole", None), ("by community", GROUP)):
        yield f"needs, {name}", lambda by=by: sum(len(one.needs(by)) for one in told["rounds"])
    for name, by in (("whole", None), ("by community", GROUP)):
        yield (
            f"changes, {name}",
            lambda by=by: sum(len(later.change(one, by)) for one, later in pairwise(told["rounds"])),
        )
    yield "overlap, whole and by community", lambda: sum(len(one.overlap(GROUP).estimates) for one in told["rounds"])


def main() -> None:
    found = []
    for name, run in steps(Path(sys.argv[1])):
        wall, cpu = time.perf_counter(), time.process_time()
        rows = run()
        found.append({"step": name, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "rows": rows})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"steps": found, "peak": peak}))


if __name__ == "__main__":
    main()
