"""Read every case of the corpus and print how many were read right, stopped, or accepted in silence.

Run: ``python tests/faults/corpus/run.py [KIND …] [--part N]``; ``--part 10`` reads every tenth case.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import identifiers
import texts
import workbooks
from case import Case, judge

KINDS = {"encodings": texts.cases, "ids and dates": identifiers.cases, "workbooks": workbooks.cases}
FAULTS = ("silent", "needless", "unclear", "crashed")
COLUMNS = ("kind", "cases", "read", "reported", "refused", *FAULTS, "slowest", "slowest refusal", "peak MB")


def chosen(kind: str, part: int) -> Iterator[Case]:
    """Every case of a kind, or one in ``part``."""
    return (case for number, case in enumerate(KINDS[kind]()) if number % part == 0)


def figures(kind: str, part: int) -> dict[str, Any]:
    """Outcomes of one kind, with the slowest case and the largest memory of this process and its children."""
    words: Counter[str] = Counter()
    slowest = slowest_refusal = 0.0
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for case in chosen(kind, part):
            outcome = judge(case, Path(folder))
            words[outcome.word] += 1
            slowest = max(slowest, outcome.seconds)
            slowest_refusal = max(slowest_refusal, outcome.seconds if outcome.word == "refused" else 0)
            if outcome.word in FAULTS:
                faults.append(f"{outcome.word}: {case.file}: {outcome.why}")
    peak = max(_own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    counts = {word: words[word] for word in COLUMNS[2:9]}
    times = {"slowest": slowest, "slowest refusal": slowest_refusal, "peak MB": peak}
    return {"kind": kind, "cases": words.total(), **counts, **times, "faults": faults}


def _own_peak() -> int:
    """Most memory of this process in kB; without that of the process that started it, where the system tells."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return found[0] if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def apart(kind: str, part: int) -> dict[str, Any]:
    """The figures of one kind, from a process of its own, so that its memory is its own."""
    call = [sys.executable, __file__, kind, "--part", str(part), "--json"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _shown(figure: float | str | None) -> str:
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)


def main() -> int:
    """Print the table; exit code 1 when there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}; all by default")
    parser.add_argument("--part", type=int, default=1, help="read one case in this many")
    parser.add_argument("--json", action="store_true", help="one kind, for a program")
    options = parser.parse_args()
    if options.json:
        sys.stdout.write(json.dumps(figures(options.kinds[0], options.part)))
        return 0
    results = [apart(kind, options.part) for kind in options.kinds or KINDS]
    lines = [COLUMNS, *(tuple(map(_shown, map(result.get, COLUMNS))) for result in results)]
    faults = [fault for result in results for fault in result["faults"]]
    sys.stdout.write("\n".join([*map(" | ".join, lines), *faults, ""]))
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
