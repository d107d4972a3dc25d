"""Free text coded into themes: read, joined, estimated, quoted, forgotten; never a key or a text in what is said."""

import datetime as dt
import re

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.themes_study import (
    CODES,
    KEY,
    STUDY,
    TEXT,
    coded,
    quotation,
    read_table,
    records,
    themes,
    write_study,
    write_table,
    write_yaml,
)
from xzz_analysis.cli import main
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.intake.privacy.forgetting import forget, raw_files, rewrite_raw
from xzz_analysis.intake.privacy.retention import expire
from xzz_analysis.intake.privacy.vault import Vault
from xzz_analysis.intake.quality import RULES
from xzz_analysis.intake.store import input_hash, load, read_study
from xzz_analysis.intake.themes import check_quotations, write_sheet
from xzz_analysis.intake.themes.reading import read_coding
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import open_round
from xzz_analysis.needs.themes import agreement, coded_questions, cohen_kappa, theme_shares
from xzz_analysis.study import open_study
from xzz_analysis.study.themes import CodedQuestion, Themes

SECRETS = ("C001", "C000", "C999", "合成回答", "楼道里跑")
"""Keys, answers and quoted words that no message may repeat."""


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """The second round of the invented study."""
    return open_round(write_study(tmp_path_factory.mktemp("wishes")), "r2")


@pytest.fixture
def folder(tmp_path):
    """A copy to spoil, its second coder left out."""
    return write_study(tmp_path / "study", lambda declared: declared["questions"][0].pop("second_coder"))


def told(dataset):
    """Findings about themes and quotations by rule; nothing in them tells of anybody."""
    found = [one for one in dataset.findings if one.rule.startswith(("theme", "quotation"))]
    assert not [word for one in found for word in SECRETS if word in str(one)]
    assert {one.rule for one in found} <= set(RULES)
    return {one.rule: (one.severity, one.count) for one in found}


def spoil(folder, change, name="r2"):
    """Change the coded rows of one round, and read the study again."""
    path = folder / "themes" / f"{name}.csv"
    write_table(path, change(read_table(path)))
    return read_study(open_study(folder))


def problems(folder, change):
    """What is wrong with a declaration."""
    declared = themes()
    change(declared)
    write_yaml(folder / "themes.yml", declared)
    with pytest.raises(StudyError) as caught:
        open_study(folder)
    assert not [word for word in SECRETS if word in str(caught.value)]
    return str(caught.value)


# --- figures ------------------------------------------------------------------------------------------------


def test_shares_are_those_of_the_coded_answers(survey):
    answers, marks = pd.DataFrame(records("r2")), pd.DataFrame(coded(records("r2")))
    both = answers.merge(marks, on=KEY)
    weight = both["weight"].astype(float)
    (question,) = coded_questions(survey)
    shares = theme_shares(survey, question).set_index("option")
    for code in CODES:
        assert shares.loc[code, "estimate"] == pytest.approx((both[code].astype(int) * weight).sum() / weight.sum())
        assert shares.loc[code, ["n", "n_need"]].tolist() == [210, (both[code] == "1").sum()]
    assert set(shares["n_blank"]) == {30}


def test_the_engine_gives_the_same_result_by_any_way(survey):
    (question,) = coded_questions(survey)
    shares = theme_shares(survey, question)
    tabled = next(survey.tabulations("child", [[]])).set_index("result_id")
    assert np.array_equal(tabled.loc[shares["result_id"], "low"], shares["low"])


def test_a_blank_answer_stays_blank_and_none_of_the_themes_is_an_answer(survey):
    answers = survey.dataset.unit("child")
    here = (answers.rounds == "r2").to_numpy()
    reasons = pd.Series(answers.reasons_of("wish")[here])
    assert reasons.value_counts().to_dict() == {Reason.ANSWERED: 210, Reason.BLANK: 30}
    marks = answers.values.loc[here, [f"wish/{code}" for code in CODES]]
    assert (marks.sum(axis=1) == 0).sum() > 30 > (reasons == Reason.BLANK).sum() - 1
    assert marks[(reasons == Reason.BLANK).to_numpy()].isna().all(axis=None)


