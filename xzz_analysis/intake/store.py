"""Answers of a whole study: read once, kept as Parquet with a codebook, found again by content hash.

Keys of people and free text are never stored: a row is known by its position alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xzz_analysis.errors import Finding, InputError, make_folder, suggest
from xzz_analysis.intake.answers import Answers, Option, Question, Reason, shared_reasons
from xzz_analysis.intake.expression import Bindings, Vector, number_vector, text_vector
from xzz_analysis.intake.quality import Quality, undeclared
from xzz_analysis.study import Study

if TYPE_CHECKING:
    from xzz_analysis.intake.door import Door


@dataclass(frozen=True)
class Dataset:
    """All answers of a study.

    Attributes
    ----------
    answers : dict of str to Answers
        By unit, parents before children.
    parents : dict of str to str
        Unit → parent unit, for the units that have one.
    findings : tuple of Finding
        Everything noticed while reading.
    data_hash : str
        SHA-256 over the bytes of every file the study reads.
    quality : Quality
        What the checks say of every table in every round.
    coders : DataFrame
        What two coders made of the same free-text answers: counts, columns
        :data:`~xzz_analysis.intake.themes.joining.CODERS`.
    """

    answers: dict[str, Answers]
    parents: dict[str, str]
    findings: tuple[Finding, ...]
    data_hash: str
    quality: Quality = field(default_factory=Quality)
    coders: pd.DataFrame = field(default_factory=pd.DataFrame)

    def unit(self, name: str) -> Answers:
        """Answers of one unit; :class:`InputError` with the nearest name when there is none."""
        if name not in self.answers:
            raise InputError(f"unit {name!r} is not in the study{suggest(name, self.answers)}")
        return self.answers[name]

    def owner(self, unit: str, question: str) -> str:
        """The unit that asks a question, seen from a unit: itself, or the nearest ancestor."""
        here = unit
        while question not in self.unit(here).questions:
            if here not in self.parents:
                known = [name for name in self.lineage(unit) for name in self.unit(name).questions]
                raise InputError(
                    f"question {question!r} is not asked of unit {unit!r} or of its parents{suggest(question, known)}"
                )
            here = self.parents[here]
        return here

    def asks(self, unit: str, question: str) -> bool:
        """Whether a question is asked of a unit or of one of its ancestors."""
        return any(question in self.unit(name).questions for name in self.lineage(unit))

    def linked(self, unit: str, ancestor: str) -> np.ndarray:
        """Rows of a unit whose ancestor is there, as a bool array; all rows for the unit itself."""
        return self._positions(unit, ancestor) >= 0

    def _positions(self, unit: str, ancestor: str) -> np.ndarray:
        """Row of the ancestor of each row of a unit, -1 where there is none; the rows themselves for the unit."""
        position = np.arange(len(self.unit(unit)))
        for child in self.lineage(unit)[: self.lineage(unit).index(ancestor)]:
            parent = self.unit(child).parent
            assert parent is not None
            position = np.where(position >= 0, parent.to_numpy()[position], -1)
        return position

    def question(self, unit: str, name: str) -> Question:
        """A question as seen from a unit."""
        return self.unit(self.owner(unit, name)).questions[name]

    def values(self, unit: str, column: str, question: str = "") -> tuple[pd.Series, np.ndarray]:
        """One column of a unit or of its parents, on the unit's rows.

        Parameters
        ----------
        unit : str
        column : str
            Column of ``Answers.values``.
        question : str
            The question that owns the column, when it is an option's.

        Returns
        -------
        Series and int8 array, both of the unit's length
            Values and reason codes; a row without parent is BLANK.
        """
        owner = self.owner(unit, question or column)
        values = self.unit(owner).values[column]
        reasons = self.unit(owner).reasons[column].to_numpy()
        for child in reversed(self.lineage(unit)[: self.lineage(unit).index(owner)]):
            parent = self.unit(child).parent
            assert parent is not None
            position = parent.to_numpy()
            values = values.reindex(np.where(position >= 0, position, -1)).reset_index(drop=True)
            reasons = np.where(position >= 0, reasons[position], Reason.BLANK).astype(np.int8)
        return values, reasons

    def unoffered(self, unit: str, question: str, rows: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Which rows of a unit were asked a select-one question without one of its options.

        Parameters
        ----------
        unit : str
        question : str
            A question of the unit or of its parents.
        rows : bool array of the unit's length, optional
            Rows to tell of; all by default.

        Returns
        -------
        dict of str to bool array
            Option → rows; only options that some rows of the owner were not offered.
        """
        owner = self.owner(unit, question)
        told = self.unit(owner).unoffered
        names = {f"{question}/{option.name}": option.name for option in self.question(unit, question).options}
        position = self._positions(unit, owner)
        kept = position if rows is None else position[rows]
        return {names[column]: np.append(told[column].to_numpy(), False)[kept] for column in told if column in names}

    def bindings(self, unit: str, rows: np.ndarray | None = None) -> Bindings:
        """What ``${name}`` means for a unit: usable answers are known, every missing reason is unknown.

        ``rows``, a bool array of the unit's length, keeps some of them.
        """
        kept = np.ones(len(self.unit(unit)), bool) if rows is None else rows

        def bind(name: str) -> Vector:
            question = self.question(unit, name)
            if question.kind == "select_multiple":
                return self._chosen(unit, question, kept)
            every, codes = self.values(unit, name)
            values, reasons = every[kept], codes[kept]
            known = (reasons == Reason.ANSWERED) & values.notna().to_numpy()
            if pd.api.types.is_numeric_dtype(values):
                return number_vector(values.to_numpy(float), known)
            if pd.api.types.is_datetime64_any_dtype(values):
                values = values.dt.strftime("%Y-%m-%d")
            texts = text_vector(values.fillna("").to_numpy(object), known)
            return dataclasses.replace(texts, unoffered=self.unoffered(unit, name, kept))

        return bind

    def _chosen(self, unit: str, question: Question, rows: np.ndarray) -> Vector:
        """A select-multiple as the space-joined names of its chosen options."""
        text = np.full(np.count_nonzero(rows), "", dtype=object)
        reasons = {}
        for option in question.options:
            values, codes = self.values(unit, f"{question.name}/{option.name}", question.name)
            chosen, reasons[option.name] = values.to_numpy(float)[rows] == 1, codes[rows]
            space = np.where(chosen & (text != ""), " ", "").astype(object)
            text = text + space + np.where(chosen, option.name, "").astype(object)
        known = shared_reasons([*reasons.values()]) == Reason.ANSWERED if reasons else np.zeros(len(text), bool)
        unoffered = {name: own == Reason.NOT_ASKED for name, own in reasons.items() if (own == Reason.NOT_ASKED).any()}
        return dataclasses.replace(text_vector(text, known), unoffered=unoffered)

    def lineage(self, unit: str) -> list[str]:
        """A unit and its ancestors, nearest first."""
        line = [unit]
        while line[-1] in self.parents:
            line.append(self.parents[line[-1]])
        return line


