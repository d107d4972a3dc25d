"""What places, kinds of service and their texts are called in reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.opening import VOUCHER
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Table
from xzz_analysis.report.maps.content import words_of
from xzz_analysis.report.sentences import lower_first
from xzz_analysis.report.tables import Naming

Bilingual = dict[str, str]

COMMUNITY: Label = {"zh": "社区", "en": "Community"}
KIND: Label = {"zh": "服务", "en": "Service"}
VOUCHERS: Label = {"zh": "关爱券商户", "en": "Voucher merchants"}
EVERYBODY: Label = {"zh": "所有人", "en": "everybody"}
OPEN_ROWS = 40
"""Rows up to which a table stands open on a page."""
NAMED = 6
"""Communities up to which each has a sentence of its own; of more, those that stand out."""
NOBODY_SAYS: Label = {"zh": "未说明", "en": "not stated"}


def where(atlas: Atlas, community: str) -> Bilingual:
    """What a community is called."""
    return {language: atlas.community_names[community][language] for language in REPORT_LANGUAGES}


def site_label(atlas: Atlas, site: str) -> Bilingual:
    """What a city or site is called; the study's title where all communities are one site."""
    if not site:
        return {"zh": "各社区", "en": "all communities"}
    layer = atlas.communities.layer
    rows = layer[layer["city_zh"].astype(str) == site]
    english = str(rows["city_en"].iloc[0]) if "city_en" in layer else ""
    return {"zh": site, "en": english or site}


def kind_label(atlas: Atlas, kind: str) -> Bilingual:
    """What a kind of service is called: one of the four domains, or merchants with vouchers."""
    return dict(VOUCHERS if kind == VOUCHER else atlas.catalogue.domains[kind])  # type: ignore[index]


def lower_kind(atlas: Atlas, kind: str) -> Bilingual:
    """A kind of service as it stands inside a sentence."""
    label = kind_label(atlas, kind)
    return {**label, "en": lower_first(label["en"])}


def community_naming(atlas: Atlas, column: str = "community") -> Naming:
    """Rows named by community."""
    labels = {str(key): where(atlas, str(key)) for key in atlas.communities.layer.index}
    return Naming(column, labels, dict(COMMUNITY))


def kind_naming(atlas: Atlas, column: str = "option") -> Naming:
    """Rows named by kind of service."""
    labels = {one: kind_label(atlas, one) for one in (*atlas.catalogue.domains, VOUCHER)}
    return Naming(column, labels, dict(KIND))


def groups_text(atlas: Atlas, groups: Sequence[str]) -> Bilingual:
    """For whom a resource is, in words."""
    if not groups:
        return dict(EVERYBODY)
    labels = {name: {"zh": group.zh, "en": group.en} for name, group in atlas.catalogue.groups.items()}
    return words_of(labels, tuple(groups))


def category_label(atlas: Atlas, category: str) -> Bilingual:
    """What a category is called."""
    return dict(atlas.catalogue.kinds[category].label)


def as_written(value: object) -> str:
    """A text of the directory as the organisation wrote it; empty where there is none."""
    return "" if value is None or value is pd.NaT or value != value else str(value).strip()


def filled(text: Mapping[str, str], **parts: Mapping[str, str] | str) -> Bilingual:
    """A text in both languages with labels in its places."""
    return {
        language: text[language].format(
            **{name: part if isinstance(part, str) else part[language] for name, part in parts.items()}
        )
        for language in REPORT_LANGUAGES
    }


def folded(table: Table) -> Table:
    """The table with its rows shown when a reader opens it, where it is long."""
    return replace(table, folded=True) if len(table.rows) > OPEN_ROWS else table


def listed(labels: Iterable[Mapping[str, str]]) -> Bilingual:
    """Labels one after the other."""
    between = {"zh": "、", "en": ", "}
    told = list(labels)
    return {language: between[language].join(one[language] for one in told) for language in REPORT_LANGUAGES}
