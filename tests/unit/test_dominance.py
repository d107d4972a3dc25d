"""No printed table of turnover tells one merchant what another takes in: tried by brute force."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from xzz_analysis.disclosure.dominance import RULE, Dominance, protect_turnover, withhold_with
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.errors import DisclosureError
from xzz_analysis.survey.estimates import COLUMNS

POLICY = Policy(5)


def table(cells):
    """Estimates of turnover: by → merchant → amount; people enough behind each row."""
    rows = [{"by": by, "parts": parts, "estimate": float(sum(parts.values()))} for by, parts in cells.items()]
    told = {"round": "2025", "unit": "service", "indicator": "turnover", "version": "1", "statistic": "total"}
    frame = pd.DataFrame(rows).assign(**told, option="", n=100.0, flags="", reason="", level=0.95)
    frame["result_id"] = [f"r{place}" for place in range(len(frame))]
    return frame.reindex(columns=[*COLUMNS, "parts"])


def added(cells):
    joined = {}
    for parts in cells:
        for merchant, amount in parts.items():
            joined[merchant] = joined.get(merchant, 0) + amount
    return joined


def with_total(levels):
    return {"": added(levels.values()), **{f"category={name}": parts for name, parts in levels.items()}}


def shown(cells, **rule):
    safe = protect_turnover(table(cells), POLICY, Dominance(**rule)).frame
    return dict(zip(safe["by"], safe["estimate"], strict=True))


EVEN = {f"m{place}": 100.0 for place in range(10)}


@pytest.mark.parametrize(
    ("parts", "unsafe"),
    [
        ({}, False),
        ({"a": 0.0}, False),
        ({"a": 10.0}, True),
        ({"a": 10.0, "b": 10.0}, True),
        ({"a": 50.0, "b": 30.0, "c": 20.0}, False),
        ({"a": 50.0, "b": 45.0, "c": 5.0}, True),  # two hold 95 %
        ({"a": 50.0, "b": 40.0, "c": 10.0}, False),  # two hold just 90 %
        ({"a": 800.0, "b": 30.0, "c": 60.0}, True),  # what is left is 3.75 % of the largest
        (EVEN, False),
    ],
)
def test_each_rule_tells_unsafe_sums(parts, unsafe):
    assert RULE.unsafe(parts) is unsafe


def test_the_p_percent_rule_alone():
    rule = Dominance(share=1.0)
    assert rule.unsafe({"a": 100.0, "b": 50.0, "c": 9.9})
    assert not rule.unsafe({"a": 100.0, "b": 50.0, "c": 10.0})
    assert rule.protection({"a": 100.0, "b": 50.0, "c": 4.0}) == pytest.approx(6.0)


def test_a_hidden_sum_takes_the_smallest_other_with_it():
    found = shown(
        with_total({"food": {"a": 70.0, "b": 20.0}, "books": EVEN, "shoes": {"d": 90.0, "e": 90.0, "f": 90.0}})
    )
    assert np.isnan(found["category=food"]) and np.isnan(found["category=shoes"])
    assert found["category=books"] == 1000 and found[""] == 1360


def test_hidden_sums_of_one_merchant_do_not_protect_each_other():
    levels = {"food": {"a": 70.0}, "books": {"a": 40.0}, "shoes": {"d": 90.0, "e": 95.0, "f": 99.0}, "toys": EVEN}
    found = shown(with_total(levels))
    assert np.isnan([found[f"category={name}"] for name in ("food", "books", "shoes")]).all()
    assert found["category=toys"] == 1000


def test_safe_tables_are_shown_whole():
    found = shown(with_total({"food": EVEN, "books": EVEN}))
    assert not any(np.isnan(list(found.values())))


def test_people_count_too():
    frame = table(with_total({"food": EVEN, "books": EVEN, "toys": EVEN}))
    frame.loc[1, "n"] = 3.0
    safe = protect_turnover(frame, POLICY).frame
    assert safe["suppressed"].tolist() == [False, True, True, False]
    assert safe.loc[safe["suppressed"], ["estimate", "n"]].isna().all(axis=None)
    assert set(safe.loc[safe["suppressed"], "reason"]) == {"suppressed"}
    assert "parts" not in safe


def test_what_hangs_on_a_hidden_turnover_is_hidden_too():
    cells = with_total({"food": {"a": 1.0}, "books": EVEN, "toys": EVEN})
    turnover = protect_turnover(table(cells), POLICY)
    shares = protect(table(cells).drop(columns="parts"), POLICY)
    assert withhold_with(shares, turnover).frame["suppressed"].tolist() == turnover.frame["suppressed"].tolist()


def test_frames_that_cannot_be_judged_are_refused():
    frame = table(with_total({"food": EVEN}))
    with pytest.raises(DisclosureError, match="give the column 'parts'"):
        protect_turnover(frame.drop(columns="parts"), POLICY)
    frame.loc[0, "option"] = "x"
    with pytest.raises(DisclosureError, match="of one measure"):
        protect_turnover(frame, POLICY)


# --- by brute force: every merchant against every other, in tables of two groupings with all their margins


def crossed(draw, categories=3, communities=4, merchants=9):
    cells = {}
    for category, community in itertools.product(range(categories), range(communities)):
        some = draw.choice(merchants, draw.integers(0, 6), replace=False)
        amounts = np.round(draw.lognormal(4, 1.2, len(some)), 2)
        cells[(category, community)] = {f"m{name}": float(value) for name, value in zip(some, amounts, strict=True)}
    whole = {"": added(cells.values())}
    rows = {f"category={c}": added(v for k, v in cells.items() if k[0] == c) for c in range(categories)}
    columns = {f"community={c}": added(v for k, v in cells.items() if k[1] == c) for c in range(communities)}
    inner = {f"category={a};community={b}": parts for (a, b), parts in cells.items()}
    return {**whole, **rows, **columns, **inner}, categories, communities


def lines_of(keys, categories, communities):
    """Every sum of the table, written out without the code under test: total and its members."""
    yield "", [f"category={c}" for c in range(categories)]
    yield "", [f"community={c}" for c in range(communities)]
    for c in range(categories):
        yield f"category={c}", [f"category={c};community={k}" for k in range(communities)]
    for k in range(communities):
        yield f"community={k}", [f"category={c};community={k}" for c in range(categories)]


def highest(target, attacker, cells, printed, lines):
    """The highest value of a row, for an attacker who knows the printed rows and its own part of every row."""
    names = list(cells)
    matrix, right = [], []
    for whole, members in lines:
        line = np.zeros(len(names))
        line[names.index(whole)] = -1
        for member in members:
            line[names.index(member)] = 1
        matrix.append(line)
        right.append(0.0)
    bounds = [
        (value, value) if (value := printed[name]) == printed[name] else (cells[name].get(attacker, 0.0), None)
        for name in names
    ]
    aim = np.zeros(len(names))
    aim[names.index(target)] = -1
    found = linprog(aim, A_eq=np.array(matrix), b_eq=right, bounds=bounds, method="highs")
    return float("inf") if found.status == 3 else -found.fun


def told(cells, printed, lines, percent=0.10):
    """Rows in which some merchant can tell another's turnover within p per cent from above."""
    for target, parts in cells.items():
        for attacker in ["", *sorted(added(cells.values()))]:
            others = [value for name, value in parts.items() if name != attacker]
            if not others:
                continue
            ceiling = highest(target, attacker, cells, printed, lines) - parts.get(attacker, 0.0)
            if ceiling < (1 + percent) * max(others) - 1e-6 * max(others):
                yield target, attacker


@pytest.mark.parametrize("seed", range(6))
def test_no_merchant_tells_another_within_p_per_cent(seed):
    cells, categories, communities = crossed(np.random.default_rng(seed))
    lines = list(lines_of(cells, categories, communities))
    printed = shown(cells)
    assert list(told(cells, printed, lines)) == []
    open_table = {name: float(sum(parts.values())) for name, parts in cells.items()}
    assert list(told(cells, open_table, lines))  # the attack does find something where nothing is hidden
    assert not all(np.isnan(list(printed.values())))
