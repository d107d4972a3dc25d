"""Weights that meet known totals, bounded weights, and what weights cost, explained."""

from __future__ import annotations

import numpy as np

from xzz_analysis.report.chapters.estimators import invented as example
from xzz_analysis.report.chapters.estimators.explanation import (
    COLUMNS,
    Call,
    Explanation,
    Input,
    Numbers,
    call,
    numbers,
)
from xzz_analysis.report.chapters.estimators.precision import DESIGN, influence, share, standard_error

PEOPLE = {0: 110, 1: 130}
AGES = {0: 150, 1: 90}
PEOPLE_IN_ALL, INCOME_IN_ALL = 250, 15000
LARGEST = 25

WEIGHT = example.WEIGHT.values
BEFORE = Input({"zh": "调整前的权重", "en": "weight before"}, WEIGHT)


def post_stratify(w: Numbers, group: Numbers, totals: Numbers) -> Numbers:
    """Weights that add up to each group's known number of people."""
    return w * [totals[g] / np.sum(w[group == g]) for g in group]


def post_stratified(y: Numbers, w: Numbers, group: Numbers, cluster: Numbers, stratum: Numbers) -> Numbers:
    """Mean, and its error from deviations from the own group's mean."""
    expected = np.array([share(y[group == g], w[group == g])[0] for g in group])
    return share(y, w)[0], standard_error(influence(y - expected, w), cluster, stratum)


def rake(w: Numbers, group1: Numbers, t1: Numbers, group2: Numbers, t2: Numbers) -> Numbers:
    """Weights that meet two margins: one after the other, until nothing moves."""
    again = post_stratify(post_stratify(w, group1, t1), group2, t2)
    return w if np.allclose(w, again, 1e-15, 0) else rake(again, group1, t1, group2, t2)


def calibrated(y: Numbers, x: Numbers, before: Numbers, w: Numbers, cluster: Numbers, stratum: Numbers) -> Numbers:
    """Mean, and its error from what the known columns x do not explain."""
    rest = y - np.linalg.solve(before * x @ x.T, before * x @ y) @ x
    return share(y, w)[0], standard_error(w * rest / np.sum(w), cluster, stratum)


def regression(y: Numbers, x: Numbers, w: Numbers, people: Numbers, income: Numbers) -> Numbers:
    """Mean and total that a line through the answers predicts for the known mean and total of x."""
    slope = np.linalg.solve(w * x @ x.T, w * x @ y)
    return slope @ [1, income / people], slope @ [people, income]


def trimmed(y: Numbers, w: Numbers, high: Numbers) -> Numbers:
    """Mean with no weight above a limit; the others share what is cut off."""
    cut, inside = np.minimum(w, high), w <= high
    return share(y, cut + inside * np.sum(w - cut) / np.sum(inside))[0]


def weighting_effect(w: Numbers) -> Numbers:
    """1 + cv² of the weights, and the number of people that are left."""
    effect = 1 + np.var(w) / np.mean(w) ** 2
    return effect, len(w) / effect


ONE = np.ones(12)
MARGINS = np.array([ONE, example.GIRL.values, example.OLDER.values])
KNOWN = np.array([ONE, example.INCOME.values])
STRATIFIED = post_stratify(WEIGHT, example.GIRL.values, PEOPLE)
RAKED = rake(WEIGHT, example.GIRL.values, PEOPLE, example.OLDER.values, AGES)
"""The weights that the two examples arrive at."""

CALIBRATED = call("weighting.calibrate", example.SAMPLE, {"income": INCOME_IN_ALL}, population=PEOPLE_IN_ALL)
DESCRIBED = call("weighting.diagnostics", example.SAMPLE)
CONSTANT = {"zh": "常数", "en": "constant"}


def _mean_of(sample: Call) -> Call:
    return call("mean", sample, "days")


def _weights_row(values: np.ndarray) -> Input:
    return Input({"zh": "调整后的权重", "en": "weight after"}, values, "number")


