"""The crosswalk holds no invented words; coverage, awareness and gap have errors and never count silence."""

import numpy as np
import pandas as pd
import pytest
import yaml

import xzz_analysis as xzz
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.intake.answers import Reason
from xzz_analysis.needs.policy import (
    Service,
    awareness,
    coverage,
    gap,
    indicator_table,
    item_table,
    read_crosswalk,
    service_ratios,
    service_table,
)
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
    for language, words in (("zh", "未提供"), ("en", "not supplied")):
        table = item_table(shipped, language)
        assert (table["text"] == words).all() and (table["aspect"] == words).all()
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
    assert indicator_table(shipped, ["edu_absent"], "zh").loc[0].tolist() == [
        "edu_absent", "学有所教", "", "4.1 优质教育", "28 受教育权",
    ]  # fmt: skip


# ---------------------------------------------------------------- a person's own


def test_supplied_items_are_printed_and_unchecked_ones_counted(read):
    crosswalk = read()
    assert item_table(crosswalk, "zh")[["aspect", "text", "indicators", "checked"]].to_numpy().tolist() == [
        ["学有所教", "甲", "edu", False],
        ["未提供", "未提供", "", False],
    ]
    assert [(one.rule, one.count) for one in crosswalk.findings(["other"])] == [
        ("policy_not_supplied", 1),
        ("policy_unchecked", 1),
        ("policy_link_unused", 1),
    ]
    assert indicator_table(crosswalk, ["edu", "none"], "en").to_numpy().tolist() == [
        ["edu", "schooling", "item_01 A", "4.1 Quality education", "28 Right to education"],
        ["none", "", "", "", ""],
    ]


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
    assert list(found["option"].unique()) == ["coverage", "awareness", "gap"]
    covered, missed = (found[found["option"] == name].set_index("by") for name in ("coverage", "gap"))
    np.testing.assert_allclose(covered["estimate"] + missed["estimate"], 1, rtol=0, atol=1e-14)
    np.testing.assert_allclose(covered["se"], missed["se"], rtol=1e-12)


def test_nobody_eligible_is_no_estimate_and_never_zero(sample, asked):
    (one,) = asked
    nobody = Service("card", column("e", np.zeros(len(sample.frame))), one.used)
    found = service_ratios(sample, [nobody])
    assert found["estimate"].isna().all() and (found["n"] == 0).all() and (found["reason"] != "").all()


def test_a_changed_answer_to_silence_never_lowers_the_measured_to_zero(sample, asked):
    (one,) = asked
    silent = Service("card", one.eligible, column("u", np.full(len(sample.frame), NAN)))
    found = service_ratios(sample, [silent])
    assert found["estimate"].isna().all() and (found["n_dont_know"] > 0).all()


def test_services_stand_in_the_order_of_the_list_and_what_was_not_asked_says_so(read, sample, asked):
    named = [
        Service("own", asked[0].eligible, asked[0].used),
        Service("item_02", asked[0].eligible, None, asked[0].know),
    ]
    table = service_table(read(), service_ratios(sample, named), "zh")
    assert table["item"].tolist() == ["item_01", "item_02", "own", "own"]
    assert table["reason"].tolist()[0] == "not_asked" and pd.isna(table["estimate"][0])
    assert table["measure"][1] == "知晓率：符合条件者中知道的" and table["text"][1] == "未提供"
    assert table["result_id"][1:].str.fullmatch("[0-9a-f]{12}").all()
