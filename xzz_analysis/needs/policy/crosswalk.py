"""Which indicator speaks to which item of policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding, StudyError, suggest
from xzz_analysis.study import BothLanguages, Name


def _told_or_none(text: Any) -> Any:
    """``""`` is no text yet."""
    return text or {}


Text = Annotated[dict[str, str], BeforeValidator(_told_or_none)]
"""A text by language; empty where nobody has supplied it."""


class Aspect(Declaration):
    """One of the six aspects of the national list."""

    id: Name
    label: BothLanguages


class ListItem(Declaration):
    """One item of the national list.

    Attributes
    ----------
    id : str
    aspect : str
        Id of its aspect; empty until a person supplies it.
    text : mapping of language code to text
        The item's words, copied from the list by a person; empty until then.
    source, page, checked_by : str
        Where the words were copied from, and who compared them.
    """

    id: Name
    aspect: str = ""
    text: Text = Field(default_factory=dict)
    source: str = ""
    page: str = ""
    checked_by: Annotated[str, AfterValidator(str.strip)] = ""


class Numbered(Declaration):
    """A goal of Agenda 2030 or an article of the Convention: its number and short title."""

    number: int
    title: BothLanguages


class Link(Declaration):
    """What an indicator bears on.

    Attributes
    ----------
    indicator : str
    national : list of str
        Ids of items or aspects of the national list.
    sdg : list of str
        Goals or targets: ``4`` or ``4.1``.
    crc : list of int
        Articles.
    """

    indicator: str
    national: list[str] = Field(default_factory=list)
    sdg: list[str] = Field(default_factory=list)
    crc: list[int] = Field(default_factory=list)


class Crosswalk(Declaration):
    """Everything of policy.yml.

    Attributes
    ----------
    title : mapping of language code to text
        Name of the national list.
    expected : int
        How many items the list has.
    aspects, items, sdg, crc, links
        As declared.
    """

    title: BothLanguages
    expected: int = Field(ge=1)
    aspects: list[Aspect]
    items: list[ListItem]
    sdg: list[Numbered] = Field(default_factory=list)
    crc: list[Numbered] = Field(default_factory=list)
    links: list[Link] = Field(default_factory=list)

    def link(self, indicator: str) -> Link:
        """What an indicator bears on; nothing where it is not linked."""
        return next((one for one in self.links if one.indicator == indicator), Link(indicator=indicator))

    def with_tags(self, tags: Mapping[str, Iterable[str]]) -> Crosswalk:
        """The crosswalk with the policy tags that indicators declare themselves.

        Parameters
        ----------
        tags : mapping of str to iterable of str
            Indicator → ``sdg:4.1``, ``crc:28``, or ids of items and aspects, with or without ``list:``.

        Returns
        -------
        Crosswalk
            Tags come after what policy.yml links, each once.

        Raises
        ------
        StudyError
            A tag that names nothing, with the nearest name; all of them together.
        """
        links = {one.indicator: one.model_dump() for one in self.links}
        for indicator, written in tags.items():
            held = links.setdefault(indicator, Link(indicator=indicator).model_dump())
            for tag in written:
                kind, _, name = tag.rpartition(":")
                place = {"sdg": "sdg", "crc": "crc"}.get(kind, "national")
                held[place] = [*held[place], name]
        made, findings = check(Crosswalk, {**self.model_dump(), "links": list(links.values())}, "policy tags")
        if made is None:
            raise StudyError(f"{len(findings)} policy tag(s) are no numbers", findings)
        refuse(Path("policy tags"), _problems(made, "policy tags"))
        once = [
            one.model_copy(update={key: list(dict.fromkeys(getattr(one, key))) for key in KINDS}) for one in made.links
        ]
        return made.model_copy(update={"links": once})

    def with_items(self, items: Iterable[ListItem], where: str) -> Crosswalk:
        """The crosswalk with items that a person supplied.

        Parameters
        ----------
        items : iterable of ListItem
            Each takes the place of the one with its id.
        where : str
            The file to name.

        Returns
        -------
        Crosswalk

        Raises
        ------
        StudyError
            An unknown aspect (with the nearest name), a text without source or in one language only; all together.
        """
        supplied = {one.id: one for one in items}
        made = self.model_copy(update={"items": [supplied.get(one.id, one) for one in self.items]})
        refuse(Path(where), _problems(made, where))
        return made

    def aspects_of(self, indicator: str) -> list[Aspect]:
        """Aspects that an indicator bears on, directly or through an item, in the order of the list."""
        named = self.link(indicator).national
        through = {one.aspect for one in self.items if one.id in named}
        return [one for one in self.aspects if one.id in named or one.id in through]

    def findings(self, indicators: Iterable[str] = ()) -> list[Finding]:
        """What is still to be supplied, and links to indicators that there are none of.

        Parameters
        ----------
        indicators : iterable of str
            Ids of all indicators; links are not checked without them.

        Returns
        -------
        list of Finding
            ``policy_not_supplied`` (warning) counts items without text or aspect, ``policy_unchecked`` (warning) texts
            that nobody compared with the list, ``policy_link_unused`` (note) links to unknown indicators.
        """
        bare = sum(not one.text or not one.aspect for one in self.items)
        loose = sum(bool(one.text) and not one.checked_by for one in self.items)
        known = list(indicators)
        unused = [one.indicator for one in self.links if known and one.indicator not in known]
        out = []
        if bare:
            message = f"{bare} of {len(self.items)} items of the list have no text or no aspect yet"
            remedy = "copy them from the published list into policy.yml"
            out.append(Finding("warning", "policy_not_supplied", "policy.yml", message, remedy, bare))
        if loose:
            message = f"{loose} item texts were compared with the list by nobody"
            out.append(Finding("warning", "policy_unchecked", "policy.yml", message, "write checked_by", loose))
        if unused:
            message = f"{len(unused)} links name indicators that there are none of: {', '.join(unused[:3])}"
            out.append(Finding("note", "policy_link_unused", "policy.yml", message, "correct or remove", len(unused)))
        return out


KINDS = ("national", "sdg", "crc")


def read_crosswalk(path: str | Path | None = None) -> Crosswalk:
    """Read a crosswalk.

    Parameters
    ----------
    path : str or Path, optional
        A policy.yml; the one that comes with the library when left out.

    Returns
    -------
    Crosswalk

    Raises
    ------
    StudyError
        Every problem together: unknown keys, another number of items than the list has, ids used twice, links to items,
        goals or articles that there are none of (with the nearest name), a text without source, in one language only.
    """
    if path is None:
        with as_file(files("xzz_analysis.needs.policy").joinpath("policy.yml")) as shipped:
            return read_crosswalk(shipped)
    file = Path(path)
    data, findings = read_yaml(file)
    made, problems = check(Crosswalk, data, file.name)
    refuse(file, findings + problems + ([] if made is None else _problems(made, file.name)))
    if made is None:
        raise StudyError(f"{file.name} cannot be read")
    return made


def _problems(crosswalk: Crosswalk, where: str) -> list[Finding]:
    """What no single field shows."""
    out = []
    if len(crosswalk.items) != crosswalk.expected:
        message = f"{len(crosswalk.items)} items are declared, and the list has {crosswalk.expected}"
        out.append(Finding("error", "policy_wrong", where, message, 'declare each once, with text: "" where unknown'))
    names = [one.id for one in crosswalk.aspects] + [one.id for one in crosswalk.items]
    names += [one.indicator for one in crosswalk.links]
    for name in sorted({name for name in names if names.count(name) > 1}):
        out.append(
            Finding("error", "duplicate_id", where, f"{name!r} is declared {names.count(name)} times", "keep one")
        )
    aspects = [one.id for one in crosswalk.aspects]
    for item in crosswalk.items:
        out += [
            Finding("error", "policy_wrong", f"{where}: {item.id}", *said) for said in _item_problems(item, aspects)
        ]
    known = {
        "national": [*aspects, *(one.id for one in crosswalk.items)],
        "sdg": [str(one.number) for one in crosswalk.sdg],
        "crc": [str(one.number) for one in crosswalk.crc],
    }
    return out + [problem for link in crosswalk.links for problem in _link_problems(link, known, where)]


def _item_problems(item: ListItem, aspects: list[str]) -> list[tuple[str, str]]:
    out = []
    if item.aspect and item.aspect not in aspects:
        out.append(
            (f"aspect {item.aspect!r} is not declared{suggest(item.aspect, aspects)}", "name one of the aspects")
        )
    if item.text and not (item.source and item.page):
        out.append(("has a text without source and page", "write where it was copied from"))
    if item.text and not all(item.text.get(language, "").strip() for language in ("zh", "en")):
        out.append(("has a text in one language only", "write zh from the list, and your translation as en"))
    return out


def _link_problems(link: Link, known: dict[str, list[str]], where: str) -> list[Finding]:
    out = []
    for kind in KINDS:
        for name in getattr(link, kind):
            wanted = str(name).partition(".")[0] if kind == "sdg" else str(name)
            if wanted not in known[kind]:
                message = f"{kind} {name!r} is not declared{suggest(str(name), known[kind])}"
                out.append(Finding("error", "policy_wrong", f"{where}: {link.indicator}", message, "correct the link"))
    return out
