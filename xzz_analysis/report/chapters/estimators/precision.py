"""Errors and intervals, explained."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from xzz_analysis.report.chapters.estimators import invented as example
from xzz_analysis.report.chapters.estimators.explanation import Explanation, Input, Numbers, call, numbers

ANSWERS = {"y": example.NEED, "w": example.WEIGHT}
DESIGN = {"cluster": example.CLUSTER, "stratum": example.STRATUM}
SHARE = call("share", example.SAMPLE, "need")


def share(y: Numbers, w: Numbers) -> Numbers:
    """Weighted share of the base, and what the base weighs."""
    base = np.sum(w[~np.isnan(y)])
    return np.nansum(w * y) / base, base


def influence(y: Numbers, w: Numbers) -> Numbers:
    """How much each answer moves the share; no answer moves nothing."""
    p, base = share(y, w)
    return np.nan_to_num(w * (y - p) / base)


def standard_error(z: Numbers, unit: Numbers, stratum: Numbers) -> Numbers:
    """Spread of the units' sums inside strata."""
    sums = [[sum(z[unit == u]) for u in set(unit[stratum == h])] for h in set(stratum)]
    return np.sqrt(sum(len(part) * np.var(part, ddof=1) for part in sums))


def covariance(z1: Numbers, z2: Numbers, unit: Numbers, stratum: Numbers) -> Numbers:
    """What two estimates have in common: the error of their sum against that of their difference."""
    v = [standard_error(z1 + sign * z2, unit, stratum) ** 2 for sign in (1, -1)]
    return (v[0] - v[1]) / 4


def without(w: Numbers, cluster: Numbers, stratum: Numbers, c: Numbers, n: Numbers) -> Numbers:
    """Weights without the cluster c; the others of its stratum, n with it, take over its weight."""
    raised = np.where(stratum == stratum[cluster == c][0], w * n / (n - 1), w)
    return np.where(cluster == c, 0, raised)


def jackknife(y: Numbers, w: Numbers, cluster: Numbers, stratum: Numbers, n: Numbers) -> Numbers:
    """Spread of the shares that leave out one cluster each."""
    again = [share(y, without(w, cluster, stratum, c, n))[0] for c in set(cluster)]
    return np.sqrt((n - 1) / n * np.sum(np.subtract(again, share(y, w)[0]) ** 2))


def error_in_stages(
    z: Numbers, child: Numbers, cluster: Numbers, stratum: Numbers, f1: Numbers, f2: Numbers
) -> Numbers:
    """Error of clusters sampled from few, and of children sampled inside them."""
    between = (1 - f1) * standard_error(z, cluster, stratum) ** 2
    return np.sqrt(between + f1 * (1 - f2) * standard_error(z, child, cluster) ** 2)


def design_effect(p: Numbers, se: Numbers, n: Numbers) -> Numbers:
    """Variance against that of a simple random sample, and the size of one as good."""
    simple = p * (1 - p) / (n - 1)
    return se**2 / simple, np.minimum(n, p * (1 - p) / se**2)


def critical(cluster: Numbers, stratum: Numbers) -> Numbers:
    """How many standard errors a 95 % interval reaches."""
    df = len(set(cluster)) - len(set(stratum))
    return stdtrit(df, 0.975)


def wilson(p: Numbers, size: Numbers, t: Numbers) -> Numbers:
    """Ends of the interval: shares from which p is t standard errors away."""
    half = t * np.sqrt((p * (1 - p) + t**2 / (4 * size)) / size)
    return [(p + t**2 / (2 * size) + end * half) / (1 + t**2 / size) for end in (-1, 1)]


def added(z: Numbers, unit: Numbers, stratum: Numbers) -> Numbers:
    """What each cluster adds to the variance."""
    sums = [[sum(z[unit == u]) for u in set(unit[stratum == h])] for h in set(stratum)]
    return np.concatenate([len(s) / (len(s) - 1) * (s - np.mean(s)) ** 2 for s in sums])


def few_clusters(z: Numbers, unit: Numbers, stratum: Numbers) -> Numbers:
    """Degrees of freedom where few clusters make the variance."""
    u, df = added(z, unit, stratum), len(set(unit)) - len(set(stratum))
    return 1 / (1 / df + max(sum(u**2) / sum(u) ** 2 - 3 / len(u), 0) / 2)


def cautious_size(n: Numbers, deff: Numbers, c: Numbers, m: Numbers) -> Numbers:
    """Effective size: the design effect of c clusters, and five clusters' worth of an assumed one."""
    together = (c * deff + 5 * (1 + (m - 1) * 0.05)) / (c + 5)
    return n / max(1, deff, together)


