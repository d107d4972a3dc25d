"""The network of mutual support: nodes, and ties between them in a period."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.services.network.parties import PERSONS, Parties, parties
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people.roles import last_day
from xzz_analysis.services.period import Period

LEDGER = "ties"


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """Who was in touch with whom.

    Attributes
    ----------
    graph : networkx.Graph
        Nodes with ties, sorted; ``kind`` and ``community`` of each.
    ties : DataFrame
        A row for each pair: ``one`` < ``other``, ``contacts`` and ``mutual`` (each began at least once).
    parties : Parties
    findings : tuple of Finding
        Rows of the ledger that are no tie.
    """

    graph: nx.Graph
    ties: pd.DataFrame
    parties: Parties
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"<Network: {self.graph.number_of_nodes()} nodes, {len(self.ties)} ties>"

    @property
    def nodes(self) -> pd.DataFrame:
        """Kind and community of the nodes with a tie."""
        return self.parties.nodes.loc[list(self.graph)]

    def persons_of(self, ties: pd.DataFrame) -> int:
        """How many families and volunteers stand at the ends of some ties."""
        ends = pd.unique(pd.concat([ties["one"], ties["other"]]))
        return int(self.parties.nodes["kind"].reindex(ends).isin(PERSONS).sum())


def network(ledgers: Ledgers, period: Period | None = None) -> Network:
    """Build the network of a period.

    Parameters
    ----------
    ledgers : Ledgers
        Kinds of nodes are those of its own period, also where another is asked for, so that networks can be compared.
    period : Period, optional
        The one whose ties count; that of the ledgers by default.

    Returns
    -------
    Network
    """
    known = parties(ledgers)
    shown = period or ledgers.period
    table = ledgers.table(LEDGER)
    end = min(pd.Timestamp(shown.last), last_day(ledgers)) + pd.Timedelta(days=1)
    table = table[(table["date"] >= pd.Timestamp(shown.first)) & (table["date"] < end)]
    ends = pd.DataFrame({side: table[side].map(known.node).astype("str") for side in ("source", "target")})
    strange = ends.isna().any(axis=1)
    family = {side: table[side].map(known.people["family"]) for side in ("source", "target")}
    inside = ~strange & ((ends["source"] == ends["target"]) | (family["source"] == family["target"]))
    kept = ends[~strange & ~inside]
    ties = _pairs(kept)
    return Network(_graph(known, ties), ties, known, _noticed(table, strange, inside))


def _pairs(ends: pd.DataFrame) -> pd.DataFrame:
    """Pairs of nodes, whoever began."""
    forwards = ends["source"] < ends["target"]
    table = pd.DataFrame(
        {
            "one": ends["source"].where(forwards, ends["target"]),
            "other": ends["target"].where(forwards, ends["source"]),
            "forwards": forwards,
        }
    )
    grouped = table.groupby(["one", "other"], sort=True)["forwards"]
    made = pd.DataFrame({"contacts": grouped.size(), "mutual": grouped.nunique() == 2})
    return made.reset_index()


def _graph(known: Parties, ties: pd.DataFrame) -> nx.Graph:
    graph = nx.Graph()
    told = known.nodes.loc[sorted({*ties["one"], *ties["other"]})]
    for node, kind, community in zip(told.index, told["kind"], told["community"], strict=True):
        graph.add_node(node, kind=kind, community=community)
    for one, other, contacts in zip(ties["one"], ties["other"], ties["contacts"], strict=True):
        graph.add_edge(one, other, contacts=int(contacts))
    return graph


def _noticed(table: pd.DataFrame, strange: pd.Series, inside: pd.Series) -> tuple[Finding, ...]:
    """Rows that are left out of the network."""
    told = [
        (
            "tie_unknown_party",
            strange,
            "name somebody who withdrew, or a key that is in no ledger of people, merchants or organisations",
            "correct the key, or add it there; ties of those who withdrew stay out",
        ),
        (
            "tie_to_itself",
            inside,
            "tie somebody to himself or to his own family, which is no tie between families",
            "name the other side, or leave the row out",
        ),
    ]
    findings = []
    for rule, rows, said, remedy in told:
        if count := int(rows.sum()):
            line = int(table.loc[rows, "line"].min())
            message = f"{count} of {len(table)} ties of the period {said}, first in line {line}"
            findings.append(Finding("warning", rule, LEDGER, message, remedy, count))
    return tuple(findings)


def tie_counts(ledgers: Ledgers, column: str) -> pd.DataFrame:
    """Contacts of the period by relation or by mode.

    Parameters
    ----------
    ledgers : Ledgers
    column : "relation" or "mode"

    Returns
    -------
    DataFrame
        ``column`` (empty where it is not stated; all together without a name is not a row), ``ties`` (rows of the
        ledger) and ``persons`` (different people of the people ledger at their ends), most frequent first.
    """
    table = ledgers.during(LEDGER)
    table = table[table["date"] <= last_day(ledgers)]
    people = set(ledgers.table("people")["person"])
    rows = []
    for name, mine in table.groupby(column, sort=True):
        ends = {*mine["source"], *mine["target"]} & people
        rows.append({column: str(name), "ties": len(mine), "persons": len(ends)})
    made = pd.DataFrame(rows, columns=[column, "ties", "persons"])
    return made.sort_values(["ties", column], ascending=[False, True], kind="stable", ignore_index=True)