def test_themes_can_be_asked_for_in_an_expression(survey):
    bound = survey.dataset.bindings("child")("wish")
    assert bound.known.sum() == 420


def test_domains_of_themes_are_those_of_needs(survey):
    assert [one.id for one in coded_questions(survey, "education")] == ["wish"]
    assert coded_questions(survey, "health") == []
    assert set(CodedQuestion.model_fields["domain"].annotation.__args__) == set(DOMAINS)


# --- two coders ---------------------------------------------------------------------------------------------


def test_kappa_of_altmans_radiologists():
    """Altman (1991), Practical Statistics for Medical Research, p. 403; Stata's manual prints 0.4728 ([R] kappa)."""
    counts = np.array([[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]])
    assert cohen_kappa(counts) == pytest.approx(0.4728, abs=5e-5)


@pytest.mark.parametrize(("counts", "kappa"), [([[75, 5], [5, 15]], 0.69), ([[4, 6], [1, 89]], 0.50)])
def test_kappa_of_one_category_against_the_rest(counts, kappa):
    """Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, table 18.1: psychotic, neurotic."""
    assert cohen_kappa(np.array(counts)) == pytest.approx(kappa, abs=5e-3)


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any))
def test_kappa_is_one_at_most_and_does_not_ask_who_was_first(cells):
    counts = np.array(cells).reshape(2, 2)
    kappa = cohen_kappa(counts)
    assert np.isnan(kappa) or kappa <= 1
    assert cohen_kappa(counts.T) == pytest.approx(kappa, nan_ok=True)
    assert np.isnan(kappa) == (np.count_nonzero(counts) == 1 and np.trace(counts) > 0)


def test_agreement_counts_the_answers_that_both_have_read(survey):
    first = pd.DataFrame(coded(records("r2"))).set_index(KEY)
    folder = survey.study.folder
    other = pd.DataFrame(read_table(folder / "themes" / "r2_second.csv")).set_index(KEY)["codes"]
    made = agreement(survey).set_index(["option", "statistic"])
    for code in CODES:
        one, two = first.loc[other.index, code] == "1", other.str.split(";").map(lambda words, code=code: code in words)
        counts = pd.crosstab(one, two).reindex(index=[True, False], columns=[True, False], fill_value=0)
        assert made.loc[(code, "agreement"), "estimate"] == pytest.approx((one == two).mean())
        assert made.loc[(code, "kappa"), "estimate"] == pytest.approx(cohen_kappa(counts.to_numpy()))
        assert made.loc[(code, "kappa"), "n"] == len(other) == 105
        assert made.loc[(code, "kappa"), "n_need"] in (one.sum(), two.sum())


def test_a_round_coded_once_has_no_agreement(survey):
    assert len(agreement(open_round(survey.study, "r1"))) == 0


# --- what is stored -----------------------------------------------------------------------------------------


def test_themes_are_stored_without_keys_and_texts_and_come_back(survey):
    stored = load(survey.study)
    assert stored.coders.equals(survey.dataset.coders)
    assert stored.unit("child").values.equals(survey.dataset.unit("child").values)
    data = b"".join(path.read_bytes() for path in survey.study.outputs.rglob("*") if path.is_file())
    assert not [word for word in SECRETS if word.encode() in data]


def test_a_coded_file_is_part_of_the_data(folder):
    before = input_hash(open_study(folder).input_files())
    spoil(folder, lambda rows: [*rows[:-1], rows[-1] | {"play": "1", "school": "1"}])
    assert input_hash(open_study(folder).input_files()) != before


# --- bad input: a coded file --------------------------------------------------------------------------------

