"""A thousand planted identifiers, and a whole study read, checked and built: none reaches what was made of it."""

import importlib.util
import sys
import tempfile

import openpyxl
import pytest

from xzz_analysis.cli import main
from xzz_analysis.intake.privacy.forgetting import raw_files
from xzz_analysis.intake.privacy.scan import scan
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.study import open_study


def run(arguments, capfd):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capfd.readouterr()
    return caught.value.code, captured.out + captured.err


@pytest.fixture(scope="module")
def planted(root, tmp_path_factory, without_places):
    """A new study with identifiers in its raw files, and the list of them."""
    study = tmp_path_factory.mktemp("planted") / "study"
    with pytest.raises(SystemExit):
        main(["init", str(study), "--quiet"])
    without_places(study)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "tests" / "faults" / "planting")
        spec = importlib.util.spec_from_file_location("plant", root / "tests" / "faults" / "planting" / "plant.py")
        plant = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "plant", plant)
        spec.loader.exec_module(plant)
        found = plant.plant(raw_files(open_study(study)), 1000)
    return study, found


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    """A folder of its own for temporary files, to look into it afterwards."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_new_columns_that_look_like_identifiers_stop_the_build_and_show_nobody(planted, capfd, temporary):
    study, found = planted
    assert len(found) == 1000
    code, text = run(["build", str(study)], capfd)
    assert code == 1 and "privacy.yml" in text
    assert [one.place for one in found if one.value in text] == []
    words = [one.value for one in found]
    assert [leak for leak in scan(study / "outputs", words) if leak.kind == "known"] == []
    assert scan(temporary, words) == []


def test_none_of_a_thousand_is_in_anything_that_was_made(planted, capfd, temporary):
    study, found = planted
    assert run(["classify", str(study)], capfd)[0] in (0, None)
    classes = study / "privacy.yml"
    classes.write_text(classes.read_text(encoding="utf-8").replace("confirmed: no", "confirmed: yes"), encoding="utf-8")
    said = []
    written = ["--out", str(study / "outputs" / "tabulation.csv")]
    for command in ("check", "build", "tabulate", "status"):
        code, text = run([command, str(study), *(written if command == "tabulate" else [])], capfd)
        assert code in (0, None), text[-500:]
        said.append(text)
    words = [one.value for one in found]
    assert [one.place for one in found if one.value in "\n".join(said)] == []
    made = [leak for place in ("outputs", "vault") for leak in scan(study / place, words)]
    assert made == [] and scan(temporary, words) == []


def test_what_stood_in_cells_of_people_is_known_to_the_vault(planted):
    """Also those of families sent twice, and of their members; the second flavour only confirms what is known."""
    study, found = planted
    known = set(Vault.open(study).known_words())
    families = ("2025Q2_family.xlsx", "2025Q4_family.csv", "2025Q4_member.csv")
    files = (*families, "2025Q2_child_text.xlsx", "2025Q4_child_text.xlsx")
    cells = {one.value for one in found if one.place == "cell" and one.file in files}
    assert len(cells & known) == len(cells)


def test_a_damaged_sheet_that_is_called_like_somebody_is_told_by_its_number(planted, capfd):
    study, found = planted
    path = study / "raw" / "2025Q2_family.xlsx"
    whole, book = path.read_bytes(), openpyxl.load_workbook(path)
    assert book.worksheets[0].title in {one.value for one in found if one.place == "sheet name"}
    book.worksheets[0]["B1"] = book.worksheets[0]["A1"].value
    book.save(path)
    code, text = run(["check", str(study)], capfd)
    path.write_bytes(whole)
    assert code != 0 and "2025Q2_family.xlsx, sheet 1: 1 column name(s) occur more than once" in text
    assert [one.place for one in found if one.value in text] == []
