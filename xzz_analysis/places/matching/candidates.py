"""Candidates: every need beside every organisation of its domain in reach, and why it can or cannot help."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from xzz_analysis.places.matching.inputs import Needs, Services
from xzz_analysis.places.travel.cost import Cost

WHY_NOT: dict[str, dict[str, str]] = {
    "": {"zh": "", "en": ""},
    "closed": {"zh": "已停止服务", "en": "it has closed"},
    "community": {"zh": "只服务其他社区", "en": "it serves other communities only"},
    "group": {"zh": "服务对象不符", "en": "it is for other groups"},
    "capacity_not_stated": {"zh": "未说明可接待人数", "en": "it does not say how many people it can take"},
    "no_places": {"zh": "没有名额", "en": "it has no places"},
    "banned": {"zh": "经人工决定不对接", "en": "people decided against it"},
}
"""Reasons against a candidate, in the order they are looked at; the first that holds is named."""

USABLE = ("", "no_places")
"""Nothing stands against them but, perhaps, the number of places: they stay in the programme, so that it can be told
what one more place would do."""

COLUMNS = [
    "community",
    "domain",
    "group",
    "organisation",
    "cost",
    "capacity",
    "for_all",
    "tie",
    "why_not",
]


def find_candidates(needs: Needs, services: Services, cost: Cost) -> pd.DataFrame:
    """Put needs beside the organisations of their domain that are within the limit.

    Parameters
    ----------
    needs : Needs
    services : Services
    cost : Cost

    Returns
    -------
    DataFrame
        Columns ``community``, ``domain``, ``group``, ``organisation``, ``cost`` (in the cost's unit), ``capacity``
        (people), ``for_all`` (no group is asked for), ``tie`` (they work together already), ``why_not`` (a key of
        ``WHY_NOT``, "" where it can help), ``need_row`` and ``pool_row`` (positions in the two tables). Ordered by ids.
    """
    reached = _reached(needs, services, cost)
    pools, people = services.table, needs.table
    need, pool = reached["need_row"].to_numpy(), reached["pool_row"].to_numpy()
    table = people[["community", "domain", "group"]].iloc[need].reset_index(drop=True)
    table["organisation"] = pools["organisation"].to_numpy()[pool]
    table["cost"] = reached["cost"].to_numpy()
    table["capacity"] = pools["capacity"].to_numpy()[pool]
    table["for_all"] = np.array([not words for words in pools["eligibility"]], bool)[pool]
    table["tie"] = _named(table["community"], pool, pools["ties"])
    allowed = table["for_all"] | _named(table["group"], pool, pools["eligibility"])
    everywhere = np.array([not words for words in pools["serves"]], bool)[pool]
    against = {
        "closed": pools["closed"].to_numpy(bool)[pool],
        "community": ~(everywhere | _named(table["community"], pool, pools["serves"])),
        "group": ~allowed.to_numpy(bool),
        "capacity_not_stated": ~pools["stated"].to_numpy(bool)[pool],
        "no_places": table["capacity"].to_numpy() <= 0,
    }
    table["why_not"] = np.select(list(against.values()), list(against), default="").astype(object)
    return table.assign(need_row=need, pool_row=pool)


def usable(candidates: pd.DataFrame) -> np.ndarray:
    """Candidates that are in the programme: bool, shape (candidates,)."""
    return np.asarray(candidates["why_not"].isin(USABLE))


def _reached(needs: Needs, services: Services, cost: Cost) -> pd.DataFrame:
    """Rows of needs and pools of the same domain within the limit, with the cost; ordered by both."""
    offered = services.table[["organisation", "domains"]].explode("domains").rename_axis("pool_row").reset_index()
    offered["destination"] = cost.destinations.get_indexer(pd.Index(offered["organisation"]))
    offered = offered[(offered["destination"] >= 0) & offered["domains"].notna()]
    wanted = needs.table[["community", "domain"]].rename_axis("need_row").reset_index()
    wanted["origin"] = cost.origins.get_indexer(pd.Index(wanted["community"]))
    matrix = cost.matrix.tocoo()
    useful = np.isin(matrix.row, wanted["origin"].unique()) & np.isin(matrix.col, offered["destination"].unique())
    pairs = pd.DataFrame({"origin": matrix.row, "destination": matrix.col, "cost": matrix.data})[useful]
    both = pairs.merge(offered[["destination", "domains", "pool_row"]], on="destination").merge(
        wanted[["origin", "domain", "need_row"]], left_on=["origin", "domains"], right_on=["origin", "domain"]
    )
    return both.sort_values(["need_row", "pool_row"], ignore_index=True)[["need_row", "pool_row", "cost"]]


def _named(words: pd.Series, pool: np.ndarray, lists: Iterable[tuple[str, ...]]) -> np.ndarray:
    """Whether each word stands in the list of its pool."""
    listed = {(row, word) for row, named in enumerate(lists) for word in named}
    if not listed:
        return np.zeros(len(words), bool)
    return np.fromiter((pair in listed for pair in zip(pool.tolist(), words, strict=True)), bool, len(words))
