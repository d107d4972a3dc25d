"""Invented questionnaires whose every question and option carries what it truly asks, and answers to them.

A mutation changes names and wordings; what is truly asked stays with the question, so that a wrong mapping is seen.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.form import Form

RESPONDENTS = 60


@dataclass(frozen=True)
class Asked:
    """A question and what it truly asks.

    Attributes
    ----------
    question : Question
    asks : str
        What is truly asked, wording and place apart; two questions with the same are the same question.
    means : mapping of str to frozenset of str
        Option name → the answers that fall under it.
    """

    question: Question
    asks: str
    means: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def change(self, **parts: object) -> Asked:
        return replace(self, question=replace(self.question, **parts))

    @property
    def name(self) -> str:
        return self.question.name


SPEC = [
    ("hukou", "select_one", "您的孩子是什么户口？", "What is your child's hukou?",
     [("agri", "外地农业户口", "Agricultural, elsewhere"), ("city", "外地非农业户口", "Non-agricultural, elsewhere"),
      ("local", "本市户口", "Of this city")]),
    ("tenure", "select_one", "您家现在的住房是", "Your home is now",
     [("rent", "租房", "Rented"), ("own", "自有住房", "Owned"), ("employer", "单位提供", "Provided by the employer"),
      ("other", "其他", "Other")]),
    ("income", "integer", "您家过去一个月的总收入是多少元？", "Income of your household in the past month, yuan", []),
    ("members", "integer", "您家一共有几口人？", "How many people live in your household?", []),
    ("insured", "select_multiple", "孩子有以下哪些保险？", "Which insurance does the child have?",
     [("resident", "城乡居民医保", "Residents' medical insurance"), ("school", "学平险", "School accident insurance"),
      ("commercial", "商业保险", "Commercial insurance"), ("none", "以上都没有", "None of these")]),
    ("sick", "select_one", "过去两周孩子生过病吗？", "Was the child ill in the past two weeks?",
     [("yes", "是", "Yes"), ("no", "否", "No")]),
    ("doctor", "select_one", "生病后孩子看过医生吗？", "Did the child see a doctor?",
     [("yes", "看过", "Yes, a doctor"), ("no", "没看过", "No, none")]),
    ("satisfied", "select_one", "您对孩子的学校满意吗？", "How satisfied are you with the child's school?",
     [("s1", "非常不满意", "Very dissatisfied"), ("s2", "不太满意", "Dissatisfied"), ("s3", "一般", "Neither"),
      ("s4", "比较满意", "Satisfied"), ("s5", "非常满意", "Very satisfied")]),
    ("help", "select_multiple", "您家最需要哪些帮助？", "Which help does your family need most?",
     [("tutoring", "课业辅导", "Homework tutoring"), ("health", "健康检查", "Health check"),
      ("job", "就业信息", "Job information"), ("legal", "法律援助", "Legal aid"), ("none", "都不需要", "No help")]),
    ("why", "select_one", "主要原因是什么？", "What is the main reason?",
     [("money", "没有钱", "No money"), ("time", "没有时间", "No time"),
      ("unknown", "不知道去哪里", "Does not know where")]),
    ("walk", "decimal", "孩子上学路上要多少分钟？", "How many minutes does the child travel to school?", []),
    ("friends", "integer", "孩子有几个好朋友？", "How many good friends does the child have?", []),
    ("alone", "select_one", "放学后孩子独自在家吗？", "Is the child alone at home after school?",
     [("often", "经常", "Often"), ("sometimes", "有时", "Sometimes"), ("never", "从不", "Never")]),
    ("rating", "integer", "请给社区打分，0分最低，10分最高", "Rate the community from 0 to 10", []),
]  # fmt: skip
LOGIC = {"doctor": ("sick", "yes"), "why": ("doctor", "no")}
CONSTRAINTS = {"rating": ". >= 0 and . <= 10", "members": ". >= 1"}


def questionnaire(scheme: str) -> list[Asked]:
    """The questionnaire with names that speak (``named``), options that count (``coded``), or names that only count
    and no logic (``placed``), as they are derived from a 问卷星 export."""
    placed = scheme == "placed"
    names = {spec[0]: f"q{place}" if placed else spec[0] for place, spec in enumerate(SPEC, start=1)}
    found = []
    for asks, kind, zh, en, listed in SPEC:
        options, means = [], {}
        for place, (answer, option_zh, option_en) in enumerate(listed, start=1):
            name = {"named": answer, "coded": str(place), "placed": f"o{place}"}[scheme]
            label = {"zh": option_zh, "en": option_en}
            options.append(Option(name, label, str(place), answer == "none"))
            means[name] = frozenset([answer])
        relevant = ()
        if asks in LOGIC and not placed:
            asked_before, answer = LOGIC[asks]
            before = next(one for one in found if one.asks == asked_before)
            name = next(name for name, means in before.means.items() if answer in means)
            relevant = (f"${{{asked_before}}} = '{name}'",)
        question = Question(
            names[asks],
            kind,
            {"zh": zh, "en": en},
            tuple(options),
            relevant,
            CONSTRAINTS.get(asks, "") if not placed else "",
        )
        found.append(Asked(question, asks, means))
    return found


def form(asked: Sequence[Asked]) -> Form:
    """The codebook that a reader would have."""
    return Form("问卷", "1", ("zh", "en"), {one.name: one.question for one in asked}, (), ())


def answers(asked: Sequence[Asked]) -> pd.DataFrame:
    """What a platform would export of invented respondents."""
    columns: dict[str, list[str]] = {"key": [f"k{row}" for row in range(RESPONDENTS)]}
    for one in asked:
        columns |= _select(one) if one.question.kind.startswith("select") else {one.name: _numbers(one)}
    return pd.DataFrame(columns, dtype=str)


def _numbers(one: Asked) -> list[str]:
    draw = random.Random(one.asks)
    return ["" if draw.random() < 0.1 else str(draw.randint(0, 10)) for _ in range(RESPONDENTS)]


def _select(one: Asked) -> dict[str, list[str]]:
    draw, names = random.Random(one.asks), [option.name for option in one.question.options]
    if one.question.kind == "select_one":
        return {one.name: ["" if draw.random() < 0.1 else draw.choice(names) for _ in range(RESPONDENTS)]}
    rows = [None if draw.random() < 0.1 else [draw.random() < 0.4 for _ in names] for _ in range(RESPONDENTS)]
    return {
        f"{one.name}/{name}": ["" if row is None else str(int(row[place])) for row in rows]
        for place, name in enumerate(names)
    }
