"""The crosswalk holds no invented words; coverage, awareness and gap have errors and never count silence."""

import numpy as np
import pandas as pd
import pytest
import yaml

import xzz_analysis as xzz
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.needs.policy import (
    Service,
    articles_text,
    awareness,
    coverage,
    crosswalk_of,
    gap,
    goals_text,
    item_label,
    list_rows,
    places,
    read_crosswalk,
    read_services,
    service_estimates,
    service_findings,
    service_ratios,
)
from xzz_analysis.study import PublicPolicy, PublicService
from xzz_analysis.survey.estimate import Item

BOTH = {"zh": "甲", "en": "A"}
SMALL = {
    "title": BOTH,
    "expected": 2,
    "aspects": [{"id": "schooling", "label": {"zh": "学有所教", "en": "schooling"}}],
    "items": [
        {"id": "item_01", "aspect": "schooling", "text": BOTH, "source": "s", "page": "1"},
        {"id": "item_02", "aspect": "", "text": ""},
    ],
    "sdg": [{"number": 4, "title": {"zh": "优质教育", "en": "Quality education"}}],
    "crc": [{"number": 28, "title": {"zh": "受教育权", "en": "Right to education"}}],
    "links": [{"indicator": "edu", "national": ["item_01"], "sdg": ["4.1"], "crc": [28]}],
}


@pytest.fixture
def read(tmp_path):
    def made(**changes):
        path = tmp_path / "policy.yml"
        path.write_text(yaml.safe_dump({**SMALL, **changes}, allow_unicode=True), encoding="utf-8")
        return read_crosswalk(path)

    return made


# ---------------------------------------------------------------- what comes with the library


def test_no_text_of_the_national_list_is_invented():
    shipped = read_crosswalk()
    assert len(shipped.items) == shipped.expected == 19 and len(shipped.aspects) == 6
    assert [one.label["zh"] for one in shipped.aspects] == [
        "幼有所育", "学有所教", "病有所医", "住有所居", "弱有所扶", "发展保障",
    ]  # fmt: skip
    assert not any(one.text or one.aspect for one in shipped.items)
    (row,) = list_rows(shipped, [])
    assert (row.first, row.last) == (1, 19)
    assert row.text == row.aspect == {"zh": "未提供", "en": "not supplied"}
    assert row.number == {"zh": "第1–19项", "en": "Items 1–19"}
    assert [(one.rule, one.count) for one in shipped.findings()] == [("policy_not_supplied", 19)]


def test_links_name_indicators_of_the_demonstration(root):
    declared = yaml.safe_load((root / "data/demo/indicators.yml").read_text(encoding="utf-8"))
    shipped = read_crosswalk()
    linked = {one.indicator for one in shipped.links}
    demo = {one["id"] if "id" in one else one["use"] for one in declared}
    assert linked <= demo


def test_goals_and_articles_are_named_in_both_languages():
    shipped = read_crosswalk()
    assert [one.number for one in shipped.sdg] == list(range(1, 18))
    assert all(1 <= one.number <= 54 for one in shipped.crc)
    assert goals_text(shipped, "edu_no_city_record")["zh"] == "目标4.1（优质教育）；目标10.2（减少不平等）"
    assert (
        articles_text(shipped, "edu_no_city_record")["en"]
        == "Article 2 (Non-discrimination); Article 28 (Right to education)"
    )
    assert goals_text(shipped, "nothing")["zh"] == ""


def test_numbers_of_one_goal_stand_together_and_a_target_says_its_goal():
    tagged = read_crosswalk().with_tags({"edu_absent": ["sdg:4.5", "sdg:4", "sdg:3"]})
    assert goals_text(tagged, "edu_absent")["zh"] == "目标3（良好健康与福祉）；目标4.1、4.5（优质教育）"


# ---------------------------------------------------------------- a person's own


def test_supplied_items_are_printed_and_unchecked_ones_counted(read):
    crosswalk = read()
    assert item_label(crosswalk, 1) == {
        "zh": "学有所教　第1项：甲（未核对）",
        "en": "Schooling, item 1: A (not yet checked)",
    }
    assert item_label(crosswalk, 2) == {"zh": "第2项：未提供", "en": "Item 2: not supplied"}
    assert [(row.first, row.text["zh"], row.indicators) for row in list_rows(crosswalk, ["edu"])] == [
        (1, "甲（未核对）", ("edu",)),
        (2, "未提供", ()),
    ]
    assert [(one.rule, one.count) for one in crosswalk.findings(["other"])] == [
        ("policy_not_supplied", 1),
        ("policy_unchecked", 1),
        ("policy_link_unused", 1),
    ]


