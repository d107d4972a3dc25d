"""A folder of facts: definitions in populations.yml, figures in every other YAML file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xzz_analysis.declaration import read_list
from xzz_analysis.errors import Finding, InputError, StudyError, suggest
from xzz_analysis.needs.facts.guard import require_one_population
from xzz_analysis.needs.facts.schema import Fact, Population

POPULATIONS = "populations.yml"


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts that were read.

    Attributes
    ----------
    by_id : dict of str to Fact
    populations : dict of str to Population
    findings : tuple of Finding
        ``fact_unchecked`` (warning), one per file with its count, and ``fact_copy`` (note) likewise.
    """

    by_id: dict[str, Fact]
    populations: dict[str, Population]
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.by_id)

    def __getitem__(self, name: str) -> Fact:
        if name not in self.by_id:
            raise InputError(f"there is no fact {name!r}{suggest(name, self.by_id)}; write it in data/facts")
        return self.by_id[name]

    def population(self, name: str) -> Population:
        """A definition by its id; :class:`InputError` with the nearest id where there is none."""
        if name not in self.populations:
            near = suggest(name, self.populations)
            raise InputError(f"there is no definition {name!r} of the population{near}; declare it in {POPULATIONS}")
        return self.populations[name]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per fact, in order: every field of :class:`Fact`, texts as ``what_zh``, ``what_en`` …"""
        rows = []
        for fact in self.by_id.values():
            plain = {**fact.model_dump(exclude={"benchmarks"}), "value": float(fact.value)}
            rows.append({key: value for name, held in plain.items() for key, value in _flat(name, held)})
        return pd.DataFrame(rows)

    def cite(self, names: Iterable[str], where: str) -> list[Fact]:
        """The facts that one sentence or table quotes, refused where they count different people.

        Parameters
        ----------
        names : iterable of str
            Ids of facts.
        where : str
            The sentence or table.

        Returns
        -------
        list of Fact

        Raises
        ------
        InputError
            An unknown id; two definitions of the population.
        """
        found = [self[name] for name in names]
        require_one_population(found, where)
        return found

    def benchmarks(self, indicator: str) -> list[Fact]:
        """The facts that declare themselves comparable with an indicator."""
        return [fact for fact in self.by_id.values() if indicator in fact.benchmarks]

    def unchecked(self, names: Iterable[str]) -> dict[str, str]:
        """What nobody has checked of quoted facts and their definitions.

        Parameters
        ----------
        names : iterable of str
            Ids of the quoted facts.

        Returns
        -------
        dict of str to str
            Id of a fact or of a definition → what was done with it, unchecked.
        """
        quoted = [self[name] for name in dict.fromkeys(names)]
        loose = {
            fact.id: f"{fact.value} was read from {_READ[fact.read_from]}" for fact in quoted if not fact.checked_by
        }
        who = [self.population(name) for name in dict.fromkeys(fact.population for fact in quoted)]
        said = "the definition of who is counted was written down"
        return loose | {one.id: said for one in who if not one.checked_by}

    def red_lines(self, names: Iterable[str], accepted: Iterable[str] = ()) -> list[Finding]:
        """What keeps a release back that quotes some facts.

        Parameters
        ----------
        names : iterable of str
            Ids of the quoted facts.
        accepted : iterable of str
            Facts and definitions that study.yml declares under ``unchecked_facts``, to be printed all the same.

        Returns
        -------
        list of Finding
            ``fact_unchecked`` for everything quoted that nobody has checked or accepted; ``unknown_name`` for what is
            accepted and is no fact and no definition (with the nearest id). All are errors.
        """
        allowed, known = set(accepted), [*self.by_id, *self.populations]
        wrong = [
            Finding("error", "unknown_name", f"unchecked_facts.{name}", f"no fact {name!r}{suggest(name, known)}", _FIX)
            for name in sorted(allowed.difference(known))
        ]
        return wrong + [
            Finding("error", "fact_unchecked", f"data/facts: {name}", f"{said}, and nobody has checked it", _REMEDY)
            for name, said in self.unchecked(names).items()
            if name not in allowed
        ]


_FIX = "correct it in study.yml, or take it out"
_REMEDY = (
    "compare it with the publisher's own page and write checked_by, or say in study.yml under unchecked_facts why it "
    "is printed all the same"
)
_READ = {"original": "the original", "copy": "a copy"}


def _flat(name: str, held: object) -> list[tuple[str, object]]:
    return (
        [(f"{name}_{language}", text) for language, text in held.items()] if isinstance(held, dict) else [(name, held)]
    )


def facts(folder: str | Path) -> Facts:
    """Read a folder of facts.

    Parameters
    ----------
    folder : str or Path
        Holds ``populations.yml`` (a list of :class:`Population`) and any number of lists of :class:`Fact`.

    Returns
    -------
    Facts

    Raises
    ------
    StudyError
        No such folder; every problem of every file together: unknown or missing keys (a fact without definition),
        ids used twice, a population that is not declared, an unknown unit, a percentage above 100.
    """
    place = Path(folder)
    if not (place / POPULATIONS).is_file():
        raise StudyError(f"{place} holds no {POPULATIONS}, so no fact has a population; name the folder data/facts")
    populations, findings = read_list(Population, place / POPULATIONS, "id")
    declared = {one.id: one for one in populations}
    read: dict[str, Fact] = {}
    remarks: list[Finding] = []
    for path in sorted(place.glob("*.yml")):
        if path.name == POPULATIONS:
            continue
        here, problems = read_list(Fact, path, "id")
        findings += problems + _problems(here, read, declared, path.name)
        read |= {one.id: one for one in here}
        remarks += _remarks(here, path.name)
    if findings:
        raise StudyError(f"{place} has {len(findings)} problem(s) to correct", findings)
    return Facts(read, declared, tuple(remarks))


def _problems(here: list[Fact], read: dict[str, Fact], declared: dict[str, Population], file: str) -> list[Finding]:
    out = []
    for fact in here:
        if fact.id in read:
            message = f"id {fact.id!r} is used in another file too"
            out.append(Finding("error", "duplicate_id", file, message, "keep one, or rename one"))
        if fact.population not in declared:
            message = f"population {fact.population!r} is not declared{suggest(fact.population, declared)}"
            out.append(Finding("error", "unknown_name", f"{file}: {fact.id}", message, f"declare it in {POPULATIONS}"))
    return out


def _remarks(here: list[Fact], file: str) -> list[Finding]:
    unchecked = sum(not fact.checked_by for fact in here)
    copies = sum(fact.read_from == "copy" for fact in here)
    message = f"{unchecked} of {len(here)} figures were compared with the publisher's page by nobody"
    out = [Finding("warning", "fact_unchecked", file, message, "write checked_by", unchecked)] if unchecked else []
    message = f"{copies} of {len(here)} figures were read from a copy"
    return out + ([Finding("note", "fact_copy", file, message, "read the original", copies)] if copies else [])
