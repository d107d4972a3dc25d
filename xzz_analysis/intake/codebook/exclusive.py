"""Options that cannot be chosen with others, guessed from their wording and from the answers."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd

from xzz_analysis.intake.answers import Option, Question

_ALONE = re.compile(
    r"(以上|上述)?(情况|选项|问题)?(都|均|全|皆)?(没有|没|不是|不需要|不|暂?无)(以上|上述)?(任何)?(情况|困难|问题|需要|需求)?|"
    r"不(知道|清楚|了解|确定)|说不(清|好|准)(楚)?|不好说|难以?(说|回答)|(拒绝|不愿|不想|不便)意?(回答|透露|说)|"
    r"none(of(the)?(above|these))?|i?(don.?t|donot)know|notsure|refused?(toanswer)?|prefernotto(say|answer)",
    re.I,
)
"""Wordings that exclude others, without spaces."""
_ASIDE = re.compile(r"【[^】]*】|[(（][^()（）]*[)）]|[\s。.!！]")
UNLIKELY = 1e-3
"""Probability, under the habits of the others, below which an option that is always alone is taken for exclusive."""
TOLERATED = 0.2
"""Part of an option's answers that may join it with others by mistake, and it still looks exclusive."""


def guess_exclusive(question: Question, answers: pd.DataFrame) -> tuple[Question, tuple[str, ...]]:
    """Mark the options of a select-multiple question that seem to exclude the others.

    Parameters
    ----------
    question : Question
    answers : DataFrame
        Its option columns, ``question/option``, with ``1`` where an option was chosen.

    Returns
    -------
    tuple
        The question with ``exclusive`` set, and the doubts as words of :data:`xzz_analysis.intake.codebook.DOUBTS`.
        An option is exclusive when its wording says so and it is rarely chosen with others, or when it is always
        chosen alone though others are seldom.
    """
    columns = [column for column in question.columns if column in answers]
    if question.kind != "select_multiple" or len(columns) != len(question.columns):
        return question, ()
    chosen = (answers[columns] == "1").to_numpy()
    chosen = chosen[chosen.any(axis=1)]
    alone = chosen.sum(axis=1) == 1
    doubts: dict[str, None] = {}
    options = []
    for place, option in enumerate(question.options):
        mine = chosen[:, place]
        together = int((mine & ~alone).sum())
        worded = says_alone(option)
        habit = float(alone[~mine].mean()) if (~mine).any() else 1.0
        by_habit = together == 0 and mine.any() and habit ** int(mine.sum()) < UNLIKELY
        exclusive = by_habit or (worded and together <= TOLERATED * mine.sum())
        if exclusive or worded:
            doubts["codebook_exclusive_unclear" if together else "codebook_exclusive_guessed"] = None
        options.append(replace(option, exclusive=option.exclusive or bool(exclusive)))
    return replace(question, options=tuple(options)), tuple(doubts)


def says_alone(option: Option) -> bool:
    """Whether the wording of an option excludes others: 以上都没有, 不知道, 拒绝回答."""
    return any(_ALONE.fullmatch(_ASIDE.sub("", label)) is not None for label in option.label.values())
