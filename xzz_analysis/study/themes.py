"""themes.yml: how free-text answers were coded into themes, and which words may be quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from xzz_analysis.declaration import Declaration, check, read_yaml
from xzz_analysis.errors import Finding, suggest
from xzz_analysis.study.settings import EVERY_ROUND
from xzz_analysis.study.words import BothLanguages

if TYPE_CHECKING:
    from xzz_analysis.study.settings import Settings

Domain = Literal["education", "health", "livelihood", "support"]
NOTHING_SAID = "none"
"""What a coder writes where an answer names none of the themes; no theme is called so."""


def _no_theme(code: str) -> str:
    if code in (NOTHING_SAID, "text", "codes", "note"):
        raise ValueError("the coded file uses this word otherwise; choose another")
    return code


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), AfterValidator(_no_theme)]
"""Name of a theme or of a coded question, as expressions and columns use it."""

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _by_round(value: Any) -> Any:
    return {EVERY_ROUND: value} if isinstance(value, str) else value


Files = Annotated[dict[str, Path], BeforeValidator(_by_round)]


class Theme(Declaration):
    """One theme: what it is called, what belongs to it, and its domain where that is not the question's."""

    label: BothLanguages
    definition: BothLanguages
    domain: Domain | None = None


class CodedQuestion(Declaration):
    """A free-text question whose answers were read and coded by people.

    ``id`` is the name of the coded question, ``question`` that of the text. ``file`` is the coded file, one for each
    round; ``second_coder`` the file of somebody who coded the same answers, or some of them, without seeing the first.
    ``uncoded`` are rounds that nobody has coded: their themes count as not asked.
    """

    id: Code
    unit: str
    question: str
    label: BothLanguages
    domain: Domain
    file: Annotated[Files, Field(min_length=1)]
    codes: Annotated[dict[Code, Theme], Field(min_length=1)]
    second_coder: Files = Field(default_factory=dict)
    uncoded: list[str] = Field(default_factory=list)

    def domain_of(self, code: str) -> str:
        """Domain of a theme."""
        return self.codes[code].domain or self.domain

    def files(self) -> Iterator[tuple[str, str, Path]]:
        """Role (``file`` or ``second_coder``), round and path of every file."""
        for role in ("file", "second_coder"):
            yield from ((role, name, path) for name, path in getattr(self, role).items())


class Quotation(Declaration):
    """Words that somebody approved for print, with whose they are in coarse words (一名初中生 / a pupil)."""

    theme: str
    zh: Said
    en: Said
    who: BothLanguages
    approved_by: Said
    consent: Literal[True]
    paraphrased: bool = False
    round: str = ""


class Themes(Declaration):
    """The whole of themes.yml."""

    questions: list[CodedQuestion] = Field(default_factory=list)
    quotations: list[Quotation] = Field(default_factory=list)

    def coded(self, unit: str) -> list[CodedQuestion]:
        """The coded questions of a unit."""
        return [one for one in self.questions if one.unit == unit]


def read_themes(settings: Settings) -> tuple[Themes, list[Finding]]:
    """Read what study.yml names under ``themes``, files resolved beside it.

    Parameters
    ----------
    settings : Settings
        Paths already resolved.

    Returns
    -------
    tuple
        The declarations (none when something is wrong) and every problem.
    """
    path = settings.themes
    if path is None or not path.is_file():
        return Themes(), []
    data, findings = read_yaml(path)
    made, problems = check(Themes, data, path.name)
    findings += problems
    if made is None:
        return Themes(), findings
    findings += _contradictions(made, settings, path.name)
    found = [_resolved(one, settings, path.parent) for one in made.questions]
    return made.model_copy(update={"questions": found}), findings


def _resolved(coded: CodedQuestion, settings: Settings, folder: Path) -> CodedQuestion:
    """Every file under its round; one that is named without a round belongs to the unit's only one."""
    rounds = _rounds(coded.unit, settings)
    only = rounds[0] if rounds else EVERY_ROUND

    def placed(files: Mapping[str, Path]) -> dict[str, Path]:
        return {name or only: folder / path for name, path in files.items()}

    return coded.model_copy(update={"file": placed(coded.file), "second_coder": placed(coded.second_coder)})


def _rounds(unit: str, settings: Settings) -> list[str]:
    return [name for name in settings.rounds if unit in settings.tables and name in settings.tables[unit].raw]


def _contradictions(themes: Themes, settings: Settings, where: str) -> Iterator[Finding]:
    """Names that point nowhere or are used twice, and files that do not say their round."""
    names = [one.id for one in themes.questions]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _problem("duplicate_id", where, f"id {name!r} is declared {names.count(name)} times", "rename one")
    for coded in themes.questions:
        place = f"{where}: {coded.id}"
        if coded.unit not in settings.tables:
            hint = suggest(coded.unit, settings.tables)
            yield _problem("unknown_name", f"{place}.unit", f"no table {coded.unit!r}{hint}", "name a table")
            continue
        rounds = _rounds(coded.unit, settings)
        for role, name, _ in coded.files():
            if name == EVERY_ROUND and len(rounds) > 1:
                message = f"one file is named for the {len(rounds)} rounds of unit {coded.unit!r}"
                yield _problem("round_missing", f"{place}.{role}", message, f"name one a round: {{{rounds[-1]}: …}}")
        for name in sorted({*coded.uncoded, *(name for _, name, _ in coded.files())} - {EVERY_ROUND, *rounds}):
            yield _unknown_round(f"{place}", name, rounds)
        for name in sorted(set(coded.uncoded) & set(coded.file)):
            yield _problem("duplicate_id", f"{place}.uncoded", f"round {name!r} has a file too", "keep one of them")
    for number, quotation in enumerate(themes.quotations, start=1):
        yield from _quotation(quotation, themes, settings, f"{where}: quotation {number}")


def _quotation(quotation: Quotation, themes: Themes, settings: Settings, place: str) -> Iterator[Finding]:
    known = {f"{one.id}/{code}": one for one in themes.questions for code in one.codes}
    if quotation.theme not in known:
        hint = suggest(quotation.theme, known)
        yield _problem("unknown_name", f"{place}.theme", f"no theme of that name{hint}", "write it as question/theme")
        return
    rounds = _rounds(known[quotation.theme].unit, settings)
    if quotation.round and quotation.round not in rounds:
        yield _unknown_round(place, quotation.round, rounds)
    elif not quotation.round and len(rounds) > 1:
        message = f"it does not say in which of the {len(rounds)} rounds these words were said"
        yield _problem("round_missing", place, message, f"write `round: {rounds[-1]}`, or another")


def _unknown_round(place: str, name: str, rounds: list[str]) -> Finding:
    return _problem("unknown_name", place, f"no round {name!r}{suggest(name, rounds)}", "declare it under rounds")


def _problem(rule: str, place: str, message: str, remedy: str) -> Finding:
    return Finding("error", rule, place, message, remedy)
