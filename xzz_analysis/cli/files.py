"""The commands that draft what a person checks: a codebook, a crosswalk, columns of a spreadsheet, a coding sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xzz_analysis.cli.app import Quiet, StudyFolder, app, say
from xzz_analysis.cli.commands import study_folder
from xzz_analysis.errors import InputError, StudyError

Target = Annotated[Path, typer.Option("--out", "-o", help="File to write; nothing is overwritten.")]


@app.command(epilog="Example:  xzz codebook 按文本.xlsx 按序号.xlsx -o forms/child.xlsx")
def codebook(
    files: Annotated[
        list[Path],
        typer.Argument(help="An export; of 问卷星 by text, by number, or both; a CSV of codes and its codebook."),
    ],
    out: Target,
    quiet: Quiet = False,
) -> None:
    """Draft the questionnaire of an export as an XLSForm, for a person to check and complete."""
    from xzz_analysis.intake.codebook import write_codebook
    from xzz_analysis.intake.readers import read_without_form

    form = read_without_form(files).form
    write_codebook(form, out)
    if not quiet:
        doubts = len(form.findings)
        say(f"{out}: {len(form.questions)} questions, {doubts} to look at; complete it, and name it as `form`")


@app.command(epilog="Example:  xzz crosswalk my-study")
def crosswalk(study: StudyFolder = None, quiet: Quiet = False) -> None:
    """Compare the questionnaires of the rounds, and write what changed into crosswalk.yml for a person to decide."""
    from xzz_analysis.intake.forms import forms_of
    from xzz_analysis.intake.rounds import write_crosswalks
    from xzz_analysis.study import open_study

    opened = open_study(study_folder(study))
    forms = {unit: forms_of(opened, unit) for unit, table in opened.tables.items() if table.forms}
    if not forms:
        raise StudyError(f"{opened.path.name} names no form of an earlier round; write them under tables.….forms")
    written = write_crosswalks(opened.settings.crosswalk, forms)
    waiting = sum(len(one.undecided) for rounds in written.values() for one in rounds.values())
    if not quiet:
        say(f"{opened.settings.crosswalk}: {waiting} question(s) wait for a decision")


@app.command(epilog="Example:  xzz columns survey.csv --form forms/child.xlsx -o mapping.yml")
def columns(
    file: Annotated[Path, typer.Argument(help="A spreadsheet or CSV of any origin.")],
    out: Target,
    form: Annotated[Path | None, typer.Option(help="The questionnaire that its columns belong to.")] = None,
    quiet: Quiet = False,
) -> None:
    """Propose what every column of a spreadsheet is, in a file for a person to confirm."""
    from xzz_analysis.intake.form import read_form
    from xzz_analysis.intake.plain import propose, write_mapping
    from xzz_analysis.intake.workbook import read_raw

    if out.exists():
        raise InputError(f"{out} is there already, and nothing is overwritten; name a new file")
    mapping = propose(read_raw(file), read_form(form) if form else None).model_copy(update={"file": file.name})
    write_mapping(mapping, out)
    if not quiet:
        left = len(mapping.open_questions())
        say(f"{out}: {len(mapping.columns)} columns, {left} to decide; confirm them, and name it as `mapping`")


@app.command(epilog="Example:  xzz themes wish my-study")
def themes(
    question: Annotated[str, typer.Argument(help="Id of a coded question in themes.yml.")],
    study: StudyFolder = None,
    round_name: Annotated[str, typer.Option("--round", help="Round; the latest by default.")] = "",
    second: Annotated[bool, typer.Option("--second", help="The file of the second coder.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write the sheet in which a person codes what people said in their own words; for coders only."""
    from xzz_analysis.intake.themes import write_sheet
    from xzz_analysis.study import open_study

    opened = open_study(study_folder(study))
    path, count = write_sheet(opened, question, opened.round(round_name), second=second)
    if not quiet:
        say(f"{path}: {count} answers to read; write 1 where an answer names the theme, 0 where it does not")
        say("it holds what people said: keep it as you keep raw data, and delete the column `text` when it is coded")
