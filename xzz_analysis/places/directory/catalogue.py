"""What resources are called: a catalogue of categories in two levels, groups of people, and classes of assets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, Field

from xzz_analysis.declaration import Declaration, check, read_yaml, refuse
from xzz_analysis.errors import Finding
from xzz_analysis.language import Label
from xzz_analysis.study import BothLanguages, Name

FILE = Path(__file__).with_name("catalogue.yml")
DOMAINS = ("education", "health", "livelihood", "support")
Domain = Literal["education", "health", "livelihood", "support"]
Asset = Literal["individual", "association", "institution", "place", "economy", "culture"]


def _in_order(domains: tuple[Domain, ...]) -> tuple[Domain, ...]:
    return tuple(sorted(domains, key=DOMAINS.index))


class Kind(Declaration):
    """One category of the second level, such as a community clinic.

    Attributes
    ----------
    id : str
        Unique inside its first level.
    label : both languages
    icon : str
        Name of a Maki icon.
    asset : str
        Class of asset: individual, association, institution, place, economy or culture.
    domains : tuple of str
        Domains of needs it serves where a resource says nothing else; empty for none in particular.
    also : tuple of str
        Other words for it, in any language.
    """

    id: Name
    label: BothLanguages
    icon: Name
    asset: Asset
    domains: Annotated[tuple[Domain, ...], AfterValidator(_in_order)] = ()
    also: tuple[str, ...] = ()


class Heading(Declaration):
    """One category of the first level and what stands under it."""

    id: Name
    label: BothLanguages
    icon: Name
    kinds: tuple[Kind, ...] = Field(min_length=1)


class Group(Declaration):
    """A group of people a resource is meant for: label and other words."""

    zh: str
    en: str
    also: tuple[str, ...] = ()


class _File(Declaration):
    domains: dict[Domain, BothLanguages]
    assets: dict[Asset, BothLanguages]
    categories: tuple[Heading, ...] = Field(min_length=1)
    groups: dict[Name, Group]
    everybody: tuple[str, ...]


def plain(text: str) -> str:
    """A text for comparison: full width and case folded, blanks and brackets gone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if not sign.isspace() and sign not in "()[]【】〔〕·-_、,，.。'’\"“”")


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Categories, groups and classes of assets, by id and by the words people write.

    Attributes
    ----------
    headings : tuple of Heading
        First level, in the order legends follow.
    kinds : mapping of str to Kind
        Two-level id (``health.clinic``) → category.
    domains, assets : mapping of str to both languages
    groups : mapping of str to Group
    everybody : frozenset of str
        Words, as :func:`plain` gives them, that mean that a resource is for everybody.
    """

    headings: tuple[Heading, ...]
    kinds: Mapping[str, Kind]
    domains: Mapping[Domain, Label]
    assets: Mapping[Asset, Label]
    groups: Mapping[str, Group]
    everybody: frozenset[str]

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Every word for a category (id, label, other words; as :func:`plain` gives them) → id."""
        return dict(_words(self))

    @cached_property
    def group_words(self) -> Mapping[str, str]:
        """Every word for a group → id."""
        return {
            plain(word): name for name, group in self.groups.items() for word in (name, group.zh, group.en, *group.also)
        }

    @property
    def table(self) -> pd.DataFrame:
        """One row per category: id (index), both labels of both levels, icon, asset and domains."""
        rows = {
            name: {
                "heading": name.partition(".")[0],
                **{f"heading_{language}": text for language, text in self.heading(name).label.items()},
                **{f"name_{language}": text for language, text in kind.label.items()},
                "icon": kind.icon,
                "asset": kind.asset,
                "domains": kind.domains,
            }
            for name, kind in self.kinds.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("category")

    def domain_label(self, domain: str) -> Label:
        """What a domain is called."""
        return next(label for name, label in self.domains.items() if name == domain)

    def heading(self, category: str) -> Heading:
        """The first level of a category."""
        return next(heading for heading in self.headings if heading.id == category.partition(".")[0])


def _words(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for name, kind in catalogue.kinds.items():
        for word in (name, *kind.label.values(), *kind.also):
            yield plain(word), name


@lru_cache(maxsize=8)
def read_catalogue(path: Path = FILE) -> Catalogue:
    """Read a catalogue of categories.

    Parameters
    ----------
    path : Path
        A YAML file as ``catalogue.yml`` of this room, which is the default; an organisation may have its own.

    Returns
    -------
    Catalogue

    Raises
    ------
    StudyError
        The file cannot be read; every problem in it: unknown keys, ids or words used twice, an unknown domain or asset.

    References
    ----------
    Kretzmann, J. P. and McKnight, J. L. (1993). Building communities from the inside out. ACTA Publications.
    """
    data, findings = read_yaml(path)
    declared, problems = check(_File, data, path.name)
    findings += problems
    if declared is not None:
        findings += _twice(declared, path.name)
    refuse(path, findings)
    assert declared is not None
    kinds = {f"{heading.id}.{kind.id}": kind for heading in declared.categories for kind in heading.kinds}
    everybody = frozenset(map(plain, declared.everybody))
    return Catalogue(declared.categories, kinds, declared.domains, declared.assets, declared.groups, everybody)


def _twice(declared: _File, file: str) -> Iterator[Finding]:
    """Ids and words that two categories or two groups share, so that nobody could tell which is meant."""
    kinds: list[tuple[str, Any]] = [
        (f"{heading.id}.{kind.id}", (*kind.label.values(), *kind.also))
        for heading in declared.categories
        for kind in heading.kinds
    ]
    groups = [(name, (group.zh, group.en, *group.also)) for name, group in declared.groups.items()]
    for entries in (kinds, groups):
        seen: dict[str, str] = {}
        for name, words in entries:
            for word in dict.fromkeys((plain(name), *map(plain, words))):
                if word in seen:
                    message = f"{word!r} means {seen[word]!r} and {name!r}"
                    yield Finding("error", "word_twice", file, message, "keep it in one of them")
                seen.setdefault(word, name)
