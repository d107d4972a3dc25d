"""Which ready indicators a form can answer, and which questions and options the others lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.forms import forms_of, whole_form
from xzz_analysis.needs.answerable import missing_options, not_numbers, unscored_options
from xzz_analysis.needs.indicator import Indicator, read_indicators
from xzz_analysis.needs.registry.catalogue import indicators
from xzz_analysis.study import Study, Table

Asked = Mapping[str, Mapping[str, Question]]
"""Unit → question → as asked of the unit or of its parents."""


def coverage(forms: Study | Form | Mapping[str, Form]) -> pd.DataFrame:
    """Say which ready indicators can be computed from a form, and what is missing for the rest.

    Parameters
    ----------
    forms : Study, Form, or mapping of unit to Form
        A study is looked at with the indicators it takes over or declares under a ready indicator's id, in its
        own names. A single form is taken to ask every unit.

    Returns
    -------
    DataFrame, one row per ready indicator
        ``indicator, version, domain, kind, unit, label_zh, label_en, declared`` (whether the study declares it),
        ``computable, missing_unit, missing_questions, missing_options, wrong_kind, rounds_without``: texts, empty
        where nothing is missing; ``rounds_without`` names the rounds whose own form lacks one of its questions.

    Raises
    ------
    StudyError
        The study's indicators cannot be read.
    """
    own = {one.id: one for one in read_indicators(forms)} if isinstance(forms, Study) else {}
    if isinstance(forms, Study):
        asked, rounds = _asked_by(forms)
    else:
        asked, rounds = _asked_in(forms), {}
    rows = []
    for ready in indicators():
        used = own.get(ready.id, ready)
        row = {"indicator": used.id, "version": used.version, "domain": used.domain, "kind": used.kind}
        row |= {"unit": used.unit, "label_zh": used.label["zh"], "label_en": used.label["en"]}
        rows.append(row | {"declared": ready.id in own} | _lacking(used, asked) | _rounds(used, asked, rounds))
    return pd.DataFrame(rows)


def _lacking(used: Indicator, asked: Asked) -> dict[str, object]:
    """What a form lacks for one indicator."""
    everything = {name: question for questions in asked.values() for name, question in questions.items()}
    seen = asked.get(used.unit, asked.get("", everything))
    unit = "" if used.unit in asked or "" in asked else used.unit
    questions = [name for name in used.questions() if name not in seen]
    options = missing_options(used, seen)
    kinds = _wrong_kinds(used, seen)
    return {
        "computable": not (unit or questions or options or kinds),
        "missing_unit": unit,
        "missing_questions": ", ".join(questions),
        "missing_options": "; ".join(f"{name}: {', '.join(listed)}" for name, listed in options.items()),
        "wrong_kind": "; ".join(kinds),
    }


def _wrong_kinds(used: Indicator, seen: Mapping[str, Question]) -> list[str]:
    """Questions whose answers cannot be counted: options that are no numbers, codes that a scale does not know."""
    codes = {name: ", ".join(listed) for name, listed in unscored_options(used, seen).items()}
    return [f"{name}: {said}" for name, said in (not_numbers(used, seen) | codes).items()]


def _rounds(used: Indicator, asked: Asked, rounds: Mapping[str, Asked]) -> dict[str, str]:
    """Rounds whose form lacks a question that the newest one asks."""
    wanted = [name for name in used.questions() if name in asked.get(used.unit, {})]
    lacking = [
        name
        for name, then in rounds.items()
        if used.unit in then and any(question not in then[used.unit] for question in wanted)
    ]
    return {"rounds_without": ", ".join(lacking)}


def _asked_in(forms: Form | Mapping[str, Form]) -> Asked:
    """Questions of forms without a study: a single form asks everybody (unit ``""``)."""
    if isinstance(forms, Form):
        return {"": forms.questions}
    asked: dict[str, dict[str, Question]] = {}
    for unit, form in forms.items():
        for question in form.questions.values():
            asked.setdefault(question.repeat or unit, {})[question.name] = question
    if {"child", "family"} <= asked.keys():  # a child answers for its family's questions too
        asked["child"] = {**asked["family"], **asked["child"]}
    return asked


def _asked_by(study: Study) -> tuple[Asked, dict[str, Asked]]:
    """Questions of a study's newest forms, and of each round's own."""
    by_round = {unit: forms_of(study, unit) for unit in study.tables}
    newest = {unit: whole_form(study, unit, forms) for unit, forms in by_round.items()}
    names = list(dict.fromkeys(name for forms in by_round.values() for name in forms))
    rounds = {
        name: _seen(study, {unit: forms[name] for unit, forms in by_round.items() if name in forms}) for name in names
    }
    return _seen(study, newest), rounds


def _seen(study: Study, forms: Mapping[str, Form]) -> Asked:
    """Questions of every unit and repeat, its parents' included."""
    own: dict[str, dict[str, Question]] = {}
    parents = {unit: table.parent for unit, table in study.tables.items() if table.parent}
    for unit, form in forms.items():
        table = study.tables[unit]
        kept = {name: Question(name, "column") for name in study.kept_columns(unit)}
        own[unit] = kept | {one.name: one for one in _with_added(form.questions.values(), table) if not one.repeat}
        for repeat in form.repeats:
            own[repeat] = {one.name: one for one in form.questions.values() if one.repeat == repeat}
            parents[repeat] = unit
    return {unit: _inherited(unit, own, parents) for unit in own}


def _inherited(unit: str, own: Mapping[str, dict[str, Question]], parents: Mapping[str, str]) -> dict[str, Question]:
    above = parents.get(unit, "")
    return (_inherited(above, own, parents) if above in own else {}) | own[unit]


def _with_added(questions: Iterable[Question], table: Table) -> Iterable[Question]:
    """Questions with the options that study.yml adds to them."""
    for question in questions:
        added = table.added_options.get(question.name, {})
        options = tuple(Option(name, label) for name, label in added.items())
        yield question.__class__(**{**vars(question), "options": (*question.options, *options)}) if added else question
