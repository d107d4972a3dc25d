"""Small areas, reliability flags and the planner, explained."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from xzz_analysis.report.blocks import Column, Table
from xzz_analysis.report.chapters.estimators import invented as example
from xzz_analysis.report.chapters.estimators.explanation import (
    Bilingual,
    Each,
    Explanation,
    Input,
    Named,
    Number,
    Numbers,
    call,
    numbers,
)
from xzz_analysis.report.chapters.estimators.precision import wilson
from xzz_analysis.report.theme import figure_text
from xzz_analysis.survey.engine import reliability
from xzz_analysis.survey.engine.interval import effective_size, korn_graubard


def direct_estimates(days: Numbers) -> Numbers:
    """Mean of each area (column), and how much of the means' differences is not sampling error."""
    error = np.mean(np.var(days, axis=0, ddof=1)) / len(days)
    return days.mean(axis=0), max(0, 1 - error / np.var(days.mean(axis=0), ddof=1))


def shrink(days: Numbers) -> Numbers:
    """Means of areas drawn towards the mean of all."""
    direct, kept = direct_estimates(days)
    return kept * direct + (1 - kept) * np.mean(direct)


def flags(p: Numbers, n: Numbers, n_eff: Numbers, df: Numbers, width: Numbers) -> Numbers:
    """Whether shares are shown, reviewed or suppressed."""
    poor = (n < 30) | (n_eff < 30) | (width >= 0.3) | (width > 0.05) & (width > 1.3 * p)
    return np.where(poor, "suppress", np.where((df < 8) | (p % 1 == 0), "review", "show"))


def planned(p: Numbers, k: Numbers, m: Numbers, icc: Numbers, strata: Numbers) -> Numbers:
    """Effective size of k clusters of m respondents, and Wilson's interval with it."""
    size = k * m / (1 + (m - 1) * icc)
    return size, *wilson(p, size, stdtrit(k - strata, 0.975))


def clusters_needed(p: Numbers, m: Numbers, icc: Numbers, strata: Numbers, half: Numbers) -> Numbers:
    """Smallest number of clusters whose interval is short enough."""
    tried = range(strata + 1, 1000)
    return next(k for k in tried if np.ptp(planned(p, k, m, icc, strata)[1:]) <= 2 * half)


def change_error(p: Numbers, q: Numbers, k: Numbers, m: Numbers, icc: Numbers, r: Numbers) -> Numbers:
    """Error of a change from p to q when the same clusters are visited again."""
    both = r * icc * np.sqrt(p * (1 - p) * q * (1 - q))
    return np.sqrt(((p * (1 - p) + q * (1 - q)) * (icc + (1 - icc) / m) - 2 * both) / k)


def lacking(
    q: Numbers, p: Numbers, power: Numbers, df: Numbers, k: Numbers, m: Numbers, icc: Numbers, r: Numbers
) -> Numbers:
    """Wanted power less the chance to find a change from p to q."""
    distance = (q - p) / change_error(p, q, k, m, icc, r)
    return power - 1 + nctdtr(df, distance, stdtrit(df, 0.975))


def detectable(p: Numbers, power: Numbers, df: Numbers, k: Numbers, m: Numbers, icc: Numbers, r: Numbers) -> Numbers:
    """Smallest increase that is found with the wanted power."""
    return brentq(lacking, p + 0.01, 0.99, (p, power, df, k, m, icc, r), xtol=1e-15) - p


SMALL_AREAS = call("small_area", call("mean", example.NEIGHBOURS, "days", "community"))

P, SE = np.array([0.20, 0.02, 0.25, 0.40]), np.array([0.02, 0.011, 0.04, 0.09])
N, DF = np.array([420.0, 300, 150, 60]), np.array([30.0, 30, 5, 12])
SIZE = effective_size(P, SE, N)
WIDTH = np.subtract(*korn_graubard(P, SE, DF, N, reliability.LEVEL)[::-1])
JUDGED = call(
    reliability.share_flags,
    *(
        Named(name, partial(np.array, value))
        for name, value in zip(("p", "se", "n", "n_eff", "df"), (P, SE, N, SIZE, DF), strict=True)
    ),
)
JUDGEMENTS = Each(
    {"zh": "每列一个比例", "en": "One column per share"},
    [{"zh": f"比例 {place}", "en": f"Share {place}"} for place in range(1, 5)],
)

