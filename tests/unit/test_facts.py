"""Facts: what is refused, what is a red line, the guard of definitions, benchmarks; and the facts that are shipped."""

import re

import pandas as pd
import pytest
import yaml

from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.needs.facts import UNITS, benchmark, fact_text, facts, require_one_population
from xzz_analysis.needs.indicator import Indicator

BOTH = {"zh": "甲", "en": "A"}
POPULATIONS = [
    {"id": "census", "label": BOTH, "definition": {"zh": "普查儿童。", "en": "Children of the census."}},
    {"id": "ledger", "label": BOTH, "definition": {"zh": "台账儿童。", "en": "Children of the ledger."}},
]
FACT = {
    "id": "in_school",
    "value": "99.60",
    "unit": "percent",
    "what": {"zh": "在校率", "en": "in school"},
    "definition": {"zh": "6–14岁", "en": "aged 6 to 14"},
    "population": "census",
    "year": "2021",
    "publisher": {"zh": "某局", "en": "Some Bureau"},
    "url": "https://example.org/a",
    "accessed": "2026-03",
    "read_from": "copy",
    "licence": "facts",
    "benchmarks": {"out": "complement"},
}


@pytest.fixture
def folder(tmp_path):
    """Write facts (changes to FACT) and read them."""

    def made(*changes, populations=POPULATIONS, **files):
        tmp_path.joinpath("populations.yml").write_text(yaml.safe_dump(populations), encoding="utf-8")
        written = [{key: value for key, value in {**FACT, **one}.items() if value is not None} for one in changes]
        for name, rows in {"a": written, **files}.items():
            tmp_path.joinpath(f"{name}.yml").write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
        return facts(tmp_path)

    return made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"definition": None}, "in_school: definition: is missing"),
        ({"definition": {"zh": "甲", "en": " "}}, "no text in en"),
        ({"population": "censsus"}, "population 'censsus' is not declared; did you mean 'census'"),
        ({"unit": "percents"}, "unit 'percents' is not one of"),
        ({"value": "101"}, "no percentage"),
        ({"value": "many"}, "value: 'many'"),
        ({"value": "NaN"}, "finite number"),
        ({"year": "last"}, "write a year"),
        ({"url": "a page"}, "write the address"),
        ({"accessed": "yesterday"}, "write the day it was read"),
        ({"read_from": "memory"}, "'original' or 'copy'"),
        ({"licence": ""}, "cannot be quoted"),
        ({"place": "1100"}, "six digits"),
        ({"place": "110000"}, "has no place_label"),
        ({"unit": "person"}, "only a percentage has a complement"),
        ({"chekked_by": "x"}, "did you mean 'checked_by'"),
    ],
)
def test_a_fact_that_cannot_be_quoted_is_a_named_error(folder, change, said):
    with pytest.raises(StudyError, match=said):
        folder(change)


def test_problems_of_all_files_are_told_together(folder):
    with pytest.raises(StudyError) as caught:
        folder({"definition": None}, {"id": "b", "unit": "x"}, b=[{**FACT, "id": "c", "population": "x"}])
    assert len(caught.value.findings) == 3


def test_an_id_used_twice_is_an_error_within_a_file_and_between_files(folder):
    with pytest.raises(StudyError, match="'in_school' is declared 2 times"):
        folder({}, {})
    with pytest.raises(StudyError, match="used in another file too"):
        folder({}, b=[FACT])


def test_a_folder_without_definitions_is_an_error(tmp_path):
    with pytest.raises(StudyError, match=r"holds no populations\.yml"):
        facts(tmp_path)


def test_an_unknown_fact_is_named_with_the_nearest(folder):
    with pytest.raises(InputError, match="did you mean 'in_school'"):
        folder({})["in_schol"]
    with pytest.raises(InputError, match="did you mean 'ledger'"):
        folder({}).population("leger")


def test_every_digit_as_published_is_kept(folder):
    read = folder({})
    assert str(read["in_school"].value) == "99.60"
    assert read.frame.loc[0, ["id", "value", "what_en", "place", "place_label_zh"]].tolist() == [
        "in_school", 99.6, "in school", "CN", "全国",
    ]  # fmt: skip


