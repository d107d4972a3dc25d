"""Publishing is complete or not at all, and says why it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from xzz_analysis.cli import main
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.editions.plan import plan
from xzz_analysis.editions.publish import leaks, publish, unchecked
from xzz_analysis.editions.run import quoted_facts
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.report.blocks import from_json
from xzz_analysis.report.chapters.benchmarks import benchmark_table
from xzz_analysis.study import open_study

REPORTS = """- report: methods
  notebook: 08_methods
  title: {zh: 方法说明, en: Methods}
  parameters: {round: 2025Q4}
  languages: [zh]
  audience: release
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new study with one small report, published."""
    folder = tmp_path_factory.mktemp("publish") / "study"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZZ_VAULT_KEY_FILE", str(folder.parent / "vault.key"))
        with pytest.raises(SystemExit):
            main(["init", str(folder), "--quiet"])
        (folder / "reports.yml").write_text(REPORTS, encoding="utf-8")
        publish(open_study(folder))
    return folder


@pytest.fixture
def study(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XZZ_VAULT_KEY_FILE", str(published.parent / "vault.key"))
    return Path(shutil.copytree(published, tmp_path / "study"))


def change(study: Path, file: str, old: str, new: str) -> None:
    text = (study / file).read_text(encoding="utf-8")
    assert old in text
    (study / file).write_text(text.replace(old, new), encoding="utf-8")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_is_published_is_what_was_built(published):
    outputs = published / "outputs"
    made = content(outputs / "published" / "demo-2025Q4")
    assert made == content(outputs / "release" / "demo-2025Q4") and "methods.zh.html" in made


def test_data_below_the_minimum_are_not_published(study):
    before = content(study / "outputs" / "published" / "demo-2025Q4")
    change(study, "study.yml", "minimum: 80", "minimum: 99.9")
    with pytest.raises(InputError, match="not good enough") as raised:
        publish(open_study(study))
    assert {finding.where for finding in raised.value.findings} == {"family", "child"}
    assert all(finding.rule == "quality_below_minimum" for finding in raised.value.findings)
    assert content(study / "outputs" / "published" / "demo-2025Q4") == before


def test_a_survey_that_does_not_say_who_paid_is_not_published(study):
    change(study, "study.yml", "  sponsor: {zh: 无外部资助（虚构）, en: no external funding (fictional)}\n", "")
    with pytest.raises(InputError, match="not told enough") as raised:
        publish(open_study(study))
    (finding,) = raised.value.findings
    assert (finding.rule, finding.where) == ("statement_unfilled", "study.yml: statement.sponsor")


@pytest.fixture
def quoting(study):
    """The study after a report that quotes official figures: its job, with the facts in the manifest."""
    path = study / "outputs" / "release" / "demo-2025Q4" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["reports"]["methods"]["facts"] = ["nbs_in_school_2021"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return study


def refused(study):
    opened = open_study(study)
    return [(one.rule, one.where) for one in unchecked(opened, plan(opened))]


def test_facts_that_nobody_checked_are_published_only_with_a_declared_reason(quoting):
    assert refused(quoting) == []  # the demonstration declares why
    change(quoting, "study.yml", "  nbs_in_school_2021: *shown\n", "")
    assert refused(quoting) == [("fact_unchecked", "data/facts: nbs_in_school_2021")]
    change(quoting, "study.yml", "  nbs-migrant-workers-children: *shown\n", "  nbs-migrant-children: *shown\n")
    assert refused(quoting) == [
        ("unknown_name", "unchecked_facts.nbs-migrant-children"),
        ("fact_unchecked", "data/facts: nbs_in_school_2021"),
        ("fact_unchecked", "data/facts: nbs-migrant-workers-children"),
    ]


def test_an_edition_that_quotes_unchecked_facts_is_not_published(quoting, monkeypatch):
    before = content(quoting / "outputs" / "published" / "demo-2025Q4")
    change(quoting, "study.yml", "  nbs_in_school_2021: *shown\n", "")
    monkeypatch.setattr("xzz_analysis.editions.publish.build", lambda *given, **named: [])
    with pytest.raises(InputError, match="official figures are quoted that nobody has checked: 1 reason"):
        publish(open_study(quoting))
    assert content(quoting / "outputs" / "published" / "demo-2025Q4") == before


def test_a_report_says_which_facts_it_quotes_and_why_unchecked_ones_are_printed(root):
    survey = open_round(root / "data" / "demo")
    (table,) = blocks = benchmark_table(survey, protect(survey.needs(domain="education"), Policy()))
    assert quoted_facts(blocks) == {"nbs_in_school_2017", "nbs_in_school_2021"}
    (reason,) = table.notes[1:]
    assert (
        "仍然印出的理由：这里演示官方数字怎样印出" in reason["zh"] and "all the same: The demonstration" in reason["en"]
    )
    assert quoted_facts([from_json(json.loads(json.dumps(table.to_json())))]) == quoted_facts(blocks)


def test_a_page_that_names_somebody_is_not_published(study):
    child = "C11109"  # a key, which the vault knows
    page = study / "outputs" / "release" / "demo-2025Q4" / "extra.html"
    page.write_text(f"<p>{child} 13912345678</p>", encoding="utf-8")
    found = leaks(open_study(study), page.parent)
    assert {finding.rule for finding in found} == {"identifier_published"} and len(found) == 2
    assert all(child not in str(finding) and "139" not in str(finding) for finding in found)


def test_a_study_without_reports_for_release_is_told_so(study):
    change(study, "reports.yml", "release", "internal")
    with pytest.raises(StudyError, match="audience: release"):
        publish(open_study(study))


def test_the_command_prints_reasons_and_fails(study, capsys):
    change(study, "study.yml", "minimum: 80", "minimum: 99.9")
    with pytest.raises(SystemExit) as caught:
        main(["publish", str(study)])
    told = capsys.readouterr().err
    assert caught.value.code == 1 and "99.9 are needed" in told and "quality.minimum" in told
