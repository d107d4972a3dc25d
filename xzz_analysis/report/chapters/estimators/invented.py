"""The invented example: twelve children in two rounds, and three other small tables.

Nobody is behind these figures; they are small enough to be checked with a pencil.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from xzz_analysis.report.blocks import Table
from xzz_analysis.report.chapters.estimators.explanation import (
    Bilingual,
    Each,
    Input,
    Named,
    call,
    example_table,
    typed,
)
from xzz_analysis.survey.design import Sample

NONE = np.nan
"""No answer."""

STRATUM = Input({"zh": "层", "en": "stratum"}, np.repeat([1, 2], 6))
CLUSTER = Input({"zh": "群（网格）", "en": "cluster (grid)"}, np.repeat(np.arange(1, 7), 2))
WEIGHT = Input({"zh": "权重", "en": "weight"}, np.repeat([20, 25, 30, 10, 15, 20], 2))
NEED = Input(
    {"zh": "需要课后辅导（1 是，0 否）", "en": "needs tutoring (1 yes, 0 no)"},
    np.array([1, 0, 1, 1, 0, NONE, 1, 0, 1, 0, 1, 0]),
)
PAPERS = Input(
    {"zh": "没有身份证件（1 是，0 否）", "en": "has no identity papers (1 yes, 0 no)"},
    np.array([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]),
)
GIRL = Input({"zh": "女孩（1 是，0 否）", "en": "girl (1 yes, 0 no)"}, np.array([1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0]))
OLDER = Input(
    {"zh": "12 岁及以上（1 是，0 否）", "en": "aged 12 or more (1 yes, 0 no)"},
    np.array([0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0]),
)
DAYS = Input(
    {"zh": "上月缺课天数", "en": "days absent from school last month"},
    np.array([0, 2, 5, 1, 3, 0, 1, 0, 4, 2, 6, 3]),
)
SPENDING = Input(
    {"zh": "家庭每月教育支出（百元）", "en": "family's monthly spending on education (100 yuan)"},
    np.array([9, 3, 2, 6, 5, 10, 4, 12, 1, 4, 3, 2]),
)
INCOME = Input(
    {"zh": "家庭月收入（百元）", "en": "family's monthly income (100 yuan)"},
    np.array([60, 45, 38, 52, 90, 81, 70, 65, 40, 55, 33, 48]),
)

ANSWERS = {
    "need": NEED,
    "papers": PAPERS,
    "girl": GIRL,
    "older": OLDER,
    "days": DAYS,
    "spending": SPENDING,
    "income": INCOME,
}
"""What the twelve children were asked, by the name of the column."""

OPTIONS: dict[str, Bilingual] = {
    "tutoring": {"zh": "课后辅导", "en": "tutoring"},
    "clinic": {"zh": "看病", "en": "a clinic"},
    "play": {"zh": "活动场地", "en": "a place to play"},
}
HELP = np.array(
    [
        [1, 0, 1, 1, 0, NONE, 1, 0, 1, 0, 1, 1],
        [0, 1, 1, 0, 0, NONE, 1, 0, 0, 1, 1, 0],
        [1, 0, 1, 0, 0, NONE, 0, 1, 0, 0, 1, 0],
    ]
)
"""Help that is wanted, several answers allowed: options × children."""

WISH = np.array(
    [
        [1, 1, 1, 2, 1, 1, 2, 1, 1, 3, 1, 1],
        [2, 3, 2, 1, 3, 2, 1, 2, 2, 1, 2, 3],
        [3, 2, 0, 3, 2, 0, 3, 3, 3, 2, 3, 2],
    ]
)
"""The place each option was given, 0 where it was not named: options × children."""

IDS = np.arange(1, 13)
LATER_IDS = np.array([1, 22, 3, 4, 5, 26, 7, 8, 29, 10, 11, 12])
"""Children of the second round: numbers from 22 on are new ones, in the place of those who were lost."""

LATER_NEED = Input(
    {"zh": "第二轮：需要课后辅导", "en": "second round: needs tutoring"},
    np.array([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1]),
)
LATER_DAYS = Input(
    {"zh": "第二轮：缺课天数", "en": "second round: days absent"},
    np.array([0, 1, 4, 2, 1, 1, 0, 0, 3, 0, 4, 2]),
)
LATER_GIRL = Input(
    {"zh": "第二轮：女孩", "en": "second round: girl"},
    np.array([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0]),
)
LATEST_DAYS = Input(
    {"zh": "第三轮：缺课天数", "en": "third round: days absent"},
    np.array([1, 0, 3, 1, 1, 0, 0, 1, 2, 1, 2, 3]),
)

AREA = np.repeat([1, 2, 3, 4], 3)
AREA_DAYS = np.array([2, 5, 3, 0, 1, 3, 6, 9, 5, 1, 4, 2])
"""Days absent of twelve other children, three in each of four communities."""

GRIDS, IN_A_GRID = 10, 8
"""Grids in each stratum, and children in each grid, when both are known."""

PLAN = {"share": 0.3, "clusters": 30, "per_cluster": 12, "icc": 0.08, "strata": 4, "overlap": 1.0, "correlation": 0.6}
"""A planned round: what is expected of it."""

DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}
STAGES = ["grids", "children"]
"""Columns of the design, and of the population sizes of its stages."""

CHILDREN = Each({"zh": "每列一名儿童", "en": "One column per child"}, [{"zh": f"{one}", "en": f"{one}"} for one in IDS])
CHOICES = Each({"zh": "每列一个选项", "en": "One column per option"}, list(OPTIONS.values()))
SEXES = Each(
    {"zh": "每列一组", "en": "One column per group"}, [{"zh": "男孩", "en": "Boys"}, {"zh": "女孩", "en": "Girls"}]
)
ROUNDS = Each(
    {"zh": "每列一轮", "en": "One column per round"},
    [{"zh": f"第{one}轮", "en": f"Round {number}"} for number, one in enumerate("一二三", start=1)],
)
AREAS = Each(
    {"zh": "每列一个社区", "en": "One column per community"},
    [{"zh": f"社区{one}", "en": f"Community {one}"} for one in range(1, 5)],
)
VALUE = Each({"zh": "设定", "en": "Assumption"}, [{"zh": "数值", "en": "Value"}])


def invented_children() -> Table:
    """The twelve children with their answers, printed before the first section."""
    helped = {f"help/{name}": Input(label, row) for (name, label), row in zip(OPTIONS.items(), HELP, strict=True)}
    design = {"stratum": STRATUM, "cluster": CLUSTER, "weight": WEIGHT}
    caption = {"zh": "虚构小例：十二名儿童", "en": "Invented example: twelve children"}
    table = example_table(caption, {**design, **ANSWERS, **helped}, CHILDREN)
    sample = f"children = {call('Sample', Named('frame', pd.DataFrame), **DESIGN)}"
    stages = {
        "zh": f"in_stages 另有 fpc={typed(STAGES)}：每层共 {GRIDS} 个网格，每个网格共 {IN_A_GRID} 名儿童。",
        "en": f"in_stages has fpc={typed(STAGES)} as well: {GRIDS} grids in each stratum, {IN_A_GRID} children in each grid.",
    }
    others = {
        "zh": "later、latest 是后两轮；followed 是第一轮的儿童，注明第二轮是否访问到；neighbours 是另外四个社区；plan 是最后一章中的设定。",
        "en": "later and latest are the next two rounds; followed are the children of the first, and whether they were "
        "found in the second; neighbours are four other communities; plan holds the assumptions of the last chapter.",
    }
    return replace(table, notes=[{"zh": sample, "en": sample}, stages, others])


def _sample(columns: dict[str, np.ndarray], **design: str | list[str]) -> Sample:
    """A round of the invented survey."""
    places = {"stratum": STRATUM.values, "cluster": CLUSTER.values, "weight": WEIGHT.values}
    return Sample(pd.DataFrame({**places, **columns}), **{**DESIGN, **design})  # type: ignore[arg-type]


@cache
def _children() -> Sample:
    columns = {name: given.values for name, given in ANSWERS.items()}
    columns |= {f"help/{name}": row for name, row in zip(OPTIONS, HELP, strict=True)}
    columns |= {f"wish/{name}": np.where(row > 0, row, NONE) for name, row in zip(OPTIONS, WISH, strict=True)}
    return _sample({"child": IDS, **columns})


@cache
def _in_stages() -> Sample:
    sizes = {"grids": np.full(12, GRIDS), "children": np.full(12, IN_A_GRID)}
    return _sample({"need": NEED.values, **sizes}, fpc=STAGES)


@cache
def _later() -> Sample:
    answers = {"need": LATER_NEED, "girl": LATER_GIRL, "days": LATER_DAYS}
    return _sample({"child": LATER_IDS, **{name: given.values for name, given in answers.items()}})


@cache
def _followed() -> Sample:
    stayed = np.isin(IDS, LATER_IDS)
    days = np.where(stayed, LATER_DAYS.values, NONE)
    return _sample({"girl": GIRL.values, "stayed": stayed, "days": days})


@cache
def _latest() -> Sample:
    return _sample({"days": LATEST_DAYS.values})


@cache
def _neighbours() -> Sample:
    return Sample(pd.DataFrame({"community": AREA, "days": AREA_DAYS}), strata="community")


@cache
def _plan() -> pd.DataFrame:
    return pd.DataFrame([PLAN]).assign(community="A")


SAMPLE = Named("children", _children)
IN_STAGES = Named("in_stages", _in_stages)
LATER = Named("later", _later)
FOLLOWED = Named("followed", _followed)
LATEST = Named("latest", _latest)
NEIGHBOURS = Named("neighbours", _neighbours)
PLANNED = Named("plan", _plan)
