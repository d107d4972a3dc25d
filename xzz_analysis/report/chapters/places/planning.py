"""Who could fill the gaps: who takes whom, what is left, and where one more service helps most."""

from __future__ import annotations

from typing import Any

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.opening import VOUCHER
from xzz_analysis.atlas.planning import OBJECTIVE, firmness, one_more, plan
from xzz_analysis.disclosure.protect import Policy, protect_counts
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.places.matching import Match
from xzz_analysis.report.blocks import Block, Column, Table
from xzz_analysis.report.chapters.places.naming import (
    Bilingual,
    community_naming,
    filled,
    folded,
    kind_label,
    kind_naming,
    where,
)
from xzz_analysis.report.tables import Naming, counts_table

WHO: Label = {"zh": "谁来承接：分配方案（人）", "en": "Who takes whom: a plan (people)"}
LEFT: Label = {"zh": "按方案分配以后仍缺的名额（人）", "en": "What is left open by the plan (people)"}
MORE: Label = {"zh": "多办一处，放在哪里最有用", "en": "One more service: where it helps most"}
HOW: Bilingual = {
    "zh": "方案在各服务的名额之内，让需求满足比例最低的社区尽量高，再让路程尽量短。它是商议的起点，不是决定：人可以锁定或禁止任何一对。"
    "“稳定”是需求在各自区间内变动时这一对仍被选中的次数所占比例。",
    "en": "Within the places there are, the plan raises the lowest share of need met as far as it goes, and then shortens the way. It "
    "is where talks begin and no decision: people may lock or ban any pair. Stays is how often a pair is chosen when needs move "
    "within their intervals.",
}
WHERE: Bilingual = {
    "zh": "候选地点是尚未提供该类服务的在用场所（关爱券：已走访或待定的商户）。新增可及指步行可及范围内原来没有这类服务的儿童。",
    "en": "Candidates are open places that do not offer the service yet (for vouchers: merchants visited or undecided). Newly in "
    "reach are children who had none within their walk.",
}
SHOWN = 3
"""Candidates listed for each kind of service."""


def plan_chapter(atlas: Atlas, objective: str = OBJECTIVE, community: str = "") -> list[Block]:
    """An allocation of places, how firm it is, and what it leaves open."""
    found = plan(atlas, objective)
    if found is None or not len(found.allocation):
        return []
    return [*_ordered(atlas, community), *_taken(atlas, found, community), *_left(atlas, found, community)]


def _ordered(atlas: Atlas, community: str) -> list[Block]:
    """What people decided beforehand, with who and why; nothing where nobody decided anything."""
    domains: dict[str, Bilingual] = {name: dict(label) for name, label in atlas.catalogue.domains.items()}
    rows = [
        {
            "label": where(atlas, one.community),
            "resource": dict(atlas.names.get(one.resource, dict.fromkeys(REPORT_LANGUAGES, one.resource))),
            "order": filled(ORDERS[one.kind], people=str(one.people)),
            "domain": domains.get(one.domain, {"zh": "全部", "en": "all"}),
            "why": dict(one.why),
            "by": dict(one.by),
        }
        for one in atlas.rules.orders
        if community in ("", one.community)
    ]
    columns = [
        Column("label", {"zh": "社区", "en": "Community"}),
        Column("resource", {"zh": "服务", "en": "Service"}),
        Column("order", {"zh": "决定", "en": "Decision"}),
        Column("domain", {"zh": "领域", "en": "Domain"}),
        Column("why", {"zh": "理由", "en": "Why"}),
        Column("by", {"zh": "由谁决定", "en": "Decided by"}),
    ]
    return [Table(dict(DECIDED), columns, rows)] if rows else []


DECIDED: Label = {"zh": "方案必须遵守的决定", "en": "Decisions that the plan keeps"}
ORDERS: dict[str, Label] = {
    "at_least": {"zh": "至少{people}人", "en": "at least {people} people"},
    "exactly": {"zh": "正好{people}人", "en": "exactly {people} people"},
    "ban": {"zh": "不安排", "en": "nobody"},
}


