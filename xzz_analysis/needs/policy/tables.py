"""The crosswalk as a report prints it: indicators in the order of the national list, items, goals and articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.needs.policy.crosswalk import Crosswalk, ListItem

NOT_SUPPLIED: Label = {"zh": "未提供", "en": "not supplied"}
"""What stands where a person has not yet supplied an item's text or aspect."""

UNCHECKED: Label = {"zh": "（未核对）", "en": " (not yet checked)"}
"""What stands behind a text that nobody has compared with the published list."""

NUMBER: Label = {"zh": "第{}项", "en": "Item {}"}
NUMBERS: Label = {"zh": "第{}–{}项", "en": "Items {}–{}"}
ALONE: Label = {"zh": "第{}项：{}", "en": "Item {}: {}"}
IN_ASPECT: Label = {"zh": "{2}　第{0}项：{1}", "en": "{2}, item {0}: {1}"}
OUTSIDE: Label = {"zh": "清单以外的指标", "en": "Indicators outside the list"}
UNKNOWN_ITEM: Label = {"zh": "{}（对应条目未提供）", "en": "{} (item not supplied)"}
GOAL: Label = {"zh": "目标{}（{}）", "en": "Goal {} ({})"}
ARTICLE: Label = {"zh": "第{}条（{}）", "en": "Article {} ({})"}
JOIN: Label = {"zh": "；", "en": "; "}


@dataclass(frozen=True)
class Place:
    """One place of the national list with the indicators that bear on it.

    Attributes
    ----------
    key : str
        Id of the item or aspect; ``""`` for what is outside the list.
    label : mapping of language code to text
        The item's number and words, or the aspect.
    indicators : tuple of str
    """

    key: str
    label: dict[str, str]
    indicators: tuple[str, ...]


def item_label(crosswalk: Crosswalk, number: int) -> dict[str, str]:
    """An item's number, aspect and words; 未提供 / not supplied where a person has not written them yet.

    Parameters
    ----------
    crosswalk : Crosswalk
    number : int
        From 1.
    """
    item = crosswalk.items[number - 1]
    aspect, words = aspect_label(crosswalk, item), item_text(item)
    pattern = IN_ASPECT if item.aspect else ALONE
    return {code: pattern[code].format(number, words[code], aspect[code]) for code in REPORT_LANGUAGES}


def item_text(item: ListItem) -> dict[str, str]:
    """An item's words, marked where nobody compared them with the list; 未提供 / not supplied where there are none."""
    if not item.text:
        return dict(NOT_SUPPLIED)
    mark = {} if item.checked_by else UNCHECKED
    return {language: item.text[language] + mark.get(language, "") for language in REPORT_LANGUAGES}


def aspect_label(crosswalk: Crosswalk, item: ListItem) -> dict[str, str]:
    """The name of an item's aspect, as it begins a line."""
    labels = {one.id: one.label for one in crosswalk.aspects}
    return _capital(labels.get(item.aspect, NOT_SUPPLIED)) if item.aspect else dict(NOT_SUPPLIED)


def _capital(label: Mapping[str, str]) -> dict[str, str]:
    return {**label, "en": label["en"][:1].upper() + label["en"][1:]}


def places(crosswalk: Crosswalk, indicators: Sequence[str]) -> list[Place]:
    """Indicators in the order of the list: by aspect, then by item; what is outside the list comes last.

    Parameters
    ----------
    crosswalk : Crosswalk
    indicators : sequence of str
        Ids of the study's indicators.

    Returns
    -------
    list of Place
        Places without indicators are left out; an indicator stands at every place that it bears on, and at an aspect
        only where it bears on none of its items.
    """
    found = list(_places(crosswalk, indicators))
    linked = {name for place in found for name in place.indicators}
    rest = tuple(name for name in indicators if name not in linked)
    return [one for one in [*found, Place("", dict(OUTSIDE), rest)] if one.indicators]


