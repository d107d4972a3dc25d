"""Scales, food insecurity, growth and rankings of a round: from study.yml to printed blocks that can be traced."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from tests import instrument_study as small
from xzz_analysis.disclosure.protect import MARK, protect
from xzz_analysis.editions.publish import unready_cutoffs
from xzz_analysis.editions.trace import find_results, index_results, trace
from xzz_analysis.editions.trial import trial
from xzz_analysis.errors import StudyError
from xzz_analysis.intake.answers import Answers, Option, Question, Reason
from xzz_analysis.intake.store import Dataset
from xzz_analysis.needs import instruments
from xzz_analysis.needs.indicator import Indicator, computable, item, problems_of
from xzz_analysis.needs.scales import SCALES, fies, prevalence, reliability
from xzz_analysis.report.chapters import food_fit, food_security, growth_annex, limits, reliability_table, wanted_help
from xzz_analysis.report.chapters.rankings import ranking_tables

BOTH = {"zh": "甲", "en": "A"}
LANGUAGES = ("zh", "en")


def planted() -> pd.DataFrame:
    """The study's answers with five don't-knows, six heights in metres and seven weights that were not taken."""
    table = small.answers()
    table.loc[:4, "fies_hungry"] = "dk"
    table.loc[5:10, "height_cm"] /= 100
    table.loc[11:17, "weight_kg"] = np.nan
    return table


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return xzz.open_round(small.write_study(tmp_path_factory.mktemp("study"), planted()))


@pytest.fixture
def opened(tmp_path):
    """Open a study with another table of answers or other texts."""

    def make(change=None, **texts):
        table = small.answers()
        if change is not None:
            change(table)
        return xzz.open_round(small.write_study(tmp_path, table, **texts))

    return make


def codes(survey, names, words=None):
    frame = survey.dataset.unit("family").values[list(names)]
    return frame.astype(float) if words is None else frame.apply(lambda column: column.map(words)).astype(float)


def rows_of(table, column="indicator"):
    return {row[column]: row for row in pd.DataFrame(table).to_dict("records")}


# --- reliability ----------------------------------------------------------------------------------------------------


def test_reliability_is_that_of_the_scale_in_the_study(survey):
    made = instruments.reliabilities(survey)
    old = survey.dataset.unit("family").values["age"] >= 8
    direct = reliability(SCALES["who5"], codes(survey, small.MOODS)[old], survey.sample("family").design.weight[old])
    mine = rows_of(made[made["indicator"] == "health_wellbeing"], "statistic")
    assert (mine["alpha"]["estimate"], mine["omega"]["estimate"]) == (direct.alpha, direct.omega)
    assert (mine["alpha"]["low"], mine["alpha"]["high"], mine["alpha"]["n"]) == (direct.low, direct.high, old.sum())
    assert rows_of(made[made["indicator"] == "live_food_score"], "statistic")["alpha"]["n"] == small.SIZE - 5
    assert list(made["indicator"].unique()) == ["live_food_score", "health_wellbeing"]


def no_mood(table):
    table[list(small.MOODS)] = np.nan


def two_moods(table):
    table.loc[2:, list(small.MOODS)] = np.nan


def one_mood_alike(table):
    table["who5_3"] = 4


def a_mood_twice(table):
    table["who5_3"] = table["who5_2"]


@pytest.mark.parametrize(
    ("change", "reason", "shown"),
    [
        (no_mood, "nobody_answered", "nobody answered"),
        (two_moods, "few_complete", MARK),
        (one_mood_alike, "item_alike", "everybody answered an item alike"),
        (a_mood_twice, "item_determined", "an item follows from the others"),
    ],
)
def test_why_there_is_no_reliability_is_printed(opened, change, reason, shown):
    survey = opened(change)
    made = instruments.reliabilities(survey)
    mine = made[made["indicator"] == "health_wellbeing"]
    assert set(mine["reason"]) == {reason} and mine["estimate"].isna().all()
    (table,) = reliability_table(survey)
    printed = [table.printed(row, "en") for row in table.rows if "Well-being" in row["section"]["en"]]
    assert [row[1].text for row in printed] == [shown, shown]


def test_a_reliability_of_few_people_is_withheld(survey):
    safe = protect(instruments.reliabilities(survey).assign(n=4), xzz.Policy(5)).frame
    assert safe["suppressed"].all() and safe[["estimate", "low", "n", "n_eff"]].isna().all(axis=None)


# --- food insecurity ------------------------------------------------------------------------------------------------


def test_prevalence_is_that_of_the_scale_in_the_study(survey):
    sample = survey.sample("family")
    direct = prevalence(sample, fies(codes(survey, small.FOODS, {"yes": 1, "no": 0}), sample.design.weight))
    made = instruments.food_insecurity(survey)
    for column in ("estimate", "se", "low", "high", "n"):
        np.testing.assert_array_equal(made[column], direct[column])
    assert (
        (made["n_dont_know"] == 5).all()
        and (made["version"] == "1").all()
        and (made["statistic"] == "prevalence").all()
    )
    said = (codes(survey, small.FOODS, {"yes": 1, "no": 0}).iloc[5:].sum(axis=1) > 0).sum()
    assert (made["n_need"] == said).all()


def test_prevalence_by_group_counts_the_group(survey):
    whole, groups = instruments.food_insecurity(survey), instruments.food_insecurity(survey, "hukou")
    assert groups.groupby("indicator")[["n", "n_need"]].sum().equals(whole.groupby("indicator")[["n", "n_need"]].sum())
    place = instruments.food_insecurity(survey.within("hukou", "rural"))
    assert set(place["result_id"]) == set(groups.loc[groups["by"] == "hukou=rural", "result_id"])


def nobody_hungry(table):
    table["fies_whole_day"] = "no"


def all_secure(table):
    table[list(small.FOODS)] = "no"


def random_answers(table):
    mixed = np.random.default_rng(1).random((len(table), 8)) < np.linspace(0.9, 0.1, 8)[::-1]
    table[list(small.FOODS)] = np.where(mixed, "yes", "no")


def test_an_item_that_nobody_affirmed_is_left_out_of_the_model(opened):
    survey = opened(nobody_hungry)
    assert instruments.food_insecurity(survey)["estimate"].notna().all()
    fit = rows_of(instruments.food_items(survey), "option")["fies_whole_day"]
    assert fit["flags"] == "left_out" and np.isnan(fit["estimate"])
    table = food_fit(survey)[-1]
    row = next(row for row in table.rows if "fies_whole_day" in row["label"]["en"])
    assert [cell.text for cell in table.printed(row, "en")][1:] == [MARK, MARK, MARK]  # that nobody did is not told


def copied_item(table):
    table["fies_healthy"] = table["fies_worried"]


def test_items_that_ask_the_same_are_said_to(opened):
    fit = rows_of(instruments.food_items(opened(copied_item)), "option")
    assert {name for name, row in fit.items() if "dependent" in row["flags"]} == {"fies_healthy", "fies_worried"}
    assert all(not 0.7 <= row["estimate"] <= 1.3 for row in fit.values() if "misfit" in row["flags"])


@pytest.mark.parametrize(
    ("change", "reason"), [(all_secure, "no_rasch_model"), (random_answers, "unlike_the_standard")]
)
def test_why_there_is_no_prevalence_is_printed(opened, change, reason):
    survey = opened(change)
    made = instruments.food_insecurity(survey)
    assert list(made["reason"]) == [reason, reason] and (made["n"] == small.SIZE).all()
    assert len(instruments.food_items(survey)) == 0 and food_fit(survey) == []
    (table,) = food_security(survey)
    assert all(len(table.printed(row, language)[1].text) > 5 for row in table.rows for language in LANGUAGES)


# --- rankings -------------------------------------------------------------------------------------------------------


def test_a_ranking_is_the_estimate_of_its_questions_under_the_indicators_id(survey):
    made = instruments.ranked(survey, "sup_priorities")
    direct = xzz.priorities(survey.sample("family"), list(small.RANKED))
    for column in ("estimate", "se", "low", "high", "n", "statistic", "option"):
        np.testing.assert_array_equal(made[column], direct[column])
    assert set(made["indicator"]) == {"sup_priorities"} and not set(made["result_id"]) & set(direct["result_id"])
    assert made["result_id"].is_unique
    with pytest.raises(StudyError, match="did you mean 'sup_priorities'"):
        instruments.ranked(survey, "sup_priority")


def test_a_ranking_keeps_to_its_base_and_says_nothing_where_nobody_answered(opened):
    base = small.INDICATORS.replace("use: sup_priorities", "{use: sup_priorities, base: \"${hukou} = 'rural'\"}")
    survey = opened(indicators=base)
    rural = (survey.dataset.unit("family").values["hukou"] == "rural").sum()
    assert set(instruments.ranked(survey, "sup_priorities")["n"]) == {rural}

    def unasked(table):
        table[list(small.RANKED)] = np.nan

    silent = opened(unasked, indicators=base)
    assert len(instruments.ranked(silent, "sup_priorities")) == 0 and ranking_tables(silent) == []


def test_a_ranking_is_shown_where_no_question_of_wanted_help_is_named(survey):
    said, table = wanted_help(survey)
    made = instruments.ranked(survey, "sup_priorities").query("statistic == 'first_choice'").set_index("option")
    assert said.text["zh"].startswith(f"家庭列为第一最多的是tutoring项：{made.loc['tutoring', 'estimate']:.1%}")
    assert said.text["en"].startswith(f"Put first most often: the tutoring: {made.loc['tutoring', 'estimate']:.1%}")
    assert table.caption == {"zh": "最需要的帮助（按先后）", "en": "Help wanted most, in order"}
    ranks = [table.printed(row, "en")[3].text.split(" ")[0] for row in table.rows]
    assert ranks == ["1", "2", "3", "4"] * 2


# --- growth ---------------------------------------------------------------------------------------------------------


def test_a_national_class_leaves_out_what_cannot_be(survey):
    flags = instruments.growth_flags(survey).set_index("flag")
    assert flags.loc["implausible"].to_dict() == {"health_stunted": 6, "health_thin": 6, "thin_national": 6}
    assert flags.loc["value_missing"].to_dict() == {"health_stunted": 0, "health_thin": 7, "thin_national": 7}
    assert (flags.sum() == small.SIZE).all()
    needs = survey.needs().set_index("indicator")
    assert (needs.loc[list(flags), "n"] == flags.loc[""]).all() and needs.loc["thin_national", "statistic"] == "share"


def test_every_child_is_classed_by_the_row_of_its_age(survey):
    table = survey.dataset.unit("family").values
    cuts = pd.read_csv(survey.study.settings.growth.wst456).set_index(["sex", "age_half_year"])["thin_mild_bmi"]
    bmi = table["weight_kg"] / (table["height_cm"] / 100) ** 2
    keys = zip(table["sex"].str[0], np.floor(table["age_months"] / 6) / 2, strict=True)
    expected = np.where(bmi.isna() | (bmi > 1000), np.nan, bmi <= [cuts[key] for key in keys])
    one = next(one for one in survey.indicators if one.id == "thin_national")
    np.testing.assert_array_equal(survey.item(one).y, expected)


def test_wrong_units_are_found_and_no_child_is_named(survey):
    found = instruments.growth_checks(survey)
    assert {(one.rule, one.count) for one in found} == {("growth_units_mixed", 6)}
    assert all(str(key) not in str(one) for one in found for key in (*planted()["height_cm"][5:11], "id"))
    assert set(found) <= set(trial(survey.study, survey.dataset))


def test_a_national_table_that_is_not_supplied_is_said_and_never_made_up(survey):
    assert [one.id for one in survey.declared if one not in survey.indicators] == ["overweight_national"]
    assert "WS/T 586-2018" in survey.findings[0].message and "are not supplied" in survey.findings[0].message
    note = next(block for block in limits(survey) if "WS/T 586" in block.text["zh"])
    assert note.text["zh"].startswith("没有计算：超重（国家标准）。") and "须由人从标准原文录入" in note.text["zh"]
    assert note.text["en"].startswith("Not computed: overweight (national standard). The cut-offs they need")
    assert not any("overweight_national" in block.text["en"] for block in limits(survey))


def test_a_table_that_is_wrong_or_missing_stops_the_study(opened):
    with pytest.raises(StudyError, match=r"growth\.wst456.*does not exist"):
        opened(study=small.STUDY.replace("wst456.csv", "typed.csv"))
    with pytest.raises(StudyError, match="did you mean 'wst456'"):
        opened(study=small.STUDY.replace("{wst456:", "{wst45:"))
    with pytest.raises(StudyError, match=r"wst456\.csv.*lacks the column"):
        opened(wst456="sex,age\nm,7\n")


def test_nothing_is_published_by_a_table_that_nobody_checked(opened):
    example = Path(instruments.__file__).parents[1] / "growth" / "example_wst456.csv"
    survey = opened(wst456=example.read_text(encoding="utf-8"))
    job = dataclasses.make_dataclass("Job", ["round"])("r1")
    assert [one.rule for one in unready_cutoffs(survey.study, [job])] == ["cutoffs_invented"]
    assert "虚构示例" in growth_annex(survey)[-1].text["zh"]
    assert unready_cutoffs(opened().study, [job]) == []


def test_a_class_is_a_share_and_a_need(survey):
    made = {"measure": "bmi", "value": "1", "age": "2", "sex": "'male'", "reference": "who"}
    about = {"id": "x", "domain": "health", "kind": "felt", "unit": "family", "label": BOTH, "definition": BOTH}
    one = Indicator(**about, growth=made | {"within": "overweight"})
    assert (one.statistic, one.direction) == ("share", "need") and problems_of(one, "x") == []
    assert one.computation() == "who.bmi(1, 2, 'male') = overweight"
    said = {
        "overwight": "did you mean 'overweight'",
        "stunted": "growth class 'stunted' is not known",
    }
    for name, hint in said.items():
        assert hint in str(problems_of(Indicator(**about, growth=made | {"within": name}), "x")[0])
    assert "class ''" in str(problems_of(Indicator(**about, growth=made | {"reference": "wst456"}), "x")[0])
    with pytest.raises(ValueError, match="write one of them"):
        Indicator(**about, growth=made | {"within": "thin"}, cut="< -2")


# --- answers that a scale does not know -------------------------------------------------------------------------------


def test_an_option_that_the_scale_does_not_score_is_named_unless_it_is_declared_missing(opened):
    lists = small.LISTS | {"code_0_5": (*"012345", "8")}
    survey = opened(form=small.form(lists))
    (reason,) = [one.message for one in survey.findings if "health_wellbeing" in one.where]
    assert "question 'who5_1' has options that its scale does not score (8)" in reason and "`missing`" in reason
    declared = small.STUDY.replace("{DONT_KNOW: [dk]}", '{DONT_KNOW: [dk, "8"]}')
    assert not [one for one in opened(form=small.form(lists), study=declared).findings if "well" in one.where]


def question(name, kind, *options):
    return Question(name, kind, options=tuple(Option(one) for one in options))


def dataset(columns, questions):
    """Answers of a few children from columns; a Reason stands for a missing answer."""
    cells = pd.DataFrame(columns, dtype=object)
    missing = cells.map(lambda cell: isinstance(cell, Reason))
    reasons = cells.where(missing, Reason.ANSWERED).astype(np.int8)
    values = cells.mask(missing)
    for one in questions:
        values[one.name] = values[one.name].astype("str" if one.kind == "select_one" else float)
    rounds = pd.Series(["r"] * len(cells), dtype="str")
    return Dataset(
        {"child": Answers("child", values, reasons, rounds, {one.name: one for one in questions})}, {}, (), ""
    )


def declared(**fields):
    base = {"id": "x", "domain": "health", "kind": "felt", "unit": "child", "label": BOTH, "definition": BOTH}
    return Indicator(**{**base, **fields})


def test_what_an_expression_makes_of_each_option_has_to_be_a_code_of_the_scale():
    asked = [question(f"q{place}", "select_one", "never", "often") for place in range(5)]
    data = dataset({one.name: ["never"] for one in asked}, asked)
    items = [f"if(${{q{place}}} = 'never', 0, 5)" for place in range(5)]
    assert computable(declared(scale={"rule": "who5", "items": items}), data) == ""
    wrong = [*items[:4], "if(${q4} = 'never', 0, 7)"]
    assert "question 'q4' has options that its scale does not score (often)" in computable(
        declared(scale={"rule": "who5", "items": wrong}), data
    )


def test_a_question_in_a_branch_that_is_not_taken_gives_no_reason():
    asked = [question("way", "select_one", "bus", "walk"), question("fare", "decimal"), question("shoes", "decimal")]
    rows = {
        "way": ["bus", "bus", "walk", "walk", Reason.REFUSED],
        "fare": [2.0, Reason.DONT_KNOW, Reason.SKIPPED, Reason.SKIPPED, Reason.SKIPPED],
        "shoes": [Reason.SKIPPED, Reason.SKIPPED, 3.0, Reason.BLANK, Reason.SKIPPED],
    }
    one = declared(value="if(${way} = 'bus', ${fare}, ${shoes})")
    found = item(one, dataset(rows, asked), np.ones(5, bool))
    np.testing.assert_array_equal(found.y, [2, np.nan, 3, np.nan, np.nan])
    said = [Reason.ANSWERED, Reason.DONT_KNOW, Reason.ANSWERED, Reason.BLANK, Reason.REFUSED]
    assert found.reasons.tolist() == said


def test_two_conditions_are_told_apart():
    asked = [question("a", "decimal"), question("b", "decimal"), question("c", "decimal"), question("d", "decimal")]
    rows = {"a": [1.0], "b": [0.0], "c": [Reason.BLANK], "d": [Reason.DONT_KNOW]}
    one = declared(value="if(${a} = 1, 0, ${c}) + if(${b} = 1, ${c}, ${d})")
    assert item(one, dataset(rows, asked), np.ones(1, bool)).reasons.tolist() == [Reason.DONT_KNOW]


def test_a_ranking_asked_of_the_parents_is_a_reason(survey):
    family = survey.dataset.unit("family")
    child = Answers("child", pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": np.int8([0])}), pd.Series(["r1"]), {})
    data = Dataset({"family": family, "child": child}, {"child": "family"}, (), "")
    said = computable(declared(rank=["help_first"]), data)
    assert "'help_first' is asked of 'family'" in said and "unit: family" in said


# --- printed and traced -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [reliability_table, food_security, food_fit, wanted_help])
def test_every_figure_that_is_printed_is_computed_again(survey, make):
    blocks = make(survey)
    results = index_results(survey, blocks)
    assert len(results) >= 2 and set(results["unit"]) == {"family"}
    texts = [block.text for block in blocks if block.kind == "paragraph"]
    assert all(text["zh"] and text["en"] for text in texts)
    for table in (block for block in blocks if block.kind == "table"):
        assert all(cell.text for row in table.rows for language in LANGUAGES for cell in table.printed(row, language))


@pytest.mark.parametrize("make", [reliability_table, food_security, food_fit, wanted_help])
def test_a_place_is_told_its_own_figures_and_the_fit_of_the_whole(survey, make):
    place = survey.within("hukou", "rural")
    results = index_results(place, make(place))
    own = make in (food_security, wanted_help)
    assert set(results["by"]) == {"hukou=rural" if own else ""}
    assert len(growth_annex(place)[0].rows) == len(growth_annex(survey)[0].rows)


def test_a_prevalence_is_traced_to_its_eight_questions(survey):
    row = instruments.food_insecurity(survey).iloc[1]
    told = trace(survey.study, row["result_id"])
    assert told["definition"]["en"] == "Severe food insecurity" and list(told["questions"]) == list(small.FOODS)
    assert told["expression"].startswith("fies(") and told["estimate"] == pytest.approx(row["estimate"], rel=1e-12)
    assert find_results(survey, ["000000000000"]).empty


def test_food_insecurity_is_said_in_both_languages(survey):
    said, table = food_security(survey)
    first, second = (f"{one:.1%}" for one in instruments.food_insecurity(survey)["estimate"])
    assert said.text["zh"].startswith(f"按粮食不安全体验量表估计，中度或重度粮食不安全：{first}（95% 置信区间")
    assert f"；重度粮食不安全：{second}（" in said.text["zh"] and said.text["zh"].endswith("，基数255户家庭）。")
    assert said.text["en"].startswith(
        f"By the Food Insecurity Experience Scale, moderate or severe food insecurity: {first}"
    )
    assert table.caption["zh"] == "粮食不安全的比例" and len(table.rows) == 2


def test_growth_says_its_reference_and_counts(survey):
    (table,) = growth_annex(survey)
    heads = [column.label["zh"] for column in table.columns]
    assert heads[1].endswith("：世卫组织5–19岁生长参考（2007）") and "WS/T 456-2014" in heads[3]
    assert [cell.text for cell in table.printed(table.rows[1], "en")] == [
        "implausible value, left out", "6", "6", "6"
    ]  # fmt: skip


def test_a_study_without_instruments_prints_nothing_of_them(root):
    demo = xzz.open_round(root / "data" / "demo")
    assert [make(demo) for make in (reliability_table, food_security, food_fit, growth_annex, ranking_tables)] == [
        []
    ] * 5
