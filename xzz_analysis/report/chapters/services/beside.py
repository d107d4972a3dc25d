"""Vouchers beside places and needs: how far merchants are, and how related needs changed, community by community."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xzz_analysis.atlas import Atlas
from xzz_analysis.atlas.opening import VOUCHER
from xzz_analysis.atlas.reaching import protected_reach
from xzz_analysis.atlas.services.loop import protected_need_changes
from xzz_analysis.atlas.services.vouchers import protected_share
from xzz_analysis.disclosure.protect import MARK
from xzz_analysis.language import REPORT_LANGUAGES, Label
from xzz_analysis.report.blocks import Block, Column, Table
from xzz_analysis.report.chapters.services.naming import COMMUNITY, Bilingual, filled, policy_of, suppressed_note
from xzz_analysis.report.sentences import verdict
from xzz_analysis.report.sentences.changes import VERDICTS
from xzz_analysis.report.theme import NOTHING, figure_text
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.survey.estimates import group_pairs

CAPTION: Label = {
    "zh": "核销、到商户的路程与相关需求的变化，按社区",
    "en": "Redemption, the way to merchants and change in related needs, by community",
}
UPTAKE: Label = {"zh": "已核销的券", "en": "Vouchers redeemed"}
REACH: Label = {"zh": "{minutes}分钟内走到商户的儿童", "en": "Children within {minutes} minutes of a merchant"}
WALK: Label = {"zh": "半数儿童的步行时间", "en": "Walk of half the children"}
CHANGE: Label = {"zh": "变化：{need}", "en": "Change: {need}"}
ASSOCIATION: Label = {
    "zh": "并列只表明同时出现：核销多的社区在许多方面都可能不同，不能说是关爱券带来了变化，也不能说路程决定了核销。",
    "en": "Side by side is not cause: communities where more was redeemed may differ in many ways, so nothing here says that "
    "vouchers brought a change about, or that distance decided what was redeemed.",
}


def vouchers_beside(ledgers: Ledgers, atlas: Atlas | None) -> list[Block]:
    """Uptake by community beside the walk to merchants and the change of the declared indicators."""
    if atlas is None or not ledgers.has("vouchers_issued") or not len(atlas.places):
        return []
    uptake = {
        str(row["community"]): row for row in _records(protected_share(ledgers, "voucher_uptake", ("community",)))
    }
    reach = {str(row["community"]): row for row in _records(protected_reach(atlas)) if row["option"] == VOUCHER}
    changes = _changes(ledgers, atlas)
    body = [_line(ledgers, atlas, name, uptake.get(name), reach.get(name), changes) for name in ledgers.communities]
    columns = [
        Column("label", dict(COMMUNITY)),
        Column("uptake", dict(UPTAKE)),
        Column("reach", filled(REACH, minutes=f"{atlas.rules.minutes:g}")),
        Column("walk", dict(WALK)),
        *(Column(name, filled(CHANGE, need=_need(atlas, name))) for name in changes),
    ]
    hidden = any(MARK in row[column.name].values() for row in body for column in columns)
    notes = [dict(ASSOCIATION), *([suppressed_note(policy_of(ledgers))] if hidden else [])]
    return [Table(dict(CAPTION), columns, body, notes)]


def _records(safe: Any) -> list[dict[Any, Any]]:
    return list(safe.frame.to_dict("records"))


def _changes(ledgers: Ledgers, atlas: Atlas) -> dict[str, dict[str, Mapping[Any, Any]]]:
    """Indicator → community → its change, of the indicators that study.yml names."""
    safe = protected_need_changes(atlas)
    wanted = ledgers.declared.before_after
    if safe is None or not wanted:
        return {}
    found: dict[str, dict[str, Mapping[Any, Any]]] = {}
    for row in _records(safe):
        if row["indicator"] in wanted:
            community = dict(group_pairs(row["by"])).popitem()[1]
            found.setdefault(str(row["indicator"]), {})[community] = row
    return {name: found[name] for name in wanted if name in found}


def _need(atlas: Atlas, name: str) -> Bilingual:
    assert atlas.survey is not None
    label = next(one.label for one in atlas.survey.indicators if one.id == name)
    return {language: label[language] for language in REPORT_LANGUAGES}


def _line(
    ledgers: Ledgers,
    atlas: Atlas,
    name: str,
    uptake: Mapping[Any, Any] | None,
    reach: Mapping[Any, Any] | None,
    changes: Mapping[str, Mapping[str, Mapping[Any, Any]]],
) -> dict[str, Any]:
    cells = {"uptake": _share(uptake), "reach": _share(reach), "walk": _walk(atlas, reach)}
    of = {"uptake": uptake, "reach": reach} | {one: found.get(name) for one, found in changes.items()}
    cells |= {one: _verdict(found.get(name)) for one, found in changes.items()}
    ids = {key: str(row["result_id"]) for key, row in of.items() if row is not None and _shown(row)}
    return {"label": dict(ledgers.communities[name]), **cells, "results": ids}


def _shown(row: Mapping[Any, Any]) -> bool:
    return bool(row["estimate"] == row["estimate"])


def _same(text: str) -> Bilingual:
    return dict.fromkeys(REPORT_LANGUAGES, text)


def _absent(row: Mapping[Any, Any] | None) -> Bilingual:
    return _same(MARK if row is not None and row.get("suppressed") else NOTHING)


def _share(row: Mapping[Any, Any] | None) -> Bilingual:
    if row is None or not _shown(row):
        return _absent(row)
    return _same(figure_text(round(row["estimate"], 3), "percent"))


def _walk(atlas: Atlas, row: Mapping[Any, Any] | None) -> Bilingual:
    if row is None or row.get("suppressed") or row["minutes"] != row["minutes"]:
        return _absent(row)
    if not row["minutes_known"]:
        limit = f"{atlas.walks.limit:g}"
        return {"zh": f"超过{limit}分钟", "en": f"more than {limit} minutes"}
    minutes = figure_text(row["minutes"], "count")
    return {"zh": f"{minutes}分钟以内", "en": f"within {minutes} minutes"}


def _verdict(row: Mapping[Any, Any] | None) -> Bilingual:
    """A change in points with the verdict on it."""
    if row is None or not _shown(row):
        return _absent(row)
    points = f"{100 * row['estimate']:+.1f}".replace("-", "−")
    return {
        "zh": f"{points}个百分点（{VERDICTS[verdict(row)]['zh']}）",
        "en": f"{points} points ({VERDICTS[verdict(row)]['en']})",
    }