def test_indicators_stand_in_the_order_of_the_list_and_nowhere_else(read):
    links = [
        {"indicator": "both", "national": ["schooling", "item_01"]},
        {"indicator": "aspect", "national": ["schooling"]},
        {"indicator": "second", "national": ["item_02"]},
        {"indicator": "goal", "sdg": ["4"]},
    ]
    found = places(read(links=links), ["goal", "aspect", "second", "both"])
    assert [(one.key, one.indicators) for one in found] == [
        ("item_01", ("both",)),
        ("schooling", ("aspect",)),
        ("item_02", ("second",)),
        ("", ("goal",)),
    ]
    assert found[1].label == {"zh": "学有所教（对应条目未提供）", "en": "Schooling (item not supplied)"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expected": 19}, "2 items are declared, and the list has 19"),
        ({"items": [SMALL["items"][0]] * 2}, "'item_01' is declared 2 times"),
        ({"items": [SMALL["items"][0], {"id": "b", "aspect": "schoolin"}]}, "did you mean 'schooling'"),
        ({"items": [SMALL["items"][0], {"id": "b", "text": BOTH}]}, "without source and page"),
        (
            {"items": [SMALL["items"][0], {"id": "b", "text": {"zh": "甲"}, "source": "s", "page": "1"}]},
            "one language only",
        ),
        ({"links": [{"indicator": "edu", "national": ["item_1"]}]}, "did you mean 'item_01'"),
        ({"links": [{"indicator": "edu", "sdg": ["5.1"]}]}, "sdg '5.1' is not declared"),
        ({"links": [{"indicator": "edu", "crc": [29]}]}, "crc 29 is not declared"),
        ({"links": [{"indicator": "edu", "crd": [28]}]}, "did you mean 'crc'"),
        ({"aspects": [{"id": "schooling", "label": {"zh": "甲"}}]}, "no text in en"),
    ],
)
def test_a_wrong_crosswalk_is_a_named_error(read, change, said):
    with pytest.raises(StudyError, match=said):
        read(**change)


def test_tags_of_indicators_join_the_links(read):
    made = read().with_tags({"edu": ["crc:28", "schooling"], "new": ["sdg:4", "list:item_02"]})
    assert made.link("edu").national == ["item_01", "schooling"] and made.link("edu").crc == [28]
    assert made.link("new").sdg == ["4"] and made.link("new").national == ["item_02"]
    with pytest.raises(StudyError, match="did you mean 'item_02'"):
        read().with_tags({"new": ["item_2"]})
    with pytest.raises(StudyError, match="no numbers"):
        read().with_tags({"new": ["crc:education"]})


# ---------------------------------------------------------------- ratios

NAN = np.nan


def column(name, values, reason=Reason.DONT_KNOW):
    y = np.array(values, float)
    return Item(name, y, np.where(np.isnan(y), reason, 0).astype(np.int8))


ELIGIBLE = column("eligible", [1, 1, 1, 0, NAN, 1, 0], Reason.REFUSED)
USED = column("used", [1, 0, NAN, 1, 1, 0, NAN])


def test_only_the_eligible_are_counted_and_silence_is_no_answer():
    made = coverage(USED, ELIGIBLE, "card")
    assert (made.indicator, made.option) == ("card", "coverage")
    np.testing.assert_array_equal(made.y, [1, 0, NAN, NAN, NAN, 0, NAN])
    np.testing.assert_array_equal(made.below, [1, 1, NAN, NAN, NAN, 1, NAN])
    assert made.reasons.tolist() == [0, 0, Reason.DONT_KNOW, 0, Reason.REFUSED, 0, 0]
    np.testing.assert_array_equal(gap(USED, ELIGIBLE).y, [0, 1, NAN, NAN, NAN, 1, NAN])
    assert awareness(USED, ELIGIBLE).option == "awareness"


def test_a_missing_answer_without_a_reason_is_blank():
    assert coverage(Item("u", np.array([NAN])), Item("e", np.array([1.0]))).reasons.tolist() == [Reason.BLANK]


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"'used' holds 7 answers and 'e' 2"):
        coverage(USED, column("e", [1, 0]))
    with pytest.raises(InputError, match="'u' holds 1 numbers other than 0 and 1"):
        coverage(column("u", [2, 0]), column("e", [1, 0]))


@pytest.fixture(scope="module")
def sample(root):
    rounds = pd.read_csv(root / "tests/reference/fixtures/rounds.csv")
    frame = rounds[rounds["round"] == "r1"].reset_index(drop=True)
    return xzz.Sample(frame, weight="w", strata="stratum", cluster="grid")


@pytest.fixture(scope="module")
def asked(sample):
    random = np.random.default_rng(3)
    size = len(sample.frame)
    eligible, used, know = (np.where(random.random(size) < 0.1, NAN, random.random(size) < p) for p in (0.6, 0.3, 0.7))
    return [Service("card", column("e", eligible), column("u", used), column("k", know))]


