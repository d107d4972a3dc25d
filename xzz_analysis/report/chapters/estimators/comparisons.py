"""Comparisons of groups and families of tests, explained."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtrc, stdtr

from xzz_analysis.report.chapters.estimators import invented as example
from xzz_analysis.report.chapters.estimators.explanation import Each, Explanation, Input, Number, Numbers, call, numbers
from xzz_analysis.report.chapters.estimators.precision import DESIGN, influence, share, standard_error

GIRL, WEIGHT = example.GIRL.values, example.WEIGHT.values
UNITS = (example.CLUSTER.values, example.STRATUM.values)
SHARES = call("share", example.SAMPLE, "need", "girl")
STANDARD = {0: 60, 1: 40}


def standardised(y: Numbers, w: Numbers, age: Numbers, standard: Numbers) -> Numbers:
    """Mean of the rates of every age, weighted by a standard composition."""
    rates = [share(y[age == a], w[age == a])[0] for a in standard]
    return np.dot(rates, list(standard.values())) / sum(standard.values())


def difference(one: Numbers, other: Numbers, w: Numbers, cluster: Numbers, stratum: Numbers) -> Numbers:
    """Share of one group minus that of the other, and its error."""
    z = influence(one, w) - influence(other, w)
    return share(one, w)[0] - share(other, w)[0], standard_error(z, cluster, stratum)


def pearson(p: Numbers, n: Numbers) -> Numbers:
    """Pearson's statistic of four cells."""
    return n * np.linalg.det(p) ** 2 / np.prod(p.sum(axis=0)) / np.prod(p.sum(axis=1))


def rao_scott(p: Numbers, se: Numbers, n: Numbers, df: Numbers) -> Numbers:
    """Pearson's statistic over its design effect, and the chance of one as large."""
    f = pearson(p, n) / (se**2 / np.sum(1 / (n * p)))
    return f, fdtrc(1, df, f)


def holm(p: Numbers) -> Numbers:
    """The smallest p times the number of tests, the next one times one less, never falling."""
    order, left = np.argsort(p), np.arange(len(p), 0, -1)
    return np.minimum(1, np.maximum.accumulate(left * p[order]))[np.argsort(order)]


def benjamini_hochberg(p: Numbers) -> Numbers:
    """The largest p as it is, the i-th smallest times tests / i, never rising."""
    order, place = np.argsort(p)[::-1], np.arange(len(p), 0, -1)
    return np.minimum.accumulate(len(p) / place * p[order])[np.argsort(order)]


def _p_value(y: np.ndarray) -> float:
    """Two-sided p of the difference between older and younger children, one degree of freedom less than the design."""
    older = example.OLDER.values
    gap, se = difference(np.where(older == 1, y, np.nan), np.where(older == 0, y, np.nan), WEIGHT, *UNITS)
    return float(2 * stdtr(3, -abs(gap / se)))


NEED = example.NEED.values
GIRLS, BOYS = np.where(GIRL == 1, NEED, np.nan), np.where(GIRL == 0, NEED, np.nan)

ANSWERED = ~np.isnan(NEED)
CELLS = [[np.sum(WEIGHT[ANSWERED & (need == NEED) & (girl == GIRL)]) for girl in (0, 1)] for need in (0, 1)]
TABLE = np.array(CELLS) / np.sum(WEIGHT[ANSWERED])
OWN = TABLE[np.nan_to_num(NEED).astype(int), GIRL]
LOG_ODDS = np.where(ANSWERED, np.where(NEED == GIRL, 1, -1) / OWN, np.nan)
"""How much each child moves the log odds ratio of need and sex."""

TESTED = {"days": example.DAYS.values, "spending": example.SPENDING.values}
TESTED |= {f"help/{name}": example.HELP[place] for place, name in ((0, "tutoring"), (1, "clinic"))}
P_VALUES = np.array([_p_value(y) for y in TESTED.values()])
QUESTIONS = Each(
    {"zh": "每列一个检验", "en": "One column per test"},
    [
        {"zh": "缺课天数", "en": "days absent"},
        {"zh": "教育支出", "en": "spending"},
        {"zh": "要辅导", "en": "tutoring"},
        {"zh": "要看病", "en": "a clinic"},
    ],
)
RAW = {"p": Input({"zh": "p 值", "en": "p-value"}, P_VALUES, "ratio")}


def _adjusted(method: str) -> tuple[Number, ...]:
    """Adjusted p-values of the family, one for each question."""
    made = call("test", example.SAMPLE, list(TESTED), "older", method="t", adjust=method)
    return tuple(
        one
        for name, label in zip(TESTED, QUESTIONS.heads, strict=True)
        for one in numbers(made, "p_adjusted", name=dict(label), indicator=name)
    )