def read_study(study: Study, door: Door | None = None, data_hash: str = "") -> Dataset:
    """Read every raw file of a study, parents before children.

    Parameters
    ----------
    study : Study
    door : Door, optional
        What exports pass on their way in; the study's own by default.

    Raises
    ------
    InputError
        One error with every problem that stops the study.
    """
    from xzz_analysis.intake.checking import check_study
    from xzz_analysis.intake.door import Door, quality_rules  # heavy, and not needed to fetch kept answers
    from xzz_analysis.intake.table import Keyed, read_table
    from xzz_analysis.intake.themes import check_quotations, join_themes

    keyed: dict[str, Keyed] = {}
    parents: dict[str, str] = {}
    door = door or Door.of(study)
    for unit in _parents_first(study):
        table = study.tables[unit]
        read = read_table(study, unit, keyed.get(table.parent), door)
        keyed |= read
        own = read[unit].answers
        checked = (*own.findings, *undeclared(table, unit, own))
        keyed[unit] = dataclasses.replace(read[unit], answers=dataclasses.replace(own, findings=checked))
        if table.parent:
            parents[unit] = table.parent
        parents |= {repeat: unit for repeat in read if repeat != unit}
    quality = check_study(study, keyed, parents, quality_rules(study), secret=door.vault is not None)
    themed, coders = join_themes(study, keyed, door)
    answers = {unit: table.answers for unit, table in themed.items()}
    first = next(iter(study.tables))
    said = (*answers[first].findings, *door.findings(), *check_quotations(study, door.vault))
    answers[first] = dataclasses.replace(answers[first], findings=said)
    findings = tuple(finding for table in answers.values() for finding in table.findings)
    return Dataset(answers, parents, findings, data_hash or input_hash(study.input_files()), quality, coders)


def load(study: Study) -> Dataset:
    """Read a study, or fetch its answers from the store when nothing it reads has changed.

    The store is ``outputs/internal/answers/<study>-<hash>``: per unit Parquet files of ``values``,
    ``reasons``, ``link`` and ``unoffered``, and a codebook; it is complete or absent, and can be deleted at any time.
    """
    data_hash = input_hash(study.input_files())
    code = hashlib.sha256(f"{data_hash} {_reader_hash()}".encode()).hexdigest()[:12]
    folder = study.outputs / "internal" / "answers" / f"{study.id}-{code}"
    if (folder / "codebook.json").is_file():
        try:
            return _restore(folder, data_hash)
        except (KeyError, OSError, TypeError, ValueError):
            shutil.rmtree(folder)  # damaged, and only a copy: read the raw files again
    dataset = read_study(study, data_hash=data_hash)
    _keep(dataset, folder, study.id)
    return dataset


