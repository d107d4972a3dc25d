"""crosswalk.yml: what was decided about every change of the questionnaire, in one file per study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from xzz_analysis.declaration import check, read_yaml, refuse
from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.rounds.drafting import draft
from xzz_analysis.intake.rounds.entries import (
    CHANGES,
    Crosswalk,
    Entry,
    Relation,
    carried,
    fingerprint,
)

_SECTION = re.compile(r"(?P<earlier>\S+) to (?P<later>\S+)")
_RELATIONS: tuple[Relation, ...] = ("same", "recoded", "not comparable")

_HEADER = """\
# 题目对照表：较早轮次的每道题、每个选项，在最新问卷里是哪一道、哪一个。
# 排在前面、写着 confirmed: no 的条目请人来定：改好后写 confirmed: yes；只要还有一条未定，就不会生成结果。
#   relation: same（同一题） | recoded（选项换名或合并后是同一题） | not comparable（不可比，写明 reason 的 zh 和 en）
#   becomes: 最新问卷的题目，没有对应的写 ""；options: 旧选项: 新选项，没有对应的写 ""（答案保留为只有旧轮次才有的选项）
# Which question and option of an earlier round is which of the newest questionnaire.
# Entries with `confirmed: no` come first and wait for a person: correct them and write `confirmed: yes`; nothing is
# built while one waits. Questions without any change are not listed. Write remarks into `note:`; comments are renewed.
"""

Forms = Mapping[str, Mapping[str, Form]]
"""Unit → round → that round's codebook, rounds in the order of the study; the last one is the newest."""


@dataclass(frozen=True)
class _Written:
    """What the file says: unit → (earlier round, later round) → entries."""

    sections: dict[str, dict[tuple[str, str], list[Entry]]] = field(default_factory=dict)

    def entries(self, unit: str, earlier: str, later: str) -> list[Entry]:
        return self.sections.get(unit, {}).get((earlier, later), [])


def read_crosswalks(path: Path, forms: Forms) -> dict[str, dict[str, Crosswalk]]:
    """Read what was decided and draft the rest.

    Parameters
    ----------
    path : Path
        The crosswalk.yml; it need not exist.
    forms : mapping of str to mapping of str to Form

    Returns
    -------
    dict of str to dict of str to Crosswalk
        Unit → earlier round → crosswalk to the newest codebook. A decision about a form that has changed since counts
        no more; a decision towards a codebook that is no longer the newest is carried on through it.

    Raises
    ------
    StudyError
        All problems of the file: unknown keys with the nearest name, questions, options, units and rounds that do not
        exist, contradictions, options mapped twice or not at all, rounds that run in a circle.
    """
    written = _read(path, forms)
    return {unit: _Unit(unit, rounds, written).crosswalks() for unit, rounds in forms.items()}


def write_crosswalks(path: Path, forms: Forms) -> dict[str, dict[str, Crosswalk]]:
    """Write the drafts beside what was decided; what the file says already stays.

    Parameters
    ----------
    path : Path
        The crosswalk.yml; it is made when there is none, and left alone when there is nothing new.
    forms : mapping of str to mapping of str to Form

    Returns
    -------
    dict of str to dict of str to Crosswalk
        As :func:`read_crosswalks`.

    Raises
    ------
    StudyError
        The file has problems; it is not touched then.
    """
    written = _read(path, forms)
    found = {unit: _Unit(unit, rounds, written).crosswalks() for unit, rounds in forms.items()}
    body: dict[str, dict[tuple[str, str], list[Entry]]] = {}
    for unit, crosswalks in found.items():
        sections = dict(written.sections.get(unit, {}))
        newest = [*forms[unit]][-1] if crosswalks else ""
        for name, crosswalk in crosswalks.items():
            listed = {entry.question for entry in sections.get((name, newest), ())}
            entries = [one for one in crosswalk.entries if one.question in listed or not one.trivial]
            sections[name, newest] = sorted(entries, key=lambda one: (one.confirmed, one.confidence))
        body[unit] = {rounds: entries for rounds, entries in sections.items() if entries}
    if body != written.sections or not path.exists():
        temporary = path.with_name(f"{path.name}.new")
        temporary.write_text(_text(body, forms), encoding="utf-8")
        temporary.replace(path)
    return found


