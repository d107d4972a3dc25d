"""Headers of an export ↔ questions of a form: by the header's wording, never by its position alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from xzz_analysis.errors import Finding, suggest
from xzz_analysis.intake.answers import Option, Question
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.wjx.cells import Wordings
from xzz_analysis.intake.wjx.files import Column, WjxFile
from xzz_analysis.intake.wjx.headings import Heading, Source, cuts, parse_source, shown, stem

_CHOICE = re.compile(r"_choice(\d+)$")
_PLACE = re.compile(r"（第\d+位）$| \(place \d+\)$| →\d+$")


@dataclass(frozen=True, eq=False)
class Target:
    """What one header is about: a question, or the choices of a ranking.

    Attributes
    ----------
    questions : tuple of Question
        One; of a ranking the first choice, the second …, with the same options.
    source : Source
    other : Question or None
        The text question that holds what respondents wrote beside an option.
    """

    questions: tuple[Question, ...]
    source: Source
    other: Question | None = None

    @property
    def question(self) -> Question:
        """The question, or the first choice of the ranking."""
        return self.questions[0]

    @property
    def ranking(self) -> bool:
        """Whether the answers put options in order."""
        return bool(re.fullmatch(r"→\d+", self.source.role))

    @property
    def by_items(self) -> bool:
        """Whether an export by number may give each option a column."""
        return self.ranking or self.question.kind == "select_multiple"

    @cached_property
    def wordings(self) -> Wordings:
        """The options by their wording."""
        return Wordings(self.question.options)

    @cached_property
    def number(self) -> str:
        """The platform's number of the question, as far as the form knows it."""
        return self.source.heading.number

    @cached_property
    def wording(self) -> str:
        """The wording that the source gives, for comparison."""
        return stem(self.source.heading.text)

    @property
    def bare(self) -> bool:
        """Whether the source gives a number and nothing else."""
        heading = self.source.heading
        return bool(heading.number) and not (heading.text or heading.item or heading.beside)

    @cached_property
    def labels(self) -> frozenset[str]:
        """Wordings that the labels give, for comparison."""
        return frozenset(stem(without_place(label)) for label in self.question.label.values()) - {""}

    @cached_property
    def rows(self) -> frozenset[str]:
        """Wordings of the row, if this is a row of a matrix: what stands alone or behind a dash."""
        heading = self.source.heading
        alone = [heading.text, heading.item, heading.beside]
        behind = [row for text in (heading.text, *self.question.label.values()) for _, row in cuts(text)]
        return frozenset(map(stem, (*alone, *behind))) - {""}


@dataclass
class Bound:
    """The columns of one target in one file.

    Attributes
    ----------
    target : Target
    whole : Column or None
        The column of the question itself.
    items : dict of str to Column
        Option → its column.
    beside : list of Column
        Columns of the words written beside an option.
    """

    target: Target
    whole: Column | None = None
    items: dict[str, Column] = field(default_factory=dict)
    beside: list[Column] = field(default_factory=list)


@dataclass
class Block:
    """The columns that share a question number."""

    number: str
    whole: list[Column] = field(default_factory=list)
    items: list[Column] = field(default_factory=list)
    beside: list[Column] = field(default_factory=list)

    @property
    def stems(self) -> list[str]:
        """Wordings that the first column of a matrix may hold in front of its row."""
        return [before for before, _ in cuts(self.whole[0].heading.text)] if len(self.whole) > 1 else []


def blocks_of(columns: Iterable[Column]) -> list[Block]:
    """Columns by question number, in file order."""
    blocks: dict[str, Block] = {}
    for column in columns:
        heading = column.heading
        block = blocks.setdefault(heading.number, Block(heading.number))
        (block.items if heading.item else block.beside if heading.beside else block.whole).append(column)
    return list(blocks.values())


def targets_of(form: Form) -> list[Target]:
    """What the headers of the form's exports are about, in form order; a ranking becomes its choices."""
    targets: dict[str, Target] = {}
    others: list[Question] = []
    for question in (made for asked in form.questions.values() for made in choices_of(asked)):
        source = _source_of(question)
        if source.role == "〖〗" or (not question.source and _base_of_other(question, form)):
            others.append(question)
        elif question.kind not in ("calculate", "column") and not (question.kind == "other" and not question.source):
            ranked = source.role.startswith("→")
            key = f"→{source.base if question.source else _CHOICE.sub('', question.name)}" if ranked else question.name
            before = targets[key].questions if key in targets else ()
            targets[key] = Target((*before, question), source)
    for question in others:
        base = parse_source(question.source).base
        for key, target in targets.items():
            if (
                target.source.base == base
                if question.source
                else target.question.name == _base_of_other(question, form)
            ):
                targets[key] = replace(target, other=question)
    return list(targets.values())