def test_what_nobody_checked_is_counted_and_a_red_line_once_quoted(folder):
    read = folder({}, {"id": "b", "checked_by": " "}, {"id": "c", "checked_by": "somebody", "read_from": "original"})
    assert [(one.rule, one.severity, one.count) for one in read.findings] == [
        ("fact_unchecked", "warning", 2),
        ("fact_copy", "note", 2),
    ]
    assert [(one.severity, one.where) for one in read.red_lines(["c", "b", "b"])] == [
        ("error", "data/facts: b"),
        ("error", "data/facts: census"),
    ]
    checked = [{**one, "checked_by": "somebody"} for one in POPULATIONS]
    assert folder({"checked_by": "somebody"}, populations=checked).red_lines(["in_school"]) == []


def test_what_is_accepted_is_no_red_line_and_a_misspelt_acceptance_is_told(folder):
    read = folder({}, {"id": "b"})
    assert [one.where for one in read.red_lines(["in_school"], ["in_school"])] == ["data/facts: census"]
    assert read.red_lines(["in_school"], ["in_school", "census"]) == []
    (wrong,) = read.red_lines([], ["in_schol"])
    assert (wrong.rule, wrong.where) == ("unknown_name", "unchecked_facts.in_schol")
    assert "did you mean 'in_school'" in wrong.message


# ---------------------------------------------------------------- the guard


def test_a_sentence_that_mixes_definitions_is_refused(folder):
    read = folder({}, {"id": "b"}, {"id": "c", "population": "ledger"})
    assert [one.id for one in read.cite(["b", "in_school"], "the summary")] == ["b", "in_school"]
    with pytest.raises(InputError) as caught:
        read.cite(["b", "c", "in_school"], "the summary, sentence 2")
    assert "the summary, sentence 2 mixes 2 definitions" in str(caught.value)
    assert "census (b, in_school); ledger (c)" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (["census", "census"], "census"),
        ("census", "census"),
        ([], ""),
        (pd.DataFrame({"population": ["ledger"] * 2}), "ledger"),
        (pd.DataFrame({"population": ["ledger"], "id": ["x"]}), "ledger"),
    ],
)
def test_one_definition_passes(given, answer):
    assert require_one_population(given, "a table") == answer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["mca-2024", "census"], "table 3 mixes 2 definitions of the population.*: mca-2024; census"),
        (pd.DataFrame({"population": ["a", None], "id": ["x", "y"]}), r"a \(x\); no definition \(y\)"),
        (pd.DataFrame({"value": [1]}), "no column 'population'"),
    ],
)
def test_two_definitions_do_not(given, said):
    with pytest.raises(InputError, match=said):
        require_one_population(given, "table 3")


# ---------------------------------------------------------------- benchmarks


def estimates(**fields):
    row = {
        "result_id": "3f2a9c01b4d7", "round": "r", "indicator": "out", "by": "", "statistic": "share", "estimate": 0.03,
        "low": 0.017, "high": 0.053, "n": 660, "reason": "",
    }  # fmt: skip
    return pd.DataFrame([{**row, **fields}, {**row, "by": "sex=f", "result_id": "x"}, {**row, "indicator": "other"}])


def out(**fields):
    return Indicator(
        id="out", domain="education", kind="normative", unit="child", label=BOTH, definition=BOTH, need="1"
    )


def test_an_official_figure_stands_beside_the_survey_figure_with_who_is_counted(folder):
    (row,) = benchmark(out(), folder({}), estimates(), {"zh": "本市儿童", "en": "children of the city"})
    assert row["result_id"] == "3f2a9c01b4d7" and row["estimate"] == 0.03
    assert row["survey_cell"] == {"zh": "本次调查：本市儿童", "en": "this survey: children of the city"}
    assert row["fact_value"] == pytest.approx(0.004) and row["population"] == "census" and row["unchecked"]
    assert row["fact_cell"]["en"] == (
        "0.40% (2021, China; in school; aged 6 to 14; who is counted: Children of the census; source: Some Bureau; "
        "computed as 100% minus 99.60%, read from a copy, not yet checked)"
    )
    assert row["fact_cell"]["zh"] == (
        "0.40%（2021年，全国；在校率；6–14岁；统计范围：普查儿童；来源：某局；按100%减去99.60%推算，抄自转载，未核对）"
    )


