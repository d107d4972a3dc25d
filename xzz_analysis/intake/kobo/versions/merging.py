"""Several versions of one form → one form."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xzz_analysis.errors import Finding, InputError, Severity
from xzz_analysis.intake.answers import Kind, Option, Question
from xzz_analysis.intake.form import Form

_UNNAMED = "\0newest"
"""Version of a form that gives itself none; no export writes it."""
_NUMBERS = {"integer", "decimal"}


def merge_forms(forms: Sequence[Form]) -> tuple[Form, list[Finding]]:
    """Merge the versions of one form.

    Parameters
    ----------
    forms : sequence of Form
        Oldest first; at least one.

    Returns
    -------
    Form
        Every question and option of any version. The latest version that has a question decides its wording, logic,
        group and place; an older question stands after the one it followed. Options that were dropped come last.
        An integer that became a decimal, or the reverse, is a decimal.
    list of Finding
        What changed, one finding per kind of change and pair of versions. A changed kind, or a question that
        moved into or out of a repeat, is an error: its answers cannot stand in one column.

    Raises
    ------
    InputError
        No form is given.
    """
    if not forms:
        raise InputError("no version of the form is given; name at least one under form in study.yml")
    questions: dict[str, Question] = {}
    findings = []
    for position, form in enumerate(forms):
        changes = _Changes(forms[position - 1] if position else form, form)
        if position:
            changes.whole()
        merged = {
            name: changes.merge(questions[name], question) if name in questions else question
            for name, question in form.questions.items()
        }
        questions = _in_order(merged, questions)
        findings += changes.findings()
    latest = forms[-1]
    repeats = dict.fromkeys((*latest.repeats, *(repeat for form in forms for repeat in form.repeats)))
    languages = dict.fromkeys((*latest.languages, *(code for form in forms for code in form.languages)))
    said = tuple(dict.fromkeys(finding for form in forms for finding in form.findings))
    return Form(latest.title, latest.version, tuple(languages), questions, tuple(repeats), said), findings


def with_versions(newest: Form, named: Mapping[str, Form]) -> Form:
    """One form for all versions that were in use.

    Parameters
    ----------
    newest : Form
    named : mapping of str to Form
        Version as the export writes it → form, oldest first; the newest may be among them, and is known by the
        version that it gives itself too.

    Returns
    -------
    Form
        As :func:`merge_forms` makes it, with ``versions``, the newest last; the newest form itself where no version
        is named.
    """
    if not named:
        return newest
    older = {version: form for version, form in named.items() if form != newest}
    own = newest.version if newest.version and newest.version not in named else _UNNAMED
    versions = older | dict.fromkeys((*(version for version in named if version not in older), own), newest)
    return replace(merge_forms(different(versions))[0], versions=versions)


def different(versions: Mapping[str, Form]) -> list[Form]:
    """Different forms, oldest first; a form that was deployed again unchanged has two versions."""
    forms: list[Form] = []
    for form in versions.values():
        if form not in forms:
            forms.append(form)
    return forms


@dataclass
class _Changes:
    """What differs between two versions, gathered by rule."""

    before: Form
    after: Form
    found: dict[str, list[str]] = field(default_factory=dict)
    widened: set[str] = field(default_factory=set)

    def whole(self) -> None:
        """Questions added, removed and reordered."""
        old, new = list(self.before.questions), list(self.after.questions)
        self._note("question_added", (name for name in new if name not in self.before.questions))
        self._note("question_removed", (name for name in old if name not in self.after.questions))
        stayed = [name for name in new if name in self.before.questions]
        rank = {name: place for place, name in enumerate(name for name in old if name in self.after.questions)}
        self._note("question_reordered", _out_of_order(stayed, rank))

    def merge(self, old: Question, new: Question) -> Question:
        """The newer question with the older one's options that it dropped."""
        name = new.name
        kept = {option.name for option in new.options}
        dropped = [option for option in old.options if option.name not in kept]
        known = {option.name: option for option in old.options}
        checks = {
            "kind_changed": old.kind != new.kind,
            "repeat_changed": old.repeat != new.repeat,
            "group_changed": old.group != new.group and old.repeat == new.repeat,
            "label_changed": _differs(old.label, new.label),
            "logic_changed": (old.relevant, old.calculation) != (new.relevant, new.calculation),
            "constraint_changed": (old.constraint, old.required) != (new.constraint, new.required),
        }
        if {old.kind, new.kind} == _NUMBERS:
            self.widened.add(name)
        for rule, changed in checks.items():
            self._note(rule, [name] if changed else [])
        self._note("option_added", (f"{name}/{o.name}" for o in new.options if old.options and o.name not in known))
        self._note("option_removed", (f"{name}/{option.name}" for option in dropped))
        again = (option for option in new.options if option.name in known)
        self._note("option_reworded", (f"{name}/{o.name}" for o in again if _differs(known[o.name].label, o.label)))
        kind: Kind = "decimal" if name in self.widened else new.kind
        options = (*(_completed(option, known) for option in new.options), *dropped)
        return replace(new, kind=kind, options=options, label={**old.label, **new.label})

    def _note(self, rule: str, names: Iterable[str]) -> None:
        self.found.setdefault(rule, []).extend(names)

    def findings(self) -> list[Finding]:
        """One finding per kind of change."""
        versions = f"{_called(self.before)} → {_called(self.after)}"
        made = []
        for rule, names in self.found.items():
            severity, what, remedy = _SAID[rule]
            if rule == "kind_changed" and self.widened.issuperset(names):
                severity = "warning"
            if names:
                message = f"{len(names)} {what}: {', '.join(names[:20])}"
                message += f" and {len(names) - 20} more" if len(names) > 20 else ""
                where = f"{self.after.title}, version {versions}"
                made.append(Finding(severity, rule, where, message, remedy, len(names)))
        return made


