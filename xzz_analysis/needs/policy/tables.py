"""The crosswalk as tables, in one language each."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xzz_analysis.language import Label
from xzz_analysis.needs.policy.crosswalk import Crosswalk, ListItem
from xzz_analysis.needs.policy.ratios import MEASURES

NOT_SUPPLIED: Label = {"zh": "未提供", "en": "not supplied"}
"""What stands where a person has not yet supplied an item's text or aspect."""

_FIGURES = ("estimate", "se", "low", "high", "n", "result_id", "reason")


def _text(item: ListItem, language: str) -> str:
    return item.text.get(language, "") or NOT_SUPPLIED[language]


def item_table(crosswalk: Crosswalk, language: str) -> pd.DataFrame:
    """The national list, with the indicators that bear on each item.

    Parameters
    ----------
    crosswalk : Crosswalk
    language : "zh" or "en"

    Returns
    -------
    DataFrame
        ``item``, ``aspect``, ``text`` (``未提供`` / ``not supplied`` until a person supplies them), ``indicators``
        (ids linked to the item), ``by_aspect`` (ids linked to its aspect only), ``checked`` (bool).
    """
    labels = {one.id: one.label[language] for one in crosswalk.aspects}
    rows = [
        {
            "item": one.id,
            "aspect": labels.get(one.aspect, NOT_SUPPLIED[language]),
            "text": _text(one, language),
            "indicators": ", ".join(link.indicator for link in crosswalk.links if one.id in link.national),
            "by_aspect": ", ".join(
                link.indicator
                for link in crosswalk.links
                if one.aspect in link.national and one.id not in link.national
            ),
            "checked": bool(one.checked_by),
        }
        for one in crosswalk.items
    ]
    return pd.DataFrame(rows)


def indicator_table(crosswalk: Crosswalk, indicators: Iterable[str], language: str) -> pd.DataFrame:
    """What each indicator bears on.

    Parameters
    ----------
    crosswalk : Crosswalk
    indicators : iterable of str
        Ids, in the order of the table.
    language : "zh" or "en"

    Returns
    -------
    DataFrame
        ``indicator``, ``aspects``, ``items``, ``sdg`` and ``crc`` (number and short title); ``""`` where nothing is
        linked.
    """
    goals = {str(one.number): one.title[language] for one in crosswalk.sdg}
    articles = {one.number: one.title[language] for one in crosswalk.crc}
    texts = {one.id: _text(one, language) for one in crosswalk.items}
    rows = []
    for name in indicators:
        link = crosswalk.link(name)
        rows.append(
            {
                "indicator": name,
                "aspects": "; ".join(one.label[language] for one in crosswalk.aspects_of(name)),
                "items": "; ".join(f"{item} {texts[item]}" for item in link.national if item in texts),
                "sdg": "; ".join(f"{goal} {goals[goal.partition('.')[0]]}" for goal in link.sdg),
                "crc": "; ".join(f"{number} {articles[number]}" for number in link.crc),
            }
        )
    return pd.DataFrame(rows, columns=["indicator", "aspects", "items", "sdg", "crc"])


def service_table(crosswalk: Crosswalk, estimates: pd.DataFrame, language: str) -> pd.DataFrame:
    """Coverage, awareness and gap of each service, beside its item of the national list.

    Parameters
    ----------
    crosswalk : Crosswalk
    estimates : DataFrame
        What ``service_ratios`` gave, protected before it is printed.
    language : "zh" or "en"

    Returns
    -------
    DataFrame
        One row per estimate in the order item, group, measure: ``item``, ``aspect``, ``text``, ``by``, ``measure``
        (in words), ``estimate``, ``se``, ``low``, ``high``, ``n``, ``result_id``, ``reason``. An item that the form
        does not ask about has one row without figures and the reason ``not_asked``.
    """
    labels = {one.id: one.label[language] for one in crosswalk.aspects}
    known = {one.id: (labels.get(one.aspect, NOT_SUPPLIED[language]), _text(one, language)) for one in crosswalk.items}
    rows = []
    for row in estimates.to_dict("records"):
        aspect, text = known.get(str(row["indicator"]), ("", str(row["indicator"])))
        rows.append(
            {
                "item": row["indicator"],
                "aspect": aspect,
                "text": text,
                "by": row["by"],
                "measure": MEASURES[str(row["option"])][language],
                **{name: row[name] for name in _FIGURES},
            }
        )
    asked = {row["item"] for row in rows}
    rows += [
        {"item": name, "aspect": aspect, "text": text, "by": "", "measure": "", "reason": "not_asked"}
        for name, (aspect, text) in known.items()
        if name not in asked
    ]
    table = pd.DataFrame(rows, columns=["item", "aspect", "text", "by", "measure", *_FIGURES])
    order = {name: place for place, name in enumerate(known)}
    return table.sort_values("item", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)
