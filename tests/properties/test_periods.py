"""Nobody who reads the reports on all months, quarters and the year works out what one of them hides."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.small_ledgers import ledgers_of
from xzz_analysis.atlas.services.counted import counts, protected_counts
from xzz_analysis.atlas.services.vouchers import TOTALS, protected_total, total_results
from xzz_analysis.errors import StudyError
from xzz_analysis.services.opening import open_ledgers
from xzz_analysis.services.period import read_period
from xzz_analysis.survey.estimates import group_pairs

DOMAINS, TYPES = ["education", "health", "support"], ["case", "group", "advice"]
COMMUNITIES = ["heyan", "weidu", "tangxu"]
SIZES = [1, 2, 3, 4, 6, 9, 30]
ROW = st.tuples(
    st.integers(1, 12), st.sampled_from(DOMAINS), st.sampled_from(TYPES), st.sampled_from(COMMUNITIES),
    st.sampled_from(SIZES),
)  # fmt: skip
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
QUARTERS = {f"2025Q{one}": MONTHS[3 * one - 3 : 3 * one] for one in range(1, 5)}
PERIODS = [*MONTHS, *QUARTERS, "2025"]
LAST = {"month": "2025-12", "quarter": "2025Q4", "year": "2025"}


def told(ledgers, indicator="person_times"):
    """One measure in all reports: (period, groups) → number, people behind it and whether it is hidden."""
    cells = {}
    names = {"month": MONTHS, "quarter": list(QUARTERS), "year": ["2025"]}
    for name in [name for length in ledgers.declared.periods for name in names[length]]:
        one = ledgers.at(read_period(name))
        if indicator == "person_times":
            raw, safe = counts(one), protected_counts(one).frame
        else:
            raw = pd.concat([total_results(one, indicator, by) for by in TOTALS], ignore_index=True)
            safe = pd.concat([protected_total(one, indicator, by).frame for by in TOTALS], ignore_index=True)
        assert list(raw["result_id"]) == list(safe["result_id"])
        chosen = raw.assign(gone=safe["suppressed"])[raw["indicator"] == indicator]
        for by, value, n, gone in chosen[["by", "estimate", "n", "gone"]].itertuples(index=False):
            cells[name, frozenset(group_pairs(by))] = (value, n, bool(gone))
    return cells


def equations(cells):
    """Every sum that an attacker knows of: (whole, its parts)."""
    found = []
    lines = defaultdict(list)
    for name, groups in cells:
        for pair in groups:
            lines[name, groups - {pair}, pair[0], frozenset(one for one, _ in groups)].append((name, groups))
    found += [((name, whole), parts) for (name, whole, _, _), parts in lines.items() if (name, whole) in cells]
    for name, groups in cells:
        calendar = {one for one, _ in groups} & {"month", "week"}
        for inside in [QUARTERS, MONTHS] if name == "2025" else [QUARTERS.get(name, [])]:
            parts = [(one, groups) for one in inside if (one, groups) in cells]
            if parts and not calendar:
                found.append(((name, groups), parts))
        month = dict(groups).get("month")
        found += [
            ((name, groups), [one])
            for one in ((month, groups - {("month", month)}), *((quarter, groups) for quarter in QUARTERS))
            if month in MONTHS and one[0] != name and one in cells
        ]
    return [one for one in found if abs(cells[one[0]][0] - sum(cells[part][0] for part in one[1])) < 1e-6]


def followed(cells):
    """Hidden cells that follow from all that is shown, with fewer people behind them than the threshold."""
    hidden = [key for key, (_, _, gone) in cells.items() if gone]
    place = {key: at for at, key in enumerate(hidden)}
    rows = []
    for whole, parts in equations(cells):
        line = np.zeros(len(hidden))
        for key, sign in [(whole, -1.0), *((part, 1.0) for part in parts)]:
            if key in place:
                line[place[key]] += sign
        if line.any():
            rows.append(line)
    if not rows:
        return []
    matrix = np.array(rows)
    _, sizes, right = np.linalg.svd(matrix)
    free = right[(sizes > 1e-9).sum() :]
    known = (np.abs(free) < 1e-7).all(axis=0) if len(free) else np.ones(len(hidden), bool)
    return [key for key, one in zip(hidden, known, strict=True) if one and cells[key][1] < 5]


def year_of(folder, rows, lengths=("month", "quarter", "year")):
    table = [
        {"date": f"2025-{month:02d}-15", "domain": domain, "type": kind, "community": community, "person_times": times}
        for month, domain, kind, community, times in rows
    ]
    return ledgers_of(folder, {"activities": table}, LAST[lengths[-1]], periods=list(lengths))


@pytest.mark.parametrize("lengths", [["month", "quarter", "year"], ["month", "year"], ["quarter", "year"], ["year"]])
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=10, max_size=60))
def test_no_small_cell_follows_from_all_reports_of_a_year(tmp_path_factory, lengths, rows):
    cells = told(year_of(tmp_path_factory.mktemp("year"), rows, lengths))
    assert all(n >= 5 for _, n, gone in cells.values() if n > 0 and not gone)
    assert followed(cells) == []


@pytest.mark.parametrize("indicator", ["person_times", "vouchers_issued", "voucher_redemptions"])
def test_the_demonstration_hides_its_small_cells_in_every_report(root, indicator):
    cells = told(open_ledgers(root / "data" / "demo", "2025"), indicator)
    assert len(cells) > 100 and all(gone for _, n, gone in cells.values() if 0 < n < 5)
    assert followed(cells) == []


@pytest.mark.parametrize("lengths", [["month", "quarter"], ["quarter", "year"], ["month", "year"], ["year"]])
def test_only_periods_that_are_reported_on_hide_anything(tmp_path, lengths):
    rows = [(month, domain, "group", "heyan", 3 if (month, domain) == (6, "health") else 30)
            for month in range(1, 13) for domain in DOMAINS]  # fmt: skip
    ledgers = year_of(tmp_path / "year", rows, lengths)
    cells = told(ledgers)
    assert followed(cells) == []
    gone = {name for (name, groups), (_, _, hidden) in cells.items() if hidden and "month" not in dict(groups)}
    assert gone >= {"2025-06", "2025-07"} if "month" in lengths else gone == set()
    left = next(length for length in LAST if length not in lengths)
    with pytest.raises(StudyError, match="alone; choose one of these"):
        ledgers.at(read_period(LAST[left]))


@pytest.mark.parametrize("lengths", [["month", "quarter", "year"], ["month", "year"], ["quarter", "year"]])
def test_a_year_that_is_not_over_tells_what_has_begun(tmp_path, lengths):
    rows = [
        {"date": f"2025-0{month}-15", "type": "group", "domain": "health", "person_times": 30} for month in range(1, 6)
    ]
    ledgers = ledgers_of(tmp_path / "begun", {"activities": rows}, "2025", until="2025-05-20", periods=lengths)
    safe = protected_counts(ledgers).frame
    assert safe.loc[(safe["indicator"] == "person_times") & (safe["by"] == ""), "estimate"].tolist() == [150]


def test_without_other_reports_a_small_month_would_follow(tmp_path):
    rows = [(month, domain, "group", "heyan", 3 if (month, domain) == (6, "health") else 30)
            for month in range(1, 13) for domain in DOMAINS]  # fmt: skip
    cells = told(year_of(tmp_path / "year", rows))
    health = frozenset({("domain", "health")})
    hidden = [name for name in PERIODS if cells[name, health][2]]
    assert hidden[0] == "2025-06" and len(hidden) > 2 and "2025" not in hidden
    assert followed(cells) == []
    for later in hidden[1:]:
        value, n, _ = cells[later, health]
        cells[later, health] = (value, n, False)
    assert ("2025-06", health) in followed(cells)
