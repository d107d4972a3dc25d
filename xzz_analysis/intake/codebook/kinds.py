"""What kind of question a column of answers comes from, and the doubts that remain for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Kind
from xzz_analysis.language import Label

DOUBTS: dict[str, Label] = {
    "codebook_choice_or_text": {
        "zh": "答案种类不多：是选择题还是填空题？若是选择题，请列出选项",
        "en": "few different answers: if this is a choice question, list its options",
    },
    "codebook_choice_or_number": {
        "zh": "答案都是较小的整数：是选项编号、量表还是数量？",
        "en": "small whole numbers only: codes of options, a scale or a count?",
    },
    "codebook_options_by_appearance": {
        "zh": "选项按在数据中出现的先后排列：请按问卷调整次序并填写 code",
        "en": "options stand in the order they appear in the data: put them in order and write their codes",
    },
    "codebook_labels_missing": {
        "zh": "文件中只有选项编号：请填写选项文字",
        "en": "the file holds codes only: write the wording of the options",
    },
    "codebook_wording_missing": {
        "zh": "文件中没有题干：请填写",
        "en": "the file does not hold the wording of the question: write it",
    },
    "codebook_cut_unclear": {
        "zh": "题干与行之间的破折号不止一个：请核对题干",
        "en": "more than one dash between question and row: check the wording",
    },
    "codebook_rare_option": {
        "zh": "有选项只出现一次：请确认是选项，而不是受访者写的话",
        "en": "an option occurs once only: make sure that it is an option, and no respondent's words",
    },
    "codebook_exclusive_guessed": {
        "zh": "互斥选项是按文字或数据推测的：请核对",
        "en": "the exclusive option is guessed from its wording or the answers: check it",
    },
    "codebook_exclusive_unclear": {
        "zh": "有选项看似互斥，却曾与其他选项同选：请核对",
        "en": "an option looks exclusive, yet was chosen with others: check it",
    },
    "codebook_ranking_or_matrix": {
        "zh": "是排序题还是矩阵题：请核对",
        "en": "a ranking or a matrix: check it",
    },
    "codebook_multiple_or_rows": {
        "zh": "各列都只有一个数：是多选题还是矩阵题？请核对",
        "en": "its columns hold one number only: options chosen together, or rows of a matrix?",
    },
    "codebook_codes_unclear": {
        "zh": "选项文字与编号不是一一对应：请核对 code",
        "en": "wordings and codes of the options do not pair one to one: check the codes",
    },
    "codebook_single_or_multiple": {
        "zh": "没有人选择两项以上：是单选题还是多选题？",
        "en": "nobody chose two options: one answer only, or several?",
    },
    "codebook_personal": {
        "zh": "可能询问姓名、电话、证件或地址：按文字题处理，内容不会保留",
        "en": "may ask for a name, a phone, an id or an address: taken as text, which is never kept",
    },
    "codebook_unanswered": {
        "zh": "没有任何回答，无法判断题型",
        "en": "no answers, so its type is unknown",
    },
}
"""What a person should check in a derived codebook, in words; also the rules of its findings."""

_INTEGER = re.compile(r"[+-]?\d{1,9}")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,9}|\d{0,9}\.\d{1,9})")
_DATE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?")
_PERSONAL = re.compile(
    r"姓名|名字|称呼|电话|手机|身份证|证件|微信|QQ|住址|地址|门牌|邮箱|name|phone|address|e-?mail", re.I
)
_LONG_DIGITS = re.compile(r"\d{7,}")

MOST_OPTIONS, LONGEST_OPTION = 30, 60
"""A choice question has no more options, and none longer."""
FEWEST_PER_OPTION = 3
"""Answers per different answer, on average, from which on the answers are taken for options."""
FEW_DIFFERENT = 6
"""Up to so many different answers may be options even of a question that names a phone or an id."""
HIGHEST_CODE = 10
"""Whole numbers up to here may be codes of options or points of a scale."""


@dataclass(frozen=True)
class Guess:
    """What a column looks like.

    Attributes
    ----------
    kind : Kind
    doubts : tuple of str
        Words of :data:`DOUBTS`.
    """

    kind: Kind
    doubts: tuple[str, ...] = ()


def guess_kind(counts: Mapping[str, int], wording: str = "") -> Guess:
    """Guess the kind of a question from its answers; a column in doubt is text, which is never kept.

    Parameters
    ----------
    counts : mapping of str to int
        Different answer → how often it occurs; without empty cells, codes of missing answers and what a respondent
        wrote beside an option.
    wording : str
        The question.

    Returns
    -------
    Guess
        Whole numbers are ``integer``; few different words that each occur ``FEWEST_PER_OPTION`` times on average
        are ``select_one``.
    """
    if not counts:
        return Guess("text", ("codebook_unanswered",))
    if all(_INTEGER.fullmatch(text) for text in counts):
        small = all(0 <= int(text) <= HIGHEST_CODE for text in counts)
        return Guess("integer", ("codebook_choice_or_number",) if small else ())
    if all(_DECIMAL.fullmatch(text) for text in counts):
        return Guess("decimal")
    if all(_DATE.fullmatch(text) for text in counts):
        return Guess("date")
    personal = _PERSONAL.search(wording) is not None and len(counts) > FEW_DIFFERENT
    if personal or any(_LONG_DIGITS.search(text) for text in counts):
        return Guess("text", ("codebook_personal",))
    return _choice_or_text(counts)


def _choice_or_text(counts: Mapping[str, int]) -> Guess:
    short = len(counts) <= MOST_OPTIONS and max(map(len, counts)) <= LONGEST_OPTION
    answered = sum(counts.values())
    if short and answered >= FEWEST_PER_OPTION * len(counts):
        rare = ("codebook_rare_option",) if min(counts.values()) == 1 else ()
        return Guess("select_one", rare)
    doubtful = short and 2 * answered >= 3 * len(counts)
    return Guess("text", ("codebook_choice_or_text",) if doubtful else ())


def doubt(word: str, file: str, question: str) -> Finding:
    """A doubt about one question as a finding."""
    return Finding(
        "note", word, f"{file}: {question}", DOUBTS[word]["en"], "complete the codebook, and name it as `form`"
    )
