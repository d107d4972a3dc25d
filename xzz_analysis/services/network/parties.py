"""Who stands at the ends of a tie: a family, a volunteer, a merchant, an organisation or a member of staff."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.people.roles import POSTS, UNSTATED, last_day, people_groups, role_spells

KINDS = ("family", "volunteer", "merchant", "organisation", "staff")
"""Kinds of nodes. A volunteer is a node of his own, also beside his family."""

PERSONS = ("family", "volunteer")
"""Kinds that are people served, or who help: counts of them are protected. Posts of the organisation are none."""

HELPING = ("volunteer", "helper", "leader")
"""Roles that make a person a volunteer of the network."""


@dataclass(frozen=True, eq=False, repr=False)
class Parties:
    """Keys of the ledger of ties and what they stand for.

    Attributes
    ----------
    node : Series
        Key of a person, a merchant or an organisation → node. Members of a family who are neither volunteers nor staff
        nor merchants share the node of the family.
    nodes : DataFrame
        Index ``node``; ``kind`` (one of :data:`KINDS`) and ``community``.
    families : DataFrame
        Families of the register and the nodes of their members: ``family``, ``node``, ``community``.
    people : DataFrame
        Index ``person``: ``family`` (a person without one is alone in his).
    """

    node: pd.Series
    nodes: pd.DataFrame
    families: pd.DataFrame
    people: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Parties: {len(self.nodes)} nodes, {self.families['family'].nunique()} families>"


def parties(ledgers: Ledgers) -> Parties:
    """Tell what every key is, by the ledgers of people, roles, merchants and organisations.

    Parameters
    ----------
    ledgers : Ledgers
        Roles count that were held on some day of the period.

    Returns
    -------
    Parties
        People who withdrew their consent by the last day reported are not in it. A key that is in several ledgers is
        that of a person, then of a merchant.
    """
    people = _people(ledgers)
    merchants, organisations = ledgers.table("merchants"), ledgers.up_to("organisations")
    organisations = organisations[organisations["organisation"] != ""]
    tables = [
        people[["node", "kind", "community"]],
        _others(merchants, "merchant"),
        _others(organisations, "organisation"),
    ]
    together = pd.concat([table.rename_axis("key").reset_index() for table in tables], ignore_index=True)
    node = together.drop_duplicates("key").set_index("key")["node"]
    nodes = together.drop_duplicates("node").set_index("node")[["kind", "community"]].sort_index()
    families = people[people["registered"]][["family", "node", "community"]].reset_index(drop=True)
    families["community"] = families.groupby("family")["community"].transform("first")
    return Parties(node, nodes, families, people[["family"]])


def _people(ledgers: Ledgers) -> pd.DataFrame:
    """People and their nodes."""
    day = last_day(ledgers)
    table = ledgers.table("people").drop_duplicates("person")
    kept = table[~(table["withdrawn"] <= day)]
    told = people_groups(ledgers).loc[kept["person"], ["family", "community"]].sort_index()
    alone = told["family"] == ""
    told["family"] = told["family"].where(~alone, "alone " + told.index.astype(str).to_series(index=told.index))
    spells = role_spells(ledgers)
    spells = spells[spells["until"].isna() | (spells["until"] >= pd.Timestamp(ledgers.period.first))]
    roles = spells[spells["person"] != ""].groupby("person")["role"].agg(set).reindex(told.index)
    held = roles.map(lambda found: found if isinstance(found, set) else set())
    owners = ledgers.table("merchants")
    owned = owners[owners["owner"] != ""].drop_duplicates("owner").set_index("owner")["merchant"].reindex(told.index)
    staff, helping = held.map(lambda found: bool(found & {*POSTS})), held.map(lambda found: bool(found & {*HELPING}))
    told["kind"], told["node"] = "family", "family " + told["family"]
    own = "person " + told.index.astype(str).to_series(index=told.index)
    for kind, rows, node in (
        ("volunteer", helping, own),
        ("merchant", owned.notna(), "merchant " + owned.fillna("").astype(str)),
        ("staff", staff, own),
    ):
        told["kind"] = told["kind"].where(~rows, kind)
        told["node"] = told["node"].where(~rows, node)
    told["registered"] = ~alone | (told["kind"] == "family")
    return told


def _others(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Merchants or organisations and their nodes."""
    table = table.drop_duplicates(kind).set_index(kind)
    community = table["community"].replace("", UNSTATED).astype("str")
    node = pd.Series([f"{kind} {key}" for key in table.index], index=table.index, dtype=object)
    return pd.DataFrame({"node": node, "kind": kind, "community": community})