COMPARISONS = (
    Explanation(
        "standardised",
        {"zh": "标准化率（标准化均值）", "en": "Standardised rate or mean"},
        {
            "zh": "两组人的年龄构成不同，就不能直接比较。标准化假定每一组都是同一种年龄构成：先分年龄计算，再按统一的构成加权平均。"
            "小例中计算的是女孩，标准构成为 12 岁以下 60 人、12 岁及以上 40 人。",
            "en": "Groups of different ages cannot be compared as they are. Standardising gives every group one and "
            "the same composition: a rate for each age first, then their mean weighted by the standard. The example is "
            "about girls, the standard 60 people under 12 years and 40 of 12 or more.",
        },
        standardised,
        {
            "y": Input(
                {"zh": "缺课天数（只看女孩）", "en": "days absent, girls only"},
                np.where(GIRL == 1, example.DAYS.values, np.nan),
            ),
            "w": example.WEIGHT,
            "age": example.OLDER,
            "standard": Input({"zh": "标准构成", "en": "standard composition"}, STANDARD),
        },
        example.CHILDREN,
        numbers(
            call("standardised", example.SAMPLE, "days", "older", STANDARD, by="girl", statistic="mean"),
            "estimate",
            by="girl=1",
        ),
    ),
    Explanation(
        "difference",
        {"zh": "两组之差", "en": "Difference of two groups"},
        {
            "zh": "女孩的比例减去男孩的比例。两组住在同样的网格里，彼此并不独立；所以先求每个人对“差”的影响，再算标准误，"
            "两组的协方差就已经算在里面。其他任何线性组合都照此办理。",
            "en": "The share among girls minus that among boys. Both live in the same grids and are not independent; "
            "so the error is computed from everybody's influence on the difference, which has the covariance of the "
            "two groups in it. Any other linear combination is treated alike.",
        },
        difference,
        {
            "one": Input({"zh": "女孩的需求", "en": "need of girls"}, GIRLS),
            "other": Input({"zh": "男孩的需求", "en": "need of boys"}, BOYS),
            "w": example.WEIGHT,
            **DESIGN,
        },
        example.CHILDREN,
        (
            *numbers(call("differences", SHARES, "girl", reference="0"), "estimate", "se"),
            *numbers(call("contrast", SHARES, {"gap": {0: -1, 1: 1}}), "estimate", "se"),
        ),
    ),
    Explanation(
        "rao_scott",
        {"zh": "拉奥–斯科特（Rao–Scott）检验", "en": "Rao–Scott test"},
        {
            "zh": "皮尔逊卡方检验把受访者当作互不相关的人；可是同一网格的人彼此相似，卡方值往往偏大。拉奥–斯科特检验把它除以"
            "设计效应，再查 F 分布。在四格表中，这个设计效应就是对数优势比（log odds ratio）的设计效应。",
            "en": "Pearson's chi-square takes respondents as unrelated; people of one grid are alike, and it often "
            "comes out too large. Rao and Scott divide it by the design effect and look it up in the F distribution. "
            "In a table of four cells that is the design effect of the log odds ratio.",
        },
        rao_scott,
        {
            "p": Input(
                [
                    {"zh": "没有需求者的比例", "en": "share without the need"},
                    {"zh": "有需求者的比例", "en": "share with the need"},
                ],
                TABLE,
                "percent",
            ),
            "se": Input(
                {"zh": "对数优势比的标准误", "en": "standard error of the log odds ratio"},
                standard_error(influence(LOG_ODDS, WEIGHT), *UNITS),
                "ratio",
            ),
            "n": Input({"zh": "有效回答数", "en": "usable answers"}, int(np.sum(ANSWERED))),
            "df": Input({"zh": "自由度", "en": "degrees of freedom"}, 4),
        },
        example.SEXES,
        numbers(call("test", example.SAMPLE, "need", "girl", method="rao-scott-f"), "statistic", "p"),
        (pearson,),
    ),
    Explanation(
        "holm",
        {"zh": "多重检验的霍尔姆（Holm）校正", "en": "Many tests, by Holm"},
        {
            "zh": "检验做得多了，总有几个碰巧“显著”。霍尔姆法保证整批检验中出现哪怕一个误报的概率不超过规定值，用于主要指标：最小的 "
            "p 值乘以检验个数，次小的乘以个数减 1，依此类推，后面的不小于前面的。",
            "en": 'Of many tests a few are "significant" by chance. Holm\'s method keeps the chance of even one false '
            "finding in the whole family below the stated level, for headline indicators: the smallest p is multiplied "
            "by the number of tests, the next by one less, and so on; none may be smaller than the one before it.",
        },
        holm,
        RAW,
        QUESTIONS,
        _adjusted("holm"),
    ),
    Explanation(
        "benjamini_hochberg",
        {"zh": "多重检验的本雅明–霍赫贝格（Benjamini–Hochberg）校正", "en": "Many tests, by Benjamini and Hochberg"},
        {
            "zh": "筛查大量指标时，可以容许报出的差别中有一小部分是误报，只控制误报所占的平均比例。由小到大排在第 i 位的 p 值乘以"
            "检验个数再除以 i，前面的不大于后面的。",
            "en": "When many indicators are screened, a small part of the reported differences may be false, and only "
            "that part is controlled, on average. The p in place i from the smallest is multiplied by the number of "
            "tests and divided by i; none may be larger than the one after it.",
        },
        benjamini_hochberg,
        RAW,
        QUESTIONS,
        _adjusted("benjamini-hochberg"),
    ),
)
