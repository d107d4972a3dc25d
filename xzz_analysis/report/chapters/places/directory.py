"""What there is: resources counted and listed, and how sure the directory is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.opening import OPEN
from xzz_analysis.disclosure.protect import Policy, protect_counts
from xzz_analysis.language import Label
from xzz_analysis.places.directory import resource_fields
from xzz_analysis.report.blocks import Block, Column, Note, Table
from xzz_analysis.report.chapters.places.naming import (
    Bilingual,
    as_written,
    category_label,
    community_naming,
    filled,
    groups_text,
    listed,
    where,
)
from xzz_analysis.report.tables import Naming, counts_table

STALE_DAYS = 365
"""Days after which a verification is called old."""

TOLD = ("items", "hours", "fee", "procedure", "papers", "address", "contact")
"""What is listed of a resource beside its name, category and for whom it is."""

COUNTED: Label = {"zh": "各类资源的数量", "en": "How many resources there are of each kind"}
LIST: Label = {"zh": "{heading}（{count} 处）", "en": "{heading} ({count})"}
SURE: Label = {"zh": "资源信息的核实情况", "en": "How far the directory has been verified"}
VOUCHERS: Label = {"zh": "商户的关爱券状态", "en": "Merchants and care vouchers"}
AS_WRITTEN: Bilingual = {
    "zh": "名称以外的内容照机构登记的原文印出。不公开的联系方式不在表中。",
    "en": "Texts other than names stand as the organisation wrote them. Contacts that are not public are not in the table.",
}


def resource_counts(atlas: Atlas) -> list[Block]:
    """How many open resources of each heading every community has."""
    table = _open(atlas)
    if not len(table):
        return []
    headings = {one.id: dict(one.label) for one in atlas.catalogue.headings}
    counts = pd.crosstab(table["category"].str.partition(".")[0], _community(atlas, table))
    counts = counts.reindex([one for one in headings if one in counts.index]).rename_axis("heading").reset_index()
    names = [str(name) for name in counts if name != "heading"]
    counts["total"] = counts[names].sum(axis=1)
    safe = protect_counts(counts, [], Policy.of(atlas.study).whole)  # places, not people: nothing is hidden
    labels = {**{key: where(atlas, key) for key in names if key in atlas.community_names}, "": dict(ELSEWHERE)}
    columns = [Column(name, labels[name], "count") for name in names]
    total = Column("total", {"zh": "合计", "en": "Total"}, "count")
    rows = Naming("heading", headings, {"zh": "类别", "en": "Kind"})
    return [counts_table(safe, caption=dict(COUNTED), rows=rows, columns=[*columns, total])]


ELSEWHERE: Label = {"zh": "社区以外", "en": "Elsewhere"}


def resource_lists(atlas: Atlas, community: str = "") -> list[Block]:
    """Every open resource with its hours and how to apply: a folded table for each heading."""
    table = _open(atlas, community)
    if not len(table):
        return []
    blocks: list[Block] = []
    for heading in atlas.catalogue.headings:
        rows = table[table["category"].str.partition(".")[0] == heading.id]
        if len(rows):
            caption = filled(LIST, heading=dict(heading.label), count=str(len(rows)))
            blocks.append(_list(atlas, rows, caption, named=not community))
    return blocks


def _list(atlas: Atlas, rows: gpd.GeoDataFrame, caption: Bilingual, *, named: bool) -> Table:
    """Resources as rows; columns that no row fills are left out."""
    told = [name for name in TOLD if any(as_written(value) for value in rows[name])]
    fields = resource_fields()
    columns = [
        Column("label", {"zh": "名称", "en": "Name"}),
        Column("kind", {"zh": "类别", "en": "Kind"}),
        *([Column("community", {"zh": "社区", "en": "Community"})] if named else []),
        Column("whom", {"zh": "服务对象", "en": "For whom"}),
        *(Column(name, dict(fields[name].label)) for name in told),
        Column("capacity", {"zh": "名额（每月）", "en": "Places a month"}, "count"),
        Column("verified", {"zh": "核实", "en": "Verified"}),
    ]
    ordered = rows.sort_values(["category", "community"], kind="stable")
    body = [_row(atlas, str(key), row, told, named) for key, row in ordered.to_dict("index").items()]
    return Table(caption, columns, body, [dict(AS_WRITTEN)], folded=True)


def _row(atlas: Atlas, key: str, row: dict[str, object], told: Sequence[str], named: bool) -> dict[str, object]:
    place = str(row["community"])
    cells: dict[str, object] = {
        "label": dict(atlas.names[key]),
        "kind": category_label(atlas, str(row["category"])),
        "whom": groups_text(atlas, row["eligibility"]),  # type: ignore[arg-type]
        **{name: as_written(row[name]) for name in told},
        "capacity": None if row["capacity"] != row["capacity"] else round(float(row["capacity"])),  # type: ignore[arg-type]
        "verified": verified_text(row["verified_on"], str(row["status"])),
    }
    return cells | ({"community": where(atlas, place) if place else dict(ELSEWHERE)} if named else {})


def verified_text(day: object, status: str) -> Bilingual:
    """When a resource was verified last, in words."""
    if day is None or day is pd.NaT or day != day:
        return {"zh": "未核实", "en": "never"}
    date = pd.Timestamp(str(day)).date().isoformat()
    return (
        {"zh": date, "en": date} if status == "active" else {"zh": f"{date}，待核实", "en": f"{date}, to be verified"}
    )


def directory_confidence(atlas: Atlas, community: str = "") -> list[Block]:
    """How many resources were verified when, and which are to be looked at; by community."""
    table = _open(atlas, community)
    if not len(table):
        return []
    age = _ages(table, atlas.as_of)
    parts = {
        "fresh": age <= STALE_DAYS,
        "old": age > STALE_DAYS,
        "never": age.isna(),
        "placed": table.geometry.notna() & ~table.geometry.is_empty,
    }
    counts = pd.DataFrame({name: part.groupby(_community(atlas, table)).sum() for name, part in parts.items()})
    counts.insert(0, "all", _community(atlas, table).value_counts())
    safe = protect_counts(counts.rename_axis("community").reset_index(), [], Policy.of(atlas.study).whole)
    columns = [
        Column("all", {"zh": "在用资源", "en": "Open resources"}, "count"),
        Column("fresh", {"zh": "一年内核实", "en": "Verified in the last year"}, "count"),
        Column("old", {"zh": "核实已超过一年", "en": "Verified longer ago"}, "count"),
        Column("never", {"zh": "未核实", "en": "Never verified"}, "count"),
        Column("placed", {"zh": "有位置", "en": "With a point on the map"}, "count"),
    ]
    rows = community_naming(atlas)
    rows = Naming("community", {**rows.labels, "": dict(ELSEWHERE)}, rows.heading)
    told = counts_table(safe, caption=dict(SURE), rows=rows, columns=columns)
    return [told, *_to_verify(atlas, table, age)]


def _to_verify(atlas: Atlas, table: gpd.GeoDataFrame, age: pd.Series) -> list[Block]:
    """The resources whose verification is old or missing, by name."""
    names = [dict(atlas.names[str(key)]) for key in table.index[(age > STALE_DAYS) | age.isna()]]
    if not names:
        return []
    return [Note(filled(TO_VERIFY, names=listed(names)))]


TO_VERIFY: Label = {
    "zh": "以下资源的信息在公布前应再次核实：{names}。",
    "en": "To be verified again before anybody relies on it: {names}.",
}


def voucher_table(atlas: Atlas, community: str = "") -> list[Block]:
    """Merchants by where they stand with care vouchers, in each community."""
    table = _open(atlas, community)
    table = table[table["voucher"] != ""]
    if not len(table):
        return []
    choices = resource_fields()["voucher"].choices
    counts = pd.crosstab(_community(atlas, table), table["voucher"])
    there = [name for name in choices if name in counts]
    safe = protect_counts(counts[there].rename_axis("community").reset_index(), [], Policy.of(atlas.study).whole)
    columns = [Column(name, {"zh": choices[name].zh, "en": choices[name].en}, "count") for name in there]
    rows = community_naming(atlas)
    rows = Naming("community", {**rows.labels, "": dict(ELSEWHERE)}, rows.heading)
    return [counts_table(safe, caption=dict(VOUCHERS), rows=rows, columns=columns)]


def _open(atlas: Atlas, community: str = "") -> gpd.GeoDataFrame:
    """Open resources, of one community or of all."""
    table = atlas.resources
    if not len(table) or "status" not in table:
        return table.iloc[:0]
    kept = table[table["status"].isin(OPEN)]
    return kept[kept["community"] == community] if community else kept


def _community(atlas: Atlas, table: pd.DataFrame) -> pd.Series:
    """The community of each resource, in the order of the layer; "" elsewhere."""
    order = [*map(str, atlas.communities.layer.index), ""]
    return pd.Series(
        pd.Categorical(table["community"].astype(str), order), index=table.index
    ).cat.remove_unused_categories()


def _ages(table: pd.DataFrame, day: dt.date) -> pd.Series:
    """Days since each resource was verified; NaN where it never was."""
    return (pd.Timestamp(day) - pd.to_datetime(table["verified_on"])).dt.days