@dataclass(frozen=True)
class _Unit:
    """The rounds of one unit and what is written about them."""

    unit: str
    forms: Mapping[str, Form]
    written: _Written

    def crosswalks(self) -> dict[str, Crosswalk]:
        """A crosswalk to the newest codebook for every earlier round."""
        *earlier, newest = self.forms or [""]
        return {name: self.crosswalk(name, newest) for name in earlier}

    def crosswalk(self, earlier: str, later: str) -> Crosswalk:
        """One pair of rounds: what is decided directly, then through rounds between, then what is drafted."""
        sides = self.forms[earlier], self.forms[later]
        entries = self.written.entries(self.unit, earlier, later)
        fresh = [_seen(entry, *sides) for entry in entries if _fresh(entry, *sides)]
        drafted = draft(*sides, fresh)
        carried_on = list(self._carried_on(drafted, earlier, later))
        if carried_on:
            drafted = draft(*sides, [*fresh, *carried_on])
        stale = {entry.question: entry for entry in entries if entry.confirmed and not _fresh(entry, *sides)}
        settled = tuple(_again(entry, stale.get(entry.question)) for entry in drafted.entries)
        return Crosswalk(*sides, settled, drafted.added)

    def _carried_on(self, drafted: Crosswalk, earlier: str, later: str) -> Iterator[Entry]:
        """Decisions towards a codebook between the two, for questions that are in doubt."""
        taken = {entry.becomes for entry in drafted.entries if entry.confirmed} - {""}
        doubtful = {entry.question: entry for entry in drafted.undecided}
        for entry in self.written.entries(self.unit, earlier, later):
            doubtful.pop(entry.question, None)
        rounds = list(self.forms)
        for between in rounds[rounds.index(earlier) + 1 : rounds.index(later)]:
            for joined in self._joined(earlier, between, later):
                proposed = doubtful.get(joined.question)
                gone = proposed is not None and not proposed.becomes and not joined.becomes
                if gone or (proposed is not None and joined.becomes and joined.becomes not in taken):
                    taken.add(joined.becomes)
                    del doubtful[joined.question]
                    yield _seen(joined, drafted.earlier, drafted.later)

    def _joined(self, earlier: str, between: str, later: str) -> Iterator[Entry]:
        """Decisions by which a question comes through a round between two others, or is gone since."""
        sides = self.forms[earlier], self.forms[between]
        decided = [one for one in self.written.entries(self.unit, earlier, between) if one.confirmed]
        onward = self.crosswalk(between, later).by_question if decided else {}
        for first in decided:
            second = onward.get(first.becomes)
            if not first.becomes and _fresh(first, *sides):
                yield first
            elif second and second.confirmed and second.becomes and _fresh(first, *sides):
                offered = {option.name for option in self.forms[later].questions[second.becomes].options}
                if all(first.mapping().values()) or offered <= set(second.mapping().values()):
                    yield _after(first, second)


def _fresh(entry: Entry, earlier: Form, later: Form) -> bool:
    """Whether both questions are still as they were when the entry was written."""
    then = entry.seen.split("-")
    now = fingerprint(earlier.questions.get(entry.question), later.questions.get(entry.becomes)).split("-")
    if len(then) != len(now) or then[1] != now[1]:  # a person wrote the entry, or gave it another question to become
        return then[0] in ("", now[0])
    return then == now


def _seen(entry: Entry, earlier: Form, later: Form) -> Entry:
    seen = fingerprint(earlier.questions.get(entry.question), later.questions.get(entry.becomes))
    return entry.model_copy(update={"seen": seen})


def _again(entry: Entry, overtaken: Entry | None) -> Entry:
    """An entry whose decision a changed form has overtaken is decided again; the decision is kept as a note."""
    if overtaken is None or entry.model_dump(exclude={"seen"}) == overtaken.model_dump(exclude={"seen"}):
        return entry
    options = ", ".join(f"{old}: {new or '-'}" for old, new in overtaken.mapping().items())
    was = f"{overtaken.relation}, {overtaken.becomes or '-'} {{{options}}} {overtaken.reason.get('zh', '')}".strip()
    reason = {
        language: "; ".join(filter(None, [CHANGES["overtaken"][language], entry.reason.get(language, "")]))
        for language in ("zh", "en")
    }
    note = " | ".join(dict.fromkeys(filter(None, [overtaken.note, was])))
    return entry.model_copy(update={"confirmed": False, "reason": reason, "note": note})