def test_coverage_is_the_share_among_the_eligible_with_its_error(sample, asked):
    (one,) = asked
    found = service_ratios(sample, asked).set_index("option")
    weight = sample.design.weight * (one.eligible.y == 1) * ~np.isnan(one.used.y)
    expected = np.nansum(weight * np.nan_to_num(one.used.y)) / weight.sum()
    assert found.loc["coverage", "estimate"] == pytest.approx(expected, abs=1e-14)
    influence = weight * (np.nan_to_num(one.used.y) - expected) / weight.sum()
    assert found.loc["coverage", "se"] == pytest.approx(clustered(sample, influence), rel=1e-12)
    assert found.loc["coverage", "n"] == (weight > 0).sum()


def clustered(sample, influence):
    """Standard error of Σ influence: with replacement, clusters inside strata."""
    sums = pd.Series(influence).groupby([sample.frame["stratum"], sample.frame["grid"]]).sum()
    return np.sqrt(sum(len(z) / (len(z) - 1) * ((z - z.mean()) ** 2).sum() for _, z in sums.groupby(level=0)))


def test_gap_and_coverage_add_to_one_and_share_their_error(sample, asked):
    found = service_ratios(sample, asked, "area" if "area" in sample.frame else None)
    assert list(found["option"].unique()) == ["awareness", "coverage", "gap"]
    covered, missed = (found[found["option"] == name].set_index("by") for name in ("coverage", "gap"))
    np.testing.assert_allclose(covered["estimate"] + missed["estimate"], 1, rtol=0, atol=1e-14)
    np.testing.assert_allclose(covered["se"], missed["se"], rtol=1e-12)


def test_nobody_eligible_is_no_estimate_and_never_zero(sample, asked):
    (one,) = asked
    nobody = Service("card", column("e", np.zeros(len(sample.frame))), one.used)
    found = service_ratios(sample, [nobody])
    assert found["estimate"].isna().all() and (found["n"] == 0).all()
    assert (found["reason"] == "denominator_zero").all()


def test_a_changed_answer_to_silence_never_lowers_the_measured_to_zero(sample, asked):
    (one,) = asked
    silent = Service("card", one.eligible, column("u", np.full(len(sample.frame), NAN)))
    found = service_ratios(sample, [silent])
    assert found["estimate"].isna().all() and (found["n_dont_know"] > 0).all()
    assert (found["reason"] == "nobody_answered").all()


def test_shares_of_a_service_can_be_protected_and_stay_between_zero_and_one(sample, asked):
    (one,) = asked
    few = np.where(np.arange(len(one.used.y)) < 3, 1.0, 0.0)
    everybody = column("e", np.ones(len(few)))
    found = service_ratios(sample, [Service("card", everybody, column("u", few), want=one.know, refused=one.used)])
    assert (found["statistic"] == "share").all() and list(found["option"]) == ["coverage", "gap", "refused", "want"]
    assert found["low"].between(0, 1).all() and found["high"].between(0, 1).all()
    assert found["n_need"].tolist()[:2] == [3, found["n"][0] - 3]
    assert xzz.protect(found, xzz.Policy(5)).frame["suppressed"].tolist() == [True, True, False, False]


# ---------------------------------------------------------------- what a study declares


@pytest.fixture(scope="module")
def survey(root):
    return xzz.open_round(root / "data" / "demo")


@pytest.fixture
def declared(root, survey, tmp_path):
    """The demonstration with other services, or with supplied items."""

    def made(*services, items=None):
        policy = {"services": [{"label": BOTH, "unit": "child", **one} for one in services]}
        if items is not None:
            path = tmp_path / "policy_items.yml"
            path.write_text(yaml.safe_dump(items, allow_unicode=True), encoding="utf-8")
            policy["items"] = path
        opened = xzz.open_study(root / "data" / "demo")
        opened.settings = opened.settings.model_copy(update={"policy": PublicPolicy.model_validate(policy)})
        return MonitoringRound(opened, survey.dataset)

    return made


def test_coverage_of_the_demonstration_is_the_share_of_those_eligible(survey, demo_children):
    found = service_estimates(survey).set_index(["indicator", "option"])
    children = demo_children["2025Q4"]
    seen = children[pd.to_numeric(children["age"]).between(6, 15) & children["vision"].isin(VISION)]
    assert found.loc[("eyesight_test", "coverage"), "n"] == pytest.approx(len(seen), abs=15)  # dirty records fall out
    assert set(found.loc["work_station"].index) == {"awareness"}
    assert set(found.loc["health_check"].index) == {"coverage", "gap", "want"}
    uninsured = survey.needs().set_index("indicator").loc["health_no_checkup", "estimate"]
    assert found.loc[("health_check", "gap"), "estimate"] == pytest.approx(uninsured, abs=1e-14)


