"""Nothing is kept longer than was promised: a round whose time is over goes, and never comes back."""

import datetime as dt
import shutil

import pytest
import yaml

from xzz_analysis.cli import main
from xzz_analysis.errors import StudyError
from xzz_analysis.intake.privacy.retention import Retention, check_retention, retentions
from xzz_analysis.intake.privacy.scan import scan
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.intake.store import load, read_study
from xzz_analysis.study import open_study

LAST = dt.date(2025, 6, 5)
"""Last day of the demonstration's first round."""


def run(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    return caught.value.code, captured.out + captured.err


def declare(folder, retention, unit="child"):
    path = folder / "study.yml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    given["tables"][unit]["retention"] = retention
    path.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")
    return open_study(folder)


def without_round(folder, unit, name):
    path = folder / "study.yml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    del given["tables"][unit]["raw"][name]
    path.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def study(my_study, tmp_path):
    """A copy of the built study."""
    shutil.copytree(my_study, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def over(study):
    """Children's records of the first round had to go yesterday; those of the second may stay."""
    yesterday = dt.date.today() - dt.timedelta(days=1)
    return declare(study, {"days": (yesterday - LAST).days})


# --- what a study declares ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ({"until": "2027-12-31"}, dt.date(2027, 12, 31)),
        ({"days": 30}, dt.date(2025, 7, 5)),
        ({"until": "2025-06-30", "days": 30}, dt.date(2025, 6, 30)),
        ({"until": "2027-12-31", "days": 30}, dt.date(2025, 7, 5)),
        ({"days": 0}, LAST),
    ],
)
def test_the_earlier_day_counts(given, until):
    assert Retention.model_validate(given).last_day(LAST) == until


@pytest.mark.parametrize("given", [{"days": -1}, {"until": "soon"}, {"month": 3}, {"of": ["raw"], "days": 3}])
def test_a_declaration_that_does_not_say_when_is_refused(study, given):
    with pytest.raises(StudyError, match=r"tables\.child\.retention"):
        retentions(declare(study, given))


def test_an_empty_declaration_promises_nothing(study):
    assert retentions(declare(study, {})) == {}


def test_what_is_kept_too_long_is_an_error_from_the_next_day_on(study):
    opened = declare(study, {"days": 30})
    assert not check_retention(opened, today=dt.date(2025, 7, 5))
    (finding,) = check_retention(opened, today=dt.date(2025, 7, 6))
    assert (finding.severity, finding.rule) == ("error", "retention_over")
    assert "unit 'child', round 2025Q2, had to be deleted by 2025-07-05" in finding.message


def test_what_is_read_depends_on_the_rounds_and_not_on_the_calendar(study):
    assert "retention_over" not in {one.rule for one in read_study(declare(study, {"days": 180})).findings}
    (finding,) = [one for one in read_study(declare(study, {"days": 175})).findings if one.rule == "retention_over"]
    assert "round 2025Q2" in finding.message


def test_a_build_stops_while_its_newest_round_came_after_the_day(study, capsys):
    declare(study, {"days": 100})
    code, text = run(["build", str(study), "--quiet"], capsys)
    assert code == 1 and "xzz forget --expired" in text


# --- xzz forget --expired -----------------------------------------------------------------------------------


def test_without_yes_it_is_only_listed(over, study, capsys):
    before = Vault.open(study).rows()
    children = before[(before["unit"] == "child") & (before["round"] == "2025Q2")]["pseudonym"].nunique()
    code, text = run(["forget", "--expired", str(study)], capsys)
    assert code in (0, None)
    yesterday = dt.date.today() - dt.timedelta(days=1)
    assert f"child, round 2025Q2: {children} record(s), to be deleted by {yesterday.isoformat()}" in text
    assert "2025Q4" not in text and "run again with --yes" in text
    assert Vault.open(study).rows().equals(before)


def test_the_round_is_gone_from_every_byte_and_stays_out(over, study, demo_children, capsys):
    only_then = set(demo_children["2025Q2"]["child_id"]) - set(demo_children["2025Q4"]["child_id"])
    assert len(only_then) > 100 and scan(study, only_then)
    later = (load(over).unit("child").rounds == "2025Q4").sum()
    code, text = run(["forget", "--expired", str(study), "--yes"], capsys)
    assert code in (0, None) and "forgotten: 1 round(s) of units" in text
    assert "build and publish again" in text and "delete it, and take the round out of study.yml" in text
    assert not any(child in text for child in only_then)
    children = load(open_study(study)).unit("child")
    assert (children.rounds == "2025Q2").sum() == 0 and (children.rounds == "2025Q4").sum() == later
    assert "round_over" in {finding.rule for finding in load(open_study(study)).findings}
    assert scan(study / "outputs" / "internal", only_then) == []

    for flavour in ("text", "number"):
        (study / "raw" / f"2025Q2_child_{flavour}.xlsx").unlink()
    without_round(study, "child", "2025Q2")
    code, text = run(["build", str(study), "needs_report", "--quiet"], capsys)
    assert code in (0, None), text
    assert scan(study, only_then) == []
    assert not set(Vault.open(study).known_words()) & only_then


def test_nothing_over_is_said_and_nothing_is_removed(study, capsys):
    declare(study, {"until": "2999-12-31"})
    before = Vault.open(study).rows()
    code, text = run(["forget", "--expired", str(study), "--yes"], capsys)
    assert code in (0, None) and "no round is kept longer than declared" in text
    assert Vault.open(study).rows().equals(before)
    assert list((study / "outputs" / "internal").iterdir())


def test_a_key_and_the_calendar_are_not_asked_together(study, capsys):
    code, text = run(["forget", "C10001", str(study), "--expired"], capsys)
    assert code == 2 and "name no key" in text
    code, text = run(["forget"], capsys)
    assert code == 2 and "name the key" in text
