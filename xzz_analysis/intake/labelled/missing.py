"""User-missing codes: what stands in a cell instead of an answer, and why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from xzz_analysis.intake.answers import Reason

_WORDS: dict[Reason, tuple[str, ...]] = {
    Reason.DONT_KNOW: (
        *("不知道", "不清楚", "说不清", "说不清楚", "不确定", "不了解", "记不清", "记不清楚", "不记得", "忘记了"),
        *("don't know", "dont know", "do not know", "dont_know", "dk", "unsure", "can't remember"),
    ),
    Reason.REFUSED: (
        *("拒绝回答", "拒答", "拒绝", "不愿回答", "不愿意回答", "不想回答", "不便回答"),
        *("refused", "refuse", "refused to answer", "refusal", "prefer not to answer", "prefer_not_to_answer"),
        *("declined to answer", "rf"),
    ),
    Reason.SKIPPED: (
        *("跳过", "跳答", "跳题", "不适用", "不适合", "无需回答", "按逻辑跳过"),
        *("skipped", "skip", "not applicable", "inapplicable", "n/a", "na", "legitimate skip", "valid skip"),
    ),
    Reason.BLANK: (
        *("未回答", "未答", "无回答", "没有回答", "漏答", "空白", "空", "缺失", "缺失值"),
        *("no answer", "not answered", "no response", "missing", "blank", "system missing", "not stated"),
    ),
    Reason.NOT_ASKED: ("未问", "本轮未问", "没有问", "not asked", "not asked this round"),
    Reason.INVALID: ("无效", "无效值", "无效回答", "invalid", "invalid answer"),
    Reason.REMOVED: ("更正时删除", "removed", "deleted in cleaning"),
}
_BETWEEN = re.compile(r"[/、，,;；|]|或者?|\bor\b")


def _plain(label: str) -> str:
    text = unicodedata.normalize("NFKC", label).casefold().replace("’", "'")
    return re.sub(r"\s+", " ", re.sub(r"[.。()\[\]【】!！]", "", text)).strip()


_KNOWN = {_plain(word): reason for reason, words in _WORDS.items() for word in words}


def reason_of(label: str) -> Reason | None:
    """The reason that a label gives, exactly or as a list of words for one reason; None when it gives none."""
    whole = _KNOWN.get(_plain(label))
    if whole is not None:
        return whole
    pieces = [piece for piece in _BETWEEN.split(unicodedata.normalize("NFKC", label)) if piece.strip()]
    reasons = {_KNOWN.get(_plain(piece)) for piece in pieces}
    return reasons.pop() if len(reasons) == 1 else None


def word_of(label: str, code: str) -> str:
    """What the export writes for a user-missing code: its label or itself, in brackets as in 问卷星's ``(跳过)``."""
    return f"({' '.join(label.split()) or code})"


def reasons_of(words: Iterable[tuple[str, str]]) -> dict[str, Reason]:
    """The reason of each word, given with its label; BLANK where the label gives none."""
    return {word: reason_of(label) or Reason.BLANK for word, label in words}
