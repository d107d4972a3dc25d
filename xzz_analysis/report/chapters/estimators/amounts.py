"""Means, quantiles, inequality, several answers and rankings, explained."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from xzz_analysis.report.chapters.estimators import invented as example
from xzz_analysis.report.chapters.estimators.explanation import Bilingual, Explanation, Input, Numbers, call, numbers
from xzz_analysis.report.chapters.estimators.precision import DESIGN, covariance, influence, share, standard_error
from xzz_analysis.survey.testing.simultaneous import simultaneous

DAYS = {"y": example.DAYS, "w": example.WEIGHT}
MEDIAN = call("quantile", example.SAMPLE, "income", probs=[0.5], level=0.8)
MULTIPLE = call("multiple", example.SAMPLE, "help")
PRIORITIES = call("priorities", example.SAMPLE, "wish")


def mean_and_total(y: Numbers, w: Numbers) -> Numbers:
    """Amount per person, and of all people together."""
    total = np.sum(w * y)
    return total / np.sum(w), total


def ratio(y: Numbers, x: Numbers, w: Numbers, cluster: Numbers, stratum: Numbers) -> Numbers:
    """One total over another, and its standard error."""
    r = np.sum(w * y) / np.sum(w * x)
    return r, standard_error(w * (y - r * x) / np.sum(w * x), cluster, stratum)


def quantile(y: Numbers, w: Numbers, p: Numbers) -> Numbers:
    """Smallest answer that a part p of the people do not exceed."""
    order = np.argsort(y)
    return y[order][np.searchsorted(np.cumsum(w[order]) / np.sum(w), p)]


def woodruff(y: Numbers, w: Numbers, p: Numbers, reached: Numbers, half: Numbers) -> Numbers:
    """The quantile, and the answers at the ends of an interval of what it reaches."""
    return [quantile(y, w, at) for at in (p, reached - half, reached + half)]


def gini(y: Numbers, w: Numbers) -> Numbers:
    """Mean difference of two people, over twice the mean."""
    apart = np.sum(np.outer(w, w) * np.abs(np.subtract.outer(y, y))) / np.sum(w) ** 2
    return apart / (2 * np.sum(w * y) / np.sum(w))


def concentration(y: Numbers, rank: Numbers, w: Numbers) -> Numbers:
    """Mean place in the queue of those in need, against that of everybody."""
    place = [np.sum(w[rank < r]) + np.sum(w[rank == r]) / 2 for r in rank]
    return 2 * np.sum(w * y * place) / np.sum(w * y) / np.sum(w) - 1


def three_shares(named: Numbers, count: Numbers, w: Numbers) -> Numbers:
    """One option: of all who answered, of those who named anything, of all that was named."""
    bases = np.nansum([w * (count >= 0), w * (count > 0), w * count], axis=1)
    return np.nansum(w * named) / bases, np.nansum(w * count) / bases[0]


def score(place: Numbers, w: Numbers, points: Numbers) -> Numbers:
    """Mean points of one option."""
    return np.sum(w * [points.get(one, 0) for one in place]) / np.sum(w)


def ranks(scores: Numbers, se: Numbers, t: Numbers) -> Numbers:
    """Best and worst rank that each option may have."""
    above = np.subtract.outer(scores, scores) > t * se
    return 1 + np.sum(above, axis=0), len(scores) - np.sum(above, axis=1)


INCOME, WEIGHT = example.INCOME.values, example.WEIGHT.values
UNITS = (example.CLUSTER.values, example.STRATUM.values)
BELOW = (quantile(INCOME, WEIGHT, 0.5) >= INCOME) * 1.0
"""Whether a family's income does not exceed the median."""

POINTS = np.array([0.0, 3.0, 2.0, 1.0])[example.WISH]
"""Points that each child gave to each option, options × children."""

GAPS = [influence(one, WEIGHT) - influence(other, WEIGHT) for one in POINTS for other in POINTS]
"""Influences on the difference of every two scores."""


def _largest_t() -> float:
    """Critical value of the largest of all differences of two scores."""
    pairs = [GAPS[1], GAPS[2], GAPS[5]]
    v = np.array([[covariance(one, other, *UNITS) for other in pairs] for one in pairs])
    se = np.sqrt(np.diag(v))
    return float(simultaneous(np.ones(3), v / np.outer(se, se), np.full(3, 4.0)).critical[0])


def _option(name: str) -> Bilingual:
    return example.OPTIONS[name]


