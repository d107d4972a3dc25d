"""Results about places, found again by their id and explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from xzz_analysis.atlas.gaps import GAP, protected_gaps
from xzz_analysis.atlas.needing import indicator_of
from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.atlas.reaching import REACH, protected_reach
from xzz_analysis.atlas.register import NEAR, protected_near
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import Label

DEFINITIONS: dict[str, Label] = {
    REACH: {
        "zh": "步行不超过规定分钟数即可到达至少一处该类服务的人占全社区的比例。",
        "en": "Share of a community's people who walk no longer than the limit to at least one service of the kind.",
    },
    NEAR: {
        "zh": "住在步行不超过规定分钟数即可到达最近一处的片区里的人，占登记人数的比例；每个片区以其中一点为准。",
        "en": "Share of the people on the register who live in areas from which the nearest place is no farther than "
        "so many minutes on foot; a point inside stands for each area.",
    },
    GAP: {
        "zh": "有需要而得不到服务的人数，按最先成立的原因拆分。",
        "en": "People in need without a service, split by the first cause that holds.",
    },
}


def results_of_places(atlas: Atlas) -> Iterator[Protected]:
    """Everything with an id that reports say of places, as it may be shown."""
    if len(atlas.places):
        yield protected_reach(atlas)
    gaps = protected_gaps(atlas)
    if gaps is not None:
        yield gaps


def walks_on_register(atlas: Atlas) -> Iterator[Protected]:
    """Walks of the people on the register, to every kind of place there is."""
    declared = atlas.study.settings.communities
    if declared is None or not len(atlas.places):
        return
    domains = [one for one in atlas.catalogue.domains if atlas.offering(one)]
    for count in atlas.communities.counts:
        for kind in ("", *domains, *dict.fromkeys(atlas.places["category"])):
            for group in ("", *declared.keep):
                yield protected_near(atlas, count, kind, group)


def explained(atlas: Atlas, row: pd.Series) -> dict[str, Any]:
    """What a result about places is made of: its definition, files, limits, and how walks were measured."""
    settings, near = atlas.study.settings, str(row["indicator"]).startswith(f"{NEAR}_")
    parts = {name: getattr(settings, name) for name in ("communities", "resources", "network", "homes")}
    limit = row["option"].rpartition(":")[2] if near else f"{atlas.rules.minutes:g}"
    told: dict[str, Any] = {
        "definition": dict(DEFINITIONS[NEAR if near else row["indicator"]]),
        "in_reach": f"at most {limit} minutes on foot",
        "walks": dict(atlas.walks.method),
        "files": {name: said.file.name for name, said in parts.items() if said is not None},
    }
    need = indicator_of(atlas, row["option"]) if row["indicator"] == GAP else None
    if need is not None:
        told["need"] = {"indicator": need.id, "definition": dict(need.definition)}
    return told