def adjusted(p: Numbers, size: Numbers, z: Numbers, unit: Numbers, stratum: Numbers) -> Numbers:
    """Wilson's interval with that size and those degrees of freedom."""
    return wilson(p, size, stdtrit(few_clusters(z, unit, stratum), 0.975))


Z = Input({"zh": "影响", "en": "influence"}, influence(example.NEED.values, example.WEIGHT.values), "percent")
P = Input({"zh": "比例", "en": "share"}, share(example.NEED.values, example.WEIGHT.values)[0], "percent")
SE = Input(
    {"zh": "标准误", "en": "standard error"},
    standard_error(Z.values, example.CLUSTER.values, example.STRATUM.values),
    "ratio",
)
N = Input({"zh": "有效回答数", "en": "usable answers"}, int(np.sum(~np.isnan(example.NEED.values))))
SIZE = Input(
    {"zh": "有效样本量", "en": "effective sample size"}, design_effect(P.values, SE.values, N.values)[1], "number"
)
T = Input(
    {
        "zh": "t 分布的临界值（自由度 6 − 2 = 4）",
        "en": "critical value of the t distribution, 6 − 2 = 4 degrees of freedom",
    },
    critical(example.CLUSTER.values, example.STRATUM.values),
    "ratio",
)

RARE = call("share", example.SAMPLE, "papers")
RARE_Z = Input(Z.label, influence(example.PAPERS.values, example.WEIGHT.values), "percent")
RARE_P = Input(P.label, share(example.PAPERS.values, example.WEIGHT.values)[0], "percent")
RARE_SE = standard_error(RARE_Z.values, example.CLUSTER.values, example.STRATUM.values)
RARE_DEFF = len(example.IDS) * RARE_SE**2 / (RARE_P.values * (1 - RARE_P.values))
RARE_SIZE = Input(
    {
        "zh": "谨慎的有效样本量：12 人，1 个群有需求，每群 2 人",
        "en": "cautious effective size: 12, 1 cluster, 2 in each",
    },
    cautious_size(len(example.IDS), RARE_DEFF, 1, 2),
    "number",
)

