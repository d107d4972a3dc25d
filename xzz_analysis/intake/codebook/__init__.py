"""The codebook of an export without a form: derived, written for a person to check and complete, and read again.

It is an XLSForm workbook with a few columns more, so a completed codebook is named as ``form`` in study.yml and read
by :func:`xzz_analysis.intake.form.read_form` like any other form.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.codebook.doubts import DOUBTS, doubt
from xzz_analysis.intake.codebook.exclusive import guess_exclusive, says_alone
from xzz_analysis.intake.codebook.kinds import LONGEST_OPTION, MOST_OPTIONS, Content, guess_kind
from xzz_analysis.intake.codebook.sheets import write_codebook
from xzz_analysis.intake.export import Export
from xzz_analysis.intake.form import Form

__all__ = [
    "DOUBTS",
    "LONGEST_OPTION",
    "MOST_OPTIONS",
    "Content",
    "derive",
    "doubt",
    "guess_exclusive",
    "guess_kind",
    "says_alone",
    "write_codebook",
]


def derive(export: Export, language: str = "zh") -> Form:
    """Derive the codebook of an export.

    Parameters
    ----------
    export : Export
        Its form is kept where there is one, and exclusive options are guessed; a table without any question becomes
        one question per column, columns with a role left out.
    language : str
        Language code of wordings taken from headers and cells.

    Returns
    -------
    Form
        Its findings, of rules in :data:`DOUBTS`, are what a person should check. Names of questions taken from
        headers are ``q1``, ``q2`` …, with the header as wording and ``source``.
    """
    form = export.form if export.form.questions else _from_columns(export, language)
    questions, findings = {}, list(form.findings)
    for name, question in form.questions.items():
        questions[name], doubts = guess_exclusive(question, export.frame)
        findings += [doubt(word, export.file, name) for word in doubts]
    return replace(form, questions=questions, findings=tuple(findings))


def _from_columns(export: Export, language: str) -> Form:
    """One question per column, its kind and options by its answers."""
    questions: dict[str, Question] = {}
    findings = []
    missing = {"", *export.words}
    for header in export.frame.columns:
        if header in export.roles.values():
            continue
        counts = Counter(text.strip() for text in export.frame[header])
        answers = {text: count for text, count in counts.items() if text not in missing}
        guess = guess_kind(answers, header)
        kind = guess.kind_as_written
        name = f"q{len(questions) + 1}"
        labels = enumerate(guess.options if kind == "select_one" else (), start=1)
        options = tuple(Option(str(place), {language: label}) for place, label in labels)
        questions[name] = Question(name, kind, {language: header}, options, source=header)
        doubts = (*guess.doubts, "codebook_options_by_appearance") if options else guess.doubts
        findings += [doubt(word, export.file, name) for word in doubts]
    return Form(export.file, "", (language, "en"), questions, (), tuple(findings))
