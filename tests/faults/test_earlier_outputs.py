"""Bad input at the command line: one clear error or finding, exit code 1 or 2, earlier outputs unchanged."""

import gzip
import hashlib
import shutil
from pathlib import Path

import nbformat
import pytest

from xzz_analysis.cli import main


@pytest.fixture
def broken(my_study: Path, tmp_path: Path) -> Path:
    """A copy of a built study, to be broken."""
    return Path(shutil.copytree(my_study, tmp_path / "study"))


def released(study: Path) -> dict[str, str]:
    """Hash of every published file."""
    files = sorted((study / "outputs" / "release").rglob("*"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(arguments: list[str], capsys) -> tuple[int, str]:
    """Exit code, and everything said."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out + said.err


def cut_csv(study: Path) -> None:
    path = study / "raw" / "2025Q4_family.csv"
    path.write_bytes(path.read_bytes()[:-730])


def cut_gzip(study: Path) -> None:
    path = study / "raw" / "2025Q4_family.csv"
    packed = gzip.compress(path.read_bytes())
    (study / "raw" / "family.csv.gz").write_bytes(packed[: len(packed) // 2])
    edit(study / "study.yml", "raw/2025Q4_family.csv", "raw/family.csv.gz")


def big5_csv(study: Path) -> None:
    path = study / "raw" / "2025Q4_family.csv"
    text = path.read_text(encoding="utf-8-sig").replace("family_id", "姓名", 1)
    path.write_bytes(text.encode("big5", errors="replace"))


def weight(text: str):
    def change(study: Path) -> None:
        path = study / "raw" / "2025Q4_family.csv"
        header, first, *rest = path.read_text(encoding="utf-8-sig").splitlines()
        place = header.split(",").index("weight")
        cells = first.split(",")
        cells[place] = text
        path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n", encoding="utf-8")

    return change


def lonely_stratum(study: Path) -> None:
    path = study / "raw" / "2025Q4_family.csv"
    header, first, *rest = path.read_text(encoding="utf-8-sig").splitlines()
    place = header.split(",").index("stratum")
    cells = first.split(",")
    cells[place] = "alone"
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n", encoding="utf-8")


CASES = {
    "truncated csv": (cut_csv, "2025Q4_family.csv", 1),
    "truncated gzip": (cut_gzip, "family.csv.gz", 1),
    "not utf-8": (big5_csv, "UTF-8", 1),
    "missing weight": (weight(""), "is missing in 1 of", 1),
    "negative weight": (weight("-2"), "is negative in 1 of", 1),
    "weight is a word": (weight("many"), "is not a number in 1 of", 1),
    "stratum with one cluster": (lonely_stratum, "stratum 'alone' holds 1 first-stage unit", 1),
    "unknown key": (
        lambda study: edit(study / "study.yml", "publisher:", "publishr:"),
        "did you mean 'publisher'",
        2,
    ),
    "missing file": (
        lambda study: (study / "raw" / "2025Q4_child_text.xlsx").unlink(),
        "2025Q4_child_text.xlsx does not exist",
        2,
    ),
    "unknown parameter": (
        lambda study: edit(study / "reports.yml", "{round: 2025Q4}", "{rond: 2025Q4}"),
        "has no parameter 'rond'; did you mean 'round'?",
        2,
    ),
    "parameter of the wrong type": (
        lambda study: edit(study / "reports.yml", "{round: 2025Q4}", "{round: true}"),
        "is bool, but",
        2,
    ),
    "unknown round": (
        lambda study: edit(study / "reports.yml", "{round: 2025Q4}", "{round: 2025Q3}"),
        "round '2025Q3' is not declared; did you mean",
        2,
    ),
    "unknown notebook": (
        lambda study: edit(study / "reports.yml", "02_needs_report", "02_need_report"),
        "did you mean '02_needs_report'",
        2,
    ),
    "indicator twice": (
        lambda study: edit(study / "indicators.yml", "edu_no_city_record", "edu_out_of_school"),
        "'edu_out_of_school' is declared 2 times",
        2,
    ),
    "expression that does not parse": (
        lambda study: edit(study / "indicators.yml", "base: ${age} >= 6\n", "base: ${age} >= and 6\n"),
        "edu_out_of_school",
        2,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_named_and_changes_nothing(name, broken, capsys):
    change, said, code = CASES[name]
    before = released(broken)
    change(broken)
    found, text = run(["build", str(broken), "--force"], capsys)
    assert said in text
    assert found == code
    assert released(broken) == before
    assert "Traceback" not in text


def test_a_zero_weight_is_counted_and_does_not_stop(broken, capsys):
    weight("0")(broken)
    code, _ = run(["tabulate", str(broken), "--out", str(broken / "t.csv"), "--quiet"], capsys)
    assert code == 0


def test_a_child_without_family_is_a_finding(broken, capsys):
    _, text = run(["check", str(broken)], capsys)
    assert "have no row in 'family' of round 2025Q4" in text


def test_a_file_cut_off_inside_its_last_value_is_a_finding(broken, capsys):
    path = broken / "raw" / "2025Q4_family.csv"
    path.write_bytes(path.read_bytes()[:-3])
    _, text = run(["check", str(broken)], capsys)
    assert "2025Q4_family.csv: the last line has no line end" in text


def test_an_output_folder_that_cannot_be_written(broken, capsys):
    edit(broken / "study.yml", "outputs: outputs", "outputs: raw/2025Q4_family.csv")
    code, text = run(["build", str(broken)], capsys)
    assert "cannot be written" in text
    assert code == 1


def test_a_table_that_cannot_be_written(broken, capsys):
    code, text = run(["tabulate", str(broken), "--out", str(broken / "study.yml" / "t.csv"), "--quiet"], capsys)
    assert "cannot be written" in text
    assert code == 1


def test_raw_data_are_never_overwritten(broken, capsys):
    raw = broken / "raw" / "2025Q4_family.csv"
    before = raw.read_bytes()
    code, text = run(["tabulate", str(broken), "--out", str(raw)], capsys)
    assert "raw data are never overwritten" in text
    assert (code, raw.read_bytes() == before) == (2, True)


def test_errors_in_the_data_stop_a_build(broken, capsys):
    before = released(broken)
    weight("1")(broken)
    path = broken / "raw" / "2025Q4_family.csv"
    header, first, *rest = path.read_text(encoding="utf-8-sig").splitlines()
    cells = first.split(",")
    cells[header.split(",").index("family_id")] = ""
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n", encoding="utf-8")
    code, text = run(["build", str(broken), "methods"], capsys)
    assert "1 error(s) in the data; nothing was run" in text
    assert "1 of 742 row(s) have no key" in text
    assert (code, released(broken) == before) == (1, True)


def test_a_group_of_free_text_stops_a_build_and_shows_nothing(broken, capsys, without_places):
    code, text = built_by_free_text(broken, capsys)  # reports on each community are refused before anything is read
    assert "is a question of kind text" in text and code == 2
    without_places(broken)
    code, text = run(["build", str(broken)], capsys)
    assert "names a free-text question" in text
    assert code == 1


def built_by_free_text(broken, capsys):
    edit(broken / "study.yml", "groups:\n", "groups:\n  - remark\n")
    return run(["build", str(broken)], capsys)


def test_a_damaged_store_is_read_again(broken, capsys):
    (book,) = (broken / "outputs" / "internal" / "answers").glob("*/codebook.json")
    book.write_text(book.read_text(encoding="utf-8")[:300], encoding="utf-8")
    code, _ = run(["tabulate", str(broken), "--out", str(broken / "t.csv"), "--quiet"], capsys)
    assert code == 0


def test_a_damaged_manifest_counts_as_never_built(broken, capsys):
    (broken / "outputs" / "release" / "demo-2025Q4" / "manifest.json").write_text("{", encoding="utf-8")
    _, text = run(["status", str(broken)], capsys)
    assert "needs_report             demo-2025Q4              never built" in text


def test_an_edition_moved_aside_by_a_killed_run_is_put_back(broken):
    from xzz_analysis.editions.run import RETIRED, WORKSHOP, recover

    before = released(broken)
    workshop = broken / "outputs" / f"{WORKSHOP}killed"
    workshop.mkdir()
    (broken / "outputs" / "release" / "demo-2025Q4").rename(workshop / f"{RETIRED}release--demo-2025Q4")
    recover(broken / "outputs")
    assert released(broken) == before


def test_a_group_that_nobody_answered_gives_no_rows(broken, capsys):
    for name in ("2025Q4_family.csv",):
        path = broken / "raw" / name
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        place = next(i for i, one in enumerate(lines[0].split(",")) if one.rpartition("/")[2] == "hukou")
        rows = [line.split(",") for line in lines[1:]]
        emptied = [",".join([*row[:place], "", *row[place + 1 :]]) for row in rows]
        path.write_text("\n".join([lines[0], *emptied]) + "\n", encoding="utf-8")
    arguments = ["tabulate", str(broken), "--round", "2025Q4", "--by", "hukou", "--out", str(broken / "t.csv")]
    code, _ = run(arguments, capsys)
    assert code == 0


def test_a_file_that_is_no_study_is_said_to_be_none(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    code, text = run(["check", str(tmp_path / "a.txt")], capsys)
    assert "name a study folder" in text
    assert code == 2


def test_an_unknown_group_suggests_the_nearest(broken, capsys):
    code, text = run(["tabulate", str(broken), "--by", "hardshp", "--out", str(broken / "t.csv")], capsys)
    assert "did you mean 'hardship'" in text
    assert code == 2


def test_a_failing_notebook_is_kept_aside(broken, capsys):
    before = released(broken)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell('study_path: str = ".."  # folder\nround: str = ""  # round'),
            nbformat.v4.new_code_cell("1 / 0"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.cells[1].metadata["tags"] = []
    (broken / "notebooks").mkdir()
    nbformat.write(notebook, broken / "notebooks" / "02_needs_report.ipynb")
    code, text = run(["build", str(broken), "needs_report"], capsys)
    assert "ZeroDivisionError" in text
    assert code == 1
    assert (broken / "outputs" / "failed" / "demo-2025Q4" / "needs_report.ipynb").is_file()
    assert released(broken) == before


def test_a_level_that_looks_like_a_formula_is_text_in_the_table(broken, capsys):
    path = broken / "raw" / "2025Q4_family.csv"
    header, first, *rest = path.read_text(encoding="utf-8-sig").splitlines()
    lines = [f"{header},team", f"{first},=cmd", *(f"{line},north" for line in rest)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    edit(broken / "study.yml", "groups:\n", "groups:\n  - {name: team, unit: family}\n")
    arguments = ["tabulate", str(broken), "--round", "2025Q4", "--by", "team", "--out", str(broken / "t.csv"), "-q"]
    code, _ = run(arguments, capsys)
    text = (broken / "t.csv").read_text(encoding="utf-8-sig")
    assert code == 0
    assert "team=north" in text
    assert '"=' not in text
