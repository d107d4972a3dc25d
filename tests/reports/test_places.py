"""One report for each level of a group: planned from one entry, built, protected and traced like all others."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.reports.test_traced import COUNTS, labels, page, printed, unexplained
from xzz_analysis.cli import main
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.editions.plan import plan
from xzz_analysis.editions.run import build
from xzz_analysis.editions.trace import trace
from xzz_analysis.errors import StudyError
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.study import open_study

WHOLE = """
- report: needs_report
  notebook: 02_needs_report
  title: {zh: 需求报告, en: Needs}
  audience: release
"""
EACH = """
- report: community_needs
  notebook: 02_needs_report
  title: {zh: 社区需求报告, en: Needs of a community}
  audience: release
  each: community
"""
PLACES = {"weidu": "苇渡社区", "tangxu": "棠序社区", "xingzhan": "星栈社区", "heyan": "禾砚社区"}


@pytest.fixture(scope="module")
def folder(root, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("places") / "study"
    shutil.copytree(root / "data" / "demo", made, ignore=shutil.ignore_patterns("*.py", "__pycache__", "vault"))
    study = made / "study.yml"
    study.write_text(study.read_text(encoding="utf-8").replace("../../outputs", "outputs"), encoding="utf-8")
    return made


def declared(folder: Path, *entries: str):
    (folder / "reports.yml").write_text("".join(entries), encoding="utf-8")
    return open_study(folder)


def refused(folder: Path, *entries: str) -> str:
    with pytest.raises(StudyError) as caught:
        plan(declared(folder, *entries))
    return str(caught.value)


def test_an_entry_makes_one_report_for_each_level(folder):
    jobs = plan(declared(folder, WHOLE, EACH))
    assert [job.spec.report for job in jobs] == ["needs_report", *(f"community_needs-{level}" for level in PLACES)]
    assert [job.place for job in jobs] == ["", *(f"community={level}" for level in PLACES)]
    assert [job.spec.title["zh"] for job in jobs[1:]] == [f"社区需求报告：{name}" for name in PLACES.values()]
    assert jobs[-1].spec.title["en"] == "Needs of a community: Heyan"
    assert len({job.key for job in jobs}) == 5


def test_levels_are_chosen_by_only(folder):
    study = declared(folder, WHOLE, EACH + "  only: [heyan, weidu]\n")
    assert [job.spec.report for job in plan(study, ["community_needs"])] == [
        "community_needs-weidu",
        "community_needs-heyan",
    ]
    assert [job.place for job in plan(study, ["community_needs-heyan"])] == ["community=heyan"]


def test_a_place_may_be_a_parameter_of_one_report(folder):
    (job,) = plan(declared(folder, WHOLE + "  parameters: {place: community=heyan}\n"))
    assert (job.spec.report, job.place) == ("needs_report", "community=heyan")
    assert "did you mean 'heyan'" in refused(folder, WHOLE + "  parameters: {place: community=heyn}\n")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (EACH.replace("each: community", "each: comunity"), "did you mean 'community'"),
        (EACH + "  only: [heyn]\n", "did you mean 'heyan'"),
        (WHOLE + "  only: [heyan]\n", "write `each: community`"),
        (EACH + "  parameters: {place: community=heyan}\n", "`each` fills in the parameter 'place'"),
        (EACH.replace("02_needs_report", "08_methods"), "08_methods.ipynb has no parameter 'place'"),
        (EACH + "  parameters: {round: 2025Q3}\n", "round '2025Q3' is not declared"),
    ],
)
def test_what_cannot_be_planned_says_why_before_anything_runs(folder, entry, message):
    assert message in refused(folder, entry)


def test_a_level_of_no_people_has_no_report(folder):
    study, first = folder / "study.yml", "      - {name: 3-5, label"
    older = '      - {name: 16+, label: {zh: 16岁以上, en: 16 or more}, when: "${age} > 15"}\n'
    before = study.read_text(encoding="utf-8")
    study.write_text(before.replace(first, older + first, 1), encoding="utf-8")
    entry = EACH.replace("each: community", "each: age_band")
    try:
        assert "nobody of round 2025Q4 is in level '16+'" in refused(folder, entry + "  only: [16+]\n")
        assert [job.place for job in plan(declared(folder, entry))] == [
            f"age_band={one}" for one in ("3-5", "6-11", "12-15")
        ]
    finally:
        study.write_text(before, encoding="utf-8")


@pytest.fixture(scope="module")
def edition(folder) -> Path:
    build(declared(folder, EACH + "  only: [heyan]\n"))
    return folder / "outputs" / "release" / "demo-2025Q4"


REPORT = "community_needs-heyan"


def test_status_knows_the_reports_of_levels(folder, edition, capsys):
    declared(folder, EACH + "  only: [heyan, weidu]\n")
    with pytest.raises(SystemExit):
        main(["status", str(folder), "--json"])
    stale = {row["report"]: row["stale"] for row in json.loads(capsys.readouterr().out)}
    assert stale == {REPORT: "", "community_needs-weidu": "never built"}


@pytest.mark.parametrize(("language", "name"), [("zh", "禾砚社区"), ("en", "Heyan")])
def test_the_page_says_the_place_and_its_notice(edition, language, name):
    text = (edition / f"{REPORT}.{language}.html").read_text(encoding="utf-8")
    assert name in text.partition("</title>")[0]
    assert ("合成演示数据" if language == "zh" else "Synthetic demonstration data") in text
    assert "本报告只说明禾砚社区" in text if language == "zh" else "This report is about Heyan only" in text


def test_every_figure_of_the_place_is_a_result_of_the_place_or_of_the_difference_from_the_whole(edition):
    table = pd.read_csv(edition / f"{REPORT}.results.csv", dtype={"result_id": str})
    assert len(table) > 200
    assert table["by"].str.contains("community=heyan").all()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_digit_of_the_page_carries_a_result(folder, edition, language):
    known = labels(folder)
    results = pd.read_csv(edition / f"{REPORT}.results.csv", dtype={"result_id": str}).set_index("result_id")
    for text, stated, tag, caption in page(edition, REPORT, language).texts:
        if stated and tag == "p":
            allowed = set().union(*(printed(results.loc[name]) for name in stated.split()))
            assert set(unexplained(text, known)) <= allowed, text
        elif not stated and not any(word in caption for word in (*COUNTS, "The sample of")):
            assert set(unexplained(text, known)) <= {"197", "232"}, text  # who answered in the place


def test_what_the_whole_study_withholds_is_not_in_the_files(folder, edition):
    whole = open_round(folder)
    hidden = protect(whole.needs("community"), Policy(5)).frame.query("suppressed")["result_id"]
    table = pd.read_csv(edition / f"{REPORT}.results.csv", dtype={"result_id": str}).set_index("result_id")
    assert table.loc[table.index.intersection(hidden), ["estimate", "n", "n_need"]].isna().all(axis=None)


def test_a_crossed_figure_is_traced_to_its_place(folder, edition):
    study = declared(folder, EACH + "  only: [heyan]\n")
    table = pd.read_csv(edition / f"{REPORT}.results.csv", dtype={"result_id": str})
    row = table[(table["by"] == "community=heyan;sex=female") & table["estimate"].notna()].iloc[0]
    found = trace(study, row["result_id"])
    assert found["same"] is True
    assert found["filter"] == "community = heyan; sex = female"
    assert found["design"]["strata"] == 4
