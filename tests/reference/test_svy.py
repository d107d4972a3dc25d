"""A second oracle: the Python package svy, whose kernels are written in Rust, gives the same figures.

It is an extra (``pip install xzz-analysis[svy]``); without it these tests are skipped. Where svy 0.35 is known to
differ from R's survey package, or from what we say, it is not asked, but for two cases at the end that show the size:

* ``tabulate`` takes the first of several stages for all of them: its errors and tests are those of one stage;
* ``combine_samples`` takes rounds for independent samples, also when they went to the same clusters;
* ``tabulate`` also drops who did not answer from a sample of elements, and counts who has no weight;
* its Wilson interval allows for few degrees of freedom twice, by t and by a smaller effective sample size;
* Korn and Graubard's effective sample size may exceed the number of answers in ``beta``, and ours never does;
* trimming, and lonely units of totals, follow other rules than R's.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xzz_analysis as xzz

svy = pytest.importorskip("svy", minversion="0.35", reason="the second oracle is not installed: extra 'svy'")
pl = pytest.importorskip("polars", reason="svy brings polars")

FOLDER = Path(__file__).parent
RTOL = 1e-8  # sums are taken in another order; the standard error takes a root of a difference
FIGURES = {"estimate": "est", "se": "se", "low": "lci", "high": "uci", "df": "df", "n": "n"}
BOUNDS = ["low", "high"]
DESIGNS = {
    "clustered": {"strata": "stratum", "cluster": "grid"},
    "clustered_fpc": {"strata": "stratum", "cluster": "grid", "fpc": "n_grids"},
    "unstratified": {"cluster": "village"},
    "unstratified_fpc": {"cluster": "village", "fpc": "n_grids_all"},
    "elements": {"strata": "stratum"},
    "elements_fpc": {"strata": "stratum", "fpc": "n_households"},
}
NAMES = {"strata": "stratum", "cluster": "psu", "fpc": "pop_size"}
ASKED = {
    "mean(income)": ("mean", ["income"], None),
    "mean(hours by area)": ("mean", ["hours"], "area"),
    "mean(children by area, hukou)": ("mean", ["children"], ["area", "hukou"]),
    "total(children)": ("total", ["children"], None),
    "total(spend by hukou)": ("total", ["spend"], "hukou"),
    "ratio(food, spend)": ("ratio", ["food", "spend"], None),
    "ratio(food, income by area)": ("ratio", ["food", "income"], "area"),
}


@pytest.fixture(scope="module")
def both(households):
    return {name: declare(households, name) for name in DESIGNS}


def declare(frame, name):
    """The same design twice: ours and svy's."""
    theirs = {NAMES[role]: column for role, column in DESIGNS[name].items()}
    ours = xzz.Sample(frame, weight="w", **DESIGNS[name])
    return ours, svy.Sample(pl.from_pandas(frame), svy.Design(wgt="w", **theirs))


def compare(ours, found, by=None, figures=FIGURES):
    """Our rows and those of svy, group by group; an interval is not compared where deff is below 1."""
    table = (found if isinstance(found, pl.DataFrame) else found.to_polars()).to_pandas()
    groups = [by] if isinstance(by, str) else by or []
    names = [";".join(f"{group}={row[group]}" for group in groups) for _, row in table.iterrows()]
    ours, theirs = ours[ours["n"] > 0].set_index("by"), table.set_index(pd.Index(names))
    assert set(ours.index) == set(theirs.index)
    for name, column in figures.items():
        expected = theirs.loc[ours.index, column].to_numpy(dtype=float)
        mine = ours[name].to_numpy(dtype=float)
        same = ((ours["method"] != "korn-graubard") | (ours["n_eff"] < ours["n"])).to_numpy() | ~np.isin(name, BOUNDS)
        np.testing.assert_allclose(mine[same], expected[same], rtol=RTOL, err_msg=name)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("asked", ASKED)
