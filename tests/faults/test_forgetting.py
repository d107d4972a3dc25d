"""`xzz forget`: a child is gone from every store, from the next build, and from every byte under the study."""

import csv
import shutil

import pytest

from xzz_analysis.cli import main
from xzz_analysis.intake.privacy.scan import scan
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.intake.store import load
from xzz_analysis.study import open_study


def run(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    return caught.value.code, captured.out + captured.err


@pytest.fixture(scope="module")
def forgotten(my_study, demo_children, tmp_path_factory, without_places):
    """The built study without a child of the last round, its raw file replaced by the copy without the child."""
    study = tmp_path_factory.mktemp("forget") / "study"
    shutil.copytree(my_study, study)
    without_places(study)
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


# --- names of family members, in a repeat -------------------------------------------------------------------

SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "晓岚砚澜汀芷蘅菡萱蓁苒荞葭蔚"


def name_of(number):
    """A name that no other number has, and no word of a questionnaire."""
    return SURNAMES[number % 16] + GIVEN[number // 16 % 14] + GIVEN[number // 224 % 14]


@pytest.fixture(scope="module")
def members(my_study, tmp_path_factory):
    """The built study with the name of every family member in its repeat, and the names of each family."""
    study = tmp_path_factory.mktemp("members") / "study"
    shutil.copytree(my_study, study)
    path = study / "raw" / "2025Q4_member.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {}
    for number, row in enumerate(rows):
        row["member_name"] = name_of(number)
        names.setdefault(row["_submission__uuid"], set()).add(row["member_name"])
    write(path, rows)
    with (study / "raw" / "2025Q4_family.csv").open(encoding="utf-8-sig", newline="") as file:
        families = {row["family_id"]: names.get(row["_uuid"], set()) for row in csv.DictReader(file)}
    classes = study / "privacy.yml"
    text = classes.read_text(encoding="utf-8")
    line = '  "member_name": {class: direct, confirmed: yes, reason: "name"}\n'
    classes.write_text(text.replace('"member":\n', f'"member":\n{line}', 1), encoding="utf-8")
    return study, families


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_names_of_family_members_are_known_to_the_vault_and_in_nothing_that_is_made(members, capsys):
    study, families = members
    names = set().union(*families.values())
    assert len(names) > 500
    assert run(["build", str(study), "needs_report", "--quiet"], capsys)[0] in (0, None)
    assert set(Vault.open(study).known_words()) >= names
    assert scan(study / "outputs", names) == [] and scan(study / "vault", names) == []


def test_names_of_family_members_are_forgotten_with_their_family(members, capsys):
    study, families = members
    load(open_study(study))
    family = max(families, key=lambda key: len(families[key]))
    gone, stay = families[family], set().union(*(own for key, own in families.items() if key != family))
    assert len(gone) > 2 and scan(study, gone)
    code, text = run(["forget", family, str(study), "--rewrite", str(study / "without")], capsys)
    assert code in (0, None) and "2025Q4_member.csv" in text and not any(name in text for name in gone)
    for copy in (study / "without").iterdir():
        copy.replace(study / "raw" / copy.name)
    known = set(Vault.open(study).known_words())
    assert not known & gone and known >= stay
    load(open_study(study))
    assert not set(Vault.open(study).known_words()) & gone
    assert scan(study, gone) == []
