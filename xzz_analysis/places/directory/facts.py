"""Facts about communities for their profiles: each with its source and year, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from xzz_analysis.declaration import Declaration, read_list, read_yaml, refuse
from xzz_analysis.errors import Finding, InputError, suggest
from xzz_analysis.intake.workbook import read_raw
from xzz_analysis.language import Label
from xzz_analysis.places.directory.catalogue import plain
from xzz_analysis.places.directory.codes import as_texts
from xzz_analysis.study import BothLanguages, Name

FILE = Path(__file__).with_name("facts.yml")
GROUPS: Mapping[str, Label] = {
    "land": {"zh": "地域", "en": "Land and housing"},
    "people": {"zh": "人口", "en": "People"},
    "organisation": {"zh": "组织与人员", "en": "Organisations and staff"},
    "facilities": {"zh": "设施", "en": "Facilities"},
    "surroundings": {"zh": "周边", "en": "Surroundings"},
    "transport": {"zh": "交通", "en": "Transport"},
    "culture": {"zh": "文化", "en": "Culture"},
}
"""Groups of facts, in the order profiles follow."""

COLUMNS = ("community", "fact", "value", "source", "year", "note", "value_en")
OPTIONAL = ("note", "value_en")
_HEADERS = {
    "community": ("社区", "社区编号"),
    "fact": ("事项", "指标", "项目"),
    "value": ("数值", "内容"),
    "source": ("来源", "数据来源"),
    "year": ("年份", "年度"),
    "note": ("备注", "说明"),
    "value_en": ("英文内容", "内容（英文）"),
}
_YEAR = r"(?:19|20)\d\d(?:-(?:19|20)\d\d)?"


class CommunityFact(Declaration):
    """One thing a profile may say.

    Attributes
    ----------
    id : str
    group : str
        A key of :data:`GROUPS`.
    kind : "number" or "text"
    label : both languages
    unit : mapping of language code to text
        Of a number; empty where the label says it.
    part_of : str
        The number it cannot exceed.
    """

    id: Name
    group: Literal["land", "people", "organisation", "facilities", "surroundings", "transport", "culture"]
    kind: Literal["number", "text"]
    label: BothLanguages
    unit: dict[str, str] = Field(default_factory=dict)
    part_of: str = ""


@lru_cache(maxsize=1)
def known_facts() -> Mapping[str, CommunityFact]:
    """Everything a profile may say, in order.

    Returns
    -------
    mapping of str to CommunityFact

    Raises
    ------
    StudyError
        The library's file of facts is damaged.
    """
    facts, findings = read_list(CommunityFact, FILE, "id")
    refuse(FILE, findings)
    return {fact.id: fact for fact in facts}


@dataclass(frozen=True, eq=False, repr=False)
class CommunityFacts:
    """Facts about communities.

    Attributes
    ----------
    table : DataFrame
        One row per community, fact and year, sorted by community, by the order of :func:`known_facts`, and by year,
        newest first. Columns ``community``, ``fact``, ``group``, ``value`` (str, as written), ``value_en`` (a text in
        English, ``""`` where there is none), ``number`` (float; NaN of texts), ``source``, ``year``, ``note``.
    findings : tuple of Finding
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"<CommunityFacts: {len(self.table)} of {self.table['community'].nunique()} communities>"

    def of(self, community: str) -> pd.DataFrame:
        """The newest figure of every fact of a community, in order; empty where nothing is known."""
        rows = self.table[self.table["community"] == community]
        return rows.drop_duplicates("fact").reset_index(drop=True)


def read_community_facts(path: Path, communities: Mapping[str, str] | None = None) -> CommunityFacts:
    """Read facts about communities.

    Parameters
    ----------
    path : Path
        A workbook or CSV with columns :data:`COLUMNS` (社区、事项、数值、来源、年份、备注、英文内容), one fact in each
        row; or a YAML file ``community: {fact: {value: …, source: …, year: …}}``.
    communities : mapping of str to str, optional
        Key → Chinese name; rows may name a community by either. Not compared when left out.

    Returns
    -------
    CommunityFacts

    Raises
    ------
    InputError
        The file cannot be read or lacks a column, or rows are wrong: an unknown community or fact (the nearest is
        named), no source, no year, a number that is none, the same fact of one year twice, a part larger than its
        whole. All are told together.
    """
    cells = _from_yaml(path) if path.suffix in (".yml", ".yaml") else _from_sheet(path)
    if not len(cells):
        raise InputError(f"{path.name} holds no facts; write one in each row")
    findings: list[Finding] = []
    cells["community"], problems = _known(cells["community"], _names(communities), f"{path.name}: community")
    findings += problems
    facts = known_facts()
    words = {plain(word): name for name, fact in facts.items() for word in (name, *fact.label.values())}
    cells["fact"], problems = _known(cells["fact"], words, f"{path.name}: fact")
    findings += problems
    numbers = (
        cells["fact"].map({name: fact.kind == "number" for name, fact in facts.items()}).fillna(False).astype(bool)
    )
    cells["number"] = pd.to_numeric(cells["value"].str.replace(",", "").where(numbers), errors="coerce").astype(
        "float64"
    )
    findings += _problems(cells, numbers, path.name)
    cells["group"] = cells["fact"].map({name: fact.group for name, fact in facts.items()})
    order = cells["fact"].map({name: place for place, name in enumerate(facts)})
    cells = cells.assign(order=order).sort_values(["community", "order", "year"], ascending=[True, True, False])
    findings += _wholes(cells, path.name)
    if findings:
        raise InputError(f"{path.name} has {len(findings)} problem(s) to correct", findings)
    columns = ["community", "fact", "group", "value", "value_en", "number", "source", "year", "note"]
    return CommunityFacts(cells[columns].reset_index(drop=True))