PLAN = example.PLAN
ASSUMED = {
    "p": Input({"zh": "预计的比例", "en": "expected share"}, PLAN["share"], "percent"),
    "k": Input({"zh": "群数", "en": "clusters"}, PLAN["clusters"]),
    "m": Input({"zh": "每个群访问的人数", "en": "respondents per cluster"}, PLAN["per_cluster"]),
    "icc": Input({"zh": "群内相关系数", "en": "correlation inside a cluster"}, PLAN["icc"], "ratio"),
    "strata": Input({"zh": "层数", "en": "strata"}, PLAN["strata"]),
}
HALF, POWER = 0.05, 0.8
NEEDED = call("plan_sample", example.PLANNED, half_width=HALF)


def _areas() -> tuple[Number, ...]:
    return tuple(
        one
        for place, head in enumerate(example.AREAS.heads, start=1)
        for one in numbers(SMALL_AREAS, "estimate", name=dict(head), by=f"community={place}")
    )


RELIABILITY = (
    Explanation(
        "shrink",
        {"zh": "小区域估计（Fay–Herriot 模型）", "en": "Small areas (Fay–Herriot)"},
        {
            "zh": "一个社区只访问了几个人，单凭他们的回答估计很不稳。模型把各社区的估计值向总的平均值拉近；各社区的差别中属于抽样误差的"
            "部分越大，就拉得越近。小例中各社区的人数相同，所以抽样方差取各社区的平均。",
            "en": "Where only a few people of a community were interviewed, their answers alone make a shaky estimate. "
            "The model draws the communities' estimates towards their mean, the more so the larger the part of their "
            "differences that is sampling error. In the example all have as many respondents, so their sampling "
            "variance is the mean of all.",
        },
        shrink,
        {
            "days": Input(
                [
                    {"zh": f"第{one}名儿童的缺课天数", "en": f"days absent, child {n}"}
                    for n, one in enumerate("一二三", 1)
                ],
                example.AREA_DAYS.reshape(4, 3).T,
            )
        },
        example.AREAS,
        _areas(),
        (direct_estimates,),
    ),
    Explanation(
        "flags",
        {"zh": "可靠性标记", "en": "Reliability flags"},
        {
            "zh": "每个比例都按美国国家卫生统计中心（NCHS）的标准作出判断：show（可以公布）、review（须谨慎使用，报告中标 †）或 "
            "suppress（不宜单独引用，标 ‡）。width 是科恩–格劳巴德（Korn–Graubard）95% 区间的宽度。数字只加标记，不会悄悄删去；"
            "均值、总数等没有区间宽度的标准，只看有效回答数和自由度。",
            "en": "Every share is judged by the standard of the US National Center for Health Statistics (NCHS): show, "
            "review (use with caution, marked † in reports) or suppress (not to be quoted alone, marked ‡). The width "
            "is that of Korn and Graubard's 95% interval. Figures are marked, never silently dropped; means, totals "
            "and others, for which there is no standard of width, are judged by their answers and degrees of freedom.",
        },
        flags,
        {
            "p": Input({"zh": "比例", "en": "share"}, P, "percent"),
            "n": Input({"zh": "有效回答数", "en": "usable answers"}, N),
            "n_eff": Input({"zh": "有效样本量", "en": "effective sample size"}, SIZE, "number"),
            "df": Input({"zh": "自由度", "en": "degrees of freedom"}, DF),
            "width": Input({"zh": "区间宽度", "en": "width of the interval"}, WIDTH, "ratio"),
        },
        JUDGEMENTS,
        tuple(Number(dict(head), JUDGED, place) for place, head in enumerate(JUDGEMENTS.heads)),
    ),
)