WEIGHTS = (
    Explanation(
        "post_stratified",
        {"zh": "事后分层", "en": "Post-stratification"},
        {
            "zh": "已知各组的人数时，把一组的权重都乘以同一个倍数，使其合计等于该组的人数。这样各组所占的比重不再有抽样误差，"
            "标准误只由每个人与本组均值之差算出。",
            "en": "Where the number of people in each group is known, all weights of a group are multiplied by one "
            "factor, so that they add up to it. The groups' parts in the whole then have no sampling error; the "
            "standard error comes from everybody's deviation from the mean of the own group.",
        },
        post_stratified,
        {"y": example.DAYS, "w": _weights_row(STRATIFIED), "group": example.GIRL, **DESIGN},
        example.CHILDREN,
        numbers(_mean_of(call("weighting.post_stratify", example.SAMPLE, "girl", PEOPLE)), "estimate", "se"),
        (post_stratify,),
    ),
    Explanation(
        "calibrated",
        {"zh": "迭代加权（raking）", "en": "Raking"},
        {
            "zh": "只知道几个单项的人数（如男女人数、各年龄的人数），而不知道它们交叉的人数时，轮流按每一项调整权重，直到各项都符合。"
            "标准误由残差算出：每个人的回答减去能由这些单项解释的部分。",
            "en": "Where only separate totals are known (the numbers of boys and girls, of younger and older) and not "
            "how they cross, the weights are adjusted to one after the other until all are met. The standard error "
            "comes from residuals: everybody's answer less what these totals explain.",
        },
        calibrated,
        {
            "y": example.DAYS,
            "x": Input([CONSTANT, example.GIRL.labels[0], example.OLDER.labels[0]], MARGINS),
            "before": BEFORE,
            "w": _weights_row(RAKED),
            **DESIGN,
        },
        example.CHILDREN,
        numbers(_mean_of(call("weighting.rake", example.SAMPLE, {"girl": PEOPLE, "older": AGES})), "estimate", "se"),
        (rake,),
    ),
    Explanation(
        "regression",
        {"zh": "校准（回归估计）", "en": "Calibration (regression estimator)"},
        {
            "zh": "让加权后的合计等于已知的总数，例如总人数和总收入，而权重的改动尽可能小。这样得出的均值，正是用回归直线在"
            "已知的平均收入处作出的预测；标准误与迭代加权一样，由残差算出。",
            "en": "The weights are made to give known totals, such as the number of people and their income, and are "
            "moved as little as possible. The mean is then what a regression line predicts at the known mean income; "
            "its standard error comes from residuals, as in raking.",
        },
        regression,
        {
            "y": example.DAYS,
            "x": Input([CONSTANT, example.INCOME.labels[0]], KNOWN),
            "w": example.WEIGHT,
            "people": Input({"zh": "总人数", "en": "number of people"}, PEOPLE_IN_ALL),
            "income": Input({"zh": "总收入", "en": "total income"}, INCOME_IN_ALL),
        },
        example.CHILDREN,
        (
            *numbers(_mean_of(CALIBRATED), "estimate"),
            *numbers(call("total", CALIBRATED, "days"), "estimate", unit="number"),
        ),
    ),
    Explanation(
        "trimmed",
        {"zh": "权重截断", "en": "Trimming weights"},
        {
            "zh": "权重过大的人会左右结果。把超过上限的权重降到上限，降下来的部分平均分给没有超过上限的人，权重之和不变。",
            "en": "A few people with large weights can decide a result. Weights above a limit are lowered to it, and "
            "what is cut off goes to the others in equal parts, so that the sum stays the same.",
        },
        trimmed,
        {"y": example.DAYS, "w": example.WEIGHT, "high": Input({"zh": "上限", "en": "limit"}, LARGEST)},
        example.CHILDREN,
        numbers(_mean_of(call("weighting.trim", example.SAMPLE, high=LARGEST, redistribute="equal")), "estimate"),
    ),
    Explanation(
        "weighting_effect",
        {"zh": "权重不等带来的设计效应", "en": "Design effect of weighting"},
        {
            "zh": "权重越不相等，误差越大。如果权重与回答无关，方差约为等权时的 1 + cv² 倍，cv 是权重的变异系数（标准差除以均值）。",
            "en": "The more unequal the weights, the larger the error. If they have nothing to do with the answers, "
            "the variance is about 1 + cv² times that of equal weights, where cv is the weights' standard deviation "
            "over their mean.",
        },
        weighting_effect,
        {"w": example.WEIGHT},
        example.CHILDREN,
        (
            *numbers(DESCRIBED, "value", name=COLUMNS["deff"], measure="deff_weighting"),
            *numbers(DESCRIBED, "value", name=COLUMNS["n_eff"], measure="n_eff", unit="number"),
        ),
    ),
)
