"""Weights of a study raked to the totals that its `design.rake` names."""

import shutil

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from xzz_analysis.cli import main
from xzz_analysis.errors import DesignError, StudyError


@pytest.fixture
def study(root, tmp_path):
    folder = tmp_path / "研究"
    shutil.copytree(root / "data" / "demo", folder)
    text = (folder / "study.yml").read_text(encoding="utf-8")
    (folder / "study.yml").write_text(
        text.replace("  lonely: fail", "  rake: margins.csv\n  lonely: fail"), encoding="utf-8"
    )
    return folder


def margins(study, totals, **columns):
    table = pd.DataFrame({"variable": "sex", "level": list(totals), "total": list(totals.values()), **columns})
    table.to_csv(study / "margins.csv", index=False, encoding="utf-8-sig")


def test_the_weights_of_the_unit_and_round_add_up_to_the_totals(study):
    margins(study, {"female": 5000, "male": 6400}, unit="child", round="2025Q4")
    sample = xzz.open_round(study, "2025Q4").sample("child")
    achieved = pd.Series(sample.design.weight).groupby(sample.frame["sex"], observed=True).sum()
    np.testing.assert_allclose(achieved[["female", "male"]], [5000, 6400], rtol=1e-10)  # raking's own tolerance
    assert xzz.total(sample.subpopulation(sample.frame["sex"] == "female"), "age").iloc[0][
        "weighted_n"
    ] == pytest.approx(5000)


def test_other_units_and_rounds_keep_their_weights(study, root):
    margins(study, {"female": 5000, "male": 6400}, unit="child", round="2025Q4")
    for unit, name in (("family", "2025Q4"), ("child", "2025Q2")):
        found, plain = (xzz.open_round(folder, name).sample(unit) for folder in (study, root / "data" / "demo"))
        np.testing.assert_array_equal(found.design.weight, plain.design.weight)


def test_a_level_without_a_total_is_named(study):
    margins(study, {"female": 5000}, unit="child", round="2025Q4")
    with pytest.raises(DesignError, match="male"):
        xzz.open_round(study, "2025Q4").sample("child")


def test_a_column_that_is_missing_gets_the_nearest_name(study):
    pd.DataFrame({"variable": ["sex"], "levl": ["female"], "total": [1]}).to_csv(study / "margins.csv", index=False)
    with pytest.raises(StudyError, match=r"margins\.csv has no column 'level'; did you mean 'levl'"):
        xzz.open_round(study).sample("child")


def test_a_file_that_is_not_there_is_reported_with_its_place(study):
    with pytest.raises(StudyError) as caught:
        xzz.open_study(study)
    assert any("design.rake" in finding.where for finding in caught.value.findings)


def test_the_trace_and_the_annex_name_the_file_and_not_its_place(study, capsys):
    margins(study, {"female": 5000, "male": 6400}, unit="child", round="2025Q4")
    survey = xzz.open_round(study, "2025Q4")
    table = xzz.chapters.design_table(survey)
    assert "margins.csv" in str(table.rows) and str(study.parent) not in str(table.rows)
    needs = survey.needs()
    found = needs[needs["indicator"] == "edu_absent"]["result_id"].iloc[0]
    with pytest.raises(SystemExit):
        main(["trace", found, str(study), "--json"])
    said = capsys.readouterr().out
    assert "margins.csv" in said and str(study) not in said
