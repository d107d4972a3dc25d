"""A part of every kind of the corpus; all of it, with the figures: ``python tests/faults/corpus/run.py``."""

import json
import subprocess
import sys

import pytest

PART = {"encodings": 7, "ids and dates": 37, "workbooks": 11}


@pytest.mark.parametrize("kind", PART)
def test_every_file_is_read_right_or_stopped(root, kind):
    runner = root / "tests" / "faults" / "corpus" / "run.py"
    call = [sys.executable, str(runner), kind, "--part", str(PART[kind]), "--json"]
    figures = json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)
    assert figures["faults"] == []
    assert figures["cases"] >= 45 and min(figures["read"], figures["refused"]) > 2
    assert figures["slowest"] < 10 and figures["peak MB"] < 300


def test_figures_are_printed_as_a_table(root):
    runner = root / "tests" / "faults" / "corpus" / "run.py"
    call = [sys.executable, str(runner), "encodings", "--part", "200"]
    printed = subprocess.run(call, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed[0].startswith("kind | cases | read | reported | refused | silent")
    assert [len(line.split(" | ")) for line in printed[:2]] == [12, 12]