def _source_of(question: Question) -> Source:
    """The question's source; without one the name tells the places of a ranking."""
    place = _CHOICE.search(question.name)
    if not question.source and place and question.kind == "select_one":
        return Source(parse_source("").heading, f"→{place[1]}")
    return parse_source(question.source)


def choices_of(question: Question) -> tuple[Question, ...]:
    """The question; the choices of a ranking instead of it, ``needs_choice1`` being what was put first."""
    if question.kind != "other" or not question.options:
        return (question,)
    source = question.source or next(iter(question.label.values()), question.name)
    return ranked(replace(question, kind="select_one", source=source))


def without_place(label: str) -> str:
    """The wording of a ranking without the place that :func:`ranked` adds."""
    return _PLACE.sub("", label)


def ranked(question: Question) -> tuple[Question, ...]:
    """One question per place of a ranking: ``needs_choice1`` for what was put first."""
    ends = {"zh": "（第{}位）", "en": " (place {})"}
    return tuple(
        replace(
            question,
            name=f"{question.name}_choice{place}",
            label={
                language: f"{text}{ends.get(language, ' →{}').format(place)}"
                for language, text in question.label.items()
            },
            source=f"{question.source}→{place}",
        )
        for place in range(1, len(question.options) + 1)
    )


def _base_of_other(question: Question, form: Form) -> str:
    """Name of the select question that ``…_other`` belongs to, ``""`` when there is none."""
    base = form.questions.get(question.name.removesuffix("_other"))
    selects = base is not None and base.name != question.name and base.kind in ("select_one", "select_multiple")
    return base.name if base is not None and selects and question.kind == "text" else ""