def _of_option(text: Bilingual, name: str) -> Bilingual:
    return {language: words.format(_option(name)[language]) for language, words in text.items()}


SHARES_OF: dict[str, Bilingual] = {
    "share": {"zh": "占全部回答者", "en": "Of all who answered"},
    "share_of_cases": {"zh": "占至少选了一项的人", "en": "Of those who named at least one"},
    "share_of_mentions": {"zh": "占全部选择次数", "en": "Of everything that was named"},
}
BEST: Bilingual = {"zh": "{}的最好名次", "en": "Best rank of {}"}
WORST: Bilingual = {"zh": "{}的最差名次", "en": "Worst rank of {}"}


AMOUNTS = (
    Explanation(
        "mean_and_total",
        {"zh": "均值与总数", "en": "Mean and total"},
        {
            "zh": "每个人的数乘以权重再相加，就是总体的总数；再除以权重之和，就是平均每人多少。",
            "en": "Everybody's number times the weight, added up, is the total of the population; divided by the sum "
            "of the weights it is the mean per person.",
        },
        mean_and_total,
        DAYS,
        example.CHILDREN,
        (
            *numbers(call("mean", example.SAMPLE, "days"), "estimate", unit="number"),
            *numbers(call("total", example.SAMPLE, "days"), "estimate", unit="count"),
        ),
    ),
    Explanation(
        "ratio",
        {"zh": "比率", "en": "Ratio"},
        {
            "zh": "比率是两个总数之商，例如全部教育支出占全部收入的比重；它不是各家比重的平均数。标准误由残差算出：一家的"
            "支出比按这个比率应有的支出多多少。",
            "en": "A ratio is one total over another, such as what part of all income goes to education; it is not the "
            "mean of the families' own parts. Its error comes from residuals: how much more a family spends than it "
            "would at that ratio.",
        },
        ratio,
        {"y": example.SPENDING, "x": example.INCOME, "w": example.WEIGHT, **DESIGN},
        example.CHILDREN,
        numbers(call("ratio", example.SAMPLE, "spending", "income"), "estimate", "se", unit="percent"),
    ),
    Explanation(
        "woodruff",
        {"zh": "分位数与伍德拉夫（Woodruff）区间", "en": "Quantile and Woodruff's interval"},
        {
            "zh": "把回答从小到大排列，权重累计到一半时的那个回答就是中位数，其他分位数依此类推。求区间时，先求“收入不超过"
            "中位数的比例”的区间，再看这个区间的两端各对应哪个回答。",
            "en": "With the answers in order, the median is the one at which the weights add up to a half; other "
            "quantiles likewise. For its interval, take the interval of the share of people who do not exceed the "
            "median, and see which answers its two ends stand at.",
        },
        woodruff,
        {
            "y": example.INCOME,
            "w": example.WEIGHT,
            "p": Input({"zh": "所求的概率", "en": "probability"}, 0.5, "percent"),
            "reached": Input(
                {"zh": "收入不超过中位数的比例", "en": "share that does not exceed the median"},
                share(BELOW, WEIGHT)[0],
                "percent",
            ),
            "half": Input(
                {
                    "zh": "80% 区间的 t 乘以这一比例的标准误",
                    "en": "t of an 80% interval, times the error of that share",
                },
                stdtrit(4, 0.9) * standard_error(influence(BELOW, WEIGHT), *UNITS),
                "percent",
            ),
        },
        example.CHILDREN,
        numbers(MEDIAN, "estimate", "low", "high", unit="count"),
        (quantile,),
    ),
    Explanation(
        "gini",
        {"zh": "基尼系数", "en": "Gini index"},
        {
            "zh": "任取两个家庭，收入平均相差多少，再除以平均收入的两倍。家家一样时为 0，一家占有全部时接近 1。",
            "en": "How far the incomes of two families differ on average, over twice the mean income: 0 when all have "
            "the same, near 1 when one family has everything.",
        },
        gini,
        {"y": example.INCOME, "w": example.WEIGHT},
        example.CHILDREN,
        numbers(call("gini", example.SAMPLE, "income"), "estimate"),
    ),
    Explanation(
        "concentration",
        {"zh": "集中指数", "en": "Concentration index"},
        {
            "zh": "让所有人按家庭收入由低到高排成一队，看缺课集中在队伍的哪一头：负值表示集中在收入低的一头，正值表示集中在"
            "收入高的一头，0 表示两头一样。收入相同的人站在同一位置。",
            "en": "Let everybody queue by family income, the lowest first, and see at which end the days absent are: "
            "below 0 they are concentrated among low incomes, above 0 among high ones, and 0 is neither. Equal incomes "
            "stand in one place.",
        },
        concentration,
        {"y": example.DAYS, "rank": example.INCOME, "w": example.WEIGHT},
        example.CHILDREN,
        numbers(call("concentration", example.SAMPLE, "days", "income"), "estimate"),
    ),
)

