"""What a crosswalk says: one entry per question of the earlier round, decided or waiting for a person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, StrictBool

from xzz_analysis.declaration import Declaration
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.form import Form
from xzz_analysis.language import Label, choose

Relation = Literal["same", "recoded", "not comparable"]


CHANGES: dict[str, Label] = {
    "renamed": {"zh": "题目改名", "en": "the question has another name"},
    "reworded": {"zh": "措辞有改动", "en": "the wording changed"},
    "negation": {"zh": "否定词有改动", "en": "a negation changed"},
    "time": {"zh": "时间范围有改动", "en": "the time it asks about changed"},
    "unit": {"zh": "计量单位有改动", "en": "a unit changed"},
    "number": {"zh": "数字有改动", "en": "a number changed"},
    "asked": {"zh": "询问对象有改动", "en": "whom it asks about changed"},
    "amount": {"zh": "范围词有改动", "en": "a word of extent changed (all, any, only)"},
    "direction": {"zh": "方向词有改动", "en": "a word of direction changed (more, less)"},
    "wording_unknown": {"zh": "有一轮没有题目文字", "en": "one round has no wording"},
    "name_reused": {
        "zh": "另一轮的同名题目是另一道题",
        "en": "the name belongs to another question in the other round",
    },
    "alike": {"zh": "有多道题的措辞相同或相近", "en": "several questions have this wording or nearly so"},
    "leaning": {
        "zh": "题意取决于前一题，而前一题不同",
        "en": "it leans on the question before it, which is another one",
    },
    "dropped": {"zh": "后一轮没有这道题", "en": "the later round does not have it"},
    "kind": {"zh": "题型改变", "en": "the kind of question changed"},
    "numbers": {"zh": "整数与小数之间的改变", "en": "whole numbers became decimal ones, or the reverse"},
    "base": {"zh": "跳题逻辑改变，回答的人不同", "en": "the skip logic changed, so others are asked"},
    "constraint": {"zh": "允许的取值改变", "en": "the allowed values changed"},
    "calculation": {"zh": "计算方法改变", "en": "the calculation changed"},
    "group": {"zh": "题目移到另一组", "en": "it moved to another group"},
    "repeat": {"zh": "所在的重复组改变", "en": "it moved into or out of a repeat"},
    "options_unknown": {"zh": "有一轮没有选项表", "en": "one round has no list of options"},
    "options_alike": {"zh": "多个选项的文字相同", "en": "several options have the same wording"},
    "option_reworded": {"zh": "选项措辞有改动", "en": "an option's wording changed"},
    "option_name_reused": {"zh": "同一选项名现在是另一个意思", "en": "an option's name now stands for something else"},
    "option_split": {"zh": "选项可能被拆分", "en": "an option may have been split"},
    "options_merged": {"zh": "选项可能被合并", "en": "options may have been merged"},
    "option_dropped": {"zh": "选项被删除", "en": "an option was dropped"},
    "options_added": {"zh": "新增选项", "en": "options were added"},
    "option_names_moved": {"zh": "选项名对调或移到别的选项", "en": "names of options moved to other options"},
    "codes_shifted": {"zh": "选项编号移位，按文字对应", "en": "codes of options shifted; matched by their wording"},
    "scale_reversed": {"zh": "选项顺序颠倒，按文字对应", "en": "the order of options is reversed; matched by wording"},
    "options_reordered": {"zh": "选项顺序改变", "en": "options are in another order"},
    "scale": {"zh": "量表级数改变", "en": "the scale has another number of points"},
    "exclusive_changed": {"zh": "选项能否与其他同选有改动", "en": "whether options exclude others changed"},
    "overtaken": {"zh": "确认之后问卷又有改动", "en": "a form changed after this was confirmed"},
    "taken": {"zh": "后一轮的这道题已给了另一道题", "en": "its question of the later round was given to another one"},
}
"""What may differ between two rounds, in words."""


class Change(NamedTuple):
    """One thing that differs between two questions.

    ``what`` is a word of :data:`CHANGES`; ``doubtful`` whether a person must decide; ``names`` are the questions or
    options concerned; ``likeness`` is how sure the proposal is, 0 to 1.
    """

    what: str
    doubtful: bool
    names: tuple[str, ...] = ()
    likeness: float = 1.0


def explain(changes: Iterable[Change]) -> dict[str, str]:
    """What changed, in both languages; ``{}`` when nothing did."""
    said: dict[str, list[str]] = {"zh": [], "en": []}
    for change in changes:
        for language, (opening, closing) in {"zh": ("（", "）"), "en": (" (", ")")}.items():
            names = f"{opening}{', '.join(change.names)}{closing}" if change.names else ""
            said[language].append(CHANGES[change.what][language] + names)
    return {"zh": "；".join(said["zh"]), "en": "; ".join(said["en"])} if said["zh"] else {}


def _as_name(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        raise ValueError("write the name in quotes: YAML reads it as a number, or as yes or no")
    return value


def _as_option(value: Any) -> Any:
    return value if isinstance(value, Mapping | BaseModel) else {"becomes": value}


Name = Annotated[str, BeforeValidator(_as_name)]


class OptionEntry(Declaration):
    """What becomes of one option of the earlier round.

    ``becomes`` is an option of the later round, or ``""`` when none means the same: its answers are then kept as an
    option that only earlier rounds have. ``relation`` and ``reason`` are written where the option, and not its whole
    question, is not comparable.
    """

    becomes: Name = ""
    relation: Relation | None = None
    reason: dict[str, str] = Field(default_factory=dict)


class Entry(Declaration):
    """What becomes of one question of the earlier round.

    ``becomes`` is a question of the later round, or ``""`` when none means the same. ``seen`` is a digest of both
    questions as they were when the entry was written: when either changes, the entry is decided again. ``note`` is for
    people; a decision that a changed form has overtaken is kept there.
    """

    question: Name
    becomes: Name = ""
    relation: Relation
    confirmed: StrictBool = False
    confidence: float = Field(default=1.0, ge=0, le=1)
    reason: dict[str, str] = Field(default_factory=dict)
    options: dict[Name, Annotated[OptionEntry, BeforeValidator(_as_option)]] = Field(default_factory=dict)
    note: str = ""
    seen: str = ""

    def mapping(self) -> dict[str, str]:
        """Option of the earlier round → option of the later one, ``""`` where there is none."""
        return {name: option.becomes for name, option in self.options.items()}

    @property
    def trivial(self) -> bool:
        """Whether nothing at all is renamed, recoded or in doubt."""
        kept = all(name == option.becomes and not option.relation for name, option in self.options.items())
        return self.confirmed and self.relation == "same" and self.question == self.becomes and kept


@dataclass(frozen=True)
class Crosswalk:
    """How the questions of an earlier round are those of a later one.

    Attributes
    ----------
    earlier, later : Form
        The two codebooks; answers are brought into the terms of the later one.
    entries : tuple of Entry
        One per question of the earlier form that may hold answers, in its order.
    added : tuple of str
        Questions of the later form that no question of the earlier one becomes.
    """

    earlier: Form
    later: Form
    entries: tuple[Entry, ...]
    added: tuple[str, ...] = ()

    @cached_property
    def by_question(self) -> dict[str, Entry]:
        """Entries by the earlier round's question."""
        return {entry.question: entry for entry in self.entries}

    @property
    def undecided(self) -> tuple[Entry, ...]:
        """Entries that wait for a person, the most doubtful first."""
        return tuple(sorted((entry for entry in self.entries if not entry.confirmed), key=lambda one: one.confidence))

    def kept_name(self, entry: Entry, round_name: str) -> str:
        """Name of the question's answers among those of the later round."""
        others = self.earlier.questions.keys() - {entry.question}
        return entry.becomes or _free(entry.question, {*self.later.questions, *others}, round_name)

    def kept_options(self, entry: Entry, round_name: str) -> dict[str, str]:
        """Option of the earlier round → its name among those of the later one, a free name where it has no place."""
        if not entry.becomes:
            return {option.name: option.name for option in self.earlier.questions[entry.question].options}
        offered = {option.name for option in self.later.questions[entry.becomes].options}
        mapping = entry.mapping()
        return {
            name: becomes or _free(name, offered | (mapping.keys() - {name}), round_name)
            for name, becomes in mapping.items()
        }

    def not_comparable(self, round_name: str) -> Iterator[tuple[str, str, Label]]:
        """Question, option (``""`` for the whole question) and reason of all that trends must not compare.

        Parameters
        ----------
        round_name : str
            The earlier round.
        """
        for entry in self.entries:
            if entry.becomes and entry.relation == "not comparable":
                yield entry.becomes, "", entry.reason
            if entry.becomes:
                yield from self._options_not_comparable(entry, round_name)

    def _options_not_comparable(self, entry: Entry, round_name: str) -> Iterator[tuple[str, str, Label]]:
        kept = self.kept_options(entry, round_name)
        for name, option in entry.options.items():
            if option.relation == "not comparable" or not option.becomes:
                yield entry.becomes, kept[name], option.reason or _reason("retired", round_name)
        for offered in self.later.questions[entry.becomes].options if entry.options else ():
            if offered.name not in kept.values():
                yield entry.becomes, offered.name, _reason("added", round_name)


