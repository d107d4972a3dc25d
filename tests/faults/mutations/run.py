"""Print what becomes of every mutation of form and data between rounds.

::

    python tests/faults/mutations/run.py

A case is mapped right when the applied data say what was truly asked and answered, stopped when the build stops and
names the question, and silent when neither; ``as proposed`` counts the stopped whose proposal was right.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from judge import Case, Judged, judge
from mutate import cases

VERDICTS = ("mapped right", "stopped", "stopped without its name", "silent")


class Row(NamedTuple):
    kind: str
    counts: Counter[str]
    proposals: int


def table(judged: Iterable[tuple[Case, Judged]]) -> list[Row]:
    """Counts of the verdicts by kind of mutation."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    proposals: Counter[str] = Counter()
    for case, found in judged:
        counts[case.kind][found.verdict] += 1
        proposals[case.kind] += found.verdict == "stopped" and found.proposal_right
    rows = [Row(kind, counts[kind], proposals[kind]) for kind in sorted(counts)]
    return [*rows, Row("all", sum(counts.values(), Counter()), proposals.total())]


def main() -> int:
    rows = table((case, judge(case, propose=True)) for case in cases())
    width = max(len(row.kind) for row in rows)
    heads = ["cases", "mapped right", "stopped", "as proposed", "unnamed", "silent"]
    lines = ["  ".join([f"{'kind':<{width}}", *heads])]
    for row in rows:
        right, stopped, unnamed, silent = (row.counts[verdict] for verdict in VERDICTS)
        figures = [row.counts.total(), right, stopped, row.proposals, unnamed, silent]
        numbers = [f"{figure:>{len(head)}}" for figure, head in zip(figures, heads, strict=True)]
        lines.append("  ".join([f"{row.kind:<{width}}", *numbers]))
    sys.stdout.write("\n".join(lines) + "\n")
    return int(rows[-1].counts["silent"] + rows[-1].counts["stopped without its name"] > 0)


if __name__ == "__main__":
    sys.exit(main())