@dataclass
class Matcher:
    """Finds the target of every column of one file.

    Attributes
    ----------
    file : str
        File name, for messages.
    targets : sequence of Target
    bound, findings
        What :meth:`match` found; one entry of ``bound`` per target that has columns, in target order.
    """

    file: str
    targets: Sequence[Target]
    bound: dict[int, Bound] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    renumbered: bool = False
    numbers: dict[str, set[str]] = field(default_factory=dict)

    def match(self, columns: Sequence[Column]) -> dict[int, Bound]:
        """Match every column; what matches nothing or two questions becomes a finding."""
        blocks = blocks_of(columns)
        for heading in (column.heading for column in columns):
            self.numbers.setdefault(stem(heading.text), set()).add(heading.number)
        for block in blocks:
            self._match_whole(block)
        for block in blocks:
            self._match_items(block)
            self._match_beside(block)
        return {place: self.bound[place] for place in sorted(self.bound)}

    def _match_whole(self, block: Block) -> None:
        number = block.number
        for place, column in enumerate(block.whole):
            found = self._candidates(column.heading, number, block)
            self._take_only(found, column)
            if len(found) == 1:
                known = self.targets[found[0]].number
                self.renumbered |= known not in ("", block.number)
                number = known if place == 0 and known else number

    def _candidates(self, heading: Heading, number: str, block: Block) -> list[int]:
        """Targets of a header that gives a wording, by the strongest likeness that finds any."""
        wording = stem(heading.text)
        matrix = len(block.whole) > 1
        full = {wording, *(stem(f"{before}—{heading.text}") for before in block.stems)}
        rows = {wording, *(stem(row) for _, row in cuts(heading.text) if matrix)}
        worded = self._where(lambda target: target.wording == wording != "")
        same = [place for place in worded if self.targets[place].number == number]
        if len(worded) == 1 or (same and (matrix or self._same_numbers(worded, wording))):
            return same or worded
        return (
            worded
            or self._where(lambda target: bool(target.labels & full))
            or self._where(lambda target: target.number == number and bool(target.rows & rows))
            or self._where(lambda target: not matrix and target.number == number and target.bare)
        )

    def _where(self, fits: Callable[[Target], bool]) -> list[int]:
        return [place for place, target in enumerate(self.targets) if fits(target)]

    def _same_numbers(self, worded: Sequence[int], wording: str) -> bool:
        """Whether questions of one wording are still numbered as the form knows them."""
        return self.numbers[wording] == {self.targets[place].number for place in worded}

    def _match_items(self, block: Block) -> None:
        """Match ``第6题(…)``: options of one question, or rows of a matrix."""
        if not block.items:
            return
        place = self._by_options(block)
        if place is None:
            self._match_rows(block)
            return
        wordings = self.targets[place].wordings
        bound = self.bound.setdefault(place, Bound(self.targets[place]))
        for column in block.items:
            name = wordings.find(column.heading.item)
            if name and name not in bound.items:
                bound.items[name] = column
            else:
                self._unknown_option(column.heading, place)

    def _by_options(self, block: Block) -> int | None:
        """The target whose options the columns name: that of the number if it fits, else the only one that fits."""
        items = [column.heading.item for column in block.items]
        fits = {
            place: sum(bool(target.wordings.find(item)) for item in items)
            for place, target in enumerate(self.targets)
            if target.by_items
        }
        whole = [place for place, count in fits.items() if count == len(items)]
        same = [place for place, count in fits.items() if count and self.targets[place].number == block.number]
        exact = [place for place in whole if len(self.targets[place].question.options) == len(items)]
        whole = exact if len(exact) == 1 else whole
        if len(same) == 1 and not (self.renumbered and len(whole) > 1) and (same[0] in whole or not whole):
            return same[0]
        return whole[0] if len(whole) == 1 else None

    def _match_rows(self, block: Block) -> None:
        for column in block.items:
            row = stem(column.heading.item)
            known = self._where(lambda target, row=row: row in target.rows)  # type: ignore[misc]
            same = [place for place in known if self.targets[place].number == block.number]
            self._take_only(known if self.renumbered or not same else same, column)

    def _match_beside(self, block: Block) -> None:
        """Match ``6、(其他:)`` with the question of the same number, or with a question of that wording."""
        columns = {id(column) for column in (*block.whole, *block.items)}
        for column in block.beside:
            owners = [
                bound
                for bound in self.bound.values()
                if columns & {id(known) for known in (bound.whole, *bound.items.values())}
                and bound.target.wordings.find(column.heading.beside)
            ]
            if len(owners) == 1:
                owners[0].beside.append(column)
                continue
            row = stem(column.heading.beside)
            known = self._where(lambda target, row=row: row in target.labels | target.rows)  # type: ignore[misc]
            same = [place for place in known if self.targets[place].number == block.number]
            self._take_only(same or known, column)

    def _take_only(self, found: Sequence[int], column: Column) -> None:
        """Give the column to the only target found; a target's second column becomes a finding."""
        if len(found) != 1:
            self._unmatched(column.heading, found)
            return
        bound = self.bound.setdefault(found[0], Bound(self.targets[found[0]]))
        if bound.whole is None:
            bound.whole = column
            return
        name = bound.target.question.name
        first = shown(bound.whole.heading.header)
        message = f"column {shown(column.heading.header)} is question {name!r} again, which column {first} already is"
        remedy = "if they are two questions, give each its header as `source` in the form; else delete one column"
        self._find("header_twice", message, remedy)

    def _unmatched(self, heading: Heading, found: Sequence[int]) -> None:
        header = shown(heading.header)
        if found:
            names = ", ".join(self.targets[place].question.name for place in found[:3])
            message = f"column {header} may be {len(found)} questions of the form ({names}), so it is not read"
            remedy = "write the header as `source` of the right question in the form"
            self._find("header_ambiguous", message, remedy)
            return
        known = {label for target in self.targets for label in target.labels}
        near = suggest(stem(heading.text or heading.item), known)
        message = f"column {header} belongs to no question of the form, so it is not read{near}"
        remedy = "write the header as `source` of its question in the form, or add the question"
        self._find("header_unmatched", message, remedy)

    def _unknown_option(self, heading: Heading, place: int) -> None:
        question = self.targets[place].question
        labels = [label for option in question.options for label in option.label.values()]
        near = suggest(heading.item, labels)
        message = f"column {shown(heading.header)} names no option of question {question.name!r}, or one twice{near}"
        remedy = "add the option to the form, or correct its label"
        self._find("option_column_unknown", message, remedy)

    def _find(self, rule: str, message: str, remedy: str) -> None:
        self.findings.append(Finding("warning", rule, self.file, message, remedy))


def match_file(file: WjxFile, targets: Sequence[Target]) -> tuple[dict[int, Bound], list[Finding]]:
    """Columns of a file by the position of the target they are about, and what could not be matched."""
    matcher = Matcher(file.name, targets)
    return matcher.match(file.columns), matcher.findings


def renumber(targets: Sequence[Target], bound: Mapping[int, Bound]) -> list[Target]:
    """The targets with the headers that the file of the other flavour gave them."""
    numbered = []
    for place, target in enumerate(targets):
        found = bound[place].whole if place in bound else None
        source = replace(target.source, heading=found.heading) if found else target.source
        numbered.append(replace(target, source=source))
    return numbered


def with_options(target: Target, options: tuple[Option, ...]) -> Target:
    """The target with other options in all its questions."""
    return replace(target, questions=tuple(replace(question, options=options) for question in target.questions))
