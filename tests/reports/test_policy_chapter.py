"""Services and the national list: every digit is a result, or a number of the list, a goal or an article."""

import re

import pytest

import xzz_analysis as xzz
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.editions.trace import find_results, trace
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.policy import crosswalk_of, service_estimates
from xzz_analysis.report.chapters.policy import coverage_chapter, policy_chapter, services_defined
from xzz_analysis.report.sentences.services import service_gaps
from xzz_analysis.report.tables import Naming, printed_figures
from xzz_analysis.report.theme import figure_text, interval_text
from xzz_analysis.study import PublicPolicy

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?%?")
ITEMS = """
- item: 2
  aspect: schooling
  text: {zh: 某项服务, en: Some service}
  source: somewhere
  page: "1"
  indicators: [edu_absent]
"""
SERVICE = {"id": "a", "label": {"zh": "甲", "en": "A service"}, "unit": "child", "item": 2, "use": "${checkup} = 'yes'"}


@pytest.fixture(scope="module")
def survey(root):
    return xzz.open_round(root / "data" / "demo")


@pytest.fixture(scope="module")
def covered(survey):
    return coverage_chapter(survey, "hardship")


@pytest.fixture(scope="module")
def listed(survey):
    return policy_chapter(survey)


@pytest.fixture
def supplied(root, survey, tmp_path):
    """The demonstration with one item of the list, and other services."""

    def made(*services):
        path = tmp_path / "policy_items.yml"
        path.write_text(ITEMS, encoding="utf-8")
        study = xzz.open_study(root / "data" / "demo")
        policy = PublicPolicy.model_validate({"items": path, "services": list(services)})
        study.settings = study.settings.model_copy(update={"policy": policy})
        return MonitoringRound(study, survey.dataset)

    return made


def tables(blocks):
    return {block.caption["en"]: block for block in blocks if block.kind == "table"}


def declared(survey):
    """Every text with digits that a person wrote: labels, and titles of the list."""
    policy = survey.study.settings.policy
    found = [one.label for one in (*survey.indicators, *policy.services)]
    found += [one.whom for one in policy.services if one.whom]
    crosswalk = crosswalk_of(survey.study)
    found += [crosswalk.title, {key: text[:1].lower() + text[1:] for key, text in crosswalk.title.items()}]
    return sorted({text for label in found for text in label.values()}, key=len, reverse=True)


