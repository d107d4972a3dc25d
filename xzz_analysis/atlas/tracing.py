"""Results about places, found again by their id and explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from xzz_analysis.atlas.gaps import GAP, protected_gaps
from xzz_analysis.atlas.needing import indicator_of
from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.atlas.reaching import REACH, protected_reach
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.language import Label

DEFINITIONS: dict[str, Label] = {
    REACH: {
        "zh": "步行不超过规定分钟数即可到达至少一处该类服务的人占全社区的比例。",
        "en": "Share of a community's people who walk no longer than the limit to at least one service of the kind.",
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


def explained(atlas: Atlas, row: pd.Series) -> dict[str, Any]:
    """What a result about places is made of: its definition, files, limits, and how walks were measured."""
    settings = atlas.study.settings
    parts = {name: getattr(settings, name) for name in ("communities", "resources", "network", "homes")}
    told: dict[str, Any] = {
        "definition": dict(DEFINITIONS[row["indicator"]]),
        "in_reach": f"at most {atlas.rules.minutes:g} minutes on foot",
        "walks": dict(atlas.walks.method),
        "files": {name: said.file.name for name, said in parts.items() if said is not None},
    }
    need = indicator_of(atlas, row["option"]) if row["indicator"] == GAP else None
    if need is not None:
        told["need"] = {"indicator": need.id, "definition": dict(need.definition)}
    return told