def _from_sheet(path: Path) -> pd.DataFrame:
    frame = read_raw(path).frame
    words = {plain(word): name for name, also in _HEADERS.items() for word in (name, *also)}
    found: dict[str, str] = {}
    for header in map(str, frame.columns):
        name = words.get(plain(header), "")
        if name in found:
            raise InputError(f"{path.name}: columns {found[name]!r} and {header!r} both mean {name!r}; rename one")
        if name:
            found[name] = header
    missing = [name for name in COLUMNS if name not in found and name not in OPTIONAL]
    if missing:
        raise InputError(
            f"{path.name} has no column for {', '.join(missing)}{suggest(missing[0], map(str, frame.columns))}; add it"
        )
    out = frame[list(found.values())].set_axis(list(found), axis=1).reindex(columns=list(COLUMNS), fill_value="")
    return out.apply(as_texts).astype("str")


def _from_yaml(path: Path) -> pd.DataFrame:
    data, findings = read_yaml(path)
    refuse(path, findings)
    rows = []
    for community, facts in data.items() if isinstance(data, dict) else ():
        for fact, said in facts.items() if isinstance(facts, dict) else ():
            unknown = set(said) - set(COLUMNS[2:]) if isinstance(said, dict) else {"value"}
            if unknown:
                raise InputError(f"{path.name}: {community}: {fact} needs value, source and year, and no other key")
            rows.append({"community": community, "fact": fact, **said})
    if not rows:
        raise InputError(f"{path.name} holds no facts; write community: {{fact: {{value: …, source: …, year: …}}}}")
    return pd.DataFrame(rows, columns=list(COLUMNS)).apply(as_texts).astype("str")


def _names(communities: Mapping[str, str] | None) -> dict[str, str] | None:
    if communities is None:
        return None
    return {plain(name): key for key, name in communities.items()} | {plain(key): key for key in communities}


def _known(texts: pd.Series, words: Mapping[str, str] | None, where: str) -> tuple[pd.Series, list[Finding]]:
    if words is None:
        return texts, []
    found = texts.map(lambda text: words.get(plain(text), ""))
    findings = []
    for text in sorted(set(texts[found == ""])):
        count = int((texts == text).sum())
        said = f"{text[:30]!r} of {count:,} row(s) is not known{suggest(plain(text), words)}"
        findings.append(Finding("error", "unknown_word", where, said, "correct it; see docs/resources.md", count))
    return found.astype("str"), findings


def _problems(cells: pd.DataFrame, numbers: pd.Series, file: str) -> Iterator[Finding]:
    wrong = numbers & (~np.isfinite(cells["number"]) | (cells["number"] < 0))
    told = (
        ("no_number", wrong, "are no number", "write digits, without the unit"),
        ("value_missing", ~numbers & (cells["value"] == ""), "have no text", "write it, or leave the row out"),
        (
            "source_missing",
            cells["source"] == "",
            "name no source",
            "write who says so: a fact without it is not printed",
        ),
        ("year_missing", ~cells["year"].str.fullmatch(_YEAR), "have no year", "write 2025, or 2024-2025"),
        ("fact_twice", cells.duplicated(["community", "fact", "year"], keep=False), "are there twice", "keep one"),
    )
    for rule, rows, said, remedy in told:
        if rows.any():
            names = ", ".join(sorted(set(cells["community"][rows] + " " + cells["fact"][rows]))[:5])
            text = f"{int(rows.sum()):,} fact(s) {said} ({names})"
            yield Finding("error", rule, file, text, remedy, int(rows.sum()))


def _wholes(cells: pd.DataFrame, file: str) -> Iterator[Finding]:
    """Parts that exceed their whole in the same year."""
    key = ["community", "year"]
    for name, fact in known_facts().items():
        if fact.part_of:
            part, whole = cells[cells["fact"] == name], cells[cells["fact"] == fact.part_of]
            both = part.merge(whole, on=key, suffixes=("", "_whole"))
            over = both[both["number"] > both["number_whole"]]
            if len(over):
                said = f"{name} exceeds {fact.part_of} in {', '.join(sorted(set(over['community']))[:5])}"
                yield Finding("error", "part_exceeds_whole", file, said, "compare both with their sources", len(over))