LARGE = 256 * 1024 * 1024
"""Bytes from which on a file is hashed piece by piece, as it is."""


def input_hash(files: dict[str, Path]) -> str:
    """SHA-256 over the names and bytes of input files (line ends of text declarations unified)."""
    digest = hashlib.sha256()
    for name in sorted(files):
        if files[name].stat().st_size > LARGE:
            with files[name].open("rb") as file:
                digest.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\0".encode())
            continue
        content = files[name].read_bytes()
        if files[name].suffix in (".yml", ".yaml", ".csv", ".geojson", ".json"):
            content = content.replace(b"\r\n", b"\n") if b"\r\n" in content else content
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _reader_hash() -> str:
    here = Path(__file__).parent
    return input_hash(
        {path.relative_to(here).as_posix(): path for path in sorted(here.rglob("*")) if path.suffix in (".py", ".yml")}
    )


def _parents_first(study: Study) -> Iterable[str]:
    waiting = list(study.tables)
    done: set[str] = set()
    while waiting:
        ready = [unit for unit in waiting if not study.tables[unit].parent or study.tables[unit].parent in done]
        if not ready:
            raise InputError(f"tables {', '.join(waiting)} are each other's parents; break the circle in study.yml")
        yield from ready
        done.update(ready)
        waiting = [unit for unit in waiting if unit not in done]


def _keep(dataset: Dataset, folder: Path, study: str) -> None:
    make_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".tmp-") as name:
        temporary = Path(name) / "answers"
        temporary.mkdir()
        for unit, answers in dataset.answers.items():
            answers.values.to_parquet(temporary / f"{unit}.values.parquet")
            answers.reasons.to_parquet(temporary / f"{unit}.reasons.parquet")
            link = pd.DataFrame({"round": answers.rounds})
            if answers.parent is not None:
                link["parent"] = answers.parent
            link.to_parquet(temporary / f"{unit}.link.parquet")
            answers.unoffered.to_parquet(temporary / f"{unit}.unoffered.parquet")
        _write_json(temporary / "quality.json", dataset.quality.written())
        _write_json(temporary / "codebook.json", _codebook(dataset))
        if not folder.exists():
            temporary.rename(folder)
    for old in folder.parent.glob(f"{study}-????????????"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)  # another process may still read it; deleted next time


def _write_json(path: Path, told: dict[str, Any]) -> None:
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8", newline="\n")


def _codebook(dataset: Dataset) -> dict[str, Any]:
    return {
        "parents": dataset.parents,
        "units": {
            unit: [dataclasses.asdict(question) for question in answers.questions.values()]
            for unit, answers in dataset.answers.items()
        },
        "coders": dataset.coders.to_dict("records"),
        "left_out": {unit: answers.left_out for unit, answers in dataset.answers.items()},
        "findings": {
            unit: [dataclasses.asdict(finding) for finding in answers.findings]
            for unit, answers in dataset.answers.items()
        },
    }


def _restore(folder: Path, data_hash: str) -> Dataset:
    book = json.loads((folder / "codebook.json").read_text(encoding="utf-8"))
    answers = {}
    for unit, questions in book["units"].items():
        link = pd.read_parquet(folder / f"{unit}.link.parquet")
        answers[unit] = Answers(
            unit=unit,
            values=pd.read_parquet(folder / f"{unit}.values.parquet"),
            reasons=pd.read_parquet(folder / f"{unit}.reasons.parquet"),
            rounds=link["round"],
            parent=link.get("parent"),
            questions={question["name"]: _question(question) for question in questions},
            findings=tuple(Finding(**finding) for finding in book["findings"][unit]),
            left_out=book["left_out"][unit],
            unoffered=pd.read_parquet(folder / f"{unit}.unoffered.parquet"),
        )
    findings = tuple(finding for table in answers.values() for finding in table.findings)
    quality = Quality.read(json.loads((folder / "quality.json").read_text(encoding="utf-8")))
    return Dataset(answers, book["parents"], findings, data_hash, quality, pd.DataFrame(book["coders"]))


def _question(data: dict[str, Any]) -> Question:
    data["options"] = tuple(Option(**option) for option in data["options"])
    data |= {name: tuple(data[name]) for name in ("relevant", "group")}
    return Question(**data)
