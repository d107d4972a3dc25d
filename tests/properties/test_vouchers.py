"""What holds for vouchers whatever the ledgers say."""

from unittest.mock import patch

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from xzz_analysis.disclosure.dominance import RULE, Dominance
from xzz_analysis.services.period import read_period
from xzz_analysis.services.vouchers.book import Book
from xzz_analysis.services.vouchers.concentration import concentration
from xzz_analysis.services.vouchers.counting import shares, totals
from xzz_analysis.services.vouchers.partials.sorted_keys import (
    different,
    different_by_cell,
    find_keys,
    in_key_order,
)
from xzz_analysis.services.vouchers.timing import waiting

AMOUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 1e6), max_size=8)


@st.composite
def books(draw):
    count = draw(st.integers(0, 25))
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(
        draw(st.lists(st.integers(0, 364), min_size=count, max_size=count)), "D"
    )
    waits = draw(st.lists(st.one_of(st.none(), st.integers(0, 200)), min_size=count, max_size=count))
    lasts = draw(st.lists(st.one_of(st.none(), st.integers(0, 400)), min_size=count, max_size=count))
    people = draw(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=count, max_size=count))
    end = pd.Timestamp("2026-01-01")
    first = pd.Series(
        [pd.NaT if wait is None else day + pd.Timedelta(days=wait) for day, wait in zip(days, waits, strict=True)],
        dtype="datetime64[ns]",
    )
    first = first.where(first < end)
    issued = pd.DataFrame(
        {
            "voucher": [f"v{at}" for at in range(count)],
            "person": pd.Series(people, dtype="str"),
            "issued": pd.Series(days, dtype="datetime64[ns]"),
            "expires": pd.Series(
                [
                    pd.NaT if last is None else day + pd.Timedelta(days=last)
                    for day, last in zip(days, lasts, strict=True)
                ],
                dtype="datetime64[ns]",
            ),
            "amount": 50.0,
            "category": pd.Series(["food" if at % 2 else "books" for at in range(count)], dtype="str"),
            "first": first,
            "used": first.notna(),
        }
    )
    issued["spent"] = np.where(issued["used"], 30.0, 0.0)
    redeemed = issued[issued["used"]].assign(redeemed=first[first.notna()], amount=30.0, merchant="m")
    return Book(issued, redeemed, read_period("2025"), end)


@given(books())
@settings(max_examples=60, deadline=None)
def test_parts_add_up_and_people_never_exceed_vouchers(book):
    whole = totals(book).set_index("measure")["estimate"]
    split = totals(book, ["category"]).groupby("measure")["estimate"].sum()
    for name in ("vouchers_issued", "voucher_amount_issued", "voucher_redemptions", "voucher_amount_redeemed"):
        assert split.get(name, 0) == whole[name]
    assert whole["voucher_receivers"] <= whole["vouchers_issued"]
    assert whole["voucher_redeemers"] <= whole["vouchers_redeemed"] <= whole["voucher_redemptions"]
    assert whole["voucher_receivers"] <= split.get("voucher_receivers", 0) or not len(book.issued)


@given(books())
@settings(max_examples=60, deadline=None)
def test_used_and_open_vouchers_are_different_ones(book):
    found = shares(book).set_index("measure")["estimate"]
    if len(book.issued):
        assert 0 <= found["voucher_uptake"] + found["voucher_open"] <= 1
        waited = waiting(book)
        assert len(waited.days) + waited.before == len(book.issued)
        assert (waited.days >= 0).all() and waited.redeemed.sum() == book.issued["used"].sum()


@given(AMOUNTS)
def test_concentration_lies_between_equal_shares_and_one_merchant(amounts):
    found = concentration(amounts)
    if found.merchants:
        assert 1 / found.merchants - 1e-9 <= found.herfindahl <= found.largest + 1e-9 <= 1 + 1e-9
        assert found.largest <= found.two_largest + 1e-12
        assert found.merchants > 2 or found.two_largest > 1 - 1e-9


@given(AMOUNTS)
def test_safe_sums_tell_nobody_within_p_per_cent(amounts):
    if amounts and not RULE.unsafe(amounts):
        total = sum(amounts.values())
        assert len(amounts) >= RULE.merchants
        for attacker, own in amounts.items():
            largest = max(value for name, value in amounts.items() if name != attacker)
            assert total - own >= (1 + RULE.percent) * largest * (1 - 1e-6)


@given(AMOUNTS, st.floats(0.01, 0.5))
def test_a_stricter_rule_never_shows_more(amounts, percent):
    strict, lax = Dominance(percent=percent + 0.1), Dominance(percent=percent)
    assert strict.unsafe(amounts) or not lax.unsafe(amounts)


KEYS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1), st.integers(2**63, 2**63 + 40)), max_size=60)


@given(KEYS)
def test_keys_in_order_are_those_of_a_stable_sort(keys):
    keys = np.array(keys, dtype=np.uint64)
    order, ordered = in_key_order(keys)
    assert (order == np.argsort(keys, kind="stable")).all() and (ordered == np.sort(keys)).all()


@given(KEYS, KEYS)
def test_a_key_is_found_where_it_stands_last(known, asked):
    ordered = np.sort(np.array(known, dtype=np.uint64))
    found, at = find_keys(ordered, np.sort(np.array(asked, dtype=np.uint64)))
    wanted = [key for key in sorted(asked) if key in known]
    assert found.sum() == len(wanted)
    assert list(at) == [max(place for place, key in enumerate(sorted(known)) if key == one) for one in wanted]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=60), st.booleans())
def test_different_keys_of_a_cell_are_counted_as_a_set_counts_them(lines, close):
    shift = np.uint64(0 if close else 40)  # close ones differ in bits that a short comparison would leave out
    cells = np.array([cell for cell, _ in lines], dtype=np.int64)
    keys = np.array([key for _, key in lines], dtype=np.uint64) << shift
    with patch("xzz_analysis.services.vouchers.partials.sorted_keys.ODDS", 0.0 if close else 1.0):
        found = different_by_cell(cells, keys, 5)
    assert list(found) == [len({key for cell, key in lines if cell == one}) for one in range(5)]
    assert different(keys.copy()) == len(set(keys))
