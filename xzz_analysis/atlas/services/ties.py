"""Ties and the network of mutual support as results, and as they may be shown."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
import pandas as pd

from xzz_analysis.atlas.services.people import Figures, each_measure, together
from xzz_analysis.disclosure.protect import Policy, Protected, protect
from xzz_analysis.services.network import (
    KINDS,
    PERSONS,
    GroupNetwork,
    Measures,
    Network,
    group_network,
    isolates,
    jaccard,
    measures,
    network,
    reach,
    tie_changes,
    tie_counts,
)
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people import UNSTATED, in_order
from xzz_analysis.services.results import results

UNDIRECTED = "ties between families, volunteers, merchants, organisations and staff, whoever began"
BRANDES = "Brandes; half of all betweenness"

SINGLE = (
    "ties",
    "contacts",
    "mutual",
    "components",
    "largest",
    "assortativity",
    "new",
    "kept",
    "lost",
    "jaccard",
)
"""Figures of the whole network, in the order they are told."""


# --- relation and mode


def tie_results(ledgers: Ledgers, column: str) -> dict[str, pd.DataFrame]:
    """Contacts and persons by ``relation`` or ``mode``."""
    table = tie_counts(ledgers, column)
    table[column] = table[column].replace("", UNSTATED)
    n = table["persons"].where(table["persons"] > 0).astype(float)
    return {
        name: results(
            ledgers, f"{name}_by_{column}", "total", table[[column]].assign(estimate=table[name], n=n), [column]
        )
        for name in ("ties", "persons")
    }


def protected_ties(ledgers: Ledgers, column: str) -> dict[str, Protected]:
    """Contacts and persons by ``relation`` or ``mode``, as they may be shown."""
    return together(tie_results(ledgers, column), [column], Policy.of(ledgers.study))


# --- the network in figures


@lru_cache(maxsize=2)
def _network(ledgers: Ledgers) -> Network:
    """The network of the period, built once for all tables of a report."""
    return network(ledgers)


@lru_cache(maxsize=2)
def _measured(ledgers: Ledgers) -> Measures:
    return measures(_network(ledgers))


def kind_results(ledgers: Ledgers) -> dict[str, pd.DataFrame]:
    """Nodes with a tie, cut vertices and carriers by kind of node."""
    told = _measured(ledgers)
    method = {"nodes": UNDIRECTED, "cut": UNDIRECTED, "between": BRANDES if told.exact else f"{BRANDES}, sampled"}
    made = {}
    for name, counts in (("nodes", told.nodes), ("cut", told.cut), ("between", told.between)):
        table = pd.DataFrame({"kind_of_node": list(KINDS), "estimate": [float(counts.get(kind, 0)) for kind in KINDS]})
        person = table["kind_of_node"].isin(PERSONS) & (table["estimate"] > 0)
        frame = table.assign(n=table["estimate"].where(person))
        made[name] = results(ledgers, f"network_{name}", "total", frame, ["kind_of_node"], method[name])
    return made


def protected_kinds(ledgers: Ledgers) -> dict[str, Protected]:
    """Nodes, cut vertices and carriers by kind, as they may be shown: ``nodes``, ``cut``, ``between``."""
    policy = Policy.of(ledgers.study)
    return {name: protect(frame, policy) for name, frame in kind_results(ledgers).items()}


def reach_results(ledgers: Ledgers, by: str = "") -> dict[str, pd.DataFrame]:
    """Families of the register, and the shares that have a tie, and a volunteer at most two ties away."""
    groups = [by] if by else []
    table = in_order(ledgers, reach(_network(ledgers), by), groups)
    base = table[groups].assign(n=table["families"].astype(float))
    made = {"families": results(ledgers, "network_families", "total", base.assign(estimate=table["families"]), groups)}
    for name in ("tied", "near"):
        share = (table[name] / table["families"]).where(table["families"] > 0)
        frame = base.assign(estimate=share, n_need=table[name].astype(float))
        made[name] = results(ledgers, f"network_{name}", "share", frame, groups, UNDIRECTED)
    return made


def protected_reach_of_ties(ledgers: Ledgers, by: str = "") -> dict[str, Protected]:
    """Reach of the network, by ``community`` or in all, as it may be shown: ``families``, ``tied``, ``near``."""
    policy = Policy.of(ledgers.study)
    return {name: protect(frame, policy) for name, frame in reach_results(ledgers, by).items()}


def isolate_results(ledgers: Ledgers) -> pd.DataFrame:
    """Families of the register and volunteers without a tie (``option``: the kind)."""
    found = _network(ledgers)
    counts = isolates(found)
    kinds = found.parties.nodes["kind"]
    among = {"family": int(reach(found)["families"].iloc[0]), "volunteer": int((kinds == "volunteer").sum())}
    rows = [
        {"option": kind, "estimate": float(counts[kind]), "n": float(among[kind]), "n_need": float(counts[kind])}
        for kind in PERSONS
    ]
    return results(ledgers, "network_isolates", "total", pd.DataFrame(rows), method=UNDIRECTED)


def protected_isolates(ledgers: Ledgers) -> Protected:
    """Families and volunteers without a tie, as they may be shown."""
    return protect(isolate_results(ledgers), Policy.of(ledgers.study))


def single_results(ledgers: Ledgers) -> pd.DataFrame:
    """Figures of the whole network, and of its change since the period before (``option``: one of :data:`SINGLE`)."""
    found, before = _network(ledgers), network(ledgers, ledgers.period.before())
    told, changes = _measured(ledgers), tie_changes(before, found)
    persons = found.persons_of(found.ties)
    moved = [found.persons_of(table) for table in changes.values()]
    least = float(min([count for count in moved if count] or [0]))
    figures = {
        "ties": (told.ties, persons),
        "contacts": (told.contacts, persons),
        "mutual": (told.mutual, found.persons_of(found.ties[found.ties["mutual"]])),
        "components": (told.components, persons),
        "largest": (told.largest, persons),
        "assortativity": (told.assortativity, persons),
        **{name: (len(table), least) for name, table in changes.items()},
        "jaccard": (jaccard(changes), least),
    }
    rows = [{"option": name, "estimate": figures[name][0], "n": figures[name][1]} for name in SINGLE]
    frame = pd.DataFrame(rows).astype({"estimate": float, "n": float})
    frame["n"] = frame["n"].where(frame["n"] > 0)
    frame["reason"] = np.where(frame["estimate"].isna(), "no_groups", "")
    return results(ledgers, "network", "total", frame, method=UNDIRECTED)


def protected_single(ledgers: Ledgers) -> Protected:
    """Figures of the whole network, as they may be shown."""
    return protect(single_results(ledgers), Policy.of(ledgers.study))


# --- the network of groups


def grouped_network(ledgers: Ledgers) -> GroupNetwork:
    """The network of groups, small ones put together."""
    return group_network(_network(ledgers), Policy.of(ledgers.study).threshold)


def group_results(ledgers: Ledgers) -> pd.DataFrame:
    """Ties between groups: ``one``, ``other`` and how many (``estimate``)."""
    table = grouped_network(ledgers).ties
    frame = table[["one", "other"]].assign(
        between=table["one"] + " ~ " + table["other"],
        estimate=table["ties"].astype(float),
        n=table["persons"].where(table["persons"].isna(), table[["persons", "ties"]].min(axis=1)).astype(float),
    )
    return results(ledgers, "network_between_groups", "total", frame, ["between"], UNDIRECTED)


def protected_groups(ledgers: Ledgers) -> Protected:
    """Ties between groups, as they may be drawn."""
    return protect(group_results(ledgers), Policy.of(ledgers.study))


def figures(ledgers: Ledgers) -> Figures:
    """Every results frame of this room with its protected version.

    Yields
    ------
    tuple of DataFrame and callable
    """
    if not ledgers.has("ties"):
        return
    for column in ("relation", "mode"):
        yield from each_measure(tie_results(ledgers, column), partial(protected_ties, ledgers, column))
    yield from each_measure(kind_results(ledgers), partial(protected_kinds, ledgers))
    for by in ("", "community"):
        yield from each_measure(reach_results(ledgers, by), partial(protected_reach_of_ties, ledgers, by))
    yield isolate_results(ledgers), partial(protected_isolates, ledgers)
    yield single_results(ledgers), partial(protected_single, ledgers)
    yield group_results(ledgers), partial(protected_groups, ledgers)
