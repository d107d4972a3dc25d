"""Every question of a real survey, nationally and by rural and urban, equals R survey on the same file."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import yaml

from xzz_analysis.cli import main
from xzz_analysis.needs.monitoring import MonitoringRound, open_round

pytestmark = pytest.mark.real

KEY = ["question", "option", "statistic", "by"]
QUESTIONS = "40"
"""Size of the seeded sample of questions that R computes here; `benchmarks/haiti/tabulate.R` takes all."""


@pytest.fixture(scope="module")
def theirs(haiti, real_data, root, tmp_path_factory) -> pd.DataFrame:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("no R: Rscript is not on the path")
    folder = tmp_path_factory.mktemp("r")
    study = yaml.safe_load((haiti / "study.yml").read_text(encoding="utf-8"))
    added = study["tables"]["household"]["added_options"]
    pairs = [(question, option) for question, options in added.items() for option in options]
    pd.DataFrame(pairs, columns=["question", "option"]).to_csv(folder / "added.csv", index=False)
    script = str(root / "benchmarks" / "haiti" / "tabulate.R")
    arguments = [str(real_data / "haiti_msna_2022"), str(folder / "out.json"), QUESTIONS]
    subprocess.run([rscript, script, *arguments, f"--added={folder / 'added.csv'}"], check=True, capture_output=True)
    made = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return pd.DataFrame(made["rows"], columns=made["columns"])


@pytest.fixture(scope="module")
def ours(haiti, real_data, tmp_path_factory) -> pd.DataFrame:
    out = tmp_path_factory.mktemp("xzz") / "tables.csv"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as caught:
        patch.setenv("XZZ_REAL_DATA", str(real_data))
        main(["tabulate", str(haiti), "--by", "milieu", "--out", str(out), "--quiet"])
    assert caught.value.code in (0, None)
    return pd.read_csv(out, dtype={"option": "str"}).fillna({"option": "", "by": ""})


def test_every_row_of_r_is_there_and_equal(ours, theirs):
    joined = theirs.merge(ours, on=KEY, how="left", suffixes=("_r", ""), validate="one_to_one")
    assert len(joined) > 500
    for column in ("estimate", "se", "df", "n"):
        expected = joined[f"{column}_r"].to_numpy(float)
        # 1e-8 relative as promised; 1e-11 absolute for shares of exactly 0, where R leaves 1e-13
        np.testing.assert_allclose(joined[column].to_numpy(float), expected, rtol=1e-8, atol=1e-11, err_msg=column)


def test_the_needs_report_is_built_in_both_languages(haiti):
    edition = haiti.parents[1] / "outputs" / "release" / "haiti_msna_2022-2022"
    for language in ("zh", "en"):
        page = (edition / f"needs_report.{language}.html").read_text(encoding="utf-8")
        assert page.count('data-result="') > 100
        assert ("问卷的" if language == "zh" else "no Chinese wording") in page


# --- what the published file computed itself -------------------------------------------------------------------

CODES = {
    "live_food_coping": "rcsi_score",
    "live_emergency_coping": "lcs_emergency",
    "live_food_consumption_poor": "fcs_cat",
}


@pytest.fixture(scope="module")
def survey(haiti, real_data) -> MonitoringRound:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZZ_REAL_DATA", str(real_data))
        return open_round(haiti)


@pytest.fixture(scope="module")
def published(real_data) -> pd.DataFrame:
    columns = ["weights", "f_3_aliment_moins_cher", *CODES.values()]
    table = pd.read_csv(real_data / "haiti_msna_2022" / "main.csv.gz", usecols=columns)
    return table.assign(fcs_cat=table["fcs_cat"].eq("Poor").where(table["fcs_cat"].notna()).astype(float))


@pytest.mark.parametrize("indicator", CODES)
def test_three_scores_equal_the_columns_of_the_published_file(survey, published, indicator):
    answered = published.dropna(subset=["f_3_aliment_moins_cher", CODES[indicator]])
    answered = published if indicator == "live_emergency_coping" else answered
    expected = np.average(answered[CODES[indicator]], weights=answered["weights"])
    row = survey.needs().set_index("indicator").loc[indicator]
    assert row["n"] == len(answered)
    np.testing.assert_allclose(row["estimate"], expected, rtol=1e-12)


def test_the_published_score_takes_twelve_missing_answers_for_none(survey, published):
    row = survey.needs().set_index("indicator").loc["live_food_coping"]
    theirs = np.average(published["rcsi_score"], weights=published["weights"])
    assert row["n_blank"] == len(published) - row["n"] == 12
    assert (round(row["estimate"], 2), round(theirs, 2)) == (19.93, 19.89)