ANSWERS = (
    Explanation(
        "three_shares",
        {"zh": "多选题的三种百分比", "en": "Three percentages of a question with several answers"},
        {
            "zh": "一个选项有三种百分比：占全部回答者的、占至少选了一项的人的、占全部选择次数的。三者分子相同，基数不同，"
            "引用时要说明是哪一种。第三种各选项相加为 100%，前两种可以超过 100%。",
            "en": "One option has three percentages: of all who answered, of those who named at least one option, and "
            "of everything that was named. They differ in their base only, and have to be quoted with it. The third "
            "kind adds up to 100% over the options; the others may exceed it.",
        },
        three_shares,
        {
            "named": Input({"zh": "选了课后辅导", "en": "named tutoring"}, example.HELP[0]),
            "count": Input({"zh": "一共选了几项", "en": "options named"}, np.sum(example.HELP, axis=0)),
            "w": example.WEIGHT,
        },
        example.CHILDREN,
        (
            *(
                one
                for statistic, name in SHARES_OF.items()
                for one in numbers(
                    MULTIPLE, "estimate", unit="percent", name=name, statistic=statistic, option="tutoring"
                )
            ),
            *numbers(
                MULTIPLE,
                "estimate",
                unit="number",
                name={"zh": "平均每人选了几项", "en": "Options named per person"},
                statistic="mean_count",
            ),
        ),
    ),
    Explanation(
        "score",
        {"zh": "排序题的得分", "en": "Score of ranked priorities"},
        {
            "zh": "受访者把选项按重要性排序，排在第一位的得 3 分，第二位 2 分，第三位 1 分，没有提到的 0 分；选项的得分是"
            "全体的加权平均。计分办法印在每个结果旁边。",
            "en": "People put options in order; the first gets 3 points, the second 2, the third 1, and one that was "
            "not named 0. An option's score is the weighted mean over everybody. The points are printed beside every "
            "result.",
        },
        score,
        {
            "place": Input(
                {"zh": "课后辅导的名次（0 为未提到）", "en": "place of tutoring, 0 if not named"}, example.WISH[0]
            ),
            "w": example.WEIGHT,
            "points": Input({"zh": "各名次的分值", "en": "points of each place"}, {1: 3, 2: 2, 3: 1}),
        },
        example.CHILDREN,
        numbers(PRIORITIES, "estimate", statistic="score", option="tutoring"),
    ),
    Explanation(
        "ranks",
        {"zh": "名次区间", "en": "Interval of a rank"},
        {
            "zh": "得分有抽样误差，名次也就不确定。一个选项最好的名次，是 1 加上得分显著高于它的选项个数；最差的名次，是选项"
            "总数减去得分显著低于它的选项个数。临界值 t 取自所有两两之差中最大的一个，所以各选项的名次区间同时成立。",
            "en": "Scores have sampling error, so ranks are uncertain. The best rank an option may have is 1 plus the "
            "number of options that score significantly higher; the worst is the number of options less those that "
            "score significantly lower. The critical value t is that of the largest of all differences, so that the "
            "intervals of all options hold at once.",
        },
        ranks,
        {
            "scores": Input(
                {"zh": "得分", "en": "score"}, np.array([share(row, WEIGHT)[0] for row in POINTS]), "ratio"
            ),
            "se": Input(
                [
                    _of_option({"zh": "与{}之差的标准误", "en": "standard error of the difference from {}"}, name)
                    for name in example.OPTIONS
                ],
                np.array([standard_error(z, *UNITS) for z in GAPS]).reshape(3, 3),
                "ratio",
            ),
            "t": Input(
                {"zh": "最大差距的临界值", "en": "critical value of the largest difference"}, _largest_t(), "ratio"
            ),
        },
        example.CHOICES,
        tuple(
            one
            for column, words in (("low", BEST), ("high", WORST))
            for name in example.OPTIONS
            for one in numbers(
                PRIORITIES, column, unit="count", name=_of_option(words, name), statistic="rank", option=name
            )
        ),
    ),
)
