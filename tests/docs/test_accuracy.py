"""docs/methods/accuracy.md lists what the reference files hold, and enough of it."""

import json
import re

import pytest


@pytest.fixture(scope="module")
def lines(root):
    text = (root / "docs" / "methods" / "accuracy.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {row[0]: dict(zip(cells[0], row, strict=True)) for row in cells[2:]}


def test_every_reference_is_listed_with_its_counts(root, lines):
    for source in sorted((root / "tests" / "reference").glob("*.json")):
        cases = json.loads(source.read_text(encoding="utf-8"))["cases"]
        assert source.stem in lines, "run make accuracy"
        row = lines[source.stem]
        assert (int(row["calls"]), int(row["rows"])) == (len(cases), sum(len(case["rows"]) for case in cases)), row


def test_hundreds_of_values_agree_to_eight_digits(lines):
    assert sum(int(row["values"]) for row in lines.values()) >= 300
    for row in lines.values():
        for column in ("estimate", "se", "low", "high", "df", "n"):
            exponent = re.fullmatch(r"< 1e(-\d+)", row[column])
            assert row[column] in ("", "0") or int(exponent[1]) <= -8, row