DECLARED = CodedQuestion.model_validate(themes()["questions"][0])
ROW = {KEY: "C001", "play": "1", "parents": "0", "school": "", "bullied": "0"}


@pytest.mark.parametrize(
    ("rows", "rule", "count"),
    [
        ([{"id": "C001", "codes": "play"}], "theme_column", 1),
        ([{KEY: "C001", "play": "1"}], "theme_column", 3),
        ([ROW | {"codes": "play"}], "theme_column", 4),
        ([ROW | {"bulied": "1"}], "theme_unknown", 1),
        ([{KEY: "C001", "codes": "play;bulied"}, {KEY: "C002", "codes": "他说想回家"}], "theme_unknown", 2),
        ([{KEY: "C001", "codes": "none;play"}], "theme_cell", 1),
        ([ROW | {"play": "是"}], "theme_cell", 1),
        ([ROW | {KEY: ""}], "theme_key_empty", 1),
        ([ROW, ROW, ROW | {KEY: "C002"}], "theme_key_twice", 2),
    ],
)
def test_a_coded_file_that_cannot_be_used_as_it_is(tmp_path, rows, rule, count):
    write_table(tmp_path / "coded.csv", rows)
    _, (finding,) = read_coding(tmp_path / "coded.csv", DECLARED, KEY)
    assert (finding.severity, finding.rule, finding.count) == ("error", rule, count)
    assert not [word for word in (*SECRETS, "他说想回家") if word in str(finding)]
    assert "bulied" not in str(rows) or "did you mean 'bullied'" in finding.message


def test_of_two_rows_with_one_key_none_is_used(tmp_path):
    write_table(tmp_path / "coded.csv", [ROW, ROW | {"play": "0"}, ROW | {KEY: "C002"}])
    coding, _ = read_coding(tmp_path / "coded.csv", DECLARED, KEY)
    assert coding.keys.tolist() == ["C002"] and coding.marks.tolist() == [[1, 0, 0, 0]]


def test_the_two_ways_of_coding_say_the_same(tmp_path):
    rows = [{KEY: f"K{one}", "text": "x"} for one in range(4)]
    ticked = [{"play": "1", "school": ""}, {"play": "0"}, {}, {"play": "1", "school": "1"}]
    listed = ["play", "none", "", " play；school "]
    blank = dict.fromkeys(CODES, "")
    write_table(tmp_path / "a.csv", [row | blank | mark for row, mark in zip(rows, ticked, strict=True)])
    write_table(tmp_path / "b.csv", [row | {"codes": codes} for row, codes in zip(rows, listed, strict=True)])
    (a, _), (b, _) = (read_coding(tmp_path / f"{name}.csv", DECLARED, KEY) for name in "ab")
    assert np.array_equal(a.marks, b.marks, equal_nan=True)
    assert np.isnan(a.marks[2]).all() and a.marks[1].tolist() == [0, 0, 0, 0]


# --- bad input: beside the data -----------------------------------------------------------------------------


def test_a_key_that_no_record_has_is_an_error(folder):
    dataset = spoil(folder, lambda rows: [rows[0] | {KEY: "C999"}, *rows[1:]])
    assert told(dataset) == {"theme_key_unknown": ("error", 1), "theme_not_coded": ("warning", 1)}


def test_an_answer_that_nobody_coded_is_missing_and_no_zero(folder):
    dataset = spoil(folder, lambda rows: [rows[0] | dict.fromkeys(CODES, ""), *rows[2:]])
    assert told(dataset) == {"theme_not_coded": ("warning", 2)}
    reasons = pd.Series(dataset.unit("child").reasons_of("wish"))
    assert (reasons == Reason.INVALID).sum() == 2
    assert dataset.unit("child").values["wish/play"].isna().sum() == 62


