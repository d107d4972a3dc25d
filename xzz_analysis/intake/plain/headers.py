"""Headers: what a column is, and which question of a form it belongs to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rapidfuzz import fuzz

from xzz_analysis.intake.answers import Question

SIMILAR = 70.0
"""Least similarity, of 100, at which a question is proposed for a column."""

STEM_MARKS = ("/", ".", ":", "：", "—", "–", "-", "_", "(", "（", "[", "【")
"""What stands between a question and its option in the header of a 0/1 column."""

_ROLES: dict[str, tuple[str, ...]] = {
    "key": ("序号", "编号", "答卷编号", "原始记录编号", "答题序号", "uuid", "_uuid", "KEY", "instanceID"),
    "submitted": ("提交时间", "提交答卷时间", "答卷提交时间", "submitted_on", "SubmissionDate", "_submission_time"),
    "start": ("开始答题时间", "开始时间", "答题开始时间", "start", "start_time", "starttime"),
    "end": ("结束答题时间", "结束时间", "答题结束时间", "end", "end_time", "endtime", "finish"),
    "seconds": ("答题时长", "所用时间", "答题用时", "用时", "答题时长(秒)", "_duration"),
    "source": ("来源", "答卷来源", "渠道", "来源渠道"),
    "ip": ("IP", "来自IP", "IP地址", "ip_address"),
    "device": ("设备", "设备类型", "设备编号", "deviceid", "device_id"),
    "interviewer": ("访员", "调查员", "访问员", "访员编号", "enumerator", "interviewer"),
    "version": ("数据版本", "问卷版本", "__version__", "_version"),
}
_LEFT_OUT: dict[str, tuple[str, ...]] = {
    "where the platform believes the respondent to be": (
        *("地理位置国家和地区", "地理位置省", "地理位置市", "国家", "IP省份", "IP城市"),
        *("地理位置国家", "地理位置省份", "地理位置城市", "自动定位"),
    ),
    "the respondent's account on the platform": (
        "用户类型",
        "用户标识",
        "用户ID",
        "昵称",
        "微信昵称",
        "openid",
        "头像",
    ),
    "what the platform added": ("来源详情", "浏览器", "操作系统", "总分", "答卷状态", "自定义字段"),
}
_NUMBERING = re.compile(r"^\s*(?:[Qq]?\d{1,3}(?:[.-]\d{1,2})?\s*[、.．:：)）]|第\s*\d{1,3}\s*题\s*[、.．:：]?)\s*")
_REMARK = re.compile(
    r"\s*[\[【(（]\s*(?:单选题?|多选题?|填空题?|排序题?|必答题?|可多选|选填|量表题?)\s*[\]】)）]\s*\*?\s*$"
)


class Match(NamedTuple):
    """A question that a column may belong to.

    Attributes
    ----------
    question : str
    option : str
        The option that a 0/1 column is about, ``""`` for a question's own column.
    similarity : float
        100 for an exact name or wording.
    because : str
    """

    question: str
    option: str
    similarity: float
    because: str


def plain(text: str) -> str:
    """Text without what wording does not depend on: width, case, spaces, punctuation, numbering in front."""
    bare = _REMARK.sub("", _NUMBERING.sub("", unicodedata.normalize("NFKC", text).replace("\u200b", "")))
    letters = (letter for letter in bare.casefold() if unicodedata.category(letter)[0] in "LNSM" or letter in "+-%")
    return "".join(letters)


def role_of(header: str) -> str:
    """One of the roles of an export, or ``""``."""
    return _ROLE_NAMES.get(_exact(header), "")


def left_out_because(header: str) -> str:
    """Why a platform's own column is no answer, or ``""``."""
    return _LEFT_OUT_NAMES.get(_exact(header), "")


def _exact(header: str) -> str:
    bare = re.sub(r"[\s/_:：]", "", unicodedata.normalize("NFKC", header).casefold())
    return re.sub(r"^自定义字段\d*$", "自定义字段", bare)


_ROLE_NAMES = {_exact(name): role for role, names in _ROLES.items() for name in names}
_LEFT_OUT_NAMES = {_exact(name): reason for reason, names in _LEFT_OUT.items() for name in names}


class Addresses:
    """Everything a header may say, exactly, to name a question or one of its options."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self.questions = questions
        self._names = {name: (name, "") for name in questions}
        self._wordings: dict[str, set[tuple[str, str]]] = {}
        for name, question in questions.items():
            for wording in _wordings(question.name, question.source, *question.label.values()):
                self._wordings.setdefault(wording, set()).add((name, ""))

    def exact(self, header: str) -> list[Match]:
        """Questions, or options of select-multiple questions, that the header names exactly."""
        if header in self._names:
            return [Match(header, "", 100.0, "the header is the question's name")]
        found = self._wordings.get(plain(header), set())
        if found:
            return [Match(name, "", 100.0, "the header is the question's wording") for name, _ in sorted(found)]
        return [
            Match(name, option, 100.0, "the header is the question and one of its options")
            for name, option in dict.fromkeys(self._options(header))
        ]

    def _options(self, header: str) -> Iterable[tuple[str, str]]:
        for stem, rest in stems(header):
            targets = {(stem, "")} if stem in self.questions else self._wordings.get(plain(stem), set())
            for name, _ in sorted(targets):
                question = self.questions[name]
                if question.kind == "select_multiple":
                    for option in question.options:
                        codes = {option.name, option.code, f"A{option.code or option.name}"} - {"", "A"}
                        if rest in codes or plain(rest) in _wordings(*option.label.values()):
                            yield name, option.name

    def similar(self, header: str, taken: Iterable[str]) -> Match | None:
        """The question whose wording is most alike, as a proposal for a person."""
        bare, used = plain(header), set(taken)
        best = Match("", "", 0.0, "")
        for name, question in self.questions.items():
            if name not in used and question.kind != "other":
                for wording in _wordings(question.name, *question.label.values()):
                    likeness = fuzz.ratio(bare, wording)
                    if likeness > best.similarity:
                        best = Match(name, "", likeness, f"its wording is similar ({likeness:.0f} of 100)")
        return best if best.similarity >= SIMILAR else None


def stems(header: str) -> Iterable[tuple[str, str]]:
    """Ways to read a header as question and option, the longest question first."""
    for position in range(len(header) - 1, 0, -1):
        mark = header[position]
        if mark in STEM_MARKS:
            rest = header[position + 1 :].strip()
            closing = {"(": ")", "（": "）", "[": "]", "【": "】"}.get(mark, "")
            if rest and (not closing or rest.endswith(closing)):
                yield header[:position].strip(), rest.removesuffix(closing).strip()


def _wordings(*texts: str) -> set[str]:
    return {plain(text) for text in texts if text} - {""}