def _places(crosswalk: Crosswalk, indicators: Sequence[str]) -> Iterator[Place]:
    national = {name: crosswalk.link(name).national for name in indicators}
    aspects = {one.id: _capital(one.label) for one in crosswalk.aspects}
    for aspect in [*aspects, ""]:
        items = {one.id: number for number, one in enumerate(crosswalk.items, start=1) if one.aspect == aspect}
        for item, number in items.items():
            bearing = tuple(name for name in indicators if item in national[name])
            yield Place(item, item_label(crosswalk, number), bearing)
        if aspect:
            bearing = tuple(
                name for name in indicators if aspect in national[name] and not items.keys() & national[name]
            )
            label = {code: UNKNOWN_ITEM[code].format(aspects[aspect][code]) for code in REPORT_LANGUAGES}
            yield Place(aspect, label, bearing)


def goals_text(crosswalk: Crosswalk, indicator: str) -> dict[str, str]:
    """The goals and targets of Agenda 2030 that an indicator bears on, with their short titles; ``""`` for none.

    A goal is left out where one of its targets is there.
    """
    titles = {str(one.number): one.title for one in crosswalk.sdg}
    linked = sorted(set(crosswalk.link(indicator).sdg), key=lambda goal: [int(part) for part in goal.split(".")])
    exact = [goal for goal in linked if not any(one.startswith(f"{goal}.") for one in linked)]
    return _listed(GOAL, [(goal, titles[goal.partition(".")[0]]) for goal in exact])


def articles_text(crosswalk: Crosswalk, indicator: str) -> dict[str, str]:
    """The articles of the Convention on the Rights of the Child that an indicator bears on; ``""`` for none."""
    titles = {one.number: one.title for one in crosswalk.crc}
    return _listed(ARTICLE, [(str(number), titles[number]) for number in sorted(crosswalk.link(indicator).crc)])


def _listed(pattern: Label, found: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Numbers with their titles, those of one title together: 目标4.1、4.5（优质教育）."""
    said = {}
    for language in REPORT_LANGUAGES:
        numbers: dict[str, list[str]] = {}
        for number, title in found:
            numbers.setdefault(title[language], []).append(number)
        comma = "、" if language == "zh" else ", "
        parts = [pattern[language].format(comma.join(own), title) for title, own in numbers.items()]
        said[language] = JOIN[language].join(parts)
    return said


@dataclass(frozen=True)
class ListRow:
    """One line of the table of items: an item, or several in a row of which nothing is known.

    Attributes
    ----------
    number, aspect, text : mapping of language code to text
    first, last : int
        Numbers of its items.
    indicators : tuple of str
        Ids of indicators that bear on the item.
    """

    number: dict[str, str]
    aspect: dict[str, str]
    text: dict[str, str]
    first: int
    last: int
    indicators: tuple[str, ...] = ()


def list_rows(crosswalk: Crosswalk, indicators: Sequence[str], measured: Iterable[int] = ()) -> list[ListRow]:
    """The items of the national list, those of which nothing is known yet put together.

    Parameters
    ----------
    crosswalk : Crosswalk
    indicators : sequence of str
        Ids of the study's indicators.
    measured : iterable of int
        Numbers of items that something else measures (a service).

    Returns
    -------
    list of ListRow
    """
    kept = set(measured)
    bearing = [tuple(name for name in indicators if one.id in crosswalk.link(name).national) for one in crosswalk.items]

    def known(number: int) -> int:
        item = crosswalk.items[number - 1]
        return number if item.text or item.aspect or bearing[number - 1] or number in kept else 0

    rows = []
    for _, run in groupby(range(1, len(crosswalk.items) + 1), key=known):
        numbers = list(run)
        first, last = numbers[0], numbers[-1]
        item = crosswalk.items[first - 1]
        words = NUMBER if first == last else NUMBERS
        name = {language: words[language].format(first, last) for language in REPORT_LANGUAGES}
        rows.append(ListRow(name, aspect_label(crosswalk, item), item_text(item), first, last, bearing[first - 1]))
    return rows
