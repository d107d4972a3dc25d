"""Scores before and after: who is a pair, what is told of the others, numbers known by hand, and few classes."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.courses import DEFINITIONS, figures, protected_courses, protected_star
from xzz_analysis.services.training import (
    Instrument,
    course_attrition,
    course_changes,
    few_classes,
    instrument_of,
    measured,
    pair_scores,
    star_steps,
    stars,
    training_findings,
)
from xzz_analysis.services.training.effects import noncentrality, standardised

JANUARY = dt.date(2025, 1, 1)


def score(person, wave, value, **more):
    """One line of the ledger of scores."""
    day = "2025-03-01" if wave == "before" else "2025-06-01"
    row = {"person": person, "course": "parenting", "cluster": "", "instrument": "scale", "wave": wave, "date": day}
    return {**row, "score": value, "highest": 100, "community": "", **more}


def both(person, before, after, **more):
    return [score(person, "before", before, **more), score(person, "after", after, **more)]


def course(moves, **more):
    """Persons of one course who moved by so many points from 50."""
    return [row for place, move in enumerate(moves) for row in both(f"p{place}", 50, 50 + move, **more)]


def found_in(folder, rows, **services):
    return ledgers_of(folder, {"scores": rows}, **services)


def changes_of(folder, rows, instrument=None):
    return course_changes(measured(found_in(folder, rows)).pairs, lambda name: instrument or Instrument()).iloc[0]


def rules(ledgers):
    return {one.rule: one.count for one in training_findings(ledgers)}


# --- pairs --------------------------------------------------------------------------------------------------------


def test_the_first_before_and_the_last_after_are_a_pair_and_others_are_told(tmp_path):
    rows = [
        score("a", "before", 10, date="2025-03-01"),
        score("a", "before", 20, date="2025-03-08"),
        score("a", "after", 30, date="2025-06-01"),
        score("a", "after", 40, date="2025-06-08"),
    ]
    ledgers = found_in(tmp_path, rows)
    pairs = measured(ledgers).pairs
    assert pairs[["before", "after"]].to_numpy().tolist() == [[10, 40]]
    assert rules(ledgers) == {"score_measured_again": 2}


def test_scores_that_cannot_be_are_left_out_with_their_number_and_first_line(tmp_path):
    rows = [*both("a", 50, 60), score("b", "before", 120), score("c", "before", -1), score("d", "after", 50)]
    ledgers = found_in(tmp_path, rows)
    assert len(measured(ledgers).pairs) == 1
    assert rules(ledgers) == {"score_out_of_range": 2, "score_only_after": 1}
    finding = next(one for one in training_findings(ledgers) if one.rule == "score_out_of_range")
    assert "first in line 4" in finding.message
    assert not any(f" {key} " in str(finding) for key in "abcd")


def test_a_score_after_before_the_one_before_is_no_pair(tmp_path):
    rows = [score("a", "before", 50, date="2025-06-01"), score("a", "after", 60, date="2025-03-01")]
    ledgers = found_in(tmp_path, rows)
    assert not len(measured(ledgers).pairs)
    assert rules(ledgers) == {"score_after_first": 1}


def test_missing_scores_make_no_pair_and_persons_count_as_lost(tmp_path):
    rows = [*both("a", 50, 60), score("b", "before", 40), score("b", "after", ""), score("c", "before", "")]
    found = measured(found_in(tmp_path, rows))
    assert len(found.pairs) == 1
    assert found.lost["before"].tolist() == [40]


def test_nobody_is_lost_of_a_class_that_was_not_measured_afterwards(tmp_path):
    rows = [*both("a", 50, 60, cluster="one"), score("b", "before", 40, cluster="two")]
    assert not len(measured(found_in(tmp_path, rows)).lost)


def test_a_pair_belongs_to_the_period_of_its_last_score(tmp_path):
    rows = course([1, 2, 3])
    scores = {"scores": rows}
    assert len(measured(ledgers_of(tmp_path / "june", scores, "2025-06")).pairs) == 3
    assert not len(measured(ledgers_of(tmp_path / "may", scores, "2025-05")).pairs)
    assert not len(measured(ledgers_of(tmp_path / "july", scores, "2025-07")).pairs)


def test_the_same_person_counts_in_every_course_and_instrument(tmp_path):
    rows = [*both("a", 1, 2), *both("a", 1, 2, course="safety"), *both("a", 1, 2, instrument="other")]
    assert len(measured(found_in(tmp_path, rows)).pairs) == 3


def test_the_order_of_lines_does_not_matter():
    rows = pd.DataFrame(course([3, 1, 4, 1, 5])).assign(
        lowest=np.nan, line=range(10), date=lambda t: pd.to_datetime(t["date"])
    )
    one, other = (
        course_changes(pair_scores(table, JANUARY).pairs, lambda name: Instrument()) for table in (rows, rows[::-1])
    )
    pd.testing.assert_frame_equal(one, other)


# --- tests and effect sizes ---------------------------------------------------------------------------------------


def test_persons_as_units_are_the_paired_t_test(tmp_path):
    moves = [3.0, -1, 4, 1, 5, 9, -2, 6]
    row = changes_of(tmp_path, course(moves))
    plain = stats.ttest_1samp(moves, 0)
    assert (row["units"], row["classes"], row["df"]) == ("persons", 0, 7)
    np.testing.assert_allclose([row["t"], row["p"]], [plain.statistic, plain.pvalue], rtol=1e-12)
    np.testing.assert_allclose([row["low"], row["high"]], plain.confidence_interval(), rtol=1e-12)


def test_one_class_is_no_cluster_and_two_are(tmp_path):
    one = changes_of(tmp_path / "one", course([1, 2, 4], cluster="x"))
    assert (one["units"], one["classes"]) == ("persons", 1)
    two = [*course([1, 2, 4], cluster="x"), *both("q", 50, 53, cluster="y")]
    row = changes_of(tmp_path / "two", two)
    assert (row["units"], row["classes"], row["df"]) == ("classes", 2, 1)


def test_people_without_a_class_are_clusters_of_their_own(tmp_path):
    rows = [*both("a", 0, 1, cluster="x"), *both("b", 0, 2, cluster="x"), *both("c", 0, 3, cluster="y")]
    row = changes_of(tmp_path, [*rows, *both("d", 0, 5), *both("e", 0, 6)])
    assert (row["units"], row["classes"], row["df"]) == ("classes", 2, 3)


def test_holm_adjusts_for_the_courses_that_can_be_tested(tmp_path):
    rows = [*course([3, 1, 4, 1, 5]), *course([1, -1, 2, 0, 1], course="safety"), *course([2, 2, 2], course="alike")]
    table = course_changes(measured(found_in(tmp_path, rows)).pairs, lambda name: Instrument()).set_index("course")
    smaller, larger = table.loc["parenting"], table.loc["safety"]
    assert smaller["p_adjusted"] == pytest.approx(2 * smaller["p"])
    assert larger["p_adjusted"] == pytest.approx(max(larger["p"], 2 * smaller["p"]))
    alike = table.loc["alike"]
    assert alike["reason"] == "no_sampling_error"
    assert np.isnan(alike["p_adjusted"])
    assert alike["estimate"] == 2


def test_one_person_has_a_change_and_no_test(tmp_path):
    row = changes_of(tmp_path, both("a", 50, 55))
    assert row["estimate"] == 5
    assert row["reason"] == "no_degrees_of_freedom"
    assert np.isnan([row["se"], row["p"], row["d_z"], row["d_z_low"]]).all()


def test_effect_sizes_by_hand(tmp_path):
    before, after = np.array([40.0, 50, 60, 55]), np.array([44.0, 60, 61, 62])
    rows = [line for place in range(4) for line in both(f"p{place}", before[place], after[place])]
    row = changes_of(tmp_path, rows)
    moved = after - before
    assert row["d_z"] == pytest.approx(moved.mean() / moved.std(ddof=1))
    assert row["d_av"] == pytest.approx(moved.mean() / ((before.std(ddof=1) + after.std(ddof=1)) / 2))
    assert row["d_z_low"] < row["d_z"] < row["d_z_high"]


@pytest.mark.parametrize(("t", "df"), [(2.5, 9), (-2.5, 9), (0.0, 4), (13.6, 7), (0.3, 1), (25.0, 3)])
def test_noncentral_t_has_its_tails_at_the_statistic(t, df):
    low, high = noncentrality(t, df)
    assert stats.nct.sf(t, df, low) == pytest.approx(0.025, abs=1e-8)
    assert stats.nct.cdf(t, df, high) == pytest.approx(0.025, abs=1e-8)


def test_a_very_large_t_has_limits_too():
    low, high = noncentrality(1e4, 50)  # beyond where scipy's own distribution answers; σ is known to about 10 per cent
    ends = 1e4 * np.sqrt(stats.chi2.ppf([0.025, 0.975], 50) / 50)
    np.testing.assert_allclose([low, high], ends, rtol=1e-6)


def test_there_is_no_effect_size_of_nothing():
    assert np.isnan(standardised(1.0, 0.5, 3, 0.0).estimate)
    assert np.isnan(standardised(1.0, 0.0, 3, 2.0).low)
    assert np.isnan(noncentrality(float("nan"), 3)).all()
    assert np.isnan(noncentrality(1.0, 0)).all()


def test_better_is_at_least_a_step_in_the_declared_direction(tmp_path):
    rows = course([-5, -3, 0, 3, 5])
    assert changes_of(tmp_path / "up", rows, Instrument(step=3))["improved_n"] == 2
    assert changes_of(tmp_path / "down", rows, Instrument(step=4, lower_is_better=True))["improved_n"] == 1


def test_an_instrument_without_a_declaration_counts_one_point_upwards(tmp_path):
    assert instrument_of(found_in(tmp_path, course([1])), "scale") == Instrument(1.0, False)


def test_people_at_the_ends_of_the_instrument_are_counted(tmp_path):
    rows = [*both("a", 90, 100), *both("b", 100, 100), *both("c", 0, 50), *both("d", 50, 60, highest="")]
    row = changes_of(tmp_path, rows)
    assert (row["ceiling_before"], row["ceiling_after"], row["highest_known"]) == (1, 2, 3)
    assert (row["floor_before"], row["floor_after"]) == (1, 0)


def test_with_two_or_three_classes_nothing_is_concluded():
    assert few_classes("classes", 3)
    assert not few_classes("classes", 4)
    assert not few_classes("persons", 0)


# --- attrition ----------------------------------------------------------------------------------------------------


def test_scores_of_those_lost_are_compared_with_a_t_test(tmp_path):
    stayed, lost = [50.0, 52, 49, 55, 51], [40.0, 44, 39]
    rows = [line for place, one in enumerate(stayed) for line in both(f"s{place}", one, one + 1)]
    rows += [score(f"l{place}", "before", one) for place, one in enumerate(lost)]
    row = course_attrition(measured(found_in(tmp_path, rows))).iloc[0]
    assert (row["started"], row["lost"]) == (8, 3)
    assert row["estimate"] == pytest.approx(np.mean(lost) - np.mean(stayed))
    assert row["df"] == 6
    assert row["low"] < row["estimate"] < row["high"] < 0


def test_where_nobody_is_lost_there_is_nothing_to_compare(tmp_path):
    row = course_attrition(measured(found_in(tmp_path, course([1, 2])))).iloc[0]
    assert (row["lost"], row["reason"]) == (0, "no_groups")


# --- the health star ----------------------------------------------------------------------------------------------

LEVELS = {"star": {"instrument": "scale", "levels": [0, 40, 60, 80]}}


def test_levels_begin_at_their_lower_ends():
    scores = {"before": [39, 40, 80, -1], "after": [40, 59.9, 79, 50]}
    pairs = pd.DataFrame({"person": list("abcd"), "community": "", **scores})
    found = star_steps(pairs, [0, 40, 60, 80])
    assert found.steps[["before", "after", "direction"]].to_numpy().tolist() == [
        [1, 2, "rose"],
        [2, 2, "stayed"],
        [4, 3, "fell"],
    ]
    assert (found.levels, found.below) == (4, 1)


def test_a_study_without_a_star_has_none(tmp_path):
    ledgers = found_in(tmp_path, course([1]))
    assert stars(ledgers) is None
    assert protected_star(ledgers) is None


def test_scores_below_the_lowest_level_are_a_finding(tmp_path):
    ledgers = found_in(tmp_path, course([1, 2]), star={"instrument": "scale", "levels": [51, 60]})
    assert rules(ledgers)["star_below_lowest"] == 2


def test_the_community_of_a_person_stands_where_the_score_has_none(tmp_path):
    people = [{"person": "p0", "community": "heyan"}]
    ledgers = ledgers_of(tmp_path, {"scores": course([1, 2]), "people": people}, **LEVELS)
    assert sorted(measured(ledgers).pairs["community"]) == ["", "heyan"]


def test_no_number_from_level_to_level_is_given_where_a_share_of_all_is_hidden(tmp_path):
    moves = [15.0] * 20 + [0.0] * 10 + [-20.0] * 3
    shares, cells = protected_star(found_in(tmp_path, course(moves), **LEVELS))
    whole = shares.frame.set_index("option")
    assert whole["suppressed"].to_dict() == {"rose": False, "stayed": True, "fell": True}
    assert not len(cells.frame)


def test_cells_of_the_star_add_up_to_its_shares(tmp_path):
    moves = [15.0] * 20 + [0.0] * 10 + [-20.0] * 6
    shares, cells = protected_star(found_in(tmp_path, course(moves), **LEVELS))
    told = shares.frame.set_index("option")["estimate"] * 36
    assert cells.frame.groupby("option")["estimate"].sum().to_dict() == pytest.approx(told.to_dict())


# --- what may be shown --------------------------------------------------------------------------------------------


def test_a_course_of_four_is_hidden_and_its_neighbour_is_not(tmp_path):
    rows = [*course([3, 1, 4, 1, 5, 2]), *course([1, 2, 3, 4], course="small")]
    parts = protected_courses(found_in(tmp_path, rows))
    for name in ("change", "before", "after", "t", "p", "p_adjusted", "d_z", "d_av"):
        hidden = parts[name].frame.set_index("course")["suppressed"]
        assert hidden.to_dict() == {"parenting": False, "small": True}, name
    for safe in parts.values():
        assert safe.frame.loc[safe.frame["course"] == "small", ["estimate", "low", "high", "n"]].isna().all().all()


def test_that_nobody_was_lost_is_shown_and_that_one_was_is_not(tmp_path):
    parts = protected_courses(found_in(tmp_path / "none", course([1, 2, 3, 4, 5, 6])))
    assert parts["lost"].frame["estimate"].tolist() == [0]
    rows = [*course([1, 2, 3, 4, 5, 6]), score("gone", "before", 50)]
    parts = protected_courses(found_in(tmp_path / "one", rows))
    assert parts["lost"].frame[["estimate", "n", "n_need"]].isna().all().all()


def test_every_figure_has_one_id_and_a_definition(tmp_path):
    ledgers = found_in(tmp_path, course([15.0] * 20 + [0.0] * 10 + [-20.0] * 6, cluster="x"), **LEVELS)
    seen = []
    for frame, protected in figures(ledgers):
        assert list(protected().frame["result_id"]) == list(frame["result_id"])
        assert set(frame["indicator"]) <= set(DEFINITIONS)
        seen += list(frame["result_id"])
    assert len(seen) == len(set(seen)) > 15


def test_a_study_without_scores_has_no_figures(tmp_path):
    ledgers = ledgers_of(tmp_path, {"activities": [{"date": "2025-01-05", "type": "group"}]})
    assert list(figures(ledgers)) == []
    assert training_findings(ledgers) == []
