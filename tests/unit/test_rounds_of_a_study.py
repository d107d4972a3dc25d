"""A study whose earlier round had another questionnaire: it stops, asks, and reads on once a person has decided."""

import openpyxl
import pandas as pd
import pytest
import yaml

from xzz_analysis.cli import main
from xzz_analysis.errors import XzzError
from xzz_analysis.intake.store import read_study
from xzz_analysis.study import open_study

RENAMED = {"sex": "gender", "性别": "孩子是男孩还是女孩？", "female": "girl", "male": "boy"}


def rewrite(path, target, change):
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = change(cell.value)
    book.save(target)


def run(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    captured = capsys.readouterr()
    return caught.value.code, captured.out + captured.err


@pytest.fixture
def study(tmp_path):
    """The demonstration, its first round of children asked with the sex named and worded otherwise."""
    folder = tmp_path / "study"
    with pytest.raises(SystemExit):
        main(["init", str(folder), "--quiet"])
    form, earlier = folder / "forms" / "child.xlsx", folder / "forms" / "child_2025Q2.xlsx"
    rewrite(form, earlier, lambda text: RENAMED.get(text, text.replace("select_one sex", "select_one gender")))
    for flavour in ("text", "number"):
        raw = folder / "raw" / f"2025Q2_child_{flavour}.xlsx"
        rewrite(raw, raw, lambda text: text.replace("3、性别", "3、孩子是男孩还是女孩？"))
    path = folder / "study.yml"
    text = path.read_text(encoding="utf-8")
    assert text.count("    form: forms/child.xlsx\n") == 1
    text = text.replace(
        "    form: forms/child.xlsx\n",
        "    form: forms/child.xlsx\n    forms: {2025Q2: forms/child_2025Q2.xlsx}\n",
    )
    path.write_text(text, encoding="utf-8")
    return folder


def sexes(folder):
    children = read_study(open_study(folder)).unit("child")
    return children.values.loc[children.rounds == "2025Q2", "sex"].value_counts().to_dict()


def test_a_change_that_nobody_decided_stops_with_the_question_named(study, capsys):
    with pytest.raises(XzzError) as caught:
        read_study(open_study(study))
    assert "crosswalk.yml" in str(caught.value)
    assert "gender" in str(caught.value)


def test_decided_once_the_rounds_are_one_question(study, demo_children, capsys):
    code, text = run(["crosswalk", str(study)], capsys)
    assert code in (0, None) and "wait for a decision" in text
    path = study / "crosswalk.yml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    (entry,) = written["child"]["2025Q2 to 2025Q4"]
    assert entry["question"] == "gender" and entry["confirmed"] is False
    entry |= {"becomes": "sex", "relation": "recoded", "options": {"girl": "female", "boy": "male"}, "confirmed": True}
    path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    once = demo_children["2025Q2"].drop_duplicates("child_id")
    assert sexes(study) == pd.Series(once["sex"]).value_counts().to_dict()


def test_a_study_with_one_questionnaire_needs_no_crosswalk(root, capsys):
    code, text = run(["crosswalk", str(root / "data" / "demo")], capsys)
    assert code == 2 and "names no form of an earlier round" in text