_SAID: dict[str, tuple[Severity, str, str]] = {
    "question_added": ("note", "question(s) were added", "older records count as not asked"),
    "question_removed": ("note", "question(s) were removed", "newer records count as not asked"),
    "question_reordered": ("note", "question(s) changed places", "order can change answers; say so in the report"),
    "kind_changed": (
        "error",
        "question(s) changed their kind",
        "give the newer question its own name, or declare in the crosswalk how its answers are recoded",
    ),
    "repeat_changed": (
        "error",
        "question(s) moved into or out of a repeat",
        "give the newer question its own name: it is asked of another unit",
    ),
    "group_changed": ("note", "question(s) moved to another group", "nothing to do: groups do not name columns"),
    "label_changed": (
        "warning",
        "question(s) were re-worded; the latest wording is used",
        "declare in the crosswalk whether their answers can be compared",
    ),
    "logic_changed": (
        "warning",
        "question(s) are shown by another rule; the latest rule is used",
        "blanks of older records may be explained wrongly: check them in the quality report",
    ),
    "constraint_changed": ("note", "question(s) are checked by another constraint; the latest is used", ""),
    "option_added": (
        "warning",
        "option(s) were added",
        "older records could not choose them: compare shares with care",
    ),
    "option_removed": ("note", "option(s) were removed; they are kept for older records", ""),
    "option_reworded": (
        "warning",
        "option(s) were re-worded; the latest wording is used",
        "declare in the crosswalk whether they mean the same",
    ),
}


def _completed(option: Option, known: Mapping[str, Option]) -> Option:
    """The option with its older labels in languages that the newer version lacks."""
    older = known.get(option.name)
    return replace(option, label={**older.label, **option.label}) if older else option


def _differs(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a wording changed in a language that both have."""
    return any(" ".join(old[code].split()) != " ".join(new[code].split()) for code in old.keys() & new.keys())


def _in_order(merged: Mapping[str, Question], earlier: Mapping[str, Question]) -> dict[str, Question]:
    """The newer order; what only earlier versions have stands after the question it followed there."""
    order = list(merged)
    previous = ""
    for name in earlier:
        if name not in merged:
            order.insert(order.index(previous) + 1 if previous else 0, name)
        previous = name
    return {name: merged.get(name) or earlier[name] for name in order}


def _out_of_order(names: Sequence[str], rank: Mapping[str, int]) -> list[str]:
    """Names outside the longest run that keeps the older order: the fewest that must have moved."""
    ends: list[int] = []
    lengths = []
    for name in names:
        length = bisect_left(ends, rank[name])
        ends[length : length + 1] = [rank[name]]
        lengths.append(length)
    kept, wanted, below = set(), len(ends) - 1, len(names)
    for name, length in zip(reversed(names), reversed(lengths), strict=True):
        if length == wanted and rank[name] < below:
            kept.add(name)
            wanted, below = wanted - 1, rank[name]
    return [name for name in names if name not in kept]


def _called(form: Form) -> str:
    return repr(form.version) if form.version else "without a number"