def _after(first: Entry, second: Entry) -> Entry:
    """Two decisions after each other."""
    onward = second.mapping()
    reasons = (first.reason, second.reason)
    return Entry(
        question=first.question,
        becomes=second.becomes,
        relation=max(first.relation, second.relation, key=_RELATIONS.index),
        confirmed=True,
        confidence=min(first.confidence, second.confidence),
        reason={code: "; ".join(filter(None, (one.get(code, "") for one in reasons))) for code in ("zh", "en")},
        options={
            old: option.model_copy(update={"becomes": onward.get(option.becomes, "")})
            for old, option in first.options.items()
        },
        note=first.note,
    )


def _read(path: Path, forms: Forms) -> _Written:
    """Read the file strictly; everything wrong with it is one error."""
    if not path.exists():
        return _Written()
    data, findings = read_yaml(path)
    sections: dict[str, dict[tuple[str, str], list[Entry]]] = {}
    for unit, parts in _mapping(data, path.name, findings).items():
        if unit not in forms:
            findings.append(_unknown(path.name, "unit", unit, forms))
            continue
        for key, listed in _mapping(parts, f"{path.name}: {unit}", findings).items():
            where = f"{path.name}: {unit}, {key}"
            rounds = _rounds(str(key), list(forms[unit]), where, findings)
            if rounds is None:
                continue
            entries = list(_entries(listed, where, findings))
            findings += _problems(entries, forms[unit][rounds[0]], forms[unit][rounds[1]], where)
            sections.setdefault(str(unit), {})[rounds] = entries
    refuse(path, findings)
    return _Written(sections)


def _mapping(data: Any, where: str, findings: list[Finding]) -> dict[Any, Any]:
    if isinstance(data, dict):
        return data
    message = f"holds {type(data).__name__}, not sections by name"
    findings.append(Finding("error", "crosswalk_shape", where, message, "write `unit:`, then `2025Q2 to 2025Q4:`"))
    return {}


def _unknown(where: str, what: str, name: Any, known: Iterable[str]) -> Finding:
    message = f"no {what} {str(name)!r}{suggest(str(name), known)}"
    return Finding("error", "unknown_name", where, message, f"name a {what} that exists")


def _rounds(key: str, known: list[str], where: str, findings: list[Finding]) -> tuple[str, str] | None:
    """The two rounds of a section; the later one must come later, or rounds would run in a circle."""
    match = _SECTION.fullmatch(key)
    if match is None:
        message = f"{key!r} names no two rounds"
        findings.append(Finding("error", "crosswalk_shape", where, message, "write `2025Q2 to 2025Q4:`"))
        return None
    rounds = (match["earlier"], match["later"])
    missing = [name for name in rounds if name not in known]
    findings += [_unknown(where, "round of this unit", name, known) for name in missing]
    if not missing and known.index(rounds[0]) >= known.index(rounds[1]):
        message = f"{rounds[0]} is not before {rounds[1]}, so that rounds would run in a circle"
        findings.append(Finding("error", "crosswalk_circle", where, message, "name the earlier round first"))
        return None
    return None if missing else rounds


def _entries(listed: Any, where: str, findings: list[Finding]) -> Iterator[Entry]:
    if not isinstance(listed, list):
        message = f"holds {type(listed).__name__}, not a list of questions"
        findings.append(Finding("error", "crosswalk_shape", where, message, "write `- question: …`"))
        return
    for place, one in enumerate(listed, start=1):
        name = one.get("question", place) if isinstance(one, dict) else place
        entry, problems = check(Entry, one, f"{where}, {name}")
        findings += problems
        if entry is not None:
            yield entry


def _problems(entries: list[Entry], earlier: Form, later: Form, where: str) -> Iterator[Finding]:
    """Names that do not exist, and entries that contradict each other or themselves."""
    for what, names in (
        ("question", [entry.question for entry in entries]),
        ("becomes", [entry.becomes for entry in entries if entry.becomes]),
    ):
        for name in sorted({name for name in names if names.count(name) > 1}):
            message = f"{what} {name!r} is in {names.count(name)} entries, and can be in one"
            yield Finding("error", "crosswalk_contradiction", where, message, "keep one of them")
    for entry in entries:
        place = f"{where}, {entry.question}"
        question, other = earlier.questions.get(entry.question), later.questions.get(entry.becomes)
        if question is None:
            yield _unknown(place, "question of the earlier round", entry.question, earlier.questions)
        elif not _fresh(entry, earlier, later):
            continue  # it is decided again
        elif entry.becomes and other is None:
            yield _unknown(place, "question of the later round", entry.becomes, later.questions)
        else:
            for message, remedy in _contradictions(entry, question, other):
                yield Finding("error", "crosswalk_contradiction", place, message, remedy)