def _taken(atlas: Atlas, found: Match, community: str) -> list[Block]:
    pairs = firmness(found).pairs
    keys = ["community", "domain", "organisation"]
    stays = pairs.groupby(keys)["stays"].max()
    table = found.allocation[[*keys, "people", "cost"]].copy()
    table["stays"] = [float(stays.get(tuple(row), float("nan"))) for row in table[keys].to_numpy()]
    table["cost"] = table["cost"].round()
    table = _in_order(atlas, table, community)
    if not len(table):
        return []
    safe = protect_counts(table, [], Policy.of(atlas.study).whole)  # people are worked out from protected shares
    names = [dict(atlas.names[str(name)]) for name in safe.frame["organisation"]]
    safe = safe.with_texts("taker", names)
    columns = [
        Column("taker", {"zh": "由谁承接", "en": "Taken by"}),
        Column("people", {"zh": "人数", "en": "People"}, "count"),
        Column("cost", {"zh": "步行分钟", "en": "Minutes on foot"}, "count"),
        Column("stays", {"zh": "稳定", "en": "Stays"}, "percent"),
    ]
    section = None if community else community_naming(atlas)
    rows = kind_naming(atlas, "domain")
    taken = counts_table(safe, caption=dict(WHO), rows=rows, columns=columns, section=section, notes=[dict(HOW)])
    return [folded(taken)]


def _in_order(atlas: Atlas, table: pd.DataFrame, community: str) -> pd.DataFrame:
    """The rows of one community, or of all in the order of the layer."""
    order = {str(key): place for place, key in enumerate(atlas.communities.layer.index)}
    kept = table[table["community"] == community] if community else table
    return kept.sort_values("community", key=lambda keys: keys.map(order), kind="stable", ignore_index=True)


def _left(atlas: Atlas, found: Match, community: str) -> list[Block]:
    table = _in_order(atlas, found.unmet[found.unmet["need"] > 0], community)
    if not len(table):
        return []
    safe = protect_counts(
        table[["community", "domain", "need", "met", "unmet", "share_met"]], [], Policy.of(atlas.study).whole
    )
    columns = [
        Column("need", {"zh": "有需要", "en": "In need"}, "count"),
        Column("met", {"zh": "可满足", "en": "Met"}, "count"),
        Column("unmet", {"zh": "仍缺", "en": "Left open"}, "count"),
        Column("share_met", {"zh": "满足比例", "en": "Share met"}, "percent"),
    ]
    section = None if community else community_naming(atlas)
    rows = kind_naming(atlas, "domain")
    return [folded(counts_table(safe, caption=dict(LEFT), rows=rows, columns=columns, section=section))]


def site_chapter(atlas: Atlas) -> list[Block]:
    """At which open place one more service would bring most children in reach, for each kind of service."""
    rows: list[dict[str, Any]] = []
    for kind in (*atlas.catalogue.domains, VOUCHER):
        found = one_more(atlas, kind) if len(atlas.places) and atlas.homes is not None else None
        if found is None:
            continue
        best = found.candidates.sort_values("alone", ascending=False, kind="stable").head(SHOWN)
        rows += [
            {"option": kind, "place": str(key), "adds": float(adds), "now": found.before}
            for key, adds in best["alone"].items()
            if adds > 0
        ]
    if not rows:
        return []
    safe = protect_counts(pd.DataFrame(rows), ["adds"], Policy.of(atlas.study).whole)
    columns = [
        Column("adds", {"zh": "新增可及的儿童", "en": "Children newly in reach"}, "count"),
        Column("now", {"zh": "目前可及的儿童", "en": "Children in reach now"}, "count"),
    ]
    section = Naming("option", {kind: kind_label(atlas, kind) for kind in (*atlas.catalogue.domains, VOUCHER)})
    naming = Naming("place", atlas.names, {"zh": "候选地点", "en": "Candidate"})
    return [counts_table(safe, caption=dict(MORE), rows=naming, columns=columns, section=section, notes=[dict(WHERE)])]
