"""Two codebooks compared: which question is which, and what a person must decide.

Certain is only what holds the same wording, each question and option once; everything else is a proposal that waits
for a person, however near the wordings are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.rounds import wording
from xzz_analysis.intake.rounds.entries import (
    Change,
    Crosswalk,
    Entry,
    OptionEntry,
    Relation,
    carried,
    explain,
    fingerprint,
)
from xzz_analysis.intake.rounds.logic import normal, translate
from xzz_analysis.intake.rounds.options import PLACE, match_options

_PROPOSED = 0.45
"""Least nearness of two questions for a proposal that they are one."""

_RIVAL = 0.5
"""Likeness of a second wording from which the first is no longer certain."""

_INCOMPARABLE = {*wording.ASPECTS, "kind", "base", "scale", "calculation", "repeat"}


def draft(earlier: Form, later: Form, decided: Sequence[Entry] = ()) -> Crosswalk:
    """Compare two codebooks and propose a crosswalk.

    Parameters
    ----------
    earlier, later : Form
        Codebooks of two rounds of one unit.
    decided : sequence of Entry
        What was decided before; it is kept as it is, and the other questions are matched around it.

    Returns
    -------
    Crosswalk
        ``confirmed`` are the decided entries and those without doubt.
    """
    matching = _Matching(earlier, later)
    pairs = matching.pairs({entry.question: entry for entry in decided})
    kept = {entry.question: entry for entry in decided}
    options = {
        name: match_options(earlier.questions[name].options, later.questions[pair.later].options)
        for name, pair in pairs.items()
        if pair.later and name not in kept
    }
    mappings = {name: matched.mapping for name, matched in options.items()}
    mappings |= {name: entry.mapping() for name, entry in kept.items() if entry.becomes}
    names = matching.references({name: pair.later for name, pair in pairs.items() if pair.later})
    entries = []
    for name, pair in pairs.items():
        if name in kept:
            entries.append(kept[name])
            continue
        question, other = earlier.questions[name], later.questions.get(pair.later)
        changes = list(pair.changes)
        if other is not None:
            changes += [*options[name].changes, *_scale(options[name].changes, question, other)]
            changes += _differences(question, other, names, mappings)
        entries.append(_entry(question, other, mappings.get(name, {}), changes))
    taken = {pair.later for pair in pairs.values()}
    added = [name for name, one in later.questions.items() if name not in taken and one.kind != "other"]
    return Crosswalk(earlier, later, tuple(entries), tuple(added))


def _entry(question: Question, other: Question | None, mapping: Mapping[str, str], changes: Sequence[Change]) -> Entry:
    """One question's entry: confirmed when nothing is in doubt."""
    apart = other is None or not carried(question, other)
    doubtful = any(change.doubtful for change in changes)
    sure = min((change.likeness for change in changes if change.doubtful), default=1.0)
    relation: Relation = "same"
    if apart or any(change.doubtful and change.what in _INCOMPARABLE for change in changes):
        relation = "not comparable"
    elif any(old != new for old, new in mapping.items()):
        relation = "recoded"
    return Entry(
        question=question.name,
        becomes="" if apart or other is None else other.name,
        relation=relation,
        confirmed=not doubtful,
        confidence=round(sure, 2),
        reason=explain(changes),
        options={} if apart else {old: OptionEntry(becomes=new) for old, new in mapping.items()},
        seen=fingerprint(question, None if apart else other),
    )


def _differences(
    question: Question, other: Question, names: Mapping[str, str], options: Mapping[str, Mapping[str, str]]
) -> Iterator[Change]:
    """What differs between two matched questions beside their options."""
    if question.name != other.name:
        yield Change("renamed", False, (question.name, other.name))
    if question.group != other.group:
        stable = question.name == other.name and not PLACE.fullmatch(question.name)
        if not stable or wording.leans(question.label):
            yield Change("group", True, ("/".join(question.group) or "-", "/".join(other.group) or "-"), 0.6)
    if question.kind != other.kind:
        numbers = {question.kind, other.kind} <= {"integer", "decimal"}
        yield Change("numbers", False) if numbers else Change("kind", True, (question.kind, other.kind), 0.3)
    if question.repeat != other.repeat:
        yield Change("repeat", True, (question.repeat or "-", other.repeat or "-"), 0.3)
    own = {**options, ".": options.get(question.name, {})}
    for what, before, after in (
        ("base", question.relevant, other.relevant),
        ("constraint", (question.constraint,), (other.constraint,)),
        ("calculation", (question.calculation,), (other.calculation,)),
    ):
        written = [translate(text, names, own) for text in before]
        if None in written or normal([text or "" for text in written]) != normal(after):
            yield Change(what, True, likeness=0.5)


