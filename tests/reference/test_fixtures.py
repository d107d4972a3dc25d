"""The reference files belong to the data beside them, and the data are still as awkward as they should be."""

import csv
import hashlib
import io
import json
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
REFERENCES = sorted(FOLDER.glob("*.json"))
LEAST_ROWS = 250


def rows_of(source):
    reference = json.loads(source.read_text(encoding="utf-8"))
    rows = [row for case in reference["cases"] for row in case["rows"]]
    return [dict(zip(reference["columns"], row, strict=True)) for row in rows]


@pytest.mark.parametrize("source", REFERENCES, ids=lambda path: path.stem)
def test_reference_was_made_from_the_data_of_today(source, request):
    made_from = json.loads(source.read_text(encoding="utf-8"))["input"]
    files, sums = ([given] if isinstance(given, str) else given for given in (made_from["file"], made_from["md5"]))
    for file, md5 in zip(files, sums, strict=True):
        path = FOLDER / file
        if not path.exists():
            path = request.getfixturevalue("real_data") / "us_complex_surveys" / file
        found = hashlib.md5(path.read_bytes()).hexdigest()
        assert found == md5, f"run Rscript tests/reference/{source.stem}.R"


@pytest.mark.parametrize("source", REFERENCES, ids=lambda path: path.stem)
def test_a_reference_is_three_files_side_by_side(source):
    assert source.with_suffix(".R").exists()
    assert source.with_name(f"test_{source.stem}.py").exists()
    cases = json.loads(source.read_text(encoding="utf-8"))["cases"]
    assert len({case["id"] for case in cases}) == len({case["call"] for case in cases}) == len(cases)


def test_the_script_makes_the_committed_households():
    rows = runpy.run_path(str(FOLDER / "fixtures" / "make_households.py"))["households"]()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    assert text.getvalue().encode() == (FOLDER / "fixtures" / "households.csv").read_bytes()


def test_there_are_enough_rows_and_the_awkward_ones_are_among_them():
    rows = [row for source in REFERENCES for row in rows_of(source)]
    assert len(rows) >= LEAST_ROWS
    shares = [row for row in rows if row.get("statistic") == "share"]
    assert {0, 1} <= {row["estimate"] for row in shares}
    assert any(row["df"] == 0 and row["low"] is None for row in shares)
    assert all(row["n_need"] == row["n"] for row in shares if row["estimate"] == 1)


def test_the_households_hold_every_awkward_thing(households):
    assert (households["w"] == 0).sum() > 10
    assert households.groupby("stratum")["grid"].nunique().between(4, 9).all()
    assert (households.groupby("stratum")["visited"].count() == 0).sum() == 1
    villages = households[households["area"] == "村庄"]
    assert villages["stratum"].nunique() < households["stratum"].nunique()
    stayed = households[households["stayed"] == "yes"].groupby("stratum")["grid"].nunique()
    assert list(stayed) == [1, 1]
    assert (households.groupby("st_lonely")["village"].nunique() == 1).sum() == 1
