"""What surrounds the needs: communities and services, joined by community and domain."""

from __future__ import annotations

from functools import reduce

import pandas as pd

from xzz_analysis.disclosure.protect import Policy, Protected, protect_counts
from xzz_analysis.language import Label
from xzz_analysis.needs.indicator import DOMAINS
from xzz_analysis.needs.monitoring import MonitoringRound
from xzz_analysis.places.directory import read_communities
from xzz_analysis.report.blocks import Block, Column
from xzz_analysis.report.chapters.naming import (
    both,
    policy_of,
    unit_label,
)
from xzz_analysis.report.tables import Naming, counts_table
from xzz_analysis.services.counting import Counted, count, counted
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.survey.estimates import group_pairs


def community_table(survey: MonitoringRound) -> list[Block]:
    """Communities: registered families and children, and how many of each unit were interviewed."""
    settings = survey.study.settings.communities
    if settings is None:
        return []
    communities = read_communities(settings)
    table = pd.DataFrame(communities.layer[list(communities.counts)]).rename_axis("community").reset_index()
    for unit in survey.units:
        if unit in survey.study.tables and settings.key in survey.sample(unit).frame:
            counts = survey.whole.sample(unit).frame[settings.key].astype(str).value_counts()
            table[f"n_{unit}"] = table["community"].map(counts).fillna(0)
    counted = [str(name) for name in table if str(name).startswith("n_")]
    safe = protect_counts(table, counted, policy_of(survey).whole, total=True)
    if survey.place:
        safe = safe.rows((table["community"] == own_community(survey)).to_numpy())
    if not len(safe.frame):
        return []
    named = communities.layer[["name_zh", "name_en"]].set_axis(["zh", "en"], axis=1)
    labels = {str(key): {"zh": row["zh"], "en": row["en"]} for key, row in named.to_dict("index").items()}
    columns = [
        *(Column(name, dict(COUNTED.get(name, {"zh": name, "en": name})), "count") for name in communities.counts),
        *(Column(name, both("受访{}", "Interviewed: {}", unit_label(survey, name[2:])), "count") for name in counted),
    ]
    caption = {"zh": "各社区登记人数与受访人数", "en": "Communities: registered and interviewed"}
    naming = Naming("community", labels, {"zh": "社区", "en": "Community"})
    return [counts_table(safe, caption=caption, rows=naming, columns=columns)]


OTHER: Label = {"zh": "不属于单一领域", "en": "No single domain"}
COUNTED: dict[str, Label] = {
    "population": {"zh": "常住人口", "en": "Usual residents"},
    "households": {"zh": "户数", "en": "Households"},
    "families": {"zh": "登记家庭", "en": "Registered families"},
    "children": {"zh": "登记儿童", "en": "Registered children"},
    "migrants": {"zh": "流动人口", "en": "Migrants"},
}
"""What usual counts of communities are called."""


def own_community(survey: MonitoringRound) -> str:
    """The community that a round speaks of; ``""`` for the whole study, and for places that are no communities."""
    declared = survey.study.settings.communities
    pairs = dict(group_pairs(survey.place))
    return "" if declared is None else pairs.get(declared.key, "")


def service_table(survey: MonitoringRound) -> list[Block]:
    """Person-times of the organisation's activities during the months of the round, by domain; of one community, its own.

    Nothing for places that are no communities: the ledger does not know them.
    """
    if not survey.study.settings.services.ledgers():
        return []
    ledgers, own = Ledgers(survey.study), own_community(survey)
    first, last = survey.study.rounds[survey.name].collected
    chosen = counted(ledgers.table("activities"), ledgers.table("attendance"), first.replace(day=1), last)
    policy = policy_of(survey).whole
    if survey.place:
        if not own or not (chosen.rows["community"] == own).any():
            return []
        safe = _of_community(chosen, own, policy)
    else:
        table = count(chosen, ["domain"])
        safe = protect_counts(table[["domain", *COUNTED_SERVICES]], ["person_times"], policy)
    if not len(safe.frame):
        return []
    columns = [
        Column("activities", {"zh": "活动场次", "en": "Activities"}, "count"),
        Column("person_times", {"zh": "服务人次", "en": "Person-times"}, "count"),
    ]
    days = (first.replace(day=1).isoformat(), last.isoformat())
    caption = {
        "zh": f"同期服务（{days[0]}至{days[1]}）",
        "en": f"Services in the same period ({days[0]} to {days[1]})",
    }
    note = {
        "zh": "人次不是人数：同一个人参加几次计几次。",
        "en": "Person-times are not persons: someone who came three times counts three times.",
    }
    naming = Naming("domain", {**DOMAINS, "": OTHER}, {"zh": "领域", "en": "Domain"})
    return [counts_table(safe, caption=caption, rows=naming, columns=columns, notes=[note])]


def _of_community(chosen: Counted, own: str, policy: Policy) -> Protected:
    """Activities and person-times of one community by domain; the other communities' and the total give none away."""
    table = count(chosen, ["domain", "community"])[["domain", "community", *COUNTED_SERVICES]]
    parts = []
    for domain in dict.fromkeys(table.loc[table["community"] == own, "domain"]):
        safe = protect_counts(table[table["domain"] == domain], ["person_times"], policy, total=True)
        parts.append(safe.rows(safe.frame["community"] == own))
    return reduce(Protected.joined, parts)


COUNTED_SERVICES = ["activities", "person_times"]