def _scale(changes: Iterable[Change], question: Question, other: Question) -> list[Change]:
    """Whether a scale has another number of points: one choice, and options that came or went."""
    found = {change.what for change in changes} & {"option_dropped", "options_added", "option_split", "options_merged"}
    sizes = [len(question.options), len(other.options)]
    if question.kind == other.kind == "select_one" and found and sizes[0] != sizes[1] and min(sizes) > 2:
        return [Change("scale", True, (str(sizes[0]), str(sizes[1])), 0.3)]
    return []


@dataclass(frozen=True)
class _Pair:
    """A question's proposed counterpart, ``""`` when none, and what is to be said of the match."""

    later: str
    changes: tuple[Change, ...] = ()


@dataclass
class _Matching:
    """Finds for each question of one form the question of another.

    Attributes
    ----------
    earlier, later : Form
    found : dict of str to _Pair
    """

    earlier: Form
    later: Form
    found: dict[str, _Pair] = field(default_factory=dict)

    def pairs(self, decided: Mapping[str, Entry]) -> dict[str, _Pair]:
        """Pair by decision, then by wording, then propose by likeness; in the order of the earlier form."""
        self.found = {name: _Pair(entry.becomes) for name, entry in decided.items()}
        taken = {entry.becomes for entry in decided.values()}
        before = [name for name, one in self.earlier.questions.items() if self._asked(one) and name not in decided]
        after = [name for name, one in self.later.questions.items() if one.kind != "other" and name not in taken]
        alike = self._by_wording(before, after)
        self._by_likeness(before, after)
        for name in before:
            self.found.setdefault(name, self._dropped(name))
        for name, changes in alike.items():
            self.found[name] = _Pair(self.found[name].later, (*self.found[name].changes, *changes))
        for name in before:
            self._look_around(name)
        return {name: self.found[name] for name in self.earlier.questions if name in self.found}

    def references(self, paired: Mapping[str, str]) -> dict[str, str]:
        """What skip logic may name, notes too; a name that is another question in the other round is not the same."""
        sides = []
        for form in (self.earlier, self.later):
            keys = self._keys(form, [name for name, one in form.questions.items() if one.kind == "other"])
            sides.append({said: names[0] for said, names in keys.items() if len(names) == 1})
        notes = {name: sides[1][said] for said, name in sides[0].items() if said in sides[1]}
        known = {*self.earlier.questions, *self.later.questions}
        return {**{name: f"{name}, gone" for name in known}, **notes, **paired}

    def _asked(self, question: Question) -> bool:
        """Whether a question may hold answers, or its column would pass for another question's."""
        reused = self.later.questions.get(question.name)
        return question.kind != "other" or (reused is not None and reused.kind != "other")

    def _keys(self, form: Form, names: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
        """Names of the questions by repeat and wording; one without any wording is known by its name."""
        forms = (self.earlier, self.later)
        languages = wording.shared(*([one.label for one in form.questions.values()] for form in forms))
        found: dict[tuple[str, ...], list[str]] = {}
        for name in names:
            question = form.questions[name]
            said = wording.key(question.label, languages, numbered=True) or ("", name)
            found.setdefault((question.repeat, *said), []).append(name)
        return found

    def _by_wording(self, before: Sequence[str], after: Sequence[str]) -> dict[str, list[Change]]:
        """Pair the questions of one wording; what is to be said of wordings that occur more than once."""
        sides = [self._keys(self.earlier, before), self._keys(self.later, after)]
        alike: dict[str, list[Change]] = {}
        for said, names in sides[0].items():
            others = sides[1].get(said, [])
            if len(names) == len(others) == 1:
                self.found[names[0]] = _Pair(others[0])
            elif others:
                same = [name for name in names if name in others]
                rest = [name for name in others if name not in same]
                places = dict(zip([name for name in names if name not in same], rest, strict=False))
                for name in names:
                    if name in same or name in places:
                        self.found[name] = _Pair(name if name in same else places[name])
                    if sorted(names) != sorted(others):
                        alike[name] = [Change("alike", True, tuple(dict.fromkeys([*names, *others])), 0.4)]
        return alike

    def _by_likeness(self, before: Sequence[str], after: Sequence[str]) -> None:
        """Propose the nearest of what is left, nearest first."""
        taken = {pair.later for pair in self.found.values()}
        scores = sorted(
            (-self._nearness(name, other), position, name, other)
            for position, name in enumerate(before)
            for other in after
            if name not in self.found and other not in taken
        )
        for score, _, name, other in scores:
            if -score >= _PROPOSED and name not in self.found and other not in taken:
                self.found[name] = _Pair(other, tuple(self._reworded(name, other)))
                taken.add(other)

    def _nearness(self, name: str, other: str) -> float:
        """How alike two questions are, 0 to 1: their wordings, their options, their names."""
        first, second = self.earlier.questions[name], self.later.questions[other]
        compared = wording.compare(first.label, second.label, numbered=True)
        words = compared.likeness if compared.change != "unknown" else float(name == other)
        said = [
            {wording.plain(text) for one in question.options for text in one.label.values()}
            for question in (first, second)
        ]
        options = len(said[0] & said[1]) / len(said[0] | said[1]) if said[0] and said[1] else words
        return 0.65 * words + 0.2 * options + 0.15 * (name == other)

    def _reworded(self, name: str, other: str) -> Iterator[Change]:
        """What to say of a proposal by likeness; it is always for a person."""
        first, second = self.earlier.questions[name], self.later.questions[other]
        words = wording.compare(first.label, second.label, numbered=True)
        what = {"unknown": "wording_unknown", "some": "reworded", "none": "alike"}[words.change]
        if first.repeat == second.repeat or words.change != "none":
            yield Change(what, True, likeness=max(0.05, words.likeness - 0.15 * len(words.aspects)))
        for aspect in words.aspects:
            yield Change(aspect, True, likeness=0.5)

    def _dropped(self, name: str) -> _Pair:
        """No counterpart; only a question without answers needs no decision."""
        doubtful = self.earlier.questions[name].kind != "other"
        return _Pair("", (Change("dropped", doubtful, likeness=0.3),))

    def _look_around(self, name: str) -> None:
        """Doubt a match by wording that another question rivals, or that leans on another question than before."""
        pair, said = self.found[name], []
        if not pair.later:
            reused = name in self.later.questions
            said = [Change("name_reused", False, (name,))] if reused else []
        elif not any(change.doubtful for change in pair.changes):
            question, other = self.earlier.questions[name], self.later.questions[pair.later]
            words = wording.compare(question.label, other.label, numbered=True)
            if words.change != "none" and (words.change != "unknown" or question.label or other.label):
                said += self._reworded(name, pair.later)
            said += self._rivals(name, pair.later)
            if self._leans(question, name, pair.later):
                said.append(Change("leaning", True, (name,), 0.5))
        self.found[name] = _Pair(pair.later, (*pair.changes, *said))

    def _rivals(self, name: str, other: str) -> list[Change]:
        """Questions of the same name in the other round that say nearly the same, or nothing."""
        if name == other:
            return []
        first, second = self.earlier.questions[name], self.later.questions[other]
        pairs = [(first, self.later.questions.get(name)), (self.earlier.questions.get(other), second)]
        rivals = [
            (one.name, wording.compare(one.label, two.label, numbered=True))
            for one, two in pairs
            if one and two and "other" not in (one.kind, two.kind)
        ]
        said = [
            Change("alike", True, (rival,), 0.4)
            for rival, words in rivals
            if words.change == "unknown" or words.likeness >= _RIVAL
        ]
        if name in self.later.questions:
            said.append(Change("name_reused", False, (name,)))
        return said

    def _leans(self, question: Question, name: str, other: str) -> bool:
        """Whether a question leans on the one before it, and that is not the same in both rounds."""
        repeated = [
            one
            for form, own in ((self.earlier, name), (self.later, other))
            for one in form.questions.values()
            if one.name != own and one.label and one.label == form.questions[own].label
        ]
        stable = name == other and not PLACE.fullmatch(name)
        if not (repeated or wording.leans(question.label, certain=stable)):
            return False
        previous = _previous(self.earlier, name)
        pair = self.found.get(previous)
        return (pair.later if pair else "") != _previous(self.later, other)


def _previous(form: Form, name: str) -> str:
    """The question before one, leaving out notes and metadata; ``""`` for the first."""
    asked = [one for one, question in form.questions.items() if question.kind != "other" or one == name]
    place = asked.index(name)
    return asked[place - 1] if place else ""