def test_a_suppressed_survey_figure_stays_suppressed(folder):
    hidden = estimates(estimate=float("nan"), low=float("nan"), high=float("nan"), n=float("nan"), reason="suppressed")
    (row,) = benchmark(out(), folder({}), hidden, BOTH)
    assert row["reason"] == "suppressed" and row["estimate"] != row["estimate"]


def test_no_comparable_fact_gives_no_row(folder):
    assert benchmark(out(), folder({"benchmarks": {"other": "as_is"}}), estimates(), BOTH) == []


def test_what_cannot_stand_side_by_side_is_refused(folder):
    with pytest.raises(InputError, match="'in_school' is in person, and 'out' is a share"):
        benchmark(out(), folder({"unit": "person", "benchmarks": {"out": "as_is"}}), estimates(), BOTH)
    with pytest.raises(InputError, match="no text in zh or en"):
        benchmark(out(), folder({}), estimates(), {})


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_is_written_in_both_languages(folder, unit):
    read = folder({"unit": unit, "value": "12", "benchmarks": {}, "checked_by": "x", "read_from": "original"})
    fact = read["in_school"]
    for language in ("zh", "en"):
        text = fact_text(fact, read.population("census"), language)
        assert text.startswith(UNITS[unit][language].format(value="12"))
        assert "{" not in text


# ---------------------------------------------------------------- what comes with the library


@pytest.fixture(scope="module")
def shipped(root):
    return facts(root / "data" / "facts")


def test_the_shipped_facts_are_told_to_be_unchecked(shipped):
    assert len(shipped) >= 50
    assert all(not fact.checked_by for fact in shipped.by_id.values())
    assert sum(one.count for one in shipped.findings if one.rule == "fact_unchecked") == len(shipped)


def test_the_three_counts_of_migrant_children_cannot_stand_in_one_sentence(shipped):
    census, school = "census_2020_migrant_children", "moe_migrant_workers_children_2017"
    assert shipped.cite([census, "census_2020_migrant_children_share"], "x")
    for one, other in ((census, school), (school, "moe_all_accompanying_2017")):
        with pytest.raises(InputError, match="mixes 2 definitions"):
            shipped.cite([one, other], "x")
    with pytest.raises(InputError, match="mca-2024"):
        require_one_population([shipped[census], "mca-2024"], "x")


def test_definitions_that_studies_use_are_declared(shipped, root):
    for study in [*root.glob("data/demo/study.yml"), *root.glob("examples/*/study.yml")]:
        found = re.search(r"definition: ([\w-]+)$", study.read_text(encoding="utf-8"), re.M)
        assert found is None or found[1] in shipped.populations or "msna" in str(study)


@pytest.mark.real
def test_figures_are_those_of_the_series(shipped, real_data):
    series = pd.read_csv(real_data / "china_official_series/nbs_moe_migrant_series_2009_2024.csv")
    values = set(zip(series["year"].astype(str), series["value"], strict=True))
    provinces = pd.read_csv(real_data / "china_official_series/province_2020_census_hukou_elsewhere.csv")
    values |= {("2020", float(one)) for one in provinces.iloc[:, -1]}
    pages = {
        fact.id for fact in shipped.by_id.values() if "chinadevelopmentbrief" in fact.url or "survey" in fact.population
    }
    pages |= {name for name in shipped.by_id if re.fullmatch(r"moe_migrant_workers_children_(\w+_)?public_2017", name)}
    others = [fact for fact in shipped.by_id.values() if fact.id not in pages]
    assert len(others) > 40
    assert [fact.id for fact in others if (fact.year, float(fact.value)) not in values] == []
