"""Alerts: rules that are refused, figures by hand, sentences to the letter, decisions and history that lose nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

import xzz_analysis as xzz
from xzz_analysis.errors import InputError, StudyError
from xzz_analysis.needs import alerts as room
from xzz_analysis.needs.alerts.history import FILE
from xzz_analysis.needs.alerts.triage import figures_of
from xzz_analysis.needs.alerts.watching import Evidence, Side, Watch, beyond_limit, stands_out, widened, worsened
from xzz_analysis.needs.alerts.watching.one_round import limit_p, overdispersion
from xzz_analysis.needs.alerts.wording import message
from xzz_analysis.survey.estimate import Item, estimate_shares

LABEL = {"zh": "规则", "en": "rule"}
SEED = 20251125


def rule(kind: str, **given) -> room.AlertRule:
    own = {"threshold": {"limit": 0.3}, "gap": {"by": "sex", "level": "f", "against": "m"}, "cluster": {"by": "place"}}
    return room.AlertRule(**{"id": "one", "kind": kind, "label": LABEL, **own.get(kind, {}), **given})


def people(seed: int, places: int = 4, rise: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(places * 6), 10)
    frame = pd.DataFrame({"place": [f"p{one // 6}" for one in cluster], "cluster": cluster})
    frame["weight"] = random.uniform(1, 2, len(frame))
    frame["sex"] = random.choice(["f", "m"], len(frame))
    effect = np.random.default_rng(SEED).normal(scale=0.4, size=places * 6)[cluster]
    frame["need"] = (random.normal(size=len(frame)) + effect > 0.5 - rise).astype(float)
    frame["hours"] = np.round(8 + effect + random.normal(size=len(frame)) - rise, 1)
    frame.loc[random.random(len(frame)) < 0.05, "need"] = np.nan
    return frame


def side(name: str, frame: pd.DataFrame, kind: str = "probability") -> Side:
    sample = xzz.Sample(frame, weight="weight", strata="place", cluster="cluster", kind=kind)
    sample = sample.described(labels={"study": "s", "round": name, "unit": "child"})
    items = {("child", "share"): [Item("need", frame["need"].to_numpy(), version="1")]}
    return Side(name, {"child": sample}, items | {("child", "mean"): [Item("hours", frame["hours"].to_numpy())]})


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    return people(1), people(2, rise=0.8)


@pytest.fixture(scope="module")
def evidence(frames) -> Evidence:
    before, after = (side(name, frame) for name, frame in zip(("2025Q2", "2025Q4"), frames, strict=True))
    return Evidence(after, before)


def watch(one: room.AlertRule, group: str = "", statistic: str = "share", sign: int = 1) -> Watch:
    return Watch(one, ("child", statistic), group, {"need" if statistic == "share" else "hours": sign})


# --- one round ------------------------------------------------------------------------------------------------


def test_the_p_of_a_limit_is_that_of_the_interval(evidence):
    figures = evidence.after.figures(("child", "share"), "place")
    for level in (0.8, 0.95, 0.99):
        own = estimate_shares(
            evidence.after.samples["child"], evidence.after.items["child", "share"], "place", level=level
        )
        for place, row in own.reset_index(drop=True).iterrows():
            for end in (row["low"], row["high"]):
                assert limit_p(figures, end)[place] == pytest.approx(1 - level, rel=1e-9)


def test_so_is_that_of_a_rare_need_in_few_clusters():
    frame = people(9)
    frame["need"] = ((frame["cluster"] % 11 == 0) & (np.arange(len(frame)) % 3 == 0)).astype(float)
    rare = side("2025Q4", frame)
    figures = rare.figures(("child", "share"), "")
    score = figures.known_influence().scores(list(figures["result_id"]))
    assert score.degrees[0] < figures["df"].item()  # a few clusters say it all
    for end in ("low", "high"):
        assert limit_p(figures, figures[end].item())[0] == pytest.approx(0.05, rel=1e-9)


def test_who_has_no_group_is_no_other(evidence, frames):
    frame = frames[1].assign(place=frames[1]["place"])
    group = frame["place"].where(np.arange(len(frame)) % 7 > 0)
    sample = xzz.Sample(frame.assign(site=group), weight="weight", strata="place", cluster="cluster")
    sample = sample.described(labels={"study": "s", "round": "2025Q4", "unit": "child"})
    rows = stands_out(
        watch(rule("cluster", by="site"), "site"), Evidence(Side("b", {"child": sample}, evidence.after.items))
    )
    others = frame[group.notna() & (group != "p0") & frame["need"].notna()]
    expected = np.average(others["need"], weights=others["weight"])
    assert rows.set_index("by").loc["site=p0", "reference"] == pytest.approx(expected, rel=1e-12)


def test_the_least_count_is_of_those_with_the_need_or_without(evidence):
    figures = evidence.after.figures(("child", "share"), "place")
    rows = beyond_limit(watch(rule("threshold"), "place"), evidence)
    fewer = np.minimum(figures["n_need"], figures["n"] - figures["n_need"])
    assert (rows["n_need"].to_numpy() == fewer.to_numpy()).all() and (
        rows["n"].to_numpy() == figures["n"].to_numpy()
    ).all()
    before = evidence.before.figures(("child", "share"), "place")
    either = np.minimum(fewer, np.minimum(before["n_need"], before["n"] - before["n_need"]))
    assert (worsened(watch(rule("worsening"), "place"), evidence)["n_need"].to_numpy() == either.to_numpy()).all()


def test_a_mean_is_tested_by_t(evidence):
    rows = beyond_limit(watch(rule("threshold", limit=7.5, side="below"), statistic="mean"), evidence)
    own = xzz.mean(evidence.after.samples["child"], "hours").iloc[0]
    distance = (own["estimate"] - 7.5) / own["se"]
    expected = 2 * t.sf(abs(distance), own["df"]) if distance < 0 else 1.0
    assert rows["p"].item() == pytest.approx(expected, rel=1e-9)
    assert rows["reference"].item() == 7.5 and rows["interval"].item() == "estimate"


@pytest.mark.parametrize(
    ("side_of_limit", "worse", "alarming"), [(None, 1, "above"), (None, -1, "below"), ("below", 1, "below")]
)
def test_a_limit_counts_on_one_side(evidence, side_of_limit, worse, alarming):
    own = evidence.after.figures(("child", "share"), "").iloc[0]["estimate"]
    for limit in (own - 0.2, own + 0.2):
        one = rule("threshold", limit=limit, **({"side": side_of_limit} if side_of_limit else {}))
        p = beyond_limit(watch(one, sign=worse), evidence)["p"].item()
        assert (p < 0.05) == ((own > limit) == (alarming == "above"))
        assert p == 1 or p < 0.05


def test_a_group_is_compared_with_all_others(evidence, frames):
    """The same figures from a column that says who is of the group; four groups have no spread to allow for."""
    rows = stands_out(watch(rule("cluster", standing=True), "place"), evidence).set_index("by")
    frame = frames[1].assign(mine=np.where(frames[1]["place"] == "p2", "b", "a"))
    sample = xzz.Sample(frame, weight="weight", strata="place", cluster="cluster")
    expected = xzz.differences(xzz.share(sample, "need", by="mine"), "mine").iloc[0]
    found = rows.loc["place=p2"]
    assert found["estimate"] - found["reference"] == pytest.approx(expected["estimate"], rel=1e-12)
    assert (found["low"], found["high"]) == pytest.approx((expected["low"], expected["high"]), rel=1e-9)
    assert found["p"] == pytest.approx(expected["p"] if expected["estimate"] > 0 else 1, rel=1e-6)


def test_groups_that_differ_anyway_need_more_to_stand_out():
    frame = people(5, places=7)
    frame["need"] = (
        np.random.default_rng(3).random(len(frame)) < 0.2 + 0.1 * (frame["place"].str[1].astype(int))
    ) * 1.0
    sample = side("2025Q4", frame)
    own = sample.figures(("child", "share"), "place")
    spread = overdispersion(own)
    assert spread.min() > 2
    value, size = own["estimate"].to_numpy(), own["weighted_n"].to_numpy()
    score, covariance = own.known_influence().scores(list(own["result_id"])), own.covariance()
    left = np.arange(7) != 3
    mean = np.average(value[left], weights=size[left])
    weight = np.where(left, size, 0) / size[left].sum()
    null = mean * (1 - mean) / score.size
    of_all = covariance - np.diag(np.diag(covariance)) + np.diag(null)
    z = []
    for other in np.flatnonzero(left):
        apart = np.eye(7)[other] - weight
        deviation = (value[other] - mean) / np.sqrt(apart @ of_all @ apart)
        z.append(-norm.ppf(t.cdf(-abs(deviation), score.degrees[other])))
    assert spread[3] == pytest.approx(max(1, (np.median(z) / norm.ppf(0.75)) ** 2), rel=1e-9)
    mine = frame.assign(mine=np.where(frame["place"] == "p6", "b", "a"))
    other = xzz.Sample(mine, weight="weight", strata="place", cluster="cluster")
    plain = xzz.differences(xzz.share(other, "need", by="mine"), "mine").iloc[0]
    found = stands_out(watch(rule("cluster"), "place"), Evidence(sample)).set_index("by").loc["place=p6"]
    wider = np.sqrt(spread[6])
    assert found["p"] == pytest.approx(2 * norm.cdf(norm.ppf(plain["p"] / 2) / wider), rel=1e-6)
    assert found["high"] == pytest.approx(plain["estimate"] + wider * (plain["high"] - plain["estimate"]), rel=1e-9)


def test_one_outlier_does_not_hide_behind_the_spread_it_makes():
    frame = people(6, places=6)
    frame.loc[frame["place"] == "p4", "need"] = (np.arange(60) % 10 < 9).astype(float)
    rows = stands_out(watch(rule("cluster"), "place"), Evidence(side("2025Q4", frame))).set_index("by")
    assert rows.loc["place=p4", "p"] < 0.01 and rows["p"].drop("place=p4").min() > 0.01


def test_a_group_that_stood_out_before_is_told_again_only_on_request():
    frames = [people(seed, places=6) for seed in (6, 7)]
    for frame in frames:
        frame.loc[frame["place"] == "p4", "need"] = (np.arange(60) % 10 < 9).astype(float)
    both = Evidence(side("b", frames[1]), side("a", frames[0]))
    for standing in (False, True):
        row = stands_out(watch(rule("cluster", standing=standing), "place"), both).set_index("by").loc["place=p4"]
        assert row["earlier"] == "stood_out" and (row["p"] < 0.01) == standing


# --- two rounds -----------------------------------------------------------------------------------------------


def test_a_change_is_the_one_of_the_table_of_changes(evidence, frames):
    rows = worsened(watch(rule("worsening"), "place"), evidence)
    samples = [evidence.before.samples["child"], evidence.after.samples["child"]]
    expected = xzz.change(*samples, "need", by="place")
    for ours, theirs in (
        ("change", "estimate"),
        ("reference", "before"),
        ("estimate", "after"),
        ("low", "low"),
        ("high", "high"),
    ):
        np.testing.assert_allclose(rows[ours], expected[theirs], rtol=1e-12)
    np.testing.assert_allclose(rows["p"], np.where(expected["estimate"] > 0, expected["p"], 1), rtol=1e-12)
    assert (rows["n"] == expected[["n_before", "n_after"]].min(axis=1)).all()


def test_a_margin_moves_what_the_change_is_tested_against(evidence):
    plain = worsened(watch(rule("worsening")), evidence).iloc[0]
    for margin, p in ((plain["low"], 0.05), (plain["change"] + 0.01, 1.0)):
        found = worsened(watch(rule("worsening", margin=margin)), evidence).iloc[0]
        assert found["p"] == pytest.approx(p, rel=1e-6)
        assert found["result_id"] == plain["result_id"] and found["low"] == plain["low"]


def test_where_lower_is_worse_a_fall_is_the_alert(evidence):
    fall = worsened(watch(rule("worsening"), statistic="mean", sign=-1), evidence).iloc[0]
    rise = worsened(watch(rule("worsening"), statistic="mean", sign=1), evidence).iloc[0]
    assert fall["change"] == rise["change"] < 0 and fall["p"] < 0.05 and rise["p"] == 1
    margin = worsened(watch(rule("worsening", margin=-fall["high"]), statistic="mean", sign=-1), evidence).iloc[0]
    assert margin["p"] == pytest.approx(0.05, rel=1e-6)


def gap_by_hand(frames) -> tuple[float, float]:
    """(f − m) after − (f − m) before, and its error from the totals of clusters: n/(n−1) Σ (z − z̄)² by stratum."""
    z, gaps = 0.0, []
    for frame, sign in zip(frames, (-1, 1), strict=True):
        for sex, one in (("f", 1), ("m", -1)):
            used = frame[frame["need"].notna() & (frame["sex"] == sex)]
            share = np.average(used["need"], weights=used["weight"])
            gaps.append(sign * one * share)
            own = sign * one * used["weight"] * (used["need"] - share) / used["weight"].sum()
            z = z + own.groupby([used["place"], used["cluster"]]).sum().reindex(
                pd.MultiIndex.from_frame(frames[0][["place", "cluster"]].drop_duplicates()), fill_value=0
            )
    variance = sum(len(one) / (len(one) - 1) * ((one - one.mean()) ** 2).sum() for _, one in z.groupby(level=0))
    return sum(gaps), float(np.sqrt(variance))


def test_a_gap_is_a_difference_of_differences(evidence, frames):
    one = rule("gap")
    found = widened(watch(one, "sex"), evidence).iloc[0]
    change, se = gap_by_hand(frames)
    assert found["change"] == pytest.approx(change, rel=1e-12)
    assert found["estimate"] - found["reference"] == pytest.approx(change, rel=1e-12)
    df = 24 - 4
    assert found["high"] - found["low"] == pytest.approx(2 * t.ppf(0.975, df) * se, rel=1e-9)
    expected = 2 * t.sf(abs(change) / se, df) if change > 0 and found["estimate"] > 0 else 1
    assert found["p"] == pytest.approx(expected, rel=1e-9)
    assert found["by"] == "sex=f − m" and len(found["sources"].split(";")) == 4


def test_a_gap_that_turns_round_is_no_widening(frames):
    before, after = (frame.copy() for frame in frames)
    before.loc[before["sex"] == "f", "need"] = 0.0
    after["need"] = np.where(
        after["sex"] == "f", np.arange(len(after)) % 10 < 3, np.arange(len(after)) % 10 < 8
    ).astype(float)
    before.loc[before["sex"] == "m", "need"] = 1.0
    found = widened(watch(rule("gap"), "sex"), Evidence(side("b", after), side("a", before))).iloc[0]
    assert found["change"] > 0.3 and found["estimate"] < 0 and found["p"] == 1


@pytest.mark.parametrize(("look", "kind", "group"), [(worsened, "worsening", "place"), (widened, "gap", "sex")])
def test_without_an_earlier_round_there_is_no_test_and_the_row_says_so(evidence, look, kind, group):
    rows = look(watch(rule(kind), group), Evidence(evidence.after))
    assert len(rows) and rows["p"].isna().all() and set(rows["reason"]) == {"no_earlier_round"}


def test_what_is_not_comparable_is_not_tested(evidence):
    refused = Evidence(evidence.after, evidence.before, comparable={"need": "other wording"})
    row = worsened(watch(rule("worsening")), refused).iloc[0]
    assert row["reason"] == "not_comparable" and np.isnan(row[["p", "change", "estimate"]].to_numpy(float)).all()


def test_a_census_leaves_nothing_to_chance(frames):
    before, after = (side(name, frame, "census") for name, frame in zip("ab", frames, strict=True))
    rows = worsened(watch(rule("worsening"), "place"), Evidence(after, before))
    assert set(rows["p"]) <= {0.0, 1.0} and ((rows["p"] == 0) == (rows["change"] > 0)).all()
    assert set(rows["reason"]) == {""}


# --- all tests together ---------------------------------------------------------------------------------------


def test_false_discovery_by_hand():
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5])
    np.testing.assert_allclose(room.false_discovery(p, room.Control()), [0.04, np.nan, 0.16 / 3, 0.16 / 3, 0.5])
    safe = room.false_discovery(p, room.Control(method="benjamini-yekutieli"))
    np.testing.assert_allclose(safe, np.minimum(1, np.array([0.04, np.nan, 0.16 / 3, 0.16 / 3, 0.5]) * 25 / 12))


@pytest.fixture(scope="module")
def rounds(root):
    return [xzz.open_round(root / "data" / "demo", name) for name in ("2025Q2", "2025Q4")]


RULES = {
    "worse": {"sup_asked_for_help": "higher"},
    "rules": [
        {"id": "worse", "kind": "worsening", "label": LABEL, "severity": "high"},
        {"id": "absent", "kind": "threshold", "label": LABEL, "indicators": "edu_absent", "limit": 0.2,
         "by": ["all", "hardship"]},
        {"id": "gap", "kind": "gap", "label": LABEL, "domains": "support", "by": "hardship", "level": "hardship",
         "against": "ordinary"},
        {"id": "out", "kind": "cluster", "label": LABEL, "domains": "health", "by": "community"},
    ],
}  # fmt: skip


def rules(**changed) -> room.AlertRules:
    return room.AlertRules(**{**RULES, **changed})


@pytest.fixture(scope="module")
def found(rounds) -> room.Alerts:
    before, after = rounds
    return room.alerts(after, before, rules())


def test_the_planted_rise_of_the_demonstration_is_found(found):
    raised = found.raised()
    assert "sup_asked_for_help" in set(raised.loc[raised["rule"] == "worse", "indicator"])
    assert (
        not set(raised["indicator"])
        & {"edu_no_homework_help", "health_no_checkup"}
        & set(raised.loc[raised["kind"] == "worsening", "indicator"])
    )


def test_the_frame_has_its_columns_and_every_test_a_p_or_a_reason(found):
    assert tuple(found.columns) == room.ALERT_COLUMNS
    assert (found["p"].notna() == (found["reason"] == "")).all()
    assert (found["q"].notna() == found["p"].notna()).all()
    assert found["alert_id"].is_unique and found["alert_id"].str.fullmatch("a[0-9a-f]{12}").all()
    assert found.loc[found["indicator"] == "sup_station_unknown", "reason"].iloc[0] == "not_in_both_rounds"


def test_figures_and_ids_are_those_of_the_tables(found, rounds):
    before, after = rounds
    change = after.change(before).set_index("indicator")
    mine = found[found["rule"] == "worse"].set_index("indicator")
    assert (mine["result_id"] == change.loc[mine.index, "result_id"]).all()
    np.testing.assert_array_equal(mine["change"], change.loc[mine.index, "estimate"])
    plain = pd.concat([one.needs(by) for one in rounds for by in (None, "hardship", "community")])["result_id"]
    assert {name for text in found["sources"] for name in text.split(";")} <= set(plain)


def test_ids_are_made_of_the_question_and_not_of_the_answer(found, rounds):
    again = room.alerts(rounds[1], None, rules(rules=RULES["rules"][::-1]))
    shared = found.merge(pd.DataFrame(again), on="alert_id")
    assert len(shared) == len(found)
    assert (shared["watch_id_x"] == shared["watch_id_y"]).all()


def test_the_more_severe_comes_first(found):
    raised = found.raised()
    assert list(raised["severity"]) == sorted(raised["severity"], key=["high", "medium", "low"].index)
    assert (raised["q"] <= 0.05).all() and len(raised) == found["alert"].sum()


# --- rules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "threshold", "id": "x", "label": LABEL}, "needs limit"),
        ({"kind": "worsening", "id": "x", "label": LABEL, "limit": 0.3}, "limit says nothing to a rule"),
        ({"kind": "cluster", "id": "x", "label": LABEL}, "compares groups; name them in by"),
        ({"kind": "gap", "id": "x", "label": LABEL, "by": "sex", "level": "f", "against": "f"}, "two levels"),
        ({"kind": "threshold", "id": "x", "label": LABEL, "limits": 3}, "did you mean 'limit'"),
        ({"kind": "worsening", "id": "x", "label": {"zh": "只有中文"}}, "no text in en"),
    ],
)  # fmt: skip
def test_a_rule_that_is_wrong_is_refused(tmp_path, given, said):
    import yaml

    path = tmp_path / "alerts.yml"
    path.write_text(yaml.safe_dump({"rules": [given]}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(StudyError, match=said):
        room.read_rules(path)


def test_a_rule_named_twice_is_refused():
    with pytest.raises(ValueError, match="written 2 times"):
        rules(rules=[RULES["rules"][0]] * 2)


@pytest.mark.parametrize(
    ("changed", "rule_name", "said"),
    [
        ({"indicators": "edu_absentt"}, "unknown_name", "did you mean 'edu_absent'"),
        ({"by": "hardshp"}, "unknown_name", "did you mean 'hardship'"),
        ({"limit": 20}, "alert_limit_outside", "limit 20 lies outside 0 to 1"),
        ({"indicators": ["edu_absent", "health_sleep_hours"]}, "alert_limit_mixed", "no unit in common"),
        ({"indicators": "sup_asked_for_help"}, "alert_direction_unknown", "a lower sup_asked_for_help is worse"),
    ],
)
def test_rules_that_do_not_fit_the_study(rounds, changed, rule_name, said):
    one = room.AlertRules(rules=[{**RULES["rules"][1], **changed}])
    findings = room.check_rules(one, rounds[1])
    assert any(finding.rule == rule_name and said in finding.message for finding in findings)
    with pytest.raises(StudyError, match="problem"):
        room.alerts(rounds[1], None, one)


def test_a_level_that_is_not_there_gets_the_nearest_name(rounds):
    one = room.AlertRules(rules=[{**RULES["rules"][2], "level": "hardshp"}])
    (finding,) = room.check_rules(one, rounds[1])
    assert "did you mean 'hardship'" in finding.message and finding.remedy == "levels are hardship, ordinary"


def test_a_direction_is_the_declared_one_unless_the_rules_say_otherwise(rounds):
    known = {one.id: one for one in rounds[1].indicators}
    assert [rules().sign(known[name]) for name in ("edu_absent", "health_sleep_hours", "sup_asked_for_help")] == [
        1,
        -1,
        1,
    ]
    assert rules(worse={"health_sleep_hours": "higher"}).sign(known["health_sleep_hours"]) == 1
    every = room.AlertRules(rules=[RULES["rules"][0]])
    assert known["sup_asked_for_help"] not in every.watched(every.rules[0], rounds[1].indicators)


def test_the_rules_of_the_page_on_methods_fit_the_demonstration(root, rounds, tmp_path):
    page = (root / "docs" / "methods" / "alerts.md").read_text(encoding="utf-8")
    path = tmp_path / "alerts.yml"
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    read = room.read_rules(path)
    assert {rule.kind for rule in read.rules} == {"threshold", "worsening", "gap", "cluster"}
    assert room.check_rules(read, rounds[1]) == []


def test_a_group_of_another_unit_is_a_warning(rounds):
    one = room.AlertRules(rules=[{**RULES["rules"][1], "indicators": "live_debt", "by": "sex"}])
    assert [finding.rule for finding in room.check_rules(one, rounds[1])] == ["alert_watches_nothing"]
    assert len(room.alerts(rounds[1], None, one)) == 0


# --- sentences ------------------------------------------------------------------------------------------------

ROW = {
    "alert": True,
    "kind": "worsening",
    "statistic": "share_change",
    "sample": "probability",
    "sign": 1,
    "estimate": 0.2041,
    "reference": 0.1321,
    "change": 0.072,
    "low": 0.031,
    "high": 0.1122,
    "p": 0.001,
    "earlier": "",
}
WHAT, ALL = {"zh": "为孩子的事求助过", "en": "Asked for help for a child"}, {"zh": "全体", "en": "All"}
SENTENCES = [
    (
        {},
        "全体：为孩子的事求助过由13.2%升至20.4%，上升7.2个百分点（95%置信区间3.1～11.2个百分点）。",
        "All: Asked for help for a child rose from 13.2% to 20.4%, by 7.2 percentage points "
        "(95% confidence interval 3.1 to 11.2 percentage points).",
    ),
    (
        {"statistic": "mean_change", "sign": -1, "estimate": 8.1, "reference": 8.6, "change": -0.5, "low": -0.8,
         "high": -0.2},
        "全体：为孩子的事求助过由8.60降至8.10，下降0.50（95%置信区间0.20～0.80）。",
        "All: Asked for help for a child fell from 8.60 to 8.10, by 0.50 (95% confidence interval 0.20 to 0.80).",
    ),
    (
        {"kind": "threshold", "statistic": "share", "sample": "nonprobability", "reference": 0.15, "low": 0.17,
         "high": 0.25},
        "全体：为孩子的事求助过为20.4%（95%参考区间17.0%～25.0%），高于警戒线15.0%。",
        "All: Asked for help for a child, 20.4% (95% indicative interval 17.0% to 25.0%), above the limit of 15.0%.",
    ),
    (
        {"kind": "threshold", "statistic": "share", "sample": "census", "sign": -1, "reference": 0.3},
        "全体：为孩子的事求助过为20.4%，低于警戒线30.0%。",
        "All: Asked for help for a child, 20.4%, below the limit of 30.0%.",
    ),
    (
        {"kind": "gap", "statistic": "share_difference_change", "estimate": 0.18, "reference": 0.05, "change": 0.13,
         "low": 0.02, "high": 0.24},
        "困境与普通之间：为孩子的事求助过的差距由5.0个百分点变为18.0个百分点，扩大13.0个百分点"
        "（95%置信区间2.0～24.0个百分点）。",
        "Between Hardship and Ordinary: Asked for help for a child, a gap of 5.0 percentage points before and 18.0 "
        "percentage points now, wider by 13.0 percentage points (95% confidence interval 2.0 to 24.0 "
        "percentage points).",
    ),
    (
        {"kind": "cluster", "statistic": "share_against_others", "change": float("nan"), "reference": 0.1, "low": 0.05,
         "high": 0.16, "earlier": "did_not"},
        "全体：为孩子的事求助过为20.4%，其余各组合计为10.0%，高出10.4个百分点（95%置信区间5.0～16.0个百分点）。"
        "上一轮没有这样突出。",
        "All: Asked for help for a child, 20.4%, against 10.0% of all others together, higher by 10.4 percentage "
        "points "
        "(95% confidence interval 5.0 to 16.0 percentage points). It did not stand out in the earlier round.",
    ),
    ({"alert": False}, "全体：为孩子的事求助过，没有提示。", "All: Asked for help for a child, no alert."),
    (
        {"alert": False, "p": float("nan")},
        "全体：为孩子的事求助过，本轮无法检验。",
        "All: Asked for help for a child, no test is possible in this round.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "zh", "en"), SENTENCES)
def test_sentences(changed, zh, en):
    row = {**ROW, **changed}
    groups = [{"zh": "困境", "en": "Hardship"}, {"zh": "普通", "en": "Ordinary"}] if row["kind"] == "gap" else [ALL]
    assert message(row, WHAT, groups) == {"zh": zh, "en": en}


# --- decisions ------------------------------------------------------------------------------------------------


@pytest.fixture
def triage(found, tmp_path):
    path = tmp_path / "triage.yml"
    room.write_triage(path, found)
    return path


def decide(path, alert_id, decision="accepted", reason="two visits confirm it", who="L.", when="2025-12-03"):
    """Write a decision into the file as a person would, by hand."""
    lines, inside = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        inside = line.startswith(f"{alert_id}:") if not line.startswith(" ") else inside
        for name, text in (("decision", decision), ("reason", reason), ("who", who), ("when", when)):
            if inside and line.startswith(f"  {name}:"):
                line = f"  {name}: {text!r}"
        lines.append(line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_new_file_lists_every_alert_as_open(found, triage):
    listed = room.read_triage(triage, found)
    assert list(listed) == list(found.raised()["alert_id"])
    assert {entry.decision for entry in listed.values()} == {"open"}
    assert len(room.released(found, listed, threshold=5)) == 0
    (finding,) = room.check_triage(found, listed)
    assert finding.rule == "alert_open" and finding.count == len(listed)


def test_only_what_was_accepted_is_released(found, triage):
    first, second, *_ = found.raised()["alert_id"]
    decide(triage, first)
    decide(triage, second, "dismissed", "the question was asked of others")
    decisions = room.read_triage(triage, found)
    assert list(room.released(found, decisions, threshold=5)["alert_id"]) == [first]
    assert list(room.states(found.raised(), decisions))[:2] == ["accepted", "dismissed"]


def test_writing_again_loses_nothing(found, triage):
    first = found.raised()["alert_id"].iloc[0]
    decide(triage, first)
    text = triage.read_text(encoding="utf-8").replace(
        f"{first}:", f"# ask the team again in March\n{first}:  # see minutes"
    )
    triage.write_text(text, encoding="utf-8")
    assert room.write_triage(triage, found) == []
    assert triage.read_text(encoding="utf-8") == text


def test_decisions_on_other_figures_must_be_taken_again(found, triage):
    first = found.raised()["alert_id"].iloc[0]
    decide(triage, first)
    moved = room.Alerts(
        found.assign(estimate=found["estimate"].where(found["alert_id"] != first, found["estimate"] + 0.01))
    )
    decisions = room.read_triage(triage, moved)
    assert room.states(moved.raised(), decisions).iloc[0] == "changed"
    assert len(room.released(moved, decisions, threshold=5)) == 0
    finding = next(one for one in room.check_triage(moved, decisions) if one.rule == "alert_changed")
    now = figures_of(moved.raised())[0]
    assert now in finding.message
    before = triage.read_text(encoding="utf-8")
    room.write_triage(triage, moved)
    room.write_triage(triage, moved)
    after = triage.read_text(encoding="utf-8")
    assert (
        after.count(now) == 1
        and [line for line in after.splitlines() if "figures are now" not in line] == before.splitlines()
    )
    triage.write_text(after.replace(figures_of(found.raised())[0], now), encoding="utf-8")
    assert room.states(moved.raised(), room.read_triage(triage, moved)).iloc[0] == "accepted"


def test_rounding_changes_no_decision(found, triage):
    decide(triage, found.raised()["alert_id"].iloc[0])
    moved = room.Alerts(found.assign(estimate=found["estimate"] * (1 + 1e-12)))
    assert room.states(moved.raised(), room.read_triage(triage, moved)).iloc[0] == "accepted"


@pytest.mark.parametrize("missing", ["reason", "who", "when"])
def test_a_decision_needs_its_reason(found, triage, missing):
    decide(triage, found.raised()["alert_id"].iloc[0], **{missing: ""})
    with pytest.raises(StudyError, match=f"accepted, but {missing} is missing"):
        room.read_triage(triage, found)
    kept = triage.read_text(encoding="utf-8")
    with pytest.raises(StudyError):
        room.write_triage(triage, found)
    assert triage.read_text(encoding="utf-8") == kept


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("decision: maybe", "Input should be"),
        ("when: last week", "write the day as in"),
        ("decsion: open", "did you mean 'decision'"),
    ],
)  # fmt: skip
def test_an_entry_that_is_wrong_is_refused(found, triage, entry, said):
    with triage.open("a", encoding="utf-8") as file:
        file.write(f"{found['alert_id'].iloc[-1]}: {{{entry}}}\n")
    with pytest.raises(StudyError, match=said):
        room.read_triage(triage, found)


def test_an_unknown_id_gets_the_nearest_and_one_of_another_round_stays(found, triage):
    right = found.raised()["alert_id"].iloc[0]
    typo = right[:-1] + ("0" if right[-1] != "0" else "1")
    kept = triage.read_text(encoding="utf-8")
    triage.write_text(f"{kept}{typo}: {{decision: open}}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=f"did you mean '{right}'"):
        room.read_triage(triage, found)
    triage.write_text(f"{kept}{typo}: {{decision: open, round: 2024Q4}}\n", encoding="utf-8")
    assert typo in room.read_triage(triage, found)


def test_an_alert_on_few_people_is_withheld(found, triage):
    first = found.raised().iloc[0]
    decide(triage, first["alert_id"])
    decisions = room.read_triage(triage, found)
    few = room.Alerts(found.assign(n_need=found["n_need"].where(found["alert_id"] != first["alert_id"], 4.0)))
    assert len(room.released(few, decisions, threshold=5)) == 0
    source = first["sources"].split(";")[0]
    assert len(room.released(found, decisions, threshold=5, suppressed=[source])) == 0
    row = room.withheld(found, threshold=5, suppressed=[source]).set_index("alert_id").loc[first["alert_id"]]
    assert row["reason"] == "suppressed" and row["message_zh"] == "为保护受访者，这条提示不予公布。"
    figures = ["estimate", "change", "low", "high", "p", "q", "n", "n_need"]
    assert row[figures].isna().all()


# --- history --------------------------------------------------------------------------------------------------


def edition(found, names: list[str]) -> room.Alerts:
    """The alerts of an edition in which these indicators alone were raised by the first rule."""
    return room.Alerts(found.assign(alert=(found["rule"] == "worse") & found["indicator"].isin(names)))


def history(found, *editions: list[str]) -> pd.DataFrame:
    made = room.no_history()
    for number, names in enumerate(editions):
        alerts = edition(found, names)
        made = room.add_edition(made, alerts, room.states(alerts, {}), f"e{number}")
    return made


def test_first_seen_still_there_back_and_gone(found):
    made = room.standing(history(found, ["live_debt"], ["edu_absent"], ["live_debt", "edu_absent", "health_uninsured"]))
    assert dict(zip(made["indicator"], made["course"], strict=True)) == {
        "live_debt": "back",
        "edu_absent": "still_there",
        "health_uninsured": "new",
    }
    gone = room.standing(history(found, ["live_debt"], []))
    assert gone["course"].item() == "gone" and gone["last_edition"].item() == "e0" and gone["editions"].item() == 1


def test_the_same_edition_again_changes_nothing_and_another_is_refused(found):
    made = history(found, ["live_debt"])
    same = edition(found, ["live_debt"])
    assert room.add_edition(made, same, room.states(same, {}), "e0").equals(made)
    other = edition(found, ["edu_absent"])
    with pytest.raises(InputError, match="never rewritten"):
        room.add_edition(made, other, room.states(other, {}), "e0")


def test_a_history_is_read_as_it_was_written_and_only_grows(found, tmp_path):
    made = history(found, ["live_debt"], [])
    room.write_history(tmp_path, made)
    pd.testing.assert_frame_equal(room.read_history(tmp_path), made)
    longer = history(found, ["live_debt"], [], ["edu_absent"])
    room.write_history(tmp_path, longer)
    with pytest.raises(InputError, match="does not begin with"):
        room.write_history(tmp_path, made)
    pd.testing.assert_frame_equal(room.read_history(tmp_path), longer)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_history_holds_no_figure(found):
    made = history(found, ["live_debt"])
    assert set(made.columns) & {"estimate", "n", "n_need", "change", "message_zh"} == set()


def test_a_damaged_history_is_refused(tmp_path):
    (tmp_path / FILE).write_text("edition,round\ne0,r\n", encoding="utf-8")
    with pytest.raises(InputError, match="lacks 'watch_id'"):
        room.read_history(tmp_path)
    assert len(room.read_history(tmp_path / "nothing")) == 0
