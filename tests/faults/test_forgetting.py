"""`xzz forget`: a child is gone from every store, from the next build, and from every byte under the study."""

import shutil

import pytest

from xzz_analysis.cli import main
from xzz_analysis.intake.privacy.scan import scan
from xzz_analysis.intake.store import load
from xzz_analysis.study import open_study


def run(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    return caught.value.code, captured.out + captured.err


@pytest.fixture(scope="module")
def forgotten(my_study, demo_children, tmp_path_factory):
    """The built study without a child of the last round, its raw file replaced by the copy without the child."""
    study = tmp_path_factory.mktemp("forget") / "study"
    shutil.copytree(my_study, study)
    children = demo_children["2025Q4"].drop_duplicates("child_id")
    return study, children.loc[children["enrolment"] == "public", "child_id"].iloc[0]


def test_a_child_is_gone_from_every_byte(forgotten, capsys):
    study, child = forgotten
    opened = open_study(study)
    before = load(opened).unit("child")
    assert scan(study, [child])  # it is found before, or the search would prove nothing
    code, text = run(["forget", child, str(study), "--rewrite", str(study / "without")], capsys)
    assert code in (0, None) and "forgotten: 1 record(s)" in text
    assert "build and publish again" in text and "demo-2025Q4" in text
    assert child not in text
    copies = list((study / "without").iterdir())
    assert [copy.name for copy in copies] == ["2025Q4_child_text.xlsx"]
    for copy in copies:
        copy.replace(study / "raw" / copy.name)
    after = load(open_study(study)).unit("child")
    assert len(after) == len(before) - 1
    assert run(["build", str(study), "--quiet"], capsys)[0] in (0, None)
    assert scan(study, [child]) == []


def test_a_raw_export_read_again_does_not_bring_the_child_back(forgotten, my_study, capsys):
    study, child = forgotten
    rows = len(load(open_study(study)).unit("child"))
    name = "raw/2025Q4_child_text.xlsx"
    shutil.copy(my_study / name, study / name)
    found = load(open_study(study))
    assert len(found.unit("child")) == rows
    assert "forgotten" in {finding.rule for finding in found.findings}
    assert all(child not in str(finding) for finding in found.findings)


def test_an_unknown_key_changes_nothing_and_is_not_repeated(forgotten, capsys):
    study, _ = forgotten
    code, text = run(["forget", "C00000", str(study)], capsys)
    assert code == 1 and "C00000" not in text


def test_a_study_without_a_vault_says_what_to_write(capsys, root):
    code, text = run(["forget", "C10001", str(root / "data" / "demo")], capsys)
    assert code == 2 and "write `privacy: {}`" in text
