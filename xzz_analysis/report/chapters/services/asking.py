"""For the house: which merchants to ask first, because most children would have one within a walk."""

from __future__ import annotations

import pandas as pd

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.services.sites import merchant_sites
from xzz_analysis.disclosure.protect import protect_counts
from xzz_analysis.language import Label
from xzz_analysis.report.blocks import Block, Column
from xzz_analysis.report.chapters.services.naming import filled, policy_of
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.services.opening import Ledgers

CAPTION: Label = {
    "zh": "谁加入最有用：{minutes}分钟内新增可及的儿童",
    "en": "Whose joining would help most: children newly within {minutes} minutes",
}
NOTE: Label = {
    "zh": "候选是已走访或待定、台账写明位置的商户；新增可及指原来步行可及范围内没有关爱券商户的儿童。位置不明的商户不在其中。",
    "en": "Candidates are merchants visited or pending whose place the ledgers state. Newly in reach are children who have no "
    "merchant within their walk now. Merchants whose place nobody states are left out.",
}
SHOWN = 5
"""Candidates listed."""


def merchants_to_ask(ledgers: Ledgers, atlas: Atlas | None) -> list[Block]:
    """The candidates that would bring most children in reach; nothing without homes, or without candidates."""
    found = None if atlas is None else merchant_sites(ledgers, atlas)
    if atlas is None or found is None:
        return []
    best = found.candidates.sort_values("alone", ascending=False, kind="stable").head(SHOWN)
    best = best[best["alone"] > 0]
    if not len(best):
        return []
    table = pd.DataFrame({"merchant": best.index.astype(str), "adds": best["alone"].to_numpy(float)})
    safe = protect_counts(table.assign(now=found.before), ["adds"], policy_of(ledgers))
    known = ledgers.table("merchants").set_index("merchant")
    labels = {
        str(key): {"zh": row["name_zh"] or str(key), "en": row["name_en"] or row["name_zh"] or str(key)}
        for key, row in known.to_dict("index").items()
    }
    columns = [
        Column("adds", {"zh": "新增可及的儿童", "en": "Children newly in reach"}, "count"),
        Column("now", {"zh": "目前可及的儿童", "en": "Children in reach now"}, "count"),
    ]
    caption = filled(CAPTION, minutes=f"{atlas.rules.minutes:g}")
    rows = Naming("merchant", labels, {"zh": "商户", "en": "Merchant"})
    return [counts_table(safe, caption=caption, rows=rows, columns=columns, notes=[dict(NOTE)])]