def test_means_totals_and_ratios(asked, design, both):
    verb, columns, by = ASKED[asked]
    ours, theirs = both[design]
    found = getattr(theirs.estimation, verb)(*columns, by=by, drop_nulls=True)
    compare(getattr(xzz, verb)(ours, *columns, by=by), found, by)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("method", ["logit", "korn-graubard"])
@pytest.mark.parametrize("by", [None, "area", ["area", "hukou"]])
def test_shares(by, method, design, both):
    ours, theirs = both[design]
    found = theirs.estimation.prop("visited", by=by, ci_method=method, drop_nulls=True)
    compare(xzz.share(ours, "visited", by=by, method=method), found.to_polars().filter(pl.col("visited") == 1), by)


@pytest.mark.parametrize("design", DESIGNS)
def test_options_of_a_question(design, both):
    ours, theirs = both[design]
    found = theirs.estimation.prop("barrier", by="hukou", ci_method="logit", drop_nulls=True).to_polars()
    shares = xzz.share(ours, "barrier", by="hukou", method="logit")
    for option in ("cost", "distance", "none", "papers"):
        compare(shares[shares["option"] == option], found.filter(pl.col("barrier") == option), "hukou")


@pytest.mark.parametrize("design", DESIGNS)
def test_quantiles(design, both):
    """Its rule "higher" is ours by default, and R's."""
    ours, theirs = both[design]
    for probability in (0.25, 0.5, 0.75):
        found = theirs.estimation.quantile("income", p=probability, by="area", drop_nulls=True)
        compare(xzz.quantile(ours, "income", by="area", probs=[probability]), found, "area")


@pytest.mark.parametrize("design", DESIGNS)
def test_design_effects(design, both):
    ours, theirs = both[design]
    found = theirs.estimation.mean("income", by="area", deff="wr", drop_nulls=True)
    compare(xzz.mean(ours, "income", by="area"), found, "area", figures={"deff": "deff"})


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("what", "by"), [("phone", "area"), ("ledger", "hukou"), ("barrier", "hukou")])
def test_the_second_order_test(what, by, design, households):
    """Of those with an answer and a weight: svy drops the others' answers, and counts people without a weight."""
    answered = households[households["w"] > 0].dropna(subset=[what, by])
    ours, theirs = declare(answered, design)
    expected = theirs.categorical.tabulate(what, by).stats.f
    found = xzz.test(ours, what, by).iloc[0]
    wanted = [expected.value, expected.df_num, expected.df_den, expected.p_value]
    np.testing.assert_allclose(list(found[["statistic", "df1", "df2", "p"]]), wanted, rtol=RTOL)


# --- weights that meet totals --------------------------------------------------------------------

SEX = {"f": 1600, "m": 1500}
AGES = {"0-5": 700, "6-14": 1500, "15+": 900}
ROOMS = 6500


@pytest.fixture(scope="module")
def people():
    """Members of households in streets and blocks, of whom those with a weight."""
    everybody = pd.read_csv(FOLDER / "fixtures" / "stages.csv")
    return everybody[everybody["w"] > 0].reset_index(drop=True)


@pytest.fixture(scope="module")
def streets(people):
    theirs = svy.Sample(pl.from_pandas(people), svy.Design(stratum="district", psu="street", wgt="w"))
    return xzz.Sample(people, weight="w", strata="district", cluster="street"), theirs


def calibrated(way, ours, theirs):
    """The sample of either package after the same adjustment; of raked samples svy takes errors as R's rake() does."""
    if way == "post-stratified":
        return xzz.weighting.post_stratify(ours, "sex", SEX), theirs.weighting.poststratify(SEX, cells="sex")
    if way == "raked":
        margins = {"sex": SEX, "age": AGES}
        return xzz.weighting.rake(ours, margins, errors="r"), theirs.weighting.rake(
            controls=margins, tol=1e-13, max_iter=1000
        )
    known = {"rooms": ROOMS, svy.Cat("sex"): SEX}
    ours = xzz.weighting.calibrate(ours, {"rooms": ROOMS, "sex": SEX})
    return ours, theirs.weighting.calibrate(controls=known)