def without_declared(text, known):
    for one in known:
        text = text.replace(one, " ").replace(one[:1].lower() + one[1:], " ")
    text = re.sub(r"目标\d[\d.、]*|第\d+条|Goal \d[\d., ]*|Article \d+(?:, \d+)*", " ", text)
    return re.sub(r"清单共19项|list has 19 items|95% (?:置信区间|confidence interval)|不足 5 |below 5", " ", text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_digit_is_a_result_or_declared(survey, covered, listed, language):
    known, blocks = declared(survey), [*covered, *listed]
    ids = [row["result_id"] for block in tables(blocks).values() for row in block.rows]
    results = printed_figures(find_results(survey, ids)).set_index("result_id")
    for block in blocks:
        if block.kind == "table":
            for row in block.rows:
                cells = [wording.text for wording in block.printed(row, language)]
                assert set(figures(cells, known)) <= allowed(results.loc[row["result_id"]], language)
            texts = [block.caption[language], *(note[language] for note in block.notes)]
            texts += [row["section"][language] for row in block.rows]
        else:
            stated = [allowed(results.loc[name], language) for name in getattr(block, "results", [])]
            assert set(figures([block.text[language]], known)) <= set().union(*stated)
            continue
        assert figures(texts, known) == []


def figures(texts, known):
    return [number for text in texts for number in NUMBER.findall(without_declared(text, known))]


def allowed(row, language):
    """Every number that is printed of a result."""
    shown = [
        figure_text(row["estimate"], row["unit"]),
        interval_text(row["low"], row["high"], language, unit=row["unit"]),
    ]
    shown += [figure_text(row[name], "count") for name in ("n", "n_need", "missing") if row[name] == row[name]]
    return {number for text in shown for number in NUMBER.findall(text)}


def test_services_are_found_again_and_explained(survey, covered):
    rows = tables(covered)["Services: awareness, coverage and gap"].rows
    told = trace(survey.study, rows[2]["result_id"])
    assert told["expression"] == "not(${health_insurance} = 'city')" and told["base"] == "every child"
    assert round(told["estimate"], 3) == rows[2]["estimate"]


def test_groups_stand_side_by_side_with_the_gap_or_what_was_asked(survey, covered):
    rows = tables(covered)["Services by hardship: awareness and gap"].rows
    assert [row["section"]["zh"] for row in rows[:3]] == ["街道社工站：知道（知晓率）"] * 2 + [
        "在本市参加居民医保：没有得到（缺口）"
    ]
    assert len(tables(coverage_chapter(survey))) == 1


def test_sentences_name_the_widest_gaps_first(survey, covered):
    gap, known = covered[:2]
    assert gap.text["zh"].startswith("符合条件而没有得到服务的比例，最高的依次是：在本市参加居民医保：57.6%（")
    assert gap.text["en"].startswith("Did not have the service though eligible, the highest shares first: health")
    assert known.text["zh"].startswith("符合条件者的知晓率：街道社工站：41.5%")
    assert len(gap.results) == 3 and len(known.results) == 1


def test_hidden_and_unreliable_services_are_not_put_into_words(survey):
    found = service_estimates(survey)
    found.loc[found["indicator"] == "city_insurance", ["n_need"]] = 2.0
    found.loc[found["indicator"] == "health_check", "flags"] = "suppress:width"
    said = service_gaps(protect(found, Policy(5)), Naming("indicator"), {})
    assert said[0].text["en"].split(": ")[1] == "medical_care"


def test_who_is_eligible_is_said_with_the_service(covered):
    sections = [row["section"]["zh"] for row in tables(covered)["Services: awareness, coverage and gap"].rows]
    assert list(dict.fromkeys(sections)) == [
        "街道社工站（全体家庭）",
        "在本市参加居民医保（全体儿童）",
        "近12个月的健康体检（全体儿童）",
        "视力检查（6至15岁儿童）",
        "就医（近3个月需要看病的儿童）",
    ]


def test_without_words_of_the_list_aspects_stand_in_and_nothing_is_invented(listed):
    (table, note) = listed
    sections = list(dict.fromkeys(row["section"]["zh"] for row in table.rows))
    assert (
        sections[:2] == ["幼有所育（对应条目未提供）", "学有所教（对应条目未提供）"]
        and sections[-1] == "清单以外的指标"
    )
    assert "各项原文和所属方面都未提供" in note.text["zh"] and "words of none have been supplied" in note.text["en"]


def test_a_supplied_item_is_printed_with_what_measures_it(supplied):
    survey = supplied(SERVICE)
    first, items = policy_chapter(survey)
    (row,) = [one for one in first.rows if one["section"]["zh"].startswith("学有所教　第2项")]
    assert row["section"]["en"] == "Schooling, item 2: Some service (not yet checked)"
    assert [(row["number"]["zh"], row["text"]["zh"], row["measured"]["zh"]) for row in items.rows] == [
        ("第1项", "未提供", "没有"),
        ("第2项", "某项服务（未核对）", "近30个上学日有缺课和甲"),
        ("第3–19项", "未提供", "没有"),
    ]
    section = tables(coverage_chapter(survey))["Services: awareness, coverage and gap"].rows[0]["section"]
    assert section["zh"] == "甲（全体儿童）　国家清单：学有所教　第2项：某项服务（未核对）"


def test_a_service_that_cannot_be_computed_is_said_to_be_so(supplied):
    (note,) = coverage_chapter(supplied({**SERVICE, "use": "${nothing} = 'yes'"}), "hardship")
    assert note.tone == "warning" and note.text["zh"] == "问卷没有问到、无法计算的服务：甲。"


def test_definitions_are_the_declared_expressions(survey):
    (table,) = services_defined(survey)
    assert table.rows[3]["eligible"] == "${age} >= 6" and "${vision} != 'untested'" in table.rows[3]["asked"]["en"]


def test_a_study_without_policy_has_no_chapter(root):
    survey = xzz.open_round(root / "data" / "demo")
    survey.study.settings = survey.study.settings.model_copy(update={"policy": None})
    assert policy_chapter(survey) == coverage_chapter(survey) == services_defined(survey) == []
