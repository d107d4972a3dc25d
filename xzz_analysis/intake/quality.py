"""What the checks look for, in words, and the checks that need whole answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Answers, Reason
from xzz_analysis.language import Label
from xzz_analysis.study import Study, Table

MINUTES = "interview_minutes"
"""Column of the time an interview took, computed from the table's ``start`` and ``end``."""

SHORT = 1 / 3
"""An interview is short when it took less than this part of the round's median."""

RULES: dict[str, Label] = {
    "line_end_missing": {"zh": "文件末行没有换行，可能被截断", "en": "file may be cut off at its end"},
    "key_empty": {"zh": "记录没有编号", "en": "record without a key"},
    "key_twice": {"zh": "编号重复", "en": "key used more than once"},
    "key_not_kept": {"zh": "编号列不保留", "en": "key column not kept"},
    "parent_missing": {"zh": "找不到上级记录", "en": "parent record not found"},
    "value_unreadable": {"zh": "数值无法读取", "en": "value cannot be read"},
    "number_identifies": {"zh": "数值像电话或证件号", "en": "number like a phone or an id"},
    "text_not_kept": {"zh": "文字题不能用作分组或设计", "en": "free text named as a group or design"},
    "exclusive_unknown": {"zh": "互斥选项声明有误", "en": "exclusive options declared wrongly"},
    "option_unlisted": {"zh": "选项不在选项表中", "en": "option not in the list"},
    "options_disagree": {"zh": "多选列之间不一致", "en": "columns of a question disagree"},
    "code_with_options": {"zh": "缺失代码与选项并存", "en": "reason code together with options"},
    "exclusive_with_others": {"zh": "互斥选项与其他选项同选", "en": "exclusive option with others"},
    "labels_exported": {"zh": "导出的是选项文字", "en": "labels exported instead of names"},
    "answer_not_shown": {"zh": "不应显示的题目有回答", "en": "answer where the question was not shown"},
    "skip_unknown": {"zh": "跳题逻辑无法判断", "en": "skip logic cannot be told"},
    "constraint_broken": {"zh": "违反题目约束", "en": "constraint of the form broken"},
    "required_blank": {"zh": "必答题空白", "en": "required question left blank"},
    "short_interview": {"zh": "访问用时过短", "en": "interview too short"},
    "time_unreadable": {"zh": "访问时间无法读取", "en": "interview times cannot be read"},
    "column_unknown": {"zh": "数据中有问卷没有的列", "en": "column that the form lacks"},
    "column_unaccented": {"zh": "列名仅重音不同", "en": "column matched without accents"},
    "question_without_column": {"zh": "问卷题目没有数据列", "en": "question without a column"},
    "question_not_asked": {"zh": "本轮未问的题目", "en": "question not asked this round"},
    "question_unknown": {"zh": "声明了问卷没有的题目", "en": "declared question not in the form"},
    "question_twice": {"zh": "题目名重复", "en": "question name used twice"},
    "question_without_name": {"zh": "题目没有名称", "en": "question without a name"},
    "question_without_type": {"zh": "题目没有类型", "en": "question without a type"},
    "option_twice": {"zh": "选项名重复", "en": "option name used twice"},
    "option_unnamed": {"zh": "选项没有名称", "en": "option without a name"},
    "list_missing": {"zh": "缺少选项表", "en": "list of options missing"},
    "type_unknown": {"zh": "题型未知", "en": "question type unknown"},
    "type_unread": {"zh": "题型暂不读取", "en": "question type not read"},
    "expression_unread": {"zh": "表达式无法读取", "en": "expression cannot be read"},
    "repeat_unknown": {"zh": "声明了问卷没有的重复组", "en": "declared repeat not in the form"},
    "repeat_without_data": {"zh": "重复组没有数据", "en": "repeat without data"},
    "pyxform": {"zh": "问卷格式提示", "en": "remark on the form's format"},
    "would_fail": {"zh": "会使报告无法生成", "en": "would stop a report"},
    "indicator_not_computed": {"zh": "指标无法计算", "en": "indicator cannot be computed"},
}
"""Every rule of a finding about the data, in words."""