def _contradictions(entry: Entry, question: Question, other: Question | None) -> Iterator[tuple[str, str]]:
    """What of one entry cannot be, and what to do."""
    reasons = [("the entry", entry.relation, entry.reason)]
    reasons += [
        (f"option {name!r}", option.relation or "same", option.reason) for name, option in entry.options.items()
    ]
    for what, relation, reason in reasons:
        if entry.confirmed and relation == "not comparable" and not all(reason.get(code) for code in ("zh", "en")):
            yield f"{what} is not comparable and does not say why in both languages", "write reason: {zh: …, en: …}"
    if other is None:
        if entry.relation != "not comparable":
            yield f"it becomes nothing and is {entry.relation}", "name what it becomes, or write: not comparable"
        return
    if not carried(question, other):
        message = f"answers of kind {question.kind} cannot become answers of kind {other.kind}"
        yield message, 'write becomes: ""'
    yield from _option_contradictions(entry, question, other)


def _option_contradictions(entry: Entry, question: Question, other: Question) -> Iterator[tuple[str, str]]:
    known, offered = ([option.name for option in one.options] for one in (question, other))
    for name in entry.options.keys() - set(known):
        yield f"the earlier round has no option {name!r}{suggest(name, known)}", "correct its name"
    for name in sorted({name for name in entry.mapping().values() if name} - set(offered)):
        yield f"the later round has no option {name!r}{suggest(name, offered)}", "correct its name"
    missing = [name for name in known if name not in entry.options]
    if missing and entry.confirmed:
        yield f"it does not say what becomes of {', '.join(missing)}", 'write each under options, with "" for nothing'
    changed = [old for old, new in entry.mapping().items() if old != new]
    if entry.relation == "same" and changed and entry.confirmed:
        yield f"it is the same, and yet {', '.join(changed)} become something else", "write relation: recoded"


def _text(body: Mapping[str, Mapping[tuple[str, str], list[Entry]]], forms: Forms) -> str:
    """The whole file."""
    lines = [_HEADER]
    for unit, sections in body.items():
        lines.append(f"{_scalar(unit)}:" if sections else f"{_scalar(unit)}: {{}}")
        for (earlier, later), entries in sections.items():
            waiting = sum(not entry.confirmed for entry in entries)
            lines.append(f"  {earlier} to {later}:  # {waiting} 条待定 / to decide: {waiting} of {len(entries)}")
            for entry in entries:
                comment = [] if entry.confirmed else _asked(entry, (earlier, later), forms[unit])
                lines += [f"    {line}" for line in (*comment, *_entry_lines(entry))]
    return "\n".join(lines if body else [*lines, "{}"]) + "\n"


def _scalar(text: str) -> str:
    return str(yaml.safe_dump(text, allow_unicode=True)).splitlines()[0]


def _asked(entry: Entry, rounds: tuple[str, str], forms: Mapping[str, Form]) -> Iterator[str]:
    """Both wordings with their options, for the person who decides."""
    for name, question in zip(rounds, (entry.question, entry.becomes), strict=True):
        found = forms[name].questions.get(question)
        if found is not None:
            options = " | ".join(f"{one.name} {_wording(one.label)}" for one in found.options)
            yield f"# {name} {question}: {_wording(found.label)}{f' [{options}]' if options else ''}"


def _wording(label: Mapping[str, str]) -> str:
    return " ".join(" / ".join(text for text in label.values() if text).split())


def _entry_lines(entry: Entry) -> list[str]:
    """One entry as YAML."""
    data: dict[str, Any] = entry.model_dump(exclude={"options"})
    data = {name: value for name, value in data.items() if value not in ("", {}) or name == "becomes"}
    if entry.options:
        plain = {
            name: option.becomes
            if option.relation is None
            else {key: value for key, value in option.model_dump().items() if value}
            for name, option in entry.options.items()
        }
        data["options"] = plain
    text = yaml.safe_dump([data], allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)
    text = text.replace("\n  confirmed: true\n", "\n  confirmed: yes\n").replace(
        "\n  confirmed: false\n", "\n  confirmed: no\n"
    )
    return text.splitlines()
