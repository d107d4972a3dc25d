"""Questions of an export without a form, from its headers and answers: the draft of a codebook."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from xzz_analysis.errors import Finding
from xzz_analysis.intake.answers import Kind, Option, Question
from xzz_analysis.intake.codebook import doubt, guess_kind
from xzz_analysis.intake.form import Form
from xzz_analysis.intake.wjx.files import (
    INTEGER,
    JOIN,
    MOST_CODES,
    ORDER,
    Column,
    WjxFile,
    count_parts,
    joined_options,
    without_words,
)
from xzz_analysis.intake.wjx.headings import cuts, plain, stem, tidy
from xzz_analysis.intake.wjx.matching import Block, blocks_of, ranked, without_place
from xzz_analysis.intake.wjx.pairs import Pairs, learn_codes

SURE_OF_RANKING = 20
"""Records from which on columns of places are surely no rows of a matrix."""


@dataclass(frozen=True)
class _Look:
    """What a question seems to be: its kind, its options, and what a person should check."""

    kind: Kind
    options: tuple[Option, ...] = ()
    doubts: tuple[str, ...] = ()
    ranking: bool = False


def derive_form(text: WjxFile | None, number: WjxFile | None, pairs: Pairs | None, language: str = "zh") -> Form:
    """Draft the form of an export.

    Parameters
    ----------
    text, number : WjxFile or None
        The export by text, by number, or both.
    pairs : Pairs or None
        Records that both hold.
    language : str
        Language code of the wordings.

    Returns
    -------
    Form
        Questions are named by their number: ``q6``; rows of a matrix ``q6_1``, ``q6_2``; places of a ranking
        ``q6_choice1``; words beside an option ``q6_other``. Options are named by their code, or by the order in
        which they appear. Doubts are findings, see :data:`xzz_analysis.intake.codebook.DOUBTS`.
    """
    file = text or number
    if file is None:
        return Form("", "", (), {}, (), ())
    codes = {block.number: block for block in blocks_of(number.columns)} if number else {}
    draft = _Draft(file.name, language, pairs, coded=text is None)
    for block in blocks_of(file.columns):
        if text is None:
            draft.by_number(block)
        else:
            draft.by_text(block, codes.get(block.number, Block(block.number)))
        draft.beside(block.beside or codes.get(block.number, block).beside)
    return Form(file.title, "", (language, "en"), draft.questions, (), tuple(draft.findings))


@dataclass
class _Draft:
    """Collects questions in the order of the file."""

    file: str
    language: str
    pairs: Pairs | None
    coded: bool
    questions: dict[str, Question] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def by_text(self, block: Block, codes: Block) -> None:
        """Questions of one number, from the export by text and the columns by number beside it."""
        columns = [*block.whole, *block.items]
        if len(columns) == 1 and block.whole:
            column = columns[0]
            self._add(block, column, self._look(column, codes), column.heading.text)
        elif columns:
            self._matrix(block, columns, codes)

    def by_number(self, block: Block) -> None:
        """Questions of one number, from the export by number alone."""
        if len(block.whole) == 1 and not block.items:
            column = block.whole[0]
            self._add(block, column, _look_coded([column], column.heading.text), column.heading.text)
        elif block.items and not block.whole:
            look = self._look_items(block.items)
            if look.kind == "select_multiple" or look.ranking:
                words = any("〖" in text for column in block.items for text in column.texts)
                self._put(_name(block), look, f"第{block.number}题", "", words=words)
            else:
                self._matrix(block, block.items, Block(block.number))
        elif block.whole:
            self._matrix(block, [*block.whole, *block.items], Block(block.number))

    def beside(self, columns: Sequence[Column]) -> None:
        """Words beside an option in a column of their own; without its question they are a question."""
        base = self.asked[-1] if columns and self.asked else ""
        for column in columns:
            number = column.heading.number
            options = [label for name in self.asked for label in self._labels(name) if name == base]
            if (
                base
                and re.match(rf"{re.escape(_named(number))}(_|$)", base)
                and plain(column.heading.beside) in options
            ):
                self._other(base)
            else:
                look = _Look("text", doubts=())
                self._put(_named(number), look, tidy(column.heading.header), column.heading.beside)

    def _labels(self, name: str) -> list[str]:
        return [plain(label) for option in self.questions[name].options for label in option.label.values()]

    def _look_items(self, items: Sequence[Column]) -> _Look:
        """Options chosen together, places of a ranking, or rows of a matrix."""
        written = {cell for column in items for cell in map(without_words, column.answers)}
        options = self._options([column.heading.item for column in items], coded=True)
        if written and written <= {"0", "1"}:
            return _Look("select_multiple", options, () if "0" in written else ("codebook_multiple_or_rows",))
        if not _in_order(items, written):
            return _Look("text")
        doubts = ("codebook_ranking_or_matrix",) if len(items[0].codes) < SURE_OF_RANKING else ()
        return _Look("select_one", options, doubts, ranking=True)

    def _look(self, column: Column, codes: Block) -> _Look:
        """Kind and options of a single question by text."""
        if codes.items:
            options = self._options([item.heading.item for item in codes.items], coded=True)
            ranking = any(_highest(item) > 1 for item in codes.items)
            return _Look("select_one" if ranking else "select_multiple", options, ranking=ranking)
        joined = joined_options([column], JOIN)
        if joined:
            return _Look("select_multiple", self._options(joined), ("codebook_options_by_appearance",))
        ordered = joined_options([column], ORDER)
        if ordered:
            return _Look("select_one", self._options(ordered), ("codebook_options_by_appearance",), ranking=True)
        return self._look_one([column], codes.whole[:1], column.heading.text)

    def _look_one(self, columns: Sequence[Column], codes: Sequence[Column], wording: str) -> _Look:
        """Kind and options where a cell holds one answer; rows of a matrix are looked at together."""
        if codes and self.pairs is not None and len(codes) == len(columns):
            learnt = learn_codes(list(zip(columns, codes, strict=True)), self.pairs)
            if learnt is not None:
                unclear = () if learnt.clear else ("codebook_codes_unclear",)
                return _Look("select_one", _coded(learnt.codes, self.language), unclear)
        counts = count_parts(columns, "")
        guess = guess_kind(counts, wording, apart=True)
        kind = guess.kind_as_written
        if kind in ("text", "integer") and any("〖" in text for column in columns for text in column.texts):
            kind = "select_one"
        if kind != "select_one":
            joined = kind == "text" and any(JOIN in answer for answer in counts)
            return _Look(kind, (), (*guess.doubts, *(("codebook_choice_or_text",) if joined else ())))
        if codes and self.pairs is not None:
            return _Look("text", (), ("codebook_choice_or_text",))
        doubts = (*guess.doubts, "codebook_options_by_appearance")
        return _Look("select_one", self._options(counts), doubts)

    def _matrix(self, block: Block, columns: Sequence[Column], codes: Block) -> None:
        """Rows of a matrix: questions with the same options."""
        rows = _rows(block, columns, codes)
        beside = [_beside_row(column, row, codes) for column, (_, row, _) in zip(columns, rows, strict=True)]
        known = [column for column in beside if column is not None]
        joined = joined_options(columns, JOIN)
        if self.coded:
            look = _look_coded(columns, rows[0][0])
        elif joined:
            look = _Look("select_multiple", self._options(joined), ("codebook_options_by_appearance",))
        else:
            look = self._look_one(columns, known, rows[0][0])
        for place, (column, (before, row, doubts)) in enumerate(zip(columns, rows, strict=True), start=1):
            wording = f"{before}—{row}" if before else row
            told = replace(look, doubts=(*look.doubts, *doubts) if place == 1 else ())
            words = any("〖" in text for text in column.texts)
            self._put(f"{_name(block)}_{place}", told, tidy(column.heading.header), wording, words=words)

    def _add(self, block: Block, column: Column, look: _Look, wording: str) -> None:
        words = any("〖" in text for text in column.texts)
        self._put(_name(block), look, tidy(column.heading.header), wording, words=words)

    def _put(self, name: str, look: _Look, source: str, wording: str, *, words: bool = False) -> None:
        """Add a question under a name that is free; a ranking becomes its places."""
        free = next(one for one in (name, *(f"{name}_{more}" for more in range(2, 999))) if self._is_free(one, look))
        label = {self.language: wording} if wording else {}
        first = Question(free, look.kind, label, look.options, source=source)
        made = ranked(first) if look.ranking else (first,)
        self.questions.update({question.name: question for question in made})
        self.asked.append(made[0].name)
        doubts = look.doubts if wording else (*look.doubts, "codebook_wording_missing")
        self.findings += [doubt(word, self.file, made[0].name) for word in dict.fromkeys(doubts)]
        if words and look.options:
            self._other(made[0].name)

    def _is_free(self, name: str, look: _Look) -> bool:
        return (f"{name}_choice1" if look.ranking else name) not in self.questions

    def _other(self, name: str) -> None:
        """Add the text question for the words beside an option of a question."""
        question = self.questions[name]
        other = other_question(question)
        self.questions.setdefault(other.name, other)

    def _options(self, labels: Iterable[str], *, coded: bool = False) -> tuple[Option, ...]:
        named = enumerate(dict.fromkeys(map(tidy, labels)), start=1)
        return tuple(Option(str(place), {self.language: label}, str(place) if coded else "") for place, label in named)


def other_question(question: Question) -> Question:
    """The text question for what respondents wrote beside an option of a question."""
    name = re.sub(r"_choice\d+$", "", question.name)
    ends = {"zh": "（补充文字）", "en": " (own words)"}
    label = {
        language: f"{without_place(text)}{ends.get(language, '〖〗')}" for language, text in question.label.items()
    }
    source = re.sub(r"→\d+$", "", question.source)
    return Question(f"{name}_other", "text", label, source=f"{source}〖〗" if source else "")


def _look_coded(columns: Sequence[Column], wording: str) -> _Look:
    """Kind of a question of which only codes may be known."""
    counts = count_parts(columns, "")
    if counts and all(INTEGER.fullmatch(text) for text in counts):
        codes = sorted(map(int, counts))
        if codes[0] >= 1 and codes[-1] <= MOST_CODES:
            options = tuple(Option(str(code), {}, str(code)) for code in codes)
            return _Look("select_one", options, ("codebook_labels_missing", "codebook_choice_or_number"))
    guess = guess_kind(counts, wording, apart=True)
    return _Look("text" if guess.kind == "select_one" else guess.kind_as_written, (), guess.doubts)


def _in_order(items: Sequence[Column], written: Collection[str]) -> bool:
    """Whether the columns hold places: whole numbers up to the number of columns, none twice in a record."""
    if not written or not all(INTEGER.fullmatch(cell) and int(cell) <= len(items) for cell in written):
        return False
    places = []
    for column in items:
        cells = map(without_words, column.texts)
        places.append(np.array([int(cell) if INTEGER.fullmatch(cell) else 0 for cell in cells] + [0])[column.codes])
    ordered = np.sort(np.maximum(places, 0), axis=0)
    return not bool(((ordered[1:] == ordered[:-1]) & (ordered[1:] > 0)).any())


def _coded(codes: Mapping[str, str], language: str) -> tuple[Option, ...]:
    """Options in the order of their codes; those without a code are named after the highest."""
    known = sorted((wording for wording in codes if codes[wording]), key=lambda wording: int(codes[wording]))
    highest = max((int(codes[wording]) for wording in known), default=0)
    more = [wording for wording in codes if not codes[wording]]
    options = [Option(codes[wording], {language: tidy(wording)}, codes[wording]) for wording in known]
    return (*options, *(Option(str(highest + place), {language: tidy(one)}) for place, one in enumerate(more, start=1)))


def _rows(block: Block, columns: Sequence[Column], codes: Block) -> list[tuple[str, str, tuple[str, ...]]]:
    """Wording of the matrix, its row, and doubts, for each column."""
    if not block.whole:
        return [("", column.heading.item, ("codebook_wording_missing",)) for column in columns]
    first = columns[0].heading.text
    ways = cuts(first)
    items = [stem(column.heading.item) for column in codes.items]
    fitting = (
        [way for way in ways if items[:1] == [stem(way[1])]] or [way for way in ways if stem(way[1]) in items] or ways
    )
    before, row = fitting[0] if fitting else ("", first)
    unclear = ("codebook_cut_unclear",) if len(fitting) > 1 else ()
    return [
        (before, row if place == 0 else column.heading.text or column.heading.item, unclear if place == 0 else ())
        for place, column in enumerate(columns)
    ]


def _beside_row(column: Column, row: str, codes: Block) -> Column | None:
    """The column by number of one row of a matrix."""
    found = [other for other in codes.items if stem(other.heading.item) == stem(row)]
    found += [other for other in codes.whole if stem(other.heading.text) == stem(column.heading.text)]
    return found[0] if found else None


def _highest(column: Column) -> int:
    return max((int(cell) for cell in map(without_words, column.answers) if INTEGER.fullmatch(cell)), default=0)


def _name(block: Block) -> str:
    return _named(block.number)


def _named(number: str) -> str:
    """``q6``; ``q1_5`` of the number ``(1)5``."""
    return "q" + "_".join(re.findall(r"\d+", number))