def check_answers(study: Study, unit: str, answers: Answers) -> list[Finding]:
    """Checks of one table's answers beyond single cells.

    Parameters
    ----------
    study : Study
    unit : str
        A table of the study.
    answers : Answers
        All rounds.
    """
    return [*_exclusive(study.tables[unit], unit, answers), *_short(study, unit, answers)]


def _exclusive(table: Table, unit: str, answers: Answers) -> Iterator[Finding]:
    """Exclusive options chosen together with others."""
    for name, exclusive in table.exclusive.items():
        question = answers.questions.get(name)
        known = [option.name for option in question.options] if question else []
        if question is None or question.kind != "select_multiple" or not set(exclusive) & set(known):
            hint = suggest(name, answers.questions)
            message = f"{name!r} is no select-multiple question with one of these options{hint}"
            where = f"study.yml: tables.{unit}.exclusive"
            yield Finding("warning", "exclusive_unknown", where, message, "correct the name or the options")
            continue
        alone = [column for column in question.columns if column.removeprefix(f"{name}/") in exclusive]
        chosen = answers.values[list(question.columns)].to_numpy(float) == 1
        together = (answers.values[alone].to_numpy(float) == 1).any(axis=1) & (chosen.sum(axis=1) > 1)
        for round_name, rows in answers.rounds.groupby(answers.rounds, sort=False).groups.items():
            count = int(together[rows].sum())
            if count:
                message = f"{count} answer(s) of round {round_name} join an exclusive option with others"
                remedy = "decide which stands, and correct the answers"
                yield Finding("warning", "exclusive_with_others", f"{unit}: {name}", message, remedy, count)


def _short(study: Study, unit: str, answers: Answers) -> Iterator[Finding]:
    """Interviews much shorter than the round's median."""
    if MINUTES not in answers.values:
        return
    for name in study.rounds:
        minutes = interview_minutes(answers, name)
        count = int((minutes < SHORT * minutes.median()).sum())
        if count:
            message = (
                f"{count} of {len(minutes):,} interviews of round {name} took less than a third of the "
                f"median of {minutes.median():.0f} minutes"
            )
            remedy = "look at them, and ask the interviewer"
            yield Finding("warning", "short_interview", unit, message, remedy, count)


def interview_minutes(answers: Answers, round_name: str) -> pd.Series:
    """Minutes of each interview of a round whose times are known; empty when the table has none."""
    if MINUTES not in answers.values:
        return pd.Series(dtype=float)
    return answers.values.loc[answers.rounds == round_name, MINUTES].dropna().astype(float)


def missing_by_reason(answers: Answers, round_name: str) -> pd.DataFrame:
    """Count the rows of a round by question and reason.

    Parameters
    ----------
    answers : Answers
    round_name : str

    Returns
    -------
    DataFrame
        One row per question that was asked and has options or numbers, in form order: ``question``, a
        column per reason (lower-case name), and ``unusable``: asked, and without a usable answer.
    """
    rows = (answers.rounds == round_name).to_numpy()
    names = [reason.name.lower() for reason in Reason]
    counted = [
        {"question": question.name, **answers.missing_counts(question.columns[0], rows)}
        for question in answers.tabulated()
        if question.kind != "calculate"
    ]
    table = pd.DataFrame(counted, columns=["question", *names])
    unusable = ["blank", "dont_know", "refused", "removed", "invalid"]
    table["unusable"] = table[unusable].sum(axis=1)
    return table


def response_flow(answers: Answers, round_name: str) -> dict[str, int]:
    """Records of a round: received, left out because their key repeats, kept, kept without a parent."""
    rows = (answers.rounds == round_name).to_numpy()
    kept, left_out = int(rows.sum()), answers.left_out.get(round_name, 0)
    flow = {"received": kept + left_out, "repeated": left_out, "kept": kept}
    if answers.parent is not None:
        flow["without_parent"] = int((answers.parent.to_numpy()[rows] < 0).sum())
    return flow


def minutes_between(start: pd.Series, end: pd.Series) -> np.ndarray:
    """Minutes between two columns of times as written; NaN where either cannot be read or they run backwards.

    Parameters
    ----------
    start, end : Series of str
        ISO 8601 with or without an offset, or ``YYYY-MM-DD HH:MM:SS``.
    """
    first, last = (pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601") for column in (start, end))
    minutes = (last - first).dt.total_seconds().to_numpy(float) / 60
    return np.where(minutes >= 0, minutes, np.nan)
