"""The loop from need to result: next steps in words, coverage in numbers, and rows of figures that may be shown."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz
from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.gaps import protected_gaps
from xzz_analysis.atlas.needing import needs_table, protected_needs
from xzz_analysis.atlas.reaching import protected_reach
from xzz_analysis.atlas.services.loop import LoopRow, loop_rows, protected_coverage, protected_served
from xzz_analysis.report.chapters.services.loop import (
    NEXT,
    SHORT,
    loop_summary,
    loop_table,
    next_step,
    served_text,
    step_of,
)
from xzz_analysis.services.counting import coverage
from xzz_analysis.services.opening import open_ledgers

NAN = float("nan")
NEED = {"estimate": 0.2, "result_id": "a" * 12}
ROSE = {"estimate": 0.1, "low": 0.05, "high": 0.15, "p_adjusted": 0.001, "p": 0.001, "result_id": "c" * 12}


def row(**told):
    """A row of the loop: what is not said is not known."""
    given = {"people": None, "need": NEED, "change": None, "reach": None, "gap": None, "served": None, "coverage": {}}
    return LoopRow("heyan", "health", **{**given, **told})


def covered(least=NAN, most=NAN):
    return {"least": {"estimate": least}, "most": {"estimate": most}}


def gap(cause, size=10.0):
    return {"estimate": size, "main_cause": cause}


CAUSES = ("none_in_reach", "wrong_group", "full", "capacity_not_stated", "not_known")


@pytest.mark.parametrize(
    ("one", "step"),
    [
        (row(need=None), "measure"),
        (row(need={"estimate": NAN}), "measure"),
        *((row(gap=gap(cause)), cause) for cause in CAUSES),
        (row(gap=gap("full", 0.0), coverage=covered(0.1, 0.4)), "reach_out"),
        (row(gap={"estimate": NAN, "main_cause": ""}, coverage=covered(0.1, 0.4)), "reach_out"),
        (row(coverage=covered(0.1, 0.49)), "reach_out"),
        (row(coverage=covered(0.1, 0.5)), "unsure"),
        (row(coverage=covered(0.5, 0.9)), "keep"),
        (row(coverage=covered(0.6, NAN)), "keep"),
        (row(coverage=covered(0.4, NAN)), "unsure"),
        (row(), "unsure"),
        (row(need=None, gap=gap("full")), "measure"),  # the need comes first
    ],
)
def test_the_next_step_follows_the_cause_and_then_coverage(one, step):
    assert step_of(one) == step


@pytest.mark.parametrize(
    ("step", "zh", "en"),
    [
        ("none_in_reach", "附近没有服务：设点，或定期上门", "no service near: open a point, or go there regularly"),
        ("wrong_group", "可及的服务对象不符：商议放宽条件", "services in reach are for others: talk about eligibility"),
        ("full", "名额不足：商议增加名额", "places are full: talk about more of them"),
        ("capacity_not_stated", "名额不明：先向服务方问清", "places not stated: ask the services first"),
        ("not_known", "有名额而家长不知道：告知", "families do not know of the places: tell them"),
        (
            "reach_out",
            "有名额，服务到的人还不到一半：主动联系",
            "places are there, fewer than half were served: reach out",
        ),
        ("keep", "规模相当：保持，并看是否到了最需要的人", "the scale fits: keep on, and see who is reached"),
        (
            "unsure",
            "服务到多少人说不准：记签到表，下一期再看",
            "how many were served is uncertain: keep attendance sheets, look again",
        ),
        ("measure", "需求没有可用的数字：下一轮补问", "no figure of the need: ask in the next round"),
    ],
)
def test_steps_read_so_in_both_languages(step, zh, en):
    assert NEXT[step] == {"zh": zh, "en": en}


def test_every_step_has_a_sentence_and_a_word_for_the_summary():
    assert set(NEXT) == set(SHORT)
    assert next_step(row(gap=gap("full"))) == NEXT["full"]


@pytest.mark.parametrize(
    ("served", "zh", "en"),
    [
        (None, "0", "0"),
        ({"estimate": 1234.0, "low": 1234.0, "high": 1234.0}, "1,234", "1,234"),
        ({"estimate": NAN, "low": 81.0, "high": 243.0}, "81至243", "81 to 243"),
        ({"estimate": NAN, "low": 105.0, "high": NAN}, "至少105", "at least 105"),
        ({"estimate": NAN, "low": NAN, "high": NAN, "suppressed": True}, "※", "※"),
    ],
)
def test_persons_served_are_a_number_or_lie_between_two(served, zh, en):
    assert served_text(served) == {"zh": zh, "en": en}


KEYS = ["community", "domain"]


def covers(persons, low, high, need, need_low, need_high):
    """Coverage of one community and domain: the figure, the least and the most."""
    served = pd.DataFrame(
        {"community": ["a"], "domain": ["health"], "persons": [persons], "low": [low], "high": [high]}
    )
    needs = pd.DataFrame(
        {"community": ["a"], "domain": ["health"], "need": [need], "low": [need_low], "high": [need_high]}
    )
    return coverage(served, needs).iloc[0]


def test_coverage_is_persons_served_over_persons_in_need_with_the_interval_of_the_need():
    one = covers(50.0, 50.0, 50.0, 200.0, 100.0, 400.0)
    assert (one["estimate"], one["low"], one["high"]) == (0.25, 0.125, 0.5)


def test_bounds_of_the_served_and_the_interval_of_the_need_go_together():
    one = covers(NAN, 40.0, 80.0, 200.0, 100.0, 400.0)
    assert np.isnan(one["estimate"]) and (one["low"], one["high"]) == (0.1, 0.8)


def test_coverage_without_an_upper_bound_is_at_least():
    one = covers(NAN, 40.0, NAN, 200.0, 100.0, 400.0)
    assert one["low"] == 0.1 and np.isnan(one["estimate"]) and not np.isfinite(one["high"])


def test_coverage_may_exceed_the_whole():
    assert covers(300.0, 300.0, 300.0, 200.0, 100.0, 400.0)["estimate"] == 1.5


# The demonstration study.


@pytest.fixture(scope="module")
def demo(root):
    folder = root / "data" / "demo"
    return open_ledgers(folder, "2025"), xzz.open_atlas(folder)


@pytest.fixture(scope="module")
def rows(demo):
    return loop_rows(*demo)


def test_every_community_and_domain_has_one_row_in_order(demo, rows):
    communities = list(demo[0].communities)
    wanted = [(place, domain) for place in communities for domain in ("education", "health", "livelihood", "support")]
    assert [(one.community, one.domain) for one in rows] == wanted and len(rows) == 16


def test_rows_are_the_protected_figures_of_their_community_and_domain(demo, rows):
    ledgers, atlas = demo
    indicators = {domain: said.indicator for domain, said in atlas.rules.needs.items()}
    needs, reach, gaps, served = (
        one.frame
        for one in (protected_needs(atlas), protected_reach(atlas), protected_gaps(atlas), protected_served(ledgers))
    )
    people = needs_table(atlas)
    for one in rows:
        own = needs[(needs["indicator"] == indicators[one.domain]) & needs["by"].str.endswith(f"={one.community}")]
        assert one.need["result_id"] == own["result_id"].item()
        for table, column, found in (
            (reach, "option", one.reach),
            (gaps, "option", one.gap),
            (served, "domain", one.served),
        ):
            those = table[(table["community"] == one.community) & (table[column] == one.domain)]
            assert len(those) == 1 and found["result_id"] == those["result_id"].item()
        those = people[(people["community"] == one.community) & (people["domain"] == one.domain)]
        assert one.people["need"] == those["need"].item()


def test_coverage_is_worked_out_from_what_the_row_shows(rows):
    for one in rows:
        low, high = (
            (one.served["estimate"],) * 2
            if not np.isnan(one.served["estimate"])
            else (one.served["low"], one.served["high"])
        )
        assert one.coverage["least"]["estimate"] == pytest.approx(low / one.people["high"])
        most = one.coverage["most"]["estimate"]
        assert np.isnan(most) if np.isnan(high) else most == pytest.approx(high / one.people["low"])
        middle = one.coverage[""]["estimate"]
        assert np.isnan(middle) if low != high else middle == pytest.approx(low / one.people["need"])


def test_the_table_and_its_sentence_agree(demo, rows):
    ledgers, atlas = demo
    (table,) = loop_table(ledgers, atlas)
    assert [row["next"] for row in table.rows] == [next_step(one) for one in rows]
    (sentence,) = loop_summary(ledgers, atlas)
    counts = pd.Series([step_of(one) for one in rows]).value_counts()
    for step, number in counts.items():
        for language in ("zh", "en"):
            assert SHORT[step][language].format(count=number) in sentence.text[language]
    assert counts.sum() == 16 and "16" in sentence.text["en"]


def test_a_study_without_places_has_no_loop(tmp_path):
    ledgers = ledgers_of(
        tmp_path / "study", {"activities": [{"date": "2025-03-01", "type": "group", "person_times": 8}]}
    )
    assert loop_table(ledgers, None) == [] and loop_summary(ledgers, None) == []


def test_a_study_without_needs_has_no_coverage(monkeypatch):
    from xzz_analysis.atlas.services import loop

    monkeypatch.setattr(loop, "protected_needs", lambda atlas: None)
    assert protected_coverage(SimpleNamespace(), SimpleNamespace()) is None
