"""Several variables that are one question with several choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.labelled.file import Code, LabelledFile, ResponseSet, Variable
from xzz_analysis.intake.labelled.missing import reason_of
from xzz_analysis.intake.labelled.variables import chosen, code_text, labelled, read_variable
from xzz_analysis.intake.plain.choices import same
from xzz_analysis.intake.plain.headers import Addresses, stems

_YES = ("是", "选中", "已选", "选择", "有", "yes", "selected", "checked", "chosen", "mentioned", "true")
_LABEL_MARKS = ":：—–-/([（【."
_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True)
class Multiple:
    """A select-multiple question and where its options are.

    Attributes
    ----------
    question : Question
    members : dict of str to str
        Option name → variable, for dichotomies.
    variables : tuple of str
        All variables of the question.
    counted : float or str, or None
        The value that means chosen; None when every variable holds the code of a choice.
    derived : bool
        Nobody declared it: the variables' labels share a stem.
    """

    question: Question
    members: dict[str, str] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    counted: Code | None = 1.0
    derived: bool = False


def find_multiple(file: LabelledFile, form: Form | None) -> list[Multiple]:
    """The select-multiple questions of a file: the form's, those the file declares, those that labels show.

    Parameters
    ----------
    file : LabelledFile
    form : Form, optional
        With a form, only its questions are looked for.
    """
    if form is not None:
        return _of_form(file, form)
    found = [_declared(file, declared) for declared in file.sets]
    used = {name for multiple in found for name in multiple.variables}
    return [*found, *_by_label([variable for name, variable in file.variables.items() if name not in used])]


def cells_of(multiple: Multiple, variables: Mapping[str, Variable]) -> tuple[dict[str, pd.Series], dict[str, str]]:
    """Columns ``question/option`` of ``1``, ``0`` and ``""``, and the words of user-missing codes with their labels.

    A row in which a variable is user-missing has that word in every column. Where the variables hold nothing but the
    chosen value, an empty one beside a chosen one is 0.
    """
    used = [variables[name] for name in multiple.variables if variables[name].declares_missing]
    read = [read_variable(variable, Question(variable.name, "other")) for variable in used]
    words = {word: label for cells in read for word, label in cells.words.items()}
    marks = _marks(multiple, variables)
    known = ~np.isnan(np.column_stack(list(marks.values())))
    ticks_only = all(not (column == 0).any() for column in marks.values())
    beside = known.any(axis=1) & ticks_only
    made = {}
    for option, column in marks.items():
        mark = np.where(np.isnan(column), np.where(beside, 0, -1), column == 1).astype(np.int8)
        cells = pd.Series(pd.array(["0", "1", ""], dtype=_TEXT).take(mark))
        for absent in reversed(read):
            cells = cells.mask(absent.cells.isin(list(absent.words)), absent.cells)
        made[f"{multiple.question.name}/{option}"] = cells
    return made, words


def _marks(multiple: Multiple, variables: Mapping[str, Variable]) -> dict[str, np.ndarray]:
    if multiple.counted is not None:
        return {option: chosen(variables[name], multiple.counted) for option, name in multiple.members.items()}
    found = {}
    for option in multiple.question.options:
        columns = np.column_stack([chosen(variables[name], _number(option.code)) for name in multiple.variables])
        filled = ~np.isnan(columns).all(axis=1)
        found[option.name] = np.where(filled, (columns == 1).any(axis=1), np.nan)
    return found


def _number(code: str) -> Code:
    try:
        return float(code)
    except ValueError:
        return code


def _of_form(file: LabelledFile, form: Form) -> list[Multiple]:
    addresses = Addresses(form.questions)
    found: dict[str, dict[str, str]] = {}
    for name, variable in file.variables.items():
        matches = addresses.exact(name) or (addresses.exact(variable.label) if variable.label else [])
        if len(matches) == 1 and matches[0].option:
            found.setdefault(matches[0].question, {}).setdefault(matches[0].option, name)
    return [
        Multiple(form.questions[name], members, tuple(members.values()), _counted(file, members.values()))
        for name, members in found.items()
    ]


def _counted(file: LabelledFile, members: Iterable[str]) -> Code:
    """The value that means chosen: the one labelled so, else 1."""
    for name in members:
        for code, label in file.variables[name].labels.items():
            if same(label) in _YES:
                return code
    return 1.0


def _declared(file: LabelledFile, declared: ResponseSet) -> Multiple:
    members = [file.variables[name] for name in declared.members]
    label = labelled(declared.label or _stem([member.label for member in members]).rstrip(_LABEL_MARKS + " "))
    if declared.counted is None:
        labels = {code: text for member in members for code, text in member.labels.items()}
        kept = sorted((code for code in labels if _is_answer(code, labels, members)), key=str)
        kept.sort(key=lambda code: code if isinstance(code, float) else 0.0)
        options = tuple(Option(code_text(code), labelled(labels[code]), code=code_text(code)) for code in kept)
        question = Question(declared.name, "select_multiple", label, options, source=declared.name)
        return Multiple(question, {}, declared.members, None)
    return _dichotomies(declared.name, label, members, counted=declared.counted)


def _is_answer(code: Code, labels: Mapping[Code, str], members: Iterable[Variable]) -> bool:
    missing = {spec for member in members for spec in member.missing}
    inside = any(low <= code <= high for low, high in missing if type(low) is type(code))  # type: ignore[operator]
    return not inside and not (isinstance(code, str) and reason_of(labels[code]) is not None)


def _dichotomies(
    name: str, label: dict[str, str], members: list[Variable], *, counted: Code = 1.0, derived: bool = False
) -> Multiple:
    """A question whose options are variables, named by what tells the variables apart."""
    prefix = _prefix([member.name for member in members])
    names = [member.name[len(prefix) :].lstrip("_") or member.name for member in members]
    stem = _stem([member.label for member in members])
    wordings = [_after(stem, member.label) for member in members]
    options = tuple(
        Option(option, labelled(wording or member.label))
        for option, wording, member in zip(names, wordings, members, strict=True)
    )
    question = Question(name, "select_multiple", label, options, source=name)
    variables = tuple(member.name for member in members)
    return Multiple(question, dict(zip(names, variables, strict=True)), variables, counted, derived)


def _prefix(texts: list[str]) -> str:
    """The beginning that all texts have."""
    if not texts:
        return ""
    first, last = min(texts), max(texts)
    end = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    return first[:end]


def _stem(labels: list[str]) -> str:
    """What labels share up to a mark between question and option, or ``""``."""
    shared = _prefix(labels)
    end = max((shared.rfind(mark) for mark in _LABEL_MARKS), default=-1)
    return shared[: end + 1]


def _after(stem: str, label: str) -> str:
    closing = {"(": ")", "（": "）", "[": "]", "【": "】"}.get(stem[-1:], "")
    return label.removeprefix(stem).strip().removesuffix(closing).strip()


def _by_label(variables: list[Variable]) -> list[Multiple]:
    """Neighbouring variables of 0 and 1 whose names and labels share a stem and that are empty in the same rows."""
    found: list[Multiple] = []
    run: list[Variable] = []
    shared: set[str] = set()
    for variable in [*variables, None]:
        mine = set() if variable is None or not _is_zero_one(variable) else {stem for stem, _ in stems(variable.label)}
        if run and shared & mine and variable is not None:
            run, shared = [*run, variable], shared & mine
            continue
        prefix = _prefix([member.name for member in run])
        if len(run) > 1 and prefix and _empty_together(run):
            stem = max(shared, key=len)
            found.append(_dichotomies(prefix.rstrip("_") or prefix, labelled(stem), run, derived=True))
        run, shared = ([variable] if variable is not None and mine else []), mine
    return found


def _is_zero_one(variable: Variable) -> bool:
    if variable.is_text or not variable.label:
        return False
    marks = chosen(variable, 1.0) + chosen(variable, 0.0)
    return bool((marks == 1).any() and not (marks == 0).any())


def _empty_together(members: list[Variable]) -> bool:
    empty = np.column_stack([np.isnan(chosen(member, 1.0)) for member in members])
    return bool((empty.all(axis=1) | ~empty.any(axis=1)).all())