@pytest.mark.parametrize("way", ["post-stratified", "raked", "regression"])
def test_calibrated_weights_and_their_errors(way, streets):
    ours, theirs = calibrated(way, *streets)
    weight = theirs.data.get_column(theirs.design.wgt).to_numpy()
    np.testing.assert_allclose(ours.design.weight, weight, rtol=RTOL)
    for by in (None, "area"):
        compare(xzz.mean(ours, "income", by=by), theirs.estimation.mean("income", by=by, drop_nulls=True), by)
        compare(xzz.total(ours, "children", by=by), theirs.estimation.total("children", by=by, drop_nulls=True), by)


# --- two stages, and what is known to differ -----------------------------------------------------


@pytest.fixture(scope="module")
def blocks(people):
    sizes = svy.PopSize(psu="N_streets", ssu="N_blocks")
    design = svy.Design(stratum="district", psu="street", ssu="block", wgt="w", pop_size=sizes)
    answered = people.dropna(subset=["phone", "area"]).reset_index(drop=True)
    answered["cell"] = answered["phone"].map({0: "no", 1: "yes"}) + answered["area"]
    ours = {"weight": "w", "strata": "district", "cluster": ["street", "block"], "fpc": ["N_streets", "N_blocks"]}
    return xzz.Sample(answered, **ours), svy.Sample(pl.from_pandas(answered), design), answered


@pytest.mark.parametrize("by", [None, "hukou"])
def test_two_stages(by, blocks):
    ours, theirs, _ = blocks
    compare(xzz.mean(ours, "income", by=by), theirs.estimation.mean("income", by=by, drop_nulls=True), by)
    compare(xzz.total(ours, "rooms", by=by), theirs.estimation.total("rooms", by=by, drop_nulls=True), by)
    compare(
        xzz.ratio(ours, "food", "spend", by=by), theirs.estimation.ratio("food", "spend", by=by, drop_nulls=True), by
    )


def test_its_tables_leave_out_the_second_stage(blocks):
    """The same shares have the right error in ``prop``; ``tabulate`` gives that of streets drawn without blocks."""
    ours, theirs, answered = blocks
    expected = xzz.share(ours, "cell").set_index("option")["se"]
    shares = theirs.estimation.prop("cell").to_polars().to_pandas().set_index("cell")["se"]
    np.testing.assert_allclose(shares[expected.index], expected, rtol=RTOL)

    table = theirs.categorical.tabulate("cell").to_polars().to_pandas()
    table = table.set_index("cell")["se"][expected.index]
    one_stage = xzz.Sample(answered, weight="w", strata="district", cluster="street", fpc="N_streets")
    np.testing.assert_allclose(table, xzz.share(one_stage, "cell").set_index("option")["se"], rtol=RTOL)
    short = 1 - table / expected
    assert short.max() > 0.02, "tabulate has learned of the second stage: ask it like the rest"


def test_its_rounds_are_independent_of_each_other():
    """Going back to the same clusters makes a change known better; svy says what independent samples would know."""
    rounds = pd.read_csv(FOLDER / "fixtures" / "rounds.csv")
    frames = [rounds[rounds["round"] == name].drop(columns="round") for name in ("r1", "r2")]
    design = svy.Design(stratum="stratum", psu="grid", wgt="w")
    pooled = svy.combine_samples([svy.Sample(pl.from_pandas(frame), design) for frame in frames], average_wgts=False)
    theirs = pooled.estimation.mean("phone", by="wave", drop_nulls=True).to_polars()["se"].to_numpy()
    samples = [xzz.Sample(frame, weight="w", strata="stratum", cluster="grid") for frame in frames]
    apart, revisited = (
        xzz.change(*samples, "phone", statistic="mean", overlap=overlap)["se"].item() for overlap in ("none", "cluster")
    )
    assert apart == pytest.approx(np.sqrt((theirs**2).sum()), rel=RTOL)
    assert apart > 1.4 * revisited
