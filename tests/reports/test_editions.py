"""Editions of the demonstration study: complete, traceable, current, free of respondents."""

import json
import re
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from xzz_analysis.cli import main
from xzz_analysis.editions.plan import plan
from xzz_analysis.editions.publish import leaks
from xzz_analysis.editions.run import build
from xzz_analysis.editions.trace import trace
from xzz_analysis.errors import ReportError, StudyError
from xzz_analysis.study import open_study

RELEASED = ("needs_report", "change_report", "resource_map", "community_profile-heyan", "methods")
REPORTS = ["data_quality", *RELEASED]


@pytest.fixture(scope="module")
def study(my_study):
    return open_study(my_study)


@pytest.fixture(scope="module")
def edition(my_study) -> Path:
    return my_study / "outputs" / "release" / "demo-2025Q4"


def test_every_report_is_there_in_both_languages(edition, my_study):
    internal = my_study / "outputs" / "internal" / "demo-2025Q4"
    for folder, names in ((edition, RELEASED), (internal, ("data_quality",))):
        for name in names:
            for language in ("zh", "en"):
                assert (folder / f"{name}.{language}.html").stat().st_size > 10_000
                assert (folder / f"{name}.{language}.xlsx").is_file()


def test_manifest_says_what_the_edition_is_made_of(edition):
    manifest = json.loads((edition / "manifest.json").read_text(encoding="utf-8"))
    entry = manifest["reports"]["needs_report"]
    assert set(entry["parts"]) == {"data", "library", "versions", "notebook", "parameters", "output"}
    assert set(entry["versions"]) >= {"python", "pandas", "numpy", "scipy", "matplotlib"}
    listed = {name for report in manifest["reports"].values() for name in report["files"]}
    assert listed == {path.name for path in edition.iterdir()} - {"manifest.json"}


def test_synthetic_data_are_labelled_on_every_page(my_study):
    pages = sorted((my_study / "outputs").glob("*/demo-2025Q4/*.html"))
    assert len(pages) == 2 * len(REPORTS)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert ("合成演示数据" if ".zh." in page.name else "Synthetic demonstration data") in text


def test_internal_pages_say_so(my_study):
    page = my_study / "outputs" / "internal" / "demo-2025Q4" / "data_quality.zh.html"
    assert "内部资料" in page.read_text(encoding="utf-8")


def test_nothing_is_stale_after_a_build(study):
    assert [job.stale() for job in plan(study)] == [""] * len(REPORTS)


def test_a_second_build_changes_no_byte(study, edition):
    before = {path.name: path.read_bytes() for path in edition.iterdir()}
    build(
        study, [name for name in REPORTS if name != "community_profile-heyan"], force=True
    )  # made of the same chapters
    assert {path.name: path.read_bytes() for path in edition.iterdir()} == before


def test_changed_data_makes_every_report_stale(my_study, tmp_path):
    copy = Path(shutil.copytree(my_study, tmp_path / "study"))
    raw = copy / "raw" / "2025Q4_family.csv"
    raw.write_text(raw.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert [job.stale() for job in plan(open_study(copy))] == ["changed: data"] * len(REPORTS)


def test_a_lost_file_makes_its_report_stale(my_study, tmp_path):
    copy = Path(shutil.copytree(my_study, tmp_path / "study"))
    (copy / "outputs" / "release" / "demo-2025Q4" / "methods.en.html").unlink()
    stale = {job.spec.report: job.stale() for job in plan(open_study(copy))}
    assert stale == {**dict.fromkeys(REPORTS, ""), "methods": "file gone: methods.en.html"}


def results(edition: Path) -> pd.DataFrame:
    return pd.read_csv(edition / "needs_report.results.csv", dtype={"result_id": str})


def test_every_number_of_a_page_is_in_the_results(edition):
    page = (edition / "needs_report.en.html").read_text(encoding="utf-8")
    stated = set(re.findall(r'data-result="([0-9a-f]{12})"', page))
    assert len(stated) > 40
    assert stated <= set(results(edition)["result_id"])


def test_trace_explains_a_number_and_computes_it_again(study, edition):
    row = results(edition).dropna(subset=["estimate"]).iloc[20]
    found = trace(study, row["result_id"])
    assert round(found["estimate"], 3) == pytest.approx(row["estimate"], abs=1e-12)
    assert found["same"] is True
    assert found["published"]["report"] == "release/demo-2025Q4/needs_report.results.csv"
    assert found["design"]["strata"] == 4
    assert len(found["data_hash"]) == 64


def test_trace_of_an_indicator_prints_definition_base_and_wording(study, edition):
    table = results(edition)
    row = table[(table["indicator"] == "edu_out_of_school") & table["by"].isna()].iloc[0]
    found = trace(study, row["result_id"])
    assert found["base"] == "${age} >= 6"
    assert found["definition"]["zh"].startswith("6至15岁")
    assert set(found["questions"]) == {"age", "enrolment"}


def test_trace_never_shows_a_suppressed_number(study, edition):
    table = results(edition)
    row = table[table["reason"] == "suppressed"].iloc[0]
    found = trace(study, row["result_id"])
    assert found["estimate"] is None
    assert found["n"] is None


def test_trace_of_an_unknown_id_says_where_ids_are(study):
    with pytest.raises(ReportError, match=r"results\.csv"):
        trace(study, "000000000000")


def test_no_key_of_a_respondent_leaves(my_study):
    outputs = my_study / "outputs"
    key = re.compile(rb"\b(F\d{4}|C\d{5})\b|uuid:")
    for path in (one for one in outputs.rglob("*") if one.is_file()):
        content = path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        if path.suffix != ".parquet":
            assert not key.search(content), path.name


def test_no_text_answer_and_no_key_is_stored(my_study):
    for path in (my_study / "outputs" / "internal" / "answers").rglob("*.values.parquet"):
        table = pd.read_parquet(path)
        hidden = ("_other", "family_id", "child_id", "_uuid", "remark", "start", "end")
        private = table[[name for name in table if str(name).endswith(hidden)]]
        assert private.isna().all(axis=None)
        assert not private.empty or "member" in path.name


def test_unknown_report_suggests_the_nearest(study):
    with pytest.raises(StudyError, match="did you mean 'needs_report'"):
        plan(study, ["need_report"])


def test_status_names_every_report(my_study, capsys):
    main_exit(["status", str(my_study), "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert [row["report"] for row in rows] == REPORTS


def main_exit(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)


def test_maps_and_figures_are_not_taken_for_telephones(study, edition):
    assert leaks(study, edition) == []
