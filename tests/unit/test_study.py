"""study.yml → Study: every problem at once, each with value, place and remedy."""

from pathlib import Path

import pytest

from xzz_analysis.errors import StudyError
from xzz_analysis.study import open_study

GOOD = """
id: s
title: {zh: 研究, en: Study}
publisher: {zh: 机构, en: Publisher}
population: {zh: 总体, en: Population}
rounds:
  2025Q2: {collected: [2025-05-10, 2025-06-05]}
  2025Q4: {collected: [2025-11-01, 2025-11-28]}
tables:
  family: {key: family_id, form: form.xlsx, raw: {2025Q2: a.csv, 2025Q4: b.csv}}
  child: {key: child_id, parent: family, form: form.xlsx, raw: {2025Q4: c.csv}}
design: {kind: probability, strata: st, cluster: psu, weight: w}
groups:
  - sex
  - {name: band, unit: child, classes: [{name: a, label: {zh: 甲, en: A}, when: "${age} < 6"}]}
"""


@pytest.fixture
def write(tmp_path: Path):
    for name in ("form.xlsx", "a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_bytes(b"")

    def _write(text: str) -> Path:
        (tmp_path / "study.yml").write_text(text, encoding="utf-8")
        return tmp_path

    return _write


def problems(folder: Path) -> str:
    with pytest.raises(StudyError) as caught:
        open_study(folder)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_good_study_has_absolute_paths_and_the_parents_key(write):
    study = open_study(write(GOOD))
    assert study.tables["child"].parent_key == "family_id"
    assert study.tables["family"].raw["2025Q2"][0].is_absolute()
    assert study.round() == "2025Q4"


def test_folder_or_file_opens_the_same_study(write):
    folder = write(GOOD)
    assert open_study(folder).path == open_study(folder / "study.yml").path


def test_kept_columns_are_design_and_groups(write):
    study = open_study(write(GOOD))
    assert study.kept_columns("child") == ("st", "psu", "w", "sex")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title:", "titel:", "unknown key 'titel'; did you mean 'title'?"),
        ("key: family_id,", "kee: family_id,", "tables.family.kee: unknown key 'kee'; did you mean 'key'?"),
        ("strata: st", "stratum: st", "design.stratum: unknown key 'stratum'; did you mean 'strata'?"),
        ("kind: probability", "kind: random", "design.kind: 'random'"),
        ("a.csv", "missing.csv", "tables.family.raw.2025Q2"),
        ("parent: family", "parent: familly", "no table 'familly'; did you mean 'family'?"),
        ("{2025Q4: c.csv}", "{2025Q3: c.csv}", "no round '2025Q3'; did you mean"),
        ("en: Study", "fr: Étude", "no text in en"),
        ("id: s", "id: a/b", "file names"),
        ("2025-05-10, 2025-06-05", "2025-06-05, 2025-05-10", "the last day is before the first"),
        ("2025-05-10, 2025-06-05", "2025-05-10, soon", "rounds.2025Q2.collected"),
        ("  - sex\n", "  - sex\n  - sex\n", "group 'sex' is declared 2 times"),
        ("id: s", "id: con", "Windows keeps"),
        ("id: s", 'id: "s\\n"', "file names"),
        ("groups:", "notice: {zh: 演示}\ngroups:", "no text in en"),
        ("groups:", "disclosure: {threshold: true}\ngroups:", "disclosure.threshold: True"),
        ("groups:", "disclosure: {threshold: 1}\ngroups:", "greater than or equal to 5"),
        ("unit: child", "unit: chld", "no unit 'chld'; did you mean 'child'?"),
        ("id: s", "id: s\nid: t", "'id' is written twice"),
        ("  2025Q4: {c", "  2025Q2: {c", "'2025Q2' is written twice"),
    ],
)
def test_each_problem_names_value_and_place(write, old, new, said):
    assert said in problems(write(GOOD.replace(old, new, 1)))


def test_all_problems_are_reported_together(write):
    text = GOOD.replace("title:", "titel:").replace("kind: probability", "kind: random")
    said = problems(write(text))
    assert "titel" in said
    assert "random" in said
    assert "title: is missing" in said


def test_missing_files_are_all_named(write):
    said = problems(write(GOOD.replace("a.csv", "x.csv").replace("b.csv", "y.csv")))
    assert "x.csv does not exist" in said
    assert "y.csv does not exist" in said


def test_missing_study_says_how_to_make_one(tmp_path):
    assert "xzz init" in problems(tmp_path)


def test_broken_yaml_names_the_line(write):
    assert "study.yml, line 3" in problems(write("id: s\ntitle: {zh: a\nrounds: 3\n"))


def test_study_that_is_not_utf8_names_the_byte(tmp_path):
    (tmp_path / "study.yml").write_bytes("title: 流动".encode("gb18030"))
    assert "not UTF-8 (byte 7)" in problems(tmp_path)


def test_numeric_round_names_are_text(write):
    study = open_study(write(GOOD.replace("2025Q2", "2024").replace("2025Q4", "2025")))
    assert list(study.rounds) == ["2024", "2025"]


def test_unknown_round_suggests_the_nearest(write):
    with pytest.raises(StudyError, match="did you mean '2025Q4'"):
        open_study(write(GOOD)).round("2025q4")


def test_data_folder_comes_from_the_environment_or_the_default(write, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("form.xlsx", "a.csv", "b.csv", "c.csv"):
        (tmp_path / name).rename(elsewhere / name)
    folder = write(GOOD + "data_folder: ${XZZ_TEST_FOLDER:-elsewhere}\n")
    assert open_study(folder).tables["family"].form == elsewhere / "form.xlsx"
    monkeypatch.setenv("XZZ_TEST_FOLDER", str(elsewhere))
    assert open_study(folder).tables["family"].form == elsewhere / "form.xlsx"


def test_unset_variable_without_default_is_named(write):
    said = problems(write(GOOD + "data_folder: ${XZZ_NOT_SET}/data\n"))
    assert "XZZ_NOT_SET is not set" in said


def test_circle_of_words_in_error_never_shows_file_contents(write, tmp_path):
    (tmp_path / "a.csv").write_text("secret,张三", encoding="utf-8")
    assert "张三" not in problems(write(GOOD.replace("title:", "titel:")))