def test_codes_of_a_record_without_an_answer_are_not_used(folder):
    dataset = spoil(folder, lambda rows: [*rows, rows[0] | {KEY: "C003"}])
    assert told(dataset) == {"theme_without_text": ("warning", 1)}
    assert dataset.unit("child").values["wish/play"].isna().sum() == 60


def test_a_file_that_is_not_there_is_an_error_and_the_rest_is_read(folder):
    (folder / "themes" / "r2.csv").unlink()
    dataset = read_study(open_study(folder))
    assert told(dataset)["theme_file_missing"] == ("error", 1)
    assert (dataset.unit("child").reasons_of("wish") == Reason.ANSWERED).sum() == 210


def test_a_round_without_a_file_is_an_error_until_somebody_says_so(folder):
    declared = themes()
    del declared["questions"][0]["second_coder"], declared["questions"][0]["file"]["r1"]
    write_yaml(folder / "themes.yml", declared)
    assert told(read_study(open_study(folder))) == {"theme_round_missing": ("error", 210)}
    declared["questions"][0]["uncoded"] = ["r1"]
    write_yaml(folder / "themes.yml", declared)
    survey = open_round(folder, "r1")
    assert told(survey.dataset) == {}
    assert set(survey.dataset.unit("child").reasons_of("wish")[:240]) == {Reason.NOT_ASKED}
    assert coded_questions(survey) == []


def test_a_round_of_empty_rows_is_an_error(folder):
    empty = dict.fromkeys(CODES, "")
    assert told(spoil(folder, lambda rows: [row | empty for row in rows])) == {"theme_round_missing": ("error", 210)}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("question", "wish_txt", "did you mean 'wish_text'"),
        ("question", "sex", "no free text"),
        ("id", "sex", "another id"),
    ],
)
def test_a_question_that_cannot_be_coded(folder, key, value, message):
    declared = themes()
    del declared["questions"][0]["second_coder"]
    declared["questions"][0][key] = value
    declared["quotations"] = []
    write_yaml(folder / "themes.yml", declared)
    found = [one for one in read_study(open_study(folder)).findings if one.rule == "theme_question"]
    assert len(found) == 1 and message in str(found[0])


# --- bad input: declarations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one["codes"]["play"].pop("label"), "codes.play.label: is missing"),
        (lambda one: one["codes"]["play"].pop("definition"), "codes.play.definition: is missing"),
        (lambda one: one["codes"].update({"none": one["codes"]["play"]}), "uses this word otherwise"),
        (lambda one: one.update(domain="schooling"), "domain: 'schooling'"),
        (lambda one: one.update(unit="chld"), "no table 'chld'; did you mean 'child'"),
        (lambda one: one.update(file="themes/all.csv"), "one file is named for the 2 rounds"),
        (lambda one: one["file"].update(r3="themes/r3.csv"), "no round 'r3'"),
        (lambda one: one.update(uncoded=["r1"]), "round 'r1' has a file too"),
        (lambda one: one.update(colour="red"), "unknown key 'colour'"),
    ],
)
def test_a_coded_question_that_is_declared_wrongly(folder, change, message):
    assert message in problems(folder, lambda declared: change(declared["questions"][0]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"approved_by": " "}, "quotations.0.approved_by"),
        ({"consent": False}, "quotations.0.consent"),
        ({"who": {"zh": "一名小学生"}}, "no text in en"),
        ({"theme": "wish/plai"}, "did you mean 'wish/play'"),
        ({"round": ""}, "does not say in which of the 2 rounds"),
        ({"round": "r9"}, "no round 'r9'"),
    ],
)
def test_a_quotation_that_is_declared_wrongly(folder, changes, message):
    assert message in problems(folder, lambda declared: declared.update(quotations=[quotation(**changes)]))


