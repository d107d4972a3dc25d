"""Periods of reporting: months, quarters and years, what comes before them, and what they are called."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzz_analysis.errors import StudyError
from xzz_analysis.services.period import Period, read_period


@pytest.mark.parametrize(
    ("name", "first", "last", "months"),
    [
        ("2025-11", "2025-11-01", "2025-11-30", 1),
        ("2024-02", "2024-02-01", "2024-02-29", 1),
        ("2025-02", "2025-02-01", "2025-02-28", 1),
        ("2025-12", "2025-12-01", "2025-12-31", 1),
        ("2025Q1", "2025-01-01", "2025-03-31", 3),
        ("2025Q2", "2025-04-01", "2025-06-30", 3),
        ("2025Q4", "2025-10-01", "2025-12-31", 3),
        ("2025", "2025-01-01", "2025-12-31", 12),
    ],
)
def test_a_period_has_its_first_and_last_day(name, first, last, months):
    period = read_period(name)
    assert period == Period(name, dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert period.months == months


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("2025-11", "2025年11月", "November 2025"),
        ("2025-01", "2025年1月", "January 2025"),
        ("2025Q3", "2025年第3季度", "quarter 3 of 2025"),
        ("2025", "2025年", "2025"),
    ],
)
def test_a_period_is_called_by_its_name_in_both_languages(name, zh, en):
    assert read_period(name).label == {"zh": zh, "en": en}


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("2025-11", "2025-10"),
        ("2025-01", "2024-12"),
        ("2024-03", "2024-02"),
        ("2025Q4", "2025Q3"),
        ("2025Q1", "2024Q4"),
        ("2025", "2024"),
    ],
)
def test_the_period_before_is_as_long_and_ends_the_day_before(name, before):
    assert read_period(name).before() == read_period(before)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)), st.sampled_from(["month", "quarter", "year"]))
def test_periods_lie_end_to_end(day, shape):
    names = {"month": f"{day:%Y-%m}", "quarter": f"{day:%Y}Q{(day.month + 2) // 3}", "year": f"{day:%Y}"}
    period = read_period(names[shape])
    assert period.name == names[shape] and period.first <= day <= period.last
    assert period.first.day == 1
    if period.first.year > 1900:
        assert period.before().last == period.first - dt.timedelta(days=1)
        assert period.before().months == period.months


@pytest.mark.parametrize(
    "name",
    [
        "",
        "25",
        "2025-13",
        "2025-00",
        "2025-1",
        "2025Q0",
        "2025Q5",
        "2025q4",
        "2025-11-01",
        " 2025",
        "2025年",
        "last month",
    ],
)
def test_what_is_no_period_is_refused_and_says_what_is_one(name):
    with pytest.raises(StudyError) as caught:
        read_period(name)
    told = f"period {name!r} is no month (2025-11), quarter (2025Q4) or year (2025); write one of them"
    assert told in str(caught.value)


def test_years_long_ago_are_refused_and_none_comes_before_the_first():
    for name in ("0000", "0001", "1899"):
        with pytest.raises(StudyError):
            read_period(name)
    with pytest.raises(StudyError):
        read_period("1900").before()


def test_a_period_cannot_be_changed():
    with pytest.raises(AttributeError):
        read_period("2025").name = "2024"
