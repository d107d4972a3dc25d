"""What study.yml may say."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from xzz_analysis.declaration import Declaration
from xzz_analysis.errors import suggest
from xzz_analysis.study.places import Access, CommunityLayer, HomePoints, Network, ResourceTable
from xzz_analysis.study.services import Services
from xzz_analysis.study.words import BothLanguages, Name, Text, Words


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        known = suggest(name, zoneinfo.available_timezones())
        raise ValueError(f"no time zone {name!r}{known}; write it as in Asia/Shanghai")
    return name


class Round(Declaration):
    """One round of data collection: first and last day, and how people were reached."""

    collected: tuple[dt.date, dt.date]
    mode: dict[str, str] = Field(default_factory=dict)


class Class(Declaration):
    """One class of a declared group: those for whom the expression ``when`` holds."""

    name: str
    label: BothLanguages
    when: str


class Group(Declaration):
    """What results may be split by: a question, an export column, or declared classes.

    ``levels`` says what the levels of a column are called, or calls those of a question otherwise.
    """

    name: Name
    unit: str = ""
    label: dict[str, str] = Field(default_factory=dict)
    levels: dict[str, BothLanguages] = Field(default_factory=dict)
    classes: list[Class] = Field(default_factory=list)


def _as_files(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Files = Annotated[list[Path], BeforeValidator(_as_files), Field(min_length=1)]


EVERY_ROUND = ""
"""Round of a file that serves all rounds."""


def _as_every_round(value: Any) -> Any:
    return {EVERY_ROUND: value} if isinstance(value, str) else value


def _as_group(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Table(Declaration):
    """One unit of the study (families, children) and the files that hold its answers.

    ``label`` names the unit, ``repeat_labels`` its repeats; ``counted`` is how a number of them is said
    (742 户家庭, 742 families). ``forms`` names the questionnaires of earlier rounds that differ from ``form``, the
    newest; ``versions`` those that were in use in one round: round, then what the column of versions says, oldest
    first. ``audit`` names a round's audit logs, a folder or a file; they are read with its raw files. ``codebook``
    explains the codes of a CSV, one file for all rounds or one for each; ``wjx`` says how exports of 问卷星 write what
    is no answer. ``consent`` is true for those who agreed to be interviewed; the others are in no sample.
    ``start`` to ``version`` name the columns that say when, by whom and from where a record was made,
    where the platform's own are not meant; ``back_check`` names files of people who were interviewed a second time.
    """

    key: str
    form: Path
    forms: dict[str, Path] = Field(default_factory=dict)
    versions: dict[str, dict[str, Path]] = Field(default_factory=dict)
    raw: dict[str, Files]
    audit: dict[str, Path] = Field(default_factory=dict)
    reader: Literal["", "kobo", "wjx", "spss", "stata", "coded", "plain"] = ""
    mapping: Path | None = None
    codebook: Annotated[dict[str, Path], BeforeValidator(_as_every_round)] = Field(default_factory=dict)
    wjx: dict[str, Any] = Field(default_factory=dict)
    encoding: str = ""
    parent: str = ""
    parent_key: str = ""
    label: dict[str, str] = Field(default_factory=dict)
    counted: dict[str, str] = Field(default_factory=dict)
    repeats: dict[str, dict[str, Path]] = Field(default_factory=dict)
    repeat_labels: dict[str, BothLanguages] = Field(default_factory=dict)
    missing: dict[Literal["DONT_KNOW", "REFUSED", "INVALID"], Words] = Field(default_factory=dict)
    blank: list[str] = Field(default_factory=lambda: [""])
    added_options: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    exclusive: dict[str, Words] = Field(default_factory=dict)
    start: str = ""
    end: str = ""
    submitted: str = ""
    interviewer: str = ""
    device: str = ""
    ip: str = ""
    version: str = ""
    back_check: dict[str, Files] = Field(default_factory=dict)
    consent: str = ""
    corrections: Path | None = None
    guardian_consent: dict[str, Any] = Field(default_factory=dict)
    retention: dict[str, Any] = Field(default_factory=dict)


class DesignColumns(Declaration):
    """Which columns hold the sample design, and what kind of sample it is.

    ``rake`` is a CSV of known population totals that the weights are raked to: columns ``variable``, ``level``,
    ``total``, and ``unit`` and ``round`` where there are several.

    ``strata``, ``cluster`` and ``fpc`` name one column, or a list with one column per stage of sampling.
    """

    kind: Literal["probability", "census", "nonprobability"]
    strata: str | list[str] = ""
    cluster: str | list[str] = ""
    weight: str = ""
    fpc: str | list[str] = ""
    lonely: Literal["fail", "remove", "certainty", "average", "adjust"] = "fail"
    rake: Path | None = None

    def stages(self, role: Literal["strata", "cluster", "fpc"]) -> list[str]:
        """Columns of one role, first stage first."""
        given: str | list[str] = getattr(self, role)
        return ([given] if given else []) if isinstance(given, str) else given

    def columns(self) -> tuple[str, ...]:
        """The named columns, each once, without the empty ones."""
        named = (*self.stages("strata"), *self.stages("cluster"), self.weight, *self.stages("fpc"))
        return tuple(dict.fromkeys(name for name in named if name))


class Population(Declaration):
    """Whom the study speaks about, and which official definition it follows."""

    zh: str
    en: str
    definition: str = ""


class Statement(Declaration):
    """What a reader must be told about a survey and no file of data can tell, in both languages.

    The lists of AAPOR (2021) and STROBE are printed from it and from the data; what is left out stands in red, and
    nothing is published before it is filled in.
    """

    strategy: Text = Field(default_factory=dict)
    sponsor: Text = Field(default_factory=dict)
    conductor: Text = Field(default_factory=dict)
    objectives: Text = Field(default_factory=dict)
    eligibility: Text = Field(default_factory=dict)
    recruitment: Text = Field(default_factory=dict)
    size: Text = Field(default_factory=dict)
    weighting: Text = Field(default_factory=dict)
    processing: Text = Field(default_factory=dict)
    limitations: Text = Field(default_factory=dict)
    ethics: Text = Field(default_factory=dict)
    contact: Text = Field(default_factory=dict)
    foreign_funding: bool = False


class OverlapDimension(Declaration):
    """One dimension of deprivation: its indicators, and how many of them make somebody deprived."""

    label: BothLanguages
    indicators: Annotated[list[str], Field(min_length=1)]
    at_least: int = Field(default=1, ge=1)


class Overlapping(Declaration):
    """What is counted together in the same person: dimensions, and from how many on needs are multiple.

    ``cutoffs`` are counts of dimensions (2) or shares of the weight (0.5); every count by default. ``weights`` are
    equal by default.
    """

    unit: str
    dimensions: Annotated[dict[Name, OverlapDimension], Field(min_length=2)]
    cutoffs: list[int | float] = Field(default_factory=list)
    weights: dict[str, float] = Field(default_factory=dict)


class Profiling(Declaration):
    """What a need profile compares and ranks: two levels of a group, and the question about wanted help.

    ``rank`` is a question with a number, such as income per head, along which needs may be concentrated.
    """

    group: str = ""
    reference: str = ""
    unit: str = ""
    asked: str | list[str] = ""
    rank: str = ""


class PublicService(Declaration):
    """One service that people may be entitled to: whom it is meant for, who knows of it, who used it.

    ``eligible`` to ``want`` are expressions, as indicators have them; ``eligible`` is everybody of the unit when empty,
    and ``whom`` says it in words. ``item`` is the service's number in the national list.
    """

    id: Name
    version: int = 1
    label: BothLanguages
    unit: str
    whom: Text = Field(default_factory=dict)
    eligible: str = ""
    know: str = ""
    use: str = ""
    refused: str = ""
    want: str = ""
    item: int | None = None

    @model_validator(mode="after")
    def _asked(self) -> Self:
        if not (self.know or self.use):
            raise ValueError("neither know nor use is declared, so nothing can be said of the service; write one")
        return self


class PublicPolicy(Declaration):
    """The national list of services: the file of its items' words, and the services the questionnaire asks about."""

    items: Path | None = None
    services: list[PublicService] = Field(default_factory=list)