def test_the_example_of_the_manual_can_be_read_and_its_rules_exist(root):
    page = (root / "docs" / "themes.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, flags=re.S)
    made = Themes.model_validate(yaml.safe_load(example))
    assert made.questions[0].domain_of("school") == "education" and made.quotations[0].paraphrased
    named = set(re.findall(r"`((?:theme|quotation)_\w+)`", page))
    assert named == {rule for rule in RULES if rule.startswith(("theme_", "quotation_"))}


@pytest.mark.parametrize("name", ["approved_by", "consent", "who"])
def test_a_quotation_that_nobody_approved(folder, name):
    given = quotation()
    del given[name]
    assert f"quotations.0.{name}: is missing" in problems(folder, lambda declared: declared.update(quotations=[given]))


def test_an_id_that_is_used_twice(folder):
    found = problems(folder, lambda declared: declared["questions"].append(declared["questions"][0]))
    assert "id 'wish' is declared 2 times" in found


def test_a_quotation_that_tells_who_said_it_stops_the_study(tmp_path):
    telling = quotation(
        zh="妈妈的电话是13800138000，楼道里跑", who={"zh": "家住平安路18号3单元的一名小学生", "en": "a pupil"}
    )
    folder = write_study(tmp_path, lambda declared: declared.update(quotations=[quotation(), telling]))
    dataset = read_study(open_study(folder))
    assert told(dataset) == {"quotation_identifies": ("error", 2)}
    (finding,) = [one for one in dataset.findings if one.rule == "quotation_identifies"]
    assert "quotation 2" in finding.where and "138" not in str(finding) and "平安" not in str(finding)


# --- the vault ----------------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path, monkeypatch):
    """The study with a vault."""
    monkeypatch.setenv("XZZ_VAULT_KEY_FILE", str(tmp_path / "key" / "vault.key"))
    return write_study(tmp_path / "study", privacy={})


def vault_of(folder):
    return Vault.open(folder, folder / "vault")


def test_keys_become_pseudonyms_and_the_figures_are_the_same(secret, survey):
    hidden = open_round(secret, "r2")
    assert told(hidden.dataset) == {}
    (question,) = coded_questions(hidden)
    assert theme_shares(hidden, question)["estimate"].equals(theme_shares(survey, question)["estimate"])
    assert agreement(hidden)["estimate"].equals(agreement(survey)["estimate"])


def test_a_quotation_with_a_word_of_the_vault_is_refused(secret):
    read_study(open_study(secret))
    vault_of(secret).remember("child", "r2", pd.Series(["x"]), pd.DataFrame({"name": ["汀小岚"]}))
    declared = themes() | {"quotations": [quotation(zh="汀小岚说楼道里跑")]}
    write_yaml(secret / "themes.yml", declared)
    (finding,) = check_quotations(open_study(secret), vault_of(secret))
    assert finding.rule == "quotation_identifies" and "汀小岚" not in str(finding)


def test_forgetting_reaches_the_coded_files(secret, tmp_path):
    load(open_study(secret))
    erasure = forget(open_study(secret), vault_of(secret), "C000")
    held = {path.name: int(rows) for path, rows in erasure.raw.itertuples(index=False)}
    assert held == {"r1.csv": 1, "r2.csv": 1, "r2_second.csv": 1}
    assert len(erasure.raw) == 5
    dataset = read_study(open_study(secret))
    assert told(dataset) == {"theme_left_out": ("note", 1)}
    for place, path in enumerate(erasure.raw["file"]):
        copy = tmp_path / f"{place}.csv"
        assert rewrite_raw(path, copy, erasure.drop) == 1
        copy.replace(path)
    assert told(read_study(open_study(secret))) == {}
    data = b"".join(path.read_bytes() for path in secret.rglob("*.csv"))
    assert b"C000" not in data and b"C001" in data


def test_people_whose_consent_was_withdrawn_are_no_unknown_keys(tmp_path):
    consent = {"agreed": "agreed"}
    folder = write_study(tmp_path)
    for name in ("r1", "r2"):
        rows = [row | {"agreed": "0" if row[KEY] in ("C001", "C002") else "1"} for row in records(name)]
        write_table(folder / "raw" / f"{name}.csv", rows)
    tables = {"child": STUDY["tables"]["child"] | {"guardian_consent": consent}}
    write_yaml(folder / "study.yml", STUDY | {"tables": tables})
    rules = told(read_study(open_study(folder)))
    assert set(rules) == {"theme_left_out"} and rules["theme_left_out"][0] == "note"


def test_a_round_whose_time_is_over_names_its_coded_files(secret):
    tables = {"child": STUDY["tables"]["child"] | {"retention": {"days": 30}}}
    write_yaml(secret / "study.yml", STUDY | {"tables": tables, "privacy": {}})
    gone = expire(open_study(secret), vault_of(secret), dt.date(2025, 7, 30))
    assert [path.relative_to(secret).as_posix() for path in gone.raw] == ["raw/r1.csv", "themes/r1.csv"]


# --- the coding sheet ---------------------------------------------------------------------------------------


def test_a_sheet_holds_pseudonyms_and_texts_without_numbers(secret):
    rows = records("r2")
    rows[0][TEXT] = "=给我打电话13800138000"
    write_table(secret / "raw" / "r2.csv", rows)
    (secret / "themes" / "r2.csv").unlink()
    path, count = write_sheet(open_study(secret), "wish", "r2")
    written = read_table(path)
    assert (path, count, len(written)) == (secret / "themes" / "r2.csv", 210, 210)
    assert list(written[0]) == [KEY, "text", *CODES]
    assert written[0]["text"] == "'=给我打电话〔phone〕"
    assert not {row[KEY] for row in written} & {row[KEY] for row in rows}
    with pytest.raises(InputError, match="nothing is overwritten"):
        write_sheet(open_study(secret), "wish", "r2")
    write_table(path, [row | {"play": "1"} for row in written])
    dataset = read_study(open_study(secret))
    assert told(dataset) == {}
    assert dataset.unit("child").values["wish/play"][240:].sum() == 210
    assert forget(open_study(secret), vault_of(secret), "C000").raw["rows"].sum() == 5


def test_a_workbook_says_what_the_themes_mean(folder, tmp_path):
    declared = themes()
    declared["questions"][0] |= {"file": {"r1": "themes/r1.csv", "r2": "themes/new.xlsx"}}
    declared["questions"][0]["second_coder"] = {"r2": "themes/new_second.txt"}
    write_yaml(folder / "themes.yml", declared)
    study = open_study(folder)
    path, _ = write_sheet(study, "wish", "r2")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["coding", "themes"]
    assert [cell.value for cell in book["themes"]["B"]][1:] == [zh for zh, *_ in CODES.values()]
    assert read_coding(path, study.themes.questions[0], KEY)[1] == []
    with pytest.raises(StudyError, match=r"name a \.xlsx or \.csv file"):
        write_sheet(study, "wish", "r2", second=True)
    assert path not in raw_files(open_study(folder)) or path.is_file()


def test_the_command_writes_it_and_says_what_it_holds(folder, capsys):
    (folder / "themes" / "r2.csv").unlink()
    with pytest.raises(SystemExit) as caught:
        main(["themes", "wish", str(folder)])
    said = capsys.readouterr().out
    assert caught.value.code in (0, None) and "210 answers to read" in said and "C001" not in said
    for arguments, message in ((["wsh"], "did you mean 'wish'"), (["wish", "--second"], "names no second_coder")):
        with pytest.raises(SystemExit) as caught:
            main(["themes", arguments[0], str(folder), *arguments[1:]])
        assert caught.value.code == 2 and message in capsys.readouterr().err


def test_a_study_without_themes_says_what_to_write(folder):
    write_yaml(folder / "study.yml", {name: one for name, one in STUDY.items() if name != "themes"})
    with pytest.raises(StudyError, match=r"write `themes: themes.yml`"):
        write_sheet(open_study(folder), "wish", "r2")
