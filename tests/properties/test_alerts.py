"""Alerts: false ones are as rare as promised, true ones are found, and what must hold whatever the rules are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xzz_analysis as xzz
from xzz_analysis.needs.alerts import AlertRules, Control, false_discovery, find_alerts
from xzz_analysis.needs.alerts.watching import Evidence, Side
from xzz_analysis.needs.indicator import Indicator
from xzz_analysis.survey.estimate import Item

RUNS, BATCH = 320, 40
NEEDS = 4
SHARES = np.array([0.1, 0.2, 0.3, 0.5])
"""True shares of the needs, in every community, group and round, unless something is planted."""

Rise = dict[int, dict[str, float]]
"""What is planted: need → group (``""`` is everybody) → how much it rose."""


def indicators(runs: int) -> list[Indicator]:
    label = {"zh": "需求", "en": "need"}
    fixed = {"domain": "education", "kind": "felt", "unit": "child", "label": label, "definition": label, "need": "1"}
    return [Indicator(id=f"run{run}_need{need}", **fixed) for run in range(runs) for need in range(NEEDS)]


def side(name: str, random: np.random.Generator, rise: Rise, runs: int = 1, order: np.ndarray | None = None) -> Side:
    """360 children in 5 communities (strata) of 8 clusters, answers of a cluster alike (0.05), of many runs at once.

    Each run has needs of its own: the runs share the children, and nothing else.
    """
    place = np.repeat(np.arange(40), 9)
    made = pd.DataFrame({"community": [f"c{one // 8}" for one in place], "cluster": place})
    made["weight"] = random.uniform(0.7, 1.5, len(place))
    made["hardship"] = random.choice(["hard", "ordinary"], len(place))
    items = []
    for need in np.tile(np.arange(NEEDS), runs):
        risen = rise.get(int(need), {})
        extra = risen.get("", 0) + made["community"].map(risen).fillna(0) + made["hardship"].map(risen).fillna(0)
        share = SHARES[need]
        standing = random.beta(19 * share, 19 * (1 - share), 40)[place] + extra.to_numpy()
        y = (random.random(len(place)) < standing).astype(float)
        y[random.random(len(place)) < 0.03] = np.nan
        items.append(Item(f"run{len(items) // NEEDS}_need{need}", y if order is None else y[order]))
    made = made if order is None else made.iloc[order].reset_index(drop=True)
    sample = xzz.Sample(made, weight="weight", strata="community", cluster="cluster")
    sample = sample.described(labels={"study": "synthetic", "round": name, "unit": "child"})
    return Side(name, {"child": sample}, {("child", "share"): items})


def rules(runs: int = 1) -> AlertRules:
    limits = {
        f"limit{need}": {
            "kind": "threshold",
            "indicators": [f"run{run}_need{need}" for run in range(runs)],
            "limit": share,
        }
        for need, share in enumerate(SHARES)
    }
    listed = {
        "worse": {"kind": "worsening", "by": ["all", "community", "hardship"]},
        "gap": {"kind": "gap", "by": "hardship", "level": "hard", "against": "ordinary"},
        "out": {"kind": "cluster", "by": "community", "standing": True},
        **limits,
    }
    label = {"zh": "规则", "en": "rule"}
    return AlertRules(rules=[{"id": name, "label": label, **one} for name, one in listed.items()])


def run_rules(seed: int, rise: Rise, runs: int) -> pd.DataFrame:
    """All tests of many runs, with the q that each run has on its own."""
    random = np.random.default_rng(seed)
    before, after = side("first", random, {}, runs), side("second", random, rise, runs)
    found = pd.DataFrame(find_alerts(Evidence(after, before), rules(runs), indicators(runs)))
    found["run"], found["need"] = found["indicator"].str.extract(r"run(\d+)_need(\d+)").astype(int).to_numpy().T
    found["q"] = found.groupby("run")["p"].transform(lambda p: false_discovery(p.to_numpy(float), Control()))
    return found


@pytest.fixture(scope="module")
def null() -> pd.DataFrame:
    """Nothing changed, all communities are alike, and every limit is the truth itself: any alert is a false one."""
    parts = [run_rules(seed, {}, BATCH) for seed in range(RUNS // BATCH)]
    return pd.concat([part.assign(run=part["run"] + BATCH * place) for place, part in enumerate(parts)])


@pytest.mark.parametrize("q", [0.05, 0.1, 0.2])
def test_false_alerts_are_as_rare_as_promised(null, q):
    false = null.groupby("run")["q"].min() <= q
    assert len(false) == RUNS
    assert false.mean() <= q + 2 * np.sqrt(q * (1 - q) / RUNS)


@pytest.mark.parametrize("kind", ["threshold", "worsening", "gap", "cluster"])
def test_no_kind_of_rule_finds_more_than_chance(null, kind):
    """p counts on the worse side alone, so less than 5 % of the tests are at or below 0.05."""
    p = null.loc[null["kind"] == kind, "p"]
    assert p.notna().mean() > 0.95
    assert (p <= 0.05).mean() < 0.04


def test_false_alerts_are_as_rare_among_true_ones():
    """Two needs of four rose for everybody; whatever is told of the others, or of gaps and communities, is false."""
    found = run_rules(2, {0: {"": 0.3}, 2: {"": 0.3}}, 60)
    alert, risen = found["q"] <= 0.1, found["need"].isin([0, 2]) & found["kind"].isin(["worsening", "threshold"])
    runs = found.assign(alert=alert, false=alert & ~risen).groupby("run")[["alert", "false"]].sum()
    assert (runs["false"] / runs["alert"].clip(lower=1)).mean() <= 0.1
    of_all = found[risen & (found["kind"] == "worsening") & (found["by"] == "")]
    assert (of_all["q"] <= 0.05).mean() > 0.97


@pytest.mark.parametrize(
    ("rise", "rule", "by"),
    [
        ({1: {"": 0.25}}, "worse", ""),
        ({1: {"c2": 0.65}}, "worse", "community=c2"),
        ({1: {"c2": 0.65}}, "out", "community=c2"),
        ({2: {"hard": 0.4}}, "gap", "hardship=hard − ordinary"),
    ],
)
def test_what_is_planted_is_found_where_it_is(rise, rule, by):
    found = run_rules(3, rise, 30)
    mine = (found["rule"] == rule) & (found["by"] == by) & (found["need"] == next(iter(rise)))
    assert (found.loc[mine, "q"] <= 0.05).mean() >= 0.8
    elsewhere = ~found["need"].isin(list(rise))
    assert (found.loc[elsewhere, "q"] <= 0.05).mean() < 0.01


def test_what_gets_better_is_no_alert():
    found = run_rules(4, {3: {"": -0.4}}, 20)
    better = (found["need"] == 3) & (found["kind"] == "worsening")
    assert (found.loc[better & (found["by"] == ""), "p"] == 1).all()


# --- what holds for any p-values ------------------------------------------------------------------------------

ps = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=40)


@settings(max_examples=300)
@given(ps)
def test_q_is_never_below_p_and_keeps_its_order(given_p):
    p = np.array(given_p, float)
    q = false_discovery(p, Control())
    made = ~np.isnan(p)
    assert (np.isnan(q) == ~made).all()
    assert (q[made] >= p[made] - 1e-15).all() and (q[made] <= 1).all()
    order = np.argsort(p[made], kind="stable")
    assert (np.diff(q[made][order]) >= -1e-15).all()


@settings(max_examples=300)
@given(ps)
def test_the_rule_for_any_dependence_finds_no_more(given_p):
    p = np.array(given_p, float)
    usual, safe = (false_discovery(p, Control(method=f"benjamini-{name}")) for name in ("hochberg", "yekutieli"))
    assert (np.isnan(safe) | (safe >= usual)).all()


@settings(max_examples=300)
@given(ps, st.floats(0.01, 0.4))
def test_q_says_what_the_step_up_rule_reports(given_p, level):
    """Reported are the k smallest, k the largest with p(k) ≤ k·level/m; by brute force."""
    p = np.round([one for one in given_p if one == one], 3)
    level = round(level, 3) + 1e-5  # so that no p lies on the border but for rounding
    reported = 0
    for k, one in enumerate(np.sort(p), 1):
        if one * len(p) / k <= level:
            reported = k
    assert (false_discovery(p, Control(q=level)) <= level).sum() == reported


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31))
def test_the_order_of_rules_and_children_changes_nothing(seed):
    usual = rules()
    turned = usual.model_copy(update={"rules": usual.rules[::-1]})
    order = np.random.default_rng(seed).permutation(360)
    found = []
    for given_rules, mixed in ((usual, None), (turned, order)):
        random = np.random.default_rng(seed)
        before = side("first", random, {}, order=mixed)
        after = side("second", random, {0: {"": 0.2}}, order=mixed)
        alerts = find_alerts(Evidence(after, before), given_rules, indicators(1))
        found.append(alerts.set_index("alert_id").sort_index())
    assert found[0].index.is_unique
    for column in ("estimate", "reference", "low", "high", "p", "q"):
        np.testing.assert_allclose(found[0][column], found[1][column], rtol=1e-7, atol=1e-10)
    assert found[0]["alert"].equals(found[1]["alert"])


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31))
def test_the_interval_of_an_alert_lies_beyond_what_it_is_compared_with(seed):
    found = run_rules(seed, {0: {"": 0.3}, 3: {"c1": 0.4, "hard": 0.3}}, 2)
    raised = found[found["q"] <= 0.05]
    bound = np.where(raised["kind"] == "threshold", raised["reference"], 0.0)
    assert (raised["low"] > bound - 1e-12).all()
    assert (raised["q"] >= raised["p"]).all()
