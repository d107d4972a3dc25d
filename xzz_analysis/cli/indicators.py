"""The command that lists, explains and checks the ready indicators."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from xzz_analysis.cli.app import Json, Quiet, app, say
from xzz_analysis.errors import InputError, suggest

FORMS = (".xlsx", ".xls", ".csv", ".md")
"""How a file ends that is a form and no study."""

Source = Annotated[
    Path | None,
    typer.Argument(metavar="[STUDY]", help="Study folder, or one form (.xlsx); the ready indicators alone without it."),
]


@app.command(epilog="Example:  xzz indicators data/demo --domain education")
def indicators(
    study: Source = None,
    domain: Annotated[str, typer.Option("--domain", help="education, health, livelihood or support.")] = "",
    explain: Annotated[str, typer.Option("--explain", help="Id of an indicator to tell everything about.")] = "",
    language: Annotated[str, typer.Option("--language", help="zh or en; of the explanation and the labels.")] = "en",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """List the ready indicators, explain one, or say which ones a form can answer and what the others lack."""
    _check(domain, language)
    if explain:
        _explain(_declared(study, explain), language, as_json=as_json)
        return
    table = _listed() if study is None else _covered(study)
    table = table[table["domain"] == domain] if domain else table
    if as_json:
        say(json.dumps(table.to_dict("records"), ensure_ascii=False, indent=1))
        return
    for row in table.to_dict("records"):
        _show(row, language, quiet=quiet)
    if not quiet:
        counted = f"; {int(table['computable'].sum())} can be computed" if "computable" in table else ""
        say(f"{len(table)} indicators{counted}; `--explain ID` tells what one is")


def _check(domain: str, language: str) -> None:
    from xzz_analysis.language import REPORT_LANGUAGES
    from xzz_analysis.needs.indicator import DOMAINS

    for what, given, known in (("domain", domain, DOMAINS), ("language", language, REPORT_LANGUAGES)):
        if given and given not in known:
            raise InputError(f"{what} {given!r} is not known{suggest(given, known)}; write one of {', '.join(known)}")


def _listed() -> pd.DataFrame:
    """The ready indicators without a form."""
    from xzz_analysis.needs.registry import indicators as ready

    return pd.DataFrame(
        {"indicator": one.id, "version": one.version, "domain": one.domain, "kind": one.kind, "unit": one.unit}
        | {"label_zh": one.label["zh"], "label_en": one.label["en"], "questions": ", ".join(one.questions())}
        for one in ready()
    )


def _covered(source: Path) -> pd.DataFrame:
    """The ready indicators beside a study's forms, or beside one form."""
    from xzz_analysis.intake.form import read_form
    from xzz_analysis.needs.registry import coverage
    from xzz_analysis.study import open_study

    return coverage(read_form(source) if source.suffix.lower() in FORMS else open_study(source))


def _declared(source: Path | None, name: str) -> Any:
    """The indicator of that id: the study's own where it has one, else the ready one."""
    from xzz_analysis.needs.indicator import read_indicators
    from xzz_analysis.needs.registry import find
    from xzz_analysis.study import open_study

    own = [] if source is None or source.suffix.lower() in FORMS else read_indicators(open_study(source))
    return next((one for one in own if one.id == name), None) or find(name)


def _explain(indicator: Any, language: str, *, as_json: bool) -> None:
    from xzz_analysis.needs.registry import describe

    told = describe(indicator, language)
    if as_json:
        say(json.dumps(told, ensure_ascii=False, indent=1))
        return
    say(f"{told['id']}  v{told['version']}  {told['title']}")
    for row in told["rows"]:
        say(f"  {row['name']}: {row['text']}")
    for question in told["questions"]:
        options = " / ".join(f"{one['name']} ({one['label']})" for one in question["options"])
        about = " · ".join(part for part in (question["kind"], question["wording"], options, question["note"]) if part)
        say(f"  ${{{question['name']}}}  {about}".rstrip())


def _show(row: Mapping[Any, Any], language: str, *, quiet: bool) -> None:
    """One indicator on one line, and what its form lacks below it."""
    able = row.get("computable")
    if quiet and able is False:
        return
    mark = {True: "yes  ", False: "no   "}.get(able, "") if able is not None else ""
    say(f"{mark}{row['indicator']:28} {row['domain']:11} {row[f'label_{language}']}")
    if quiet:
        return
    for field, said in LACKING.items():
        if row.get(field):
            say(f"{'':5}  {said}: {row[field]}")


LACKING = {
    "missing_unit": "no table for the unit",
    "missing_questions": "questions that are not asked",
    "missing_options": "options that are not offered",
    "wrong_kind": "asked in a way that cannot be counted",
    "rounds_without": "rounds that did not ask everything",
}
"""What stands below an indicator that a form cannot answer."""
