"""Sentences, literally, in both languages."""

import numpy as np
import pandas as pd

import xzz_analysis as xzz
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.intake.answers import Question
from xzz_analysis.report.sentences import (
    fallback_note,
    group_gaps,
    joined,
    leading_needs,
    lower_first,
    response,
    sample_caution,
)
from xzz_analysis.report.tables import Naming

CHILD = {"child": {"zh": "名儿童", "en": "children"}}
NEEDS = Naming(
    "indicator",
    {"out": {"zh": "未在学", "en": "Out of school"}, "alone": {"zh": "独自在家", "en": "Home alone"}},
)


def safe(**needs: int):
    """Shares of 200 children, each need with that many of them."""
    frame = pd.DataFrame({name: [1.0] * count + [0.0] * (200 - count) for name, count in needs.items()})
    sample = xzz.Sample(frame).described(labels={"unit": "child"})
    return protect(xzz.share(sample, list(needs)), Policy(5))


def test_one_need_is_one_sentence():
    said = leading_needs(safe(out=20), NEEDS, CHILD).text
    assert said["zh"] == "未在学：10.0%（95% 置信区间6.5%～15.0%，基数200名儿童）。"
    assert said["en"] == "Out of school: 10.0% (95% confidence interval 6.5% to 15.0%; base: 200 children)."


def test_needs_are_named_highest_first():
    paragraph = leading_needs(safe(out=20, alone=60), NEEDS, CHILD)
    assert paragraph.text["zh"].startswith("最常见的2项是：独自在家：30.0%")
    assert paragraph.text["en"].startswith("The two most frequent: home alone: 30.0%")
    assert len(paragraph.results) == 2


def test_suppressed_needs_are_not_named():
    said = leading_needs(safe(out=2), NEEDS, CHILD).text
    assert said["en"] == "No share of this domain can be published."


def groups(first: int, second: int):
    """Shares of one need in two groups of 100."""
    need = [1.0] * first + [0.0] * (100 - first) + [1.0] * second + [0.0] * (100 - second)
    frame = pd.DataFrame({"out": need, "g": np.repeat(["a", "b"], 100)})
    return protect(xzz.share(xzz.Sample(frame), "out", by="g"), Policy(5))


LEVELS = Naming("by", {"g=a": {"zh": "困境", "en": "In hardship"}, "g=b": {"zh": "普通", "en": "Ordinary"}})


def test_groups_that_lie_apart_are_named_with_both_figures():
    said = group_gaps(groups(60, 20), NEEDS, LEVELS).text
    assert (
        said["zh"]
        == "区间不重叠、差别明显的需求：未在学（困境60.0%，普通20.0%）。其余可比较的需求区间有重叠，仅凭这一点不能判断有无差别。"
    )
    assert "out of school (In hardship 60.0%, Ordinary 20.0%)" in said["en"]


def test_groups_whose_intervals_overlap_are_not_called_different():
    paragraph = group_gaps(groups(30, 25), NEEDS, LEVELS)
    assert paragraph.text["zh"] == "各组的区间都有重叠；仅凭区间重叠不能判断各组之间有没有差别。"
    assert paragraph.results == []


def test_hidden_needs_are_not_passed_over_in_silence():
    frame = pd.DataFrame({"out": [1.0] * 199 + [0.0], "alone": [1.0] * 60 + [0.0] * 140})
    table = protect(xzz.share(xzz.Sample(frame).described(labels={"unit": "child"}), ["out", "alone"]), Policy(5))
    said = leading_needs(table, NEEDS, CHILD).text
    assert said["zh"].startswith("可以公布的需求中，独自在家：30.0%")
    assert said["en"].startswith("Of the needs that can be published, Home alone: 30.0%")


def test_groups_that_are_hidden_are_not_compared():
    paragraph = group_gaps(groups(1, 2), NEEDS, LEVELS)
    assert paragraph.text["en"] == "Too few figures can be published to compare the groups."
    assert paragraph.results == []


def test_response_counts_units_and_days():
    said = response(
        {"family": 712, "child": 1803},
        {"family": {"zh": "户家庭", "en": "families"}, **CHILD},
        ("2025-11-01", "2025-11-28"),
    ).text
    assert said["zh"] == "本轮资料收集于2025-11-01至2025-11-28，共有712户家庭和1,803名儿童的回答可用。"
    assert said["en"].startswith("Answers were collected from 2025-11-01 to 2025-11-28; ")
    assert said["en"].endswith("; those of 712 families and 1,803 children are usable.")


def test_a_nonprobability_round_is_only_indicative():
    note = sample_caution("nonprobability")
    assert "仅供参考" in note.text["zh"]
    assert "indicative" in note.text["en"]
    assert note.tone == "warning"


def test_fallback_is_said_only_when_a_language_is_missing():
    both = Question("q", "integer", {"zh": "年龄", "en": "Age"})
    french = Question("p", "integer", {"fr": "Âge"})
    assert fallback_note([both]) is None
    assert "1 of 2 questions have no Chinese wording" in fallback_note([both, french]).text["en"]


def test_lists_are_joined_as_each_language_does():
    assert joined(["甲", "乙", "丙"], "zh") == "甲、乙和丙"
    assert joined(["a", "b", "c"], "en") == "a, b and c"


def test_abbreviations_keep_their_capitals():
    assert lower_first("WHO score") == "WHO score"
    assert lower_first("Out of school") == "out of school"
