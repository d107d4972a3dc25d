"""A small edition to write: estimates with a suppressed row, an absent one and a form in French."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from xzz_analysis.disclosure.protect import Policy, Protected, protect, protect_counts
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Column, Heading, Note, PageMeta, Paragraph
from xzz_analysis.report.figures import dot_interval, slope
from xzz_analysis.report.tables import Naming, counts_table, estimates_table
from xzz_analysis.survey.estimates import COLUMNS

NEEDS: dict[str, Label] = {
    "out_of_school": {"zh": "学龄未在学", "en": "Out of school"},
    "no_place_to_study": {"zh": "家里没有固定的学习地方", "en": "No fixed place to study at home"},
    "unvaccinated": {"zh": "疫苗未按时接种", "en": "Vaccination not up to date"},
    "long_alone": {
        "zh": "放学后无人照看超过两小时，且没有可以求助的成年邻居或亲友",
        "en": "Left alone more than two hours after school with no adult neighbour or relative to turn to",
    },
    "water": {"fr": "Accès à l'eau potable"},
    "no_label": {},
}
DOMAINS: dict[str, Label] = {
    "education": {"zh": "教育", "en": "Education"},
    "health": {"zh": "健康", "en": "Health"},
    "support": {"zh": "社会支持", "en": "Social support"},
}
SEX: dict[str, Label] = {"sex=f": {"zh": "女", "en": "Girls"}, "sex=m": {"zh": "男", "en": "Boys"}}


def estimates(shares: Sequence[float], **columns: Any) -> pd.DataFrame:
    """An estimates frame of shares with plausible intervals, 240 answers each unless said."""
    share = np.array(shares, float)
    half = 2 * np.sqrt(np.clip(share * (1 - share), 0.01, 1) / 240)
    frame = pd.DataFrame({name: [np.nan] * len(share) for name in COLUMNS})
    frame["estimate"], frame["se"] = share, half / 2
    frame["low"], frame["high"] = np.clip(share - half, 0, 1), np.clip(share + half, 0, 1)
    frame["n"], frame["n_need"] = 240, np.round(share * 240)
    frame["result_id"] = [f"{place:012x}" for place in range(0xA00000000000, 0xA00000000000 + len(share))]
    for name in [column for column in COLUMNS if column.startswith("n_") and column not in ("n_need", "n_eff")]:
        frame[name] = 0
    texts = {
        "round": "2025Q4",
        "statistic": "share",
        "by": "",
        "option": "",
        "reason": "",
        "kind": "probability",
    }
    return frame.assign(**{"level": 0.95, "deff": 1.4, **texts, **columns})


@pytest.fixture(scope="session")
def shares() -> Callable[..., Protected]:
    """Makes a protected table of the given shares."""
    return lambda *values, **columns: protect(estimates(values, **columns), Policy())


@pytest.fixture(scope="session")
def needs() -> Protected:
    """Six needs: shares from rare to common, the third suppressed, one without answers."""
    frame = estimates(
        [0.0834, 0.4567, 0.0125, 0.2217, 0.7391, 0.5],
        indicator=list(NEEDS),
        domain=["education", "education", "health", "support", "health", "support"],
        n_dont_know=[30, 0, 9, 12, 7, 1],
        n_refused=[0, 0, 0, 2, 0, 0],
    )
    frame.loc[5, ["estimate", "se", "low", "high", "n_need", "deff"]] = np.nan
    frame.loc[5, "n"], frame.loc[5, "reason"] = 0, "nobody_answered"
    return protect(frame.sort_values("domain", kind="stable"), Policy(5))


@pytest.fixture(scope="session")
def by_sex() -> Protected:
    """Three needs of girls and of boys."""
    pairs = list(itertools.product(list(NEEDS)[:3], SEX))
    shares = [0.081, 0.132, 0.433, 0.501, 0.012, 0.034]
    return protect(estimates(shares, indicator=[need for need, _ in pairs], by=[by for _, by in pairs]), Policy())


@pytest.fixture(scope="session")
def two_rounds() -> Protected:
    """Four needs in two rounds, one suppressed in the second."""
    pairs = list(itertools.product(["2025Q2", "2025Q4"], list(NEEDS)[:4]))
    shares = [0.143, 0.452, 0.081, 0.223, 0.083, 0.457, 0.012, 0.305]
    return protect(
        estimates(shares, indicator=[need for _, need in pairs], round=[name for name, _ in pairs]), Policy()
    )


@pytest.fixture(scope="session")
def flow() -> Protected:
    """Response flow: counts with a share that goes with them."""
    frame = pd.DataFrame(
        {"stage": ["reached", "answered", "refused"], "n": [712, 703, 3], "share": [1.0, 0.98736, 0.00421]}
    )
    return protect_counts(frame, ["n"], Policy(5))


@pytest.fixture(scope="session")
def title() -> dict[str, str]:
    """Title of the sample report."""
    return {"zh": "流动儿童需求报告", "en": "Needs of migrant children"}


@pytest.fixture(scope="session")
def named() -> Naming:
    """How the sample needs are named."""
    return Naming("indicator", NEEDS, {"zh": "需求", "en": "Need"})


@pytest.fixture(scope="session")
def caption() -> dict[str, str]:
    """Some caption."""
    return {"zh": "各项需求", "en": "All needs"}


@pytest.fixture(scope="session")
def meta() -> PageMeta:
    """What the pages of the sample edition say about themselves."""
    return PageMeta(
        title={
            "zh": "流动儿童及其家庭需求监测（演示）",
            "en": "Needs of migrant children and families (demo)",
        },
        publisher={"zh": "协作者（演示）", "en": "Facilitators (demo)"},
        notice={"zh": "合成演示数据", "en": "Synthetic demonstration data"},
        edition="2025Q4",
        as_of="2025-11-28",
        data_hash="5f2b7c1e9a40",
        code_version="0.1.0",
    )


@pytest.fixture(scope="session")
def page(needs: Protected, by_sex: Protected, two_rounds: Protected, flow: Protected, named: Naming) -> list[Block]:
    """Every kind of block, in the order of a short report."""
    sexes = Naming("by", SEX, {"zh": "性别", "en": "Sex"})
    columns = [
        Column("n", {"zh": "家庭数", "en": "Families"}, "count"),
        Column("share", {"zh": "占比", "en": "Share"}, "percent"),
    ]
    stages = {
        "reached": {"zh": "接触到的家庭", "en": "Families reached"},
        "answered": {"zh": "完成访问", "en": "Interviewed"},
        "refused": {"zh": "拒绝访问", "en": "Refused"},
    }
    flow_names = Naming("stage", stages, {"zh": "环节", "en": "Stage"})
    return [
        Heading({"zh": "谁回答了", "en": "Who answered"}),
        Paragraph(
            {
                "zh": "本轮共接触 712 户流动儿童家庭，其中 703 户完成访问，下表按环节列出。",
                "en": "We reached 712 migrant families this round and interviewed 703 of them; the table "
                "lists each stage.",
            }
        ),
        counts_table(flow, caption={"zh": "回答流程", "en": "Response flow"}, rows=flow_names, columns=columns),
        Heading({"zh": "现在的需求", "en": "Needs now"}),
        Note({"zh": "百分比只对所访问的四个社区有效。", "en": "Shares hold for the four communities visited."}),
        Heading({"zh": "按领域", "en": "By domain"}, level=3),
        Paragraph(
            {
                "zh": "学龄未在学的比例为 8.3%（95% 置信区间 4.8%～11.9%）。",
                "en": "8.3% of school-age children are out of school (95% confidence interval 4.8% to 11.9%).",
            },
            results=["a00000000000"],
        ),
        estimates_table(
            needs,
            caption={"zh": "各领域需求", "en": "Needs by domain"},
            rows=named,
            section=Naming("domain", DOMAINS),
        ),
        dot_interval(needs, rows=named, caption={"zh": "各项需求的比例", "en": "Share with each need"}),
        Heading({"zh": "女孩与男孩", "en": "Girls and boys"}, level=3),
        dot_interval(by_sex, rows=named, series=sexes, caption={"zh": "按性别的需求", "en": "Needs of girls and boys"}),
        Heading({"zh": "与上一轮相比", "en": "Since the last round"}),
        slope(two_rounds, rows=named, caption={"zh": "两轮之间的变化", "en": "Change between two rounds"}),
        Note({"zh": "两轮问卷的问法相同。", "en": "Both rounds asked the same questions."}, tone="warning"),
    ]