PRECISION = (
    Explanation(
        "share",
        {"zh": "加权比例与基数", "en": "Weighted share and its base"},
        {
            "zh": "比例等于有需求的人所代表的人数，除以基数所代表的人数。基数是对这道题作出有效回答的人；"
            "没有回答的人不在基数里，也不算作“没有需求”。",
            "en": "The people that those in need stand for, divided by the people that the base stands for. The base "
            "is everybody with a usable answer to the question; someone who did not answer is not in it, and does not "
            "count as being without the need.",
        },
        share,
        ANSWERS,
        example.CHILDREN,
        (*numbers(SHARE, "estimate", unit="percent"), *numbers(SHARE, "weighted_n", unit="count")),
    ),
    Explanation(
        "standard_error",
        {"zh": "标准误（线性化法）", "en": "Standard error by linearisation"},
        {
            "zh": "每个人的“影响”，是其回答使估计值移动了多少。先把同一个群里各人的影响相加，再看同一层内"
            "各群之和相差多大：相差越大，换一批群来抽，结果的出入就越大。没有回答的人影响为零，但仍留在设计之中。",
            "en": "A person's influence is how far the answer moves the estimate. The influences are added up in every "
            "cluster; the more the sums of the clusters of one stratum differ, the more another draw of clusters would "
            "have changed the result. Someone without an answer has no influence, and stays in the design.",
        },
        standard_error,
        {"z": Z, "unit": example.CLUSTER, "stratum": example.STRATUM},
        example.CHILDREN,
        numbers(SHARE, "se"),
        (influence,),
    ),
    Explanation(
        "jackknife",
        {"zh": "刀切法（每次去掉一个群）", "en": "Jackknife, leaving out one cluster at a time"},
        {
            "zh": "每次去掉一个群，由同一层的其他群分担它的权重，重新估计一次。这些估计值围绕原来的估计值散开多远，"
            "就是用另一种办法得出的标准误，可用来核对线性化法；n 是每层的群数。",
            "en": "One cluster is left out, the others of its stratum take over its weight, and the share is estimated "
            "again; this is done for every cluster. How far these shares scatter around the first one is the standard "
            "error by another way, a check of the linearised one. Each stratum has n clusters.",
        },
        jackknife,
        {**ANSWERS, **DESIGN, "n": Input({"zh": "每层的群数", "en": "clusters in each stratum"}, 3)},
        example.CHILDREN,
        numbers(call("replicate", example.SAMPLE, "need", method="jackknife"), "se"),
        (without,),
    ),
    Explanation(
        "error_in_stages",
        {"zh": "有限总体校正与多阶段抽样", "en": "Finite population correction, and sampling in stages"},
        {
            "zh": "如果每层总共只有 10 个网格而抽了 3 个，误差就小于从无数网格中抽 3 个，群间的方差只按没有抽到的"
            "比例 1 − f1 计算。抽中的网格里也只访问了一部分儿童，所以还要加上群内的方差：按群内没有访问到的比例 "
            "1 − f2 计算，并且只计在抽中的网格（f1）上。",
            "en": "Where a stratum has only 10 grids in all and 3 of them were drawn, the error is smaller than with 3 "
            "of countless grids: the variance between grids counts for the part 1 − f1 that was not drawn. Not all "
            "children of a grid were interviewed either, so the variance inside grids is added, for the part 1 − f2 "
            "that was not interviewed, in the part f1 of the grids that was drawn.",
        },
        error_in_stages,
        {
            "z": Z,
            "child": Input({"zh": "儿童", "en": "child"}, example.IDS),
            **DESIGN,
            "f1": Input({"zh": "网格的抽样比", "en": "fraction of grids drawn"}, 3 / example.GRIDS, "percent"),
            "f2": Input({"zh": "网格内的抽样比", "en": "fraction drawn in a grid"}, 2 / example.IN_A_GRID, "percent"),
        },
        example.CHILDREN,
        numbers(call("share", example.IN_STAGES, "need"), "se"),
    ),
    Explanation(
        "design_effect",
        {"zh": "设计效应与有效样本量", "en": "Design effect and effective sample size"},
        {
            "zh": "设计效应是估计值的方差与同样人数的简单随机样本的方差之比。有效样本量是误差相同的简单随机样本的"
            "人数；无论设计多好，都不超过实际的有效回答数。",
            "en": "The design effect is the variance of the estimate compared with that of a simple random sample of "
            "as many people. The effective sample size is the number of people in a simple random sample with the same "
            "error; however good the design, it never exceeds the number of usable answers.",
        },
        design_effect,
        {"p": P, "se": SE, "n": N},
        example.VALUE,
        (*numbers(SHARE, "deff"), *numbers(SHARE, "n_eff", unit="number")),
    ),
    Explanation(
        "wilson",
        {"zh": "自由度与威尔逊（Wilson）区间", "en": "Degrees of freedom and Wilson's interval"},
        {
            "zh": "95% 区间收入所有与样本相容的比例：假如真实比例是它，样本的比例离它不超过 t 个标准误。这样得出的区间"
            "不会越过 0 和 1，在比例很小时也不会偏窄。样本量取有效样本量；t 取决于自由度，即群数减去层数。",
            "en": "The 95% interval holds every share that goes with the sample: if it were the true one, the share "
            "of the sample would be no more than t standard errors away. Such an interval never leaves 0 to 1, and is "
            "not too narrow for rare needs. The sample size is the effective one; t depends on the degrees of freedom, "
            "clusters minus strata.",
        },
        wilson,
        {"p": P, "size": SIZE, "t": T},
        example.VALUE,
        numbers(SHARE, "low", "high", unit="percent"),
        (critical,),
    ),
    Explanation(
        "adjusted",
        {"zh": "少数群里的罕见需求：调整自由度", "en": "A rare need in few clusters: fewer degrees of freedom"},
        {
            "zh": "罕见的需求往往只出现在少数几个群里，标准误也就靠这几个群算出，本身很不可靠。各群对方差的贡献越集中，"
            "自由度就调得越低，区间也就越宽。设计效应也一样难以估准，所以与一个假定值（群内相关系数 0.05）平均："
            "有几个群有需求，估计值就算几份，假定值算五份；有效样本量不会因此变大。这是本报告的默认做法。",
            "en": "A rare need is often found in a few clusters only, and then the standard error rests on those few and "
            "is itself very uncertain. The more the variance hangs on few clusters, the fewer degrees of freedom are "
            "counted and the wider the interval. The design effect is as hard to tell, so it is averaged with an assumed "
            "one, that of an intraclass correlation of 0.05: the estimate counts once for each cluster that holds the "
            "need, the assumption five times; the effective size never grows by it. This is the default in this report.",
        },
        adjusted,
        {"p": RARE_P, "size": RARE_SIZE, "z": RARE_Z, "unit": example.CLUSTER, "stratum": example.STRATUM},
        example.CHILDREN,
        numbers(RARE, "low", "high", unit="percent"),
        (added, few_clusters, cautious_size),
    ),
)
