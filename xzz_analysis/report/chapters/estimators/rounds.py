"""Change between rounds, its parts, trend and attrition, explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xzz_analysis.report.chapters.estimators import invented as example
from xzz_analysis.report.chapters.estimators.explanation import Explanation, Input, Numbers, call, numbers
from xzz_analysis.report.chapters.estimators.precision import (
    DESIGN,
    adjusted,
    covariance,
    design_effect,
    influence,
    share,
    standard_error,
)

WEIGHT, UNITS = example.WEIGHT.values, (example.CLUSTER.values, example.STRATUM.values)


def change(before: Numbers, after: Numbers, w: Numbers, cluster: Numbers, stratum: Numbers) -> Numbers:
    """After minus before, and its error when the same clusters are visited again."""
    z = influence(after, w) - influence(before, w)
    return share(after, w)[0] - share(before, w)[0], standard_error(z, cluster, stratum)


def distance(a: Numbers, b: Numbers, r: Numbers) -> Numbers:
    """Two distances squared and added, less what they have in common."""
    return np.sqrt(a**2 + b**2 - 2 * r * a * b)


def square_and_add(p: Numbers, low: Numbers, high: Numbers, r: Numbers) -> Numbers:
    """Ends of the interval of the change, from the intervals of both rounds."""
    change, down, up = p[1] - p[0], p - low, high - p
    return change - distance(down[1], up[0], r), change + distance(up[1], down[0], r)


def matched_change(before: Numbers, after: Numbers, w: Numbers, id1: Numbers, id2: Numbers) -> Numbers:
    """Change of the mean of those interviewed both times, who stand in the same column."""
    both = np.where(id1 == id2, 1, np.nan)
    return share(after * both, w)[0] - share(before * both, w)[0]


def kitagawa(w1: Numbers, r1: Numbers, w2: Numbers, r2: Numbers) -> Numbers:
    """Change inside the groups, and change of their mix."""
    within, mix = np.sum((r2 - r1) * (w1 + w2) / 2), np.sum((w2 - w1) * (r1 + r2) / 2)
    return within + mix, within, mix


def trend(y: Numbers, v: Numbers, x: Numbers) -> Numbers:
    """Slope of the line that fits best, the surer rounds counting more, and its error."""
    spread = np.linalg.inv(x @ np.linalg.inv(v) @ x.T)
    return (spread @ x @ np.linalg.inv(v) @ y)[1], np.sqrt(spread[1, 1])


def lost_share(id1: Numbers, id2: Numbers, w: Numbers) -> Numbers:
    """Share of the first round that was not found in the second."""
    lost = ~np.isin(id1, id2)
    return np.sum(w * lost) / np.sum(w)


def carried(y: Numbers, w: Numbers, stayed: Numbers, group: Numbers) -> Numbers:
    """Mean of those who stayed, each carrying the weight of the lost of the own group."""
    factor = [sum(w[group == g]) / sum((w * stayed)[group == g]) for g in group]
    return share(y, w * stayed * factor)[0]


NEEDS = [one.values for one in (example.NEED, example.LATER_NEED)]
SHARES = np.array([share(y, WEIGHT)[0] for y in NEEDS])
MOVED = [influence(y, WEIGHT) for y in NEEDS]
ERRORS = [standard_error(z, *UNITS) for z in MOVED]
CORRELATION = covariance(MOVED[0], MOVED[1], *UNITS) / np.prod(ERRORS)
ENDS = np.array(
    [
        adjusted(p, design_effect(p, se, int(np.sum(~np.isnan(y))))[1], z, *UNITS)
        for y, p, se, z in zip(NEEDS, SHARES, ERRORS, MOVED, strict=True)
    ]
)

DAYS = [one.values for one in (example.DAYS, example.LATER_DAYS, example.LATEST_DAYS)]
MEANS = np.array([share(y, WEIGHT)[0] for y in DAYS])
Z = [influence(y, WEIGHT) for y in DAYS]
SEX = [example.GIRL.values, example.LATER_GIRL.values]
RATES = np.array([[share(y[sex == g], WEIGHT[sex == g])[0] for g in (0, 1)] for y, sex in zip(DAYS, SEX, strict=False)])
MIX = np.array([[share(sex == g, WEIGHT)[0] for g in (0, 1)] for sex in (SEX[0] * 1.0, SEX[1] * 1.0)])
STAYED = np.isin(example.IDS, example.LATER_IDS)

NUMBER = {"zh": "第一轮的编号", "en": "number in the first round"}
LATER_NUMBER = {"zh": "第二轮的编号", "en": "number in the second round"}
TWO_ROUNDS = replace(example.ROUNDS, heads=example.ROUNDS.heads[:2])
CHANGE = call("change", example.SAMPLE, example.LATER, "need")
MATCHED = call("matched_change", example.SAMPLE, example.LATER, "days", key="child", statistic="mean")
SPLIT = call("composition_change", example.SAMPLE, example.LATER, "days", "girl", statistic="mean")
TREND = call("trend", [example.SAMPLE, example.LATER, example.LATEST], "days", statistic="mean")
CARRIED = call("attrition_weights", example.SAMPLE, example.LATER, "child", "girl")


CHANGES = (
    Explanation(
        "change",
        {"zh": "两轮之间的变化", "en": "Change between two rounds"},
        {
            "zh": "变化等于第二轮减去第一轮。两轮访问的是同样的网格，一个网格两次的结果往往同高同低，这部分误差在相减时抵消；所以先"
            "求每个网格对“变化”的影响，再算标准误。如果当作两个互不相关的样本，误差就会算得过大。只访问过一轮的网格，在另一轮的影响为零。",
            "en": "The second round minus the first. Both rounds visit the same grids; what is high in a grid once is "
            "often high again, and this part of the error cancels. So the error is computed from every grid's "
            "influence on the change; taken as two unrelated samples, it would come out too large. A grid that was "
            "visited once has no influence in the other round.",
        },
        change,
        {"before": example.NEED, "after": example.LATER_NEED, "w": example.WEIGHT, **DESIGN},
        example.CHILDREN,
        numbers(CHANGE, "estimate", "se"),
    ),
    Explanation(
        "square_and_add",
        {"zh": "变化的置信区间（平方相加法）", "en": "Interval of a change (square and add)"},
        {
            "zh": "罕见的需求不能再下降多少，却可以上升很多，所以变化的区间不一定两边一样宽。向下的宽度来自两段距离：第二轮的"
            "比例到它自己区间的下端，第一轮的比例到它自己区间的上端；把两段平方后相加，再减去两轮相关的部分，然后开方。"
            "向上的宽度用另外两端。区间从哪个置信水平起不再包含零，就由此得出 p 值。",
            "en": "A rare need cannot fall much further and can rise a lot, so the interval of a change need not reach "
            "as far down as up. Two distances make the lower side: from the share of the second round down to the end "
            "of its own interval, and from that of the first round up to the end of its own. They are squared and "
            "added, less what the rounds have in common, and the root is taken; the upper side uses the other two "
            "ends. The level at which the interval begins to leave out zero gives p.",
        },
        square_and_add,
        {
            "p": Input({"zh": "两轮的比例", "en": "shares of both rounds"}, SHARES, "percent"),
            "low": Input({"zh": "各自区间的下端", "en": "lower ends"}, ENDS[:, 0], "percent"),
            "high": Input({"zh": "各自区间的上端", "en": "upper ends"}, ENDS[:, 1], "percent"),
            "r": Input({"zh": "两轮估计值的相关系数", "en": "correlation of the two"}, CORRELATION, "ratio"),
        },
        TWO_ROUNDS,
        numbers(CHANGE, "low", "high", unit="percent"),
        (distance,),
    ),
    Explanation(
        "matched_change",
        {"zh": "同一批人的变化", "en": "Change among the same people"},
        {
            "zh": "只看两轮都访问到的人，他们的均值变了多少。这是一项核对：如果与全体的变化相差很大，说明走的人和新来的人与留下的人不同。",
            "en": "How much the mean changed among those interviewed in both rounds. It is a check: where it differs "
            "much from the change of all, those who left or came are unlike those who stayed.",
        },
        matched_change,
        {
            "before": example.DAYS,
            "after": example.LATER_DAYS,
            "w": example.WEIGHT,
            "id1": Input(NUMBER, example.IDS),
            "id2": Input(LATER_NUMBER, example.LATER_IDS),
        },
        example.CHILDREN,
        numbers(MATCHED, "estimate"),
    ),
    Explanation(
        "kitagawa",
        {"zh": "变化的分解（Kitagawa 分解）", "en": "What a change is made of (Kitagawa)"},
        {
            "zh": "总的变化分成两部分：各组自身的变化（按两轮的平均构成加权），以及构成的变化（按两轮的平均水平加权）。两部分相加正好是总的变化。",
            "en": "A change has two parts: change inside the groups, weighted by the mean composition of the two "
            "rounds, and change of the composition, weighted by the mean level of the two rounds. They add up to the "
            "whole change.",
        },
        kitagawa,
        {
            "w1": Input({"zh": "第一轮的构成", "en": "composition, first round"}, MIX[0], "percent"),
            "r1": Input({"zh": "第一轮的缺课天数", "en": "days absent, first round"}, RATES[0], "ratio"),
            "w2": Input({"zh": "第二轮的构成", "en": "composition, second round"}, MIX[1], "percent"),
            "r2": Input({"zh": "第二轮的缺课天数", "en": "days absent, second round"}, RATES[1], "ratio"),
        },
        example.SEXES,
        (
            *numbers(SPLIT, "estimate", name={"zh": "总的变化", "en": "The whole change"}, statistic="mean_change"),
            *numbers(
                SPLIT,
                "estimate",
                name={"zh": "各组自身的变化", "en": "Change inside the groups"},
                statistic="mean_change_within",
            ),
            *numbers(
                SPLIT,
                "estimate",
                name={"zh": "构成的变化", "en": "Change of the composition"},
                statistic="mean_change_mix",
            ),
        ),
    ),
    Explanation(
        "trend",
        {"zh": "三轮以上的趋势", "en": "Trend over three rounds or more"},
        {
            "zh": "在各轮的估计值之间拟合一条直线，斜率就是平均每轮的变化。各轮误差不同又彼此相关，所以用各轮估计值的协方差 V 作广义"
            "最小二乘：较可靠的一轮分量较重，相关的两轮不会重复计算。",
            "en": "A line is laid through the estimates of the rounds; its slope is the mean change per round. The "
            "rounds have different errors that are correlated, so generalised least squares is used with their "
            "covariance V: a surer round counts more, and what two rounds have in common does not count twice.",
        },
        trend,
        {
            "y": Input({"zh": "平均缺课天数", "en": "mean days absent"}, MEANS, "ratio"),
            "v": Input(
                [
                    {"zh": f"与第{one}轮的协方差", "en": f"covariance with round {n}"}
                    for n, one in enumerate("一二三", 1)
                ],
                np.array([[covariance(one, other, *UNITS) for other in Z] for one in Z]),
                "ratio",
            ),
            "x": Input(
                [{"zh": "常数", "en": "constant"}, {"zh": "时间", "en": "time"}], np.array([[1, 1, 1], [0, 1, 2]])
            ),
        },
        example.ROUNDS,
        (
            *numbers(TREND, "estimate", name={"zh": "斜率", "en": "Slope"}),
            *numbers(TREND, "se"),
        ),
        (covariance,),
    ),
    Explanation(
        "lost_share",
        {"zh": "样本流失", "en": "Attrition"},
        {
            "zh": "第一轮访问过、第二轮没有访问到的人所占的加权比例。流失如果集中在某些组，留下的样本就会有偏，所以要分组查看。",
            "en": "The weighted share of those interviewed in the first round who were not in the second. Where some groups "
            "lose more than others, those who are left are a biased sample, so it is looked at group by group.",
        },
        lost_share,
        {"id1": Input(NUMBER, example.IDS), "id2": Input(LATER_NUMBER, example.LATER_IDS), "w": example.WEIGHT},
        example.CHILDREN,
        numbers(call("attrition", example.SAMPLE, example.LATER, "child"), "estimate", unit="percent"),
    ),
    Explanation(
        "carried",
        {"zh": "流失与无应答的加权调整", "en": "Weights for attrition and non-response"},
        {
            "zh": "留下的人分担同一组中流失者的权重：权重乘以“全组权重之和除以留下者权重之和”。前提是同组之中，走的人与留下的人情况相近。"
            "无应答的调整也是这样做的。",
            "en": "Those who stayed carry the weight of the lost of their own group: weights are multiplied by the sum "
            "of the group's weights over that of those who stayed. It takes the lost to be like the others of their "
            "group. Non-response is adjusted for in the same way.",
        },
        carried,
        {
            "y": example.LATER_DAYS,
            "w": example.WEIGHT,
            "stayed": Input({"zh": "留下（1 是，0 否）", "en": "stayed (1 yes, 0 no)"}, STAYED * 1),
            "group": example.GIRL,
        },
        example.CHILDREN,
        (
            *numbers(call("mean", CARRIED, "days"), "estimate"),
            *numbers(
                call("mean", call("weighting.adjust_nonresponse", example.FOLLOWED, "stayed", "girl"), "days"),
                "estimate",
            ),
        ),
    ),
)