class NationalTables(Declaration):
    """Tables of national cut-offs for growth that a person has typed from the standards: WS/T 456 and WS/T 586."""

    wst456: Path | None = None
    wst586: Path | None = None

    def files(self) -> dict[str, Path]:
        """The tables that are named, by standard."""
        named = {"wst456": self.wst456, "wst586": self.wst586}
        return {name: path for name, path in named.items() if path is not None}


class DisclosureRule(Declaration):
    """Fewest people behind a published figure."""

    threshold: int = Field(default=5, ge=5, strict=True)


class Privacy(Declaration):
    """Where identifiers are kept apart: the vault's folder, and the file in which a person confirms what each column
    tells of somebody; ``allowed`` are words that may stand in a report although the vault holds them."""

    vault: Path = Path("vault")
    classes: Path = Path("privacy.yml")
    allowed: list[str] = Field(default_factory=list)


class Settings(Declaration):
    """The whole of study.yml.

    A study of places or of services alone has ``communities`` or ``services``, and neither ``tables`` nor ``design``:
    nobody was asked anything.
    """

    id: Name
    title: BothLanguages
    publisher: BothLanguages
    population: Population
    rounds: Annotated[dict[Name, Round], Field(min_length=1)]
    tables: dict[Name, Table]
    design: DesignColumns
    notice: Text = Field(default_factory=dict)
    statement: Statement = Field(default_factory=Statement)
    outputs: Path = Path("outputs")
    data_folder: str = ""
    groups: list[Annotated[Group, BeforeValidator(_as_group)]] = Field(default_factory=list)
    indicators: Path | None = None
    communities: CommunityLayer | None = None
    resources: ResourceTable | None = None
    network: Network | None = None
    homes: HomePoints | None = None
    catalogue: Path | None = None
    community_facts: Path | None = None
    access: Access | None = None
    services: Services = Field(default_factory=Services)
    disclosure: DisclosureRule = Field(default_factory=DisclosureRule)
    reports: Path | None = None
    facts: Path | None = None
    unchecked_facts: dict[Name, BothLanguages] = Field(default_factory=dict)
    alerts: Path | None = None
    triage: Path = Path("triage.yml")
    themes: Path | None = None
    overlap: Overlapping | None = None
    profile: Profiling = Field(default_factory=Profiling)
    composition: Words = Field(default_factory=list)
    policy: PublicPolicy | None = None
    growth: NationalTables = Field(default_factory=NationalTables)
    privacy: Privacy | None = None
    crosswalk: Path = Path("crosswalk.yml")
    quality: dict[str, Any] = Field(default_factory=dict)
    time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"

    @model_validator(mode="before")
    @classmethod
    def _without_answers(cls, data: Any) -> Any:
        """A study with communities or ledgers may leave out what is about answers."""
        if isinstance(data, dict) and (data.get("communities") or data.get("services")) and not data.get("tables"):
            return {"design": {"kind": "census"}, **data, "tables": {}}
        return data