def comparable(
    crosswalks: Mapping[str, Crosswalk], language: str, rounds: Iterable[str] | None = None
) -> dict[tuple[str, str], str]:
    """What trends must not compare, as ``survey.change.read_crosswalk`` reads it.

    Parameters
    ----------
    crosswalks : mapping of str to Crosswalk
        By earlier round.
    language : str
        Of the reasons.
    rounds : iterable of str, optional
        Rounds that are compared; all by default.

    Returns
    -------
    dict of (question, option) to str
        Why not; option ``""`` is the whole question. The reason names the round.
    """
    refused: dict[tuple[str, str], list[str]] = {}
    for name in crosswalks if rounds is None else rounds:
        for question, option, reason in crosswalks[name].not_comparable(name) if name in crosswalks else ():
            said = choose(reason, language, "not comparable").text
            refused.setdefault((question, option), []).append(said if name in said else f"{name}: {said}")
    return {place: "; ".join(dict.fromkeys(said)) for place, said in refused.items()}


def fingerprint(earlier: Question | None, later: Question | None) -> str:
    """Three digests that change when anything does that may change what is meant.

    Returns
    -------
    str
        Of the earlier question, of the later question's name, and of the later question, joined by ``-``.
    """
    parts = (_defined(earlier), later.name if later else "", _defined(later))
    texts = [json.dumps(part, ensure_ascii=False, sort_keys=True) for part in parts]
    return "-".join(hashlib.sha256(text.encode()).hexdigest()[:8] for text in texts)


def carried(earlier: Question, later: Question) -> bool:
    """Whether answers of one kind of question can be written as answers of the other."""
    numbers = {"integer", "decimal"}
    return (
        earlier.kind == later.kind
        or {earlier.kind, later.kind} <= numbers
        or (earlier.kind, later.kind) == ("select_one", "select_multiple")
    )


def _defined(question: Question | None) -> Any:
    if question is None:
        return None
    options = [[one.name, dict(one.label), one.code, one.exclusive] for one in question.options]
    logic = [list(question.relevant), question.constraint, question.calculation, question.repeat]
    return [question.name, question.kind, dict(question.label), options, logic]


def _free(name: str, taken: set[str], round_name: str) -> str:
    found = name
    while found in taken:
        found = f"{found}_{round_name}"
    return found


def _reason(kind: Literal["retired", "added"], round_name: str) -> Label:
    if kind == "added":
        return {"zh": f"{round_name} 没有这个选项", "en": f"was not offered in {round_name}"}
    return {"zh": f"只有 {round_name} 有这个选项", "en": f"was offered in {round_name} only"}