PLANNING = (
    Explanation(
        "planned",
        {"zh": "预计的精度", "en": "The precision to expect"},
        {
            "zh": "同一个群里的人彼此相似（群内相关），多访问一个邻居，得到的新信息不多。有效样本量等于总人数除以设计效应 "
            "1 + (m − 1) × icc，m 是每个群访问的人数；预计的区间由它算出。",
            "en": "People of one cluster are alike (the icc says how much), so one more neighbour adds little. The "
            "effective sample size is the number of respondents over the design effect 1 + (m − 1) × icc, with m "
            "respondents in each cluster; the expected interval follows from it.",
        },
        planned,
        ASSUMED,
        example.VALUE,
        (*numbers(NEEDED, "n_eff", unit="number"), *numbers(NEEDED, "low", "high", unit="percent")),
    ),
    Explanation(
        "clusters_needed",
        {"zh": "需要多少个群", "en": "How many clusters are needed"},
        {
            "zh": "逐个增加群数，直到区间宽度的一半不超过想要的精度。群内相关大时，增加群数比在每个群里多访问几个人有效得多。",
            "en": "Clusters are added until half the interval is as short as wanted. Where people of one cluster are "
            "much alike, more clusters help far more than more people in each.",
        },
        clusters_needed,
        {
            **{name: ASSUMED[name] for name in ("p", "m", "icc", "strata")},
            "half": Input({"zh": "想要的精度（区间的一半）", "en": "wanted half width"}, HALF, "percent"),
        },
        example.VALUE,
        numbers(
            NEEDED,
            "clusters_for_half_width",
            unit="count",
            name={"zh": "需要的群数", "en": "Clusters needed"},
        ),
    ),
    Explanation(
        "detectable",
        {"zh": "能发现多小的变化", "en": "How small a change can be found"},
        {
            "zh": "两轮都访问同样的群时，有 80% 的把握（功效）能发现的最小变化。变化越大越容易发现；群越多、两轮之间同一个群的相关越高，"
            "变化的误差就越小。",
            "en": "The smallest change that is found with a power of 80% when both rounds visit the same clusters. A "
            "larger change is easier to find; the more clusters there are, and the more a cluster stays as it was, the "
            "smaller is the error of the change.",
        },
        detectable,
        {
            "p": ASSUMED["p"],
            "power": Input({"zh": "功效", "en": "power"}, POWER, "percent"),
            "df": Input({"zh": "自由度", "en": "degrees of freedom"}, PLAN["clusters"] - PLAN["strata"]),
            **{name: ASSUMED[name] for name in ("k", "m", "icc")},
            "r": Input(
                {"zh": "同一个群两轮比例的相关系数", "en": "correlation of a cluster's shares in the two rounds"},
                PLAN["correlation"],
                "ratio",
            ),
        },
        example.VALUE,
        numbers(NEEDED, "change_up", unit="percent", name={"zh": "能发现的最小上升", "en": "Smallest increase found"}),
        (change_error, lacking),
    ),
)


def reliability_rules() -> Table:
    """The rules behind the flags, from the constants that compute them, with their source."""
    few, wide, narrow = reliability.FEWEST, reliability.WIDE, reliability.NARROW
    relative, degrees = figure_text(reliability.RELATIVE, "percent"), reliability.FEW_DEGREES
    suppress: Bilingual = {"zh": "suppress ‡　不宜单独引用", "en": "suppress ‡: not to be quoted alone"}
    review: Bilingual = {"zh": "review †　须谨慎使用", "en": "review †: use with caution"}
    rules: list[tuple[str, str, Bilingual]] = [
        (
            f"有效回答数或有效样本量不足 {few}",
            f"Fewer than {few} usable answers, or an effective size below {few}",
            suppress,
        ),
        (f"95% 区间宽度达到 {wide:.2f}", f"95% interval {wide:.2f} wide or wider", suppress),
        (
            f"区间宽度在 {narrow:.2f} 与 {wide:.2f} 之间，且超过比例本身的 {relative}",
            f"Width between {narrow:.2f} and {wide:.2f}, and more than {relative} of the share itself",
            suppress,
        ),
        (f"自由度不足 {degrees}", f"Fewer than {degrees} degrees of freedom", review),
        ("比例为 0 或 100%", "A share of 0 or 100%", review),
    ]
    columns = [Column("rule", {"zh": "情形", "en": "Where"}), Column("flag", {"zh": "标记", "en": "Flag"})]
    source = {
        "zh": "出处：NCHS，Vital and Health Statistics，Series 2，No. 175（2017），比例数据的发布标准。",
        "en": "Source: NCHS, Vital and Health Statistics, Series 2, No. 175 (2017), Data presentation standards for "
        "proportions.",
    }
    rows = [{"rule": {"zh": zh, "en": en}, "flag": flag} for zh, en, flag in rules]
    return Table({"zh": "可靠性标记的规则", "en": "The rules of the flags"}, columns, rows, [source])
