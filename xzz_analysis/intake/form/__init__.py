"""XLSForm → questionnaire as data, read as tolerantly as field forms need.

pyxform reads the workbook and knows every spelling of columns and types; it also refuses many forms that were
really fielded. Here its objections become findings, and only a form whose structure is lost (no survey sheet,
a group that never closes) is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Question
from xzz_analysis.intake.form.sheets import choice_lists, language_code, objections, open_form, rows
from xzz_analysis.intake.form.survey import Survey
from xzz_analysis.language import Label

__all__ = ["Form", "read_form"]


@dataclass(frozen=True)
class Form:
    """A questionnaire.

    Attributes
    ----------
    title, version : str
    languages : tuple of str
        Language codes of the labels, the default language first; ``""`` for labels without a language.
    questions : dict of str to Question
        In form order, notes and metadata included (kind ``other``). A name that occurs again becomes
        ``name_001``, as Kobo writes it. Three columns beside XLSForm's are known: ``source`` of a question, ``code``
        and ``exclusive`` of an option.
    repeats : tuple of str
    findings : tuple of Finding
    headings : mapping of str to Label
        Group or repeat → what it is called in the form.
    versions : mapping of str to Form
        Where several versions were in use in one round: version as exports write it → what it asked.
    """

    title: str
    version: str
    languages: tuple[str, ...]
    questions: dict[str, Question]
    repeats: tuple[str, ...]
    findings: tuple[Finding, ...]
    headings: Mapping[str, Label] = field(default_factory=dict, repr=False)
    versions: Mapping[str, Form] = field(default_factory=dict, repr=False)


def read_form(path: Path) -> Form:
    """Read an XLSForm.

    Parameters
    ----------
    path : Path
        XLSX or XLS workbook, or pyxform's CSV and Markdown forms.

    Returns
    -------
    Form

    Raises
    ------
    InputError
        The file is unreadable, has no survey sheet, or its groups do not open and close in pairs.
    """
    definition = open_form(path)
    settings = next(rows(definition.settings, ""), None)
    said = settings.cells if settings else {}
    default = language_code(said.get("default_language", ""))
    lists, findings = choice_lists(definition, path.name, default)
    survey = Survey(path.name, lists, default)
    survey.read(definition)
    languages = dict.fromkeys(sorted(survey.languages, key=lambda code: code != default))
    return Form(
        title=said.get("title", "") or path.stem,
        version=said.get("version", ""),
        languages=tuple(languages),
        questions=survey.questions,
        repeats=tuple(survey.repeats),
        findings=(*survey.findings, *findings, *objections(definition, path.name)),
        headings=survey.headings,
    )
