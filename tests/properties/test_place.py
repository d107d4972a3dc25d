"""What reports on every place and on the whole study withhold cannot be had from what they print, read together."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import xzz_analysis as xzz
from xzz_analysis.disclosure.protect import Policy, protect
from xzz_analysis.survey.estimates import Estimates, group_pairs
from xzz_analysis.survey.part import rows_of_place

THRESHOLD = 5
PLACES, LEVELS = ("a", "b", "c", "d"), ("f", "m", "x")


@st.composite
def surveys(draw):
    """People with and without a need in every place and level; several of the counts are small or zero."""
    few = st.integers(0, 6)
    counts = {
        key: (draw(st.one_of(few, st.integers(5, 40))), draw(st.one_of(few, st.integers(5, 40))))
        for key in itertools.product(PLACES[: draw(st.integers(2, 4))], LEVELS[: draw(st.integers(2, 3))])
    }
    made = people(counts)
    return made if len(made) > 1 else people({("a", "f"): (2, 0)})


def shares(frame):
    sample = xzz.Sample(frame, lonely="adjust")
    return lambda groups: xzz.share(sample, "q", groups or None)


def published(frame) -> pd.DataFrame:
    """Every row of the whole study's tables and of every place's, with its full ``by``."""
    estimate, parts = shares(frame), []
    for groups in ([], ["c"], ["g"]):
        made = estimate(groups)
        parts.append(protect(made, Policy(THRESHOLD)).frame.assign(by=made["by"]))
    for level, by in itertools.product(frame["c"].unique(), ([], ["g"])):
        made = rows_of_place(f"c={level}", by, estimate)
        parts.append(protect(made, Policy(THRESHOLD, f"c={level}")).frame.assign(by=made["by"].to_numpy()))
    return pd.concat(parts, ignore_index=True)


def bounds(frame, shown, cells, which):
    """Smallest and largest sum of people with (0) or without (1) the need in some cells, given what is shown."""
    keys = list(frame.groupby(["c", "g"]).groups)
    rows, values = [], []
    for row in shown.to_dict("records"):
        inside = np.array([set(group_pairs(row["by"])) <= {("c", c), ("g", g)} for c, g in keys], float)
        rows += [np.concatenate([inside, 0 * inside]), np.concatenate([0 * inside, inside])]
        values += [row["n_need"], row["n"] - row["n_need"]]
    wanted = np.zeros(2 * len(keys))
    wanted[[which * len(keys) + keys.index(cell) for cell in cells]] = 1
    equal = {"A_eq": np.array(rows), "b_eq": np.array(values)} if rows else {}
    ends = [linprog(sign * wanted, **equal, bounds=(0, 1000), method="highs") for sign in (1, -1)]
    assert all(end.status == 0 for end in ends)
    return ends[0].fun, -ends[1].fun


def people(counts):
    """So many with the need, and so many without it, in each place and level."""
    rows = [(c, g, float(k < need)) for (c, g), (need, rest) in counts.items() for k in range(need + rest)]
    return pd.DataFrame(rows, columns=["c", "g", "q"])


def bridged():
    """Two blocks of small counts that protect each other, and one small count between them that follows from both."""
    small = [*itertools.product("ab", "fm"), *itertools.product("cd", "xy"), ("a", "x")]
    return people({key: (4 if key in small else 30, 40) for key in itertools.product(PLACES, "fmxy")})


def in_parts():
    """A place (b) that is withheld only to protect another, and of whose levels nothing else would be withheld."""
    counts = ((1, 40), (2, 40), (10, 40), (10, 40), (6, 100), (100, 6))
    return people(dict(zip(itertools.product("abc", "fm"), counts, strict=True)))


@example(in_parts())
@example(bridged())
@settings(max_examples=30)
@given(surveys())
def test_no_small_count_follows_from_what_is_printed(frame):
    table = published(frame).drop_duplicates("result_id")
    shown = table[table["n"].notna()]
    for row in table[table["suppressed"]].to_dict("records"):
        pairs = dict(group_pairs(row["by"]))
        own = frame[[all(one[name] == level for name, level in pairs.items()) for one in frame.to_dict("records")]]
        cells = list(own.groupby(["c", "g"]).groups)
        for which, count in ((0, (own["q"] == 1).sum()), (1, (own["q"] == 0).sum())):
            if 0 < count < THRESHOLD:
                low, high = bounds(frame, shown, cells, which)
                assert high - low >= 1 - 1e-6, (row["by"], which, count)


@settings(max_examples=30)
@given(surveys())
def test_what_the_whole_withholds_the_place_withholds(frame):
    estimate = shares(frame)
    whole = protect(estimate(["c"]), Policy(THRESHOLD)).frame.set_index("result_id")["suppressed"]
    for level in frame["c"].unique():
        policy = Policy(THRESHOLD, f"c={level}")
        here = protect(rows_of_place(f"c={level}", [], estimate), policy).frame
        assert (here["suppressed"].to_numpy() == whole.loc[here["result_id"]].to_numpy()).all()
        split = rows_of_place(f"c={level}", ["g"], estimate)
        cells = protect(split, policy).frame["suppressed"] | (split["n"] == 0)
        assert not here["suppressed"].any() or cells.all()


@settings(max_examples=20)
@given(surveys())
def test_rows_of_a_place_are_those_of_the_crossed_table(frame):
    estimate = shares(frame)
    crossed = estimate(["c", "g"])
    for level in frame["c"].unique():
        mine = rows_of_place(f"c={level}", ["g"], estimate)
        theirs = crossed[crossed["by"].str.startswith(f"c={level};")].reset_index(drop=True)
        pd.testing.assert_frame_equal(pd.DataFrame(mine), pd.DataFrame(theirs))
        assert isinstance(mine, Estimates)