VISION = ["normal", "corrected", "uncorrected", "untested"]


def test_results_of_services_are_none_of_another_kind(survey):
    ids = set(service_estimates(survey)["result_id"])
    assert len(ids) == 10
    assert ids.isdisjoint(survey.needs()["result_id"])
    for unit in ("family", "child"):
        assert all(ids.isdisjoint(part["result_id"]) for part in survey.tabulations(unit, [[]]))


def test_a_condition_with_a_known_no_needs_no_second_answer(declared):
    written = declared(
        {"id": "care", "use": "${care_needed} = 'yes' and ${care_received} = 'yes'"},
        {"id": "skipped", "use": "${care_received} = 'yes'"},
    )
    found = service_estimates(written).set_index(["indicator", "option"])
    asked, skipped = (found.loc[(name, "coverage")] for name in ("care", "skipped"))
    assert asked["n"] > skipped["n"] and skipped["n_skipped"] > 0
    assert asked["n_need"] == skipped["n_need"]


def test_services_by_group_have_a_row_for_each_level(survey):
    found = service_estimates(survey, "hardship")
    assert set(found["by"]) == {"hardship=hardship", "hardship=ordinary"}
    with pytest.raises(StudyError, match="hardshp"):
        service_estimates(survey, "hardshp")


def test_services_for_units_without_the_group_are_left_out(survey):
    assert "work_station" not in set(service_estimates(survey, "sex")["indicator"])


def test_an_unknown_question_is_a_finding_with_the_nearest_and_no_row(declared):
    survey = declared({"id": "a", "use": "${checkupp} = 'yes'"}, {"id": "b", "use": "${checkup} = 'yess'"})
    said = [(one.rule, one.where) for one in service_findings(survey)]
    assert said == [("service_not_computed", "services: a"), ("service_not_computed", "services: b")]
    assert (
        "'checkupp'" in service_findings(survey)[0].message
        and "did you mean 'yes'" in service_findings(survey)[1].message
    )
    assert service_estimates(survey).empty


def test_nobody_eligible_is_a_reason(declared):
    found = service_estimates(declared({"id": "a", "eligible": "${age} > 90", "use": "${checkup} = 'yes'"}))
    assert found["estimate"].isna().all() and set(found["reason"]) == {"denominator_zero"}


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ([{"id": "a", "unit": "chidl", "use": "1"}], "unit 'chidl' is not a table of the study; did you mean 'child'"),
        ([{"id": "a", "use": "1", "item": 20}], "has no item 20; its items are numbered 1 to 19"),
        ([{"id": "a", "use": "1", "item": 0}], "has no item 0"),
        ([{"id": "a", "use": "1"}, {"id": "a", "know": "1"}], "is declared twice"),
        ([{"id": "a", "use": "${checkup} = "}], "policy.services.a"),
    ],
)
def test_a_wrong_service_is_a_named_error(declared, services, said):
    with pytest.raises(StudyError, match=said):
        read_services(declared(*services).study)


def test_a_service_with_neither_know_nor_use_is_refused():
    with pytest.raises(ValueError, match="neither know nor use"):
        PublicService(id="a", label=BOTH, unit="child", want="1")


SUPPLIED = {"item": 2, "aspect": "schooling", "text": BOTH, "source": "s", "page": "1", "checked_by": "somebody"}


def test_what_a_person_supplied_takes_its_place_in_the_list(declared):
    crosswalk = crosswalk_of(declared(items=[{**SUPPLIED, "indicators": ["edu_absent"]}]).study)
    assert item_label(crosswalk, 2) == {"zh": "学有所教　第2项：甲", "en": "Schooling, item 2: A"}
    rows = list_rows(crosswalk, ["edu_absent"])
    assert [(row.first, row.last, row.indicators) for row in rows] == [(1, 1, ()), (2, 2, ("edu_absent",)), (3, 19, ())]
    assert [(one.rule, one.count) for one in crosswalk.findings()] == [("policy_not_supplied", 18)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"item": 20}, "has no item 20"),
        ({"aspect": "schoolin"}, "did you mean 'schooling'"),
        ({"source": ""}, "without source and page"),
        ({"text": {"zh": "甲"}}, "one language only"),
        ({"indicators": ["edu_abscent"]}, "did you mean 'edu_absent'"),
        ({"checkedby": "x"}, "did you mean 'checked_by'"),
    ],
)
def test_a_wrong_item_is_a_named_error(declared, change, said):
    with pytest.raises(StudyError, match=said):
        crosswalk_of(declared(items=[{**SUPPLIED, **change}]).study)


def test_an_item_supplied_twice_is_an_error(declared):
    with pytest.raises(StudyError, match="declared 2 times"):
        crosswalk_of(declared(items=[SUPPLIED, SUPPLIED]).study)
