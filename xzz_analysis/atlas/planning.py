"""Who could fill the gaps: places shared out among communities, and where one more service helps most."""

from __future__ import annotations

from collections.abc import Sequence

from xzz_analysis.atlas.gaps import measured_needs
from xzz_analysis.atlas.opening import Atlas
from xzz_analysis.atlas.reaching import demand
from xzz_analysis.places.matching import Match, Order, Siting, Stability, match, site, stability

DRAWS = 100
"""Draws of the needs within their intervals, to say how firm a plan is."""

OBJECTIVE = "fair"


def declared_orders(atlas: Atlas) -> list[Order]:
    """Decisions of people that study.yml declares under ``access.orders``."""
    return [
        Order(one.kind, one.community, one.resource, one.people, one.domain, one.by["zh"], one.why["zh"])
        for one in atlas.rules.orders
    ]


def plan(atlas: Atlas, objective: str = OBJECTIVE, orders: Sequence[Order] = ()) -> Match | None:
    """Share the places of open resources among communities in need; None without needs or resources.

    Parameters
    ----------
    atlas : Atlas
    objective : str
        As :func:`~xzz_analysis.places.matching.match` takes it.
    orders : sequence of Order
        Locks and bans by people, beside those of study.yml.
    """
    needs = measured_needs(atlas)
    if not len(needs) or not len(atlas.places):
        return None
    columns = ["community", "domain", "need", "low", "high"]
    return match(needs[columns], atlas.pools, atlas.cost, objective, orders=[*declared_orders(atlas), *orders])


def firmness(found: Match, draws: int = DRAWS) -> Stability:
    """How often each pair of a plan stays when needs move within their intervals."""
    return stability(found, draws)


def one_more(atlas: Atlas, kind: str, count: int = 1) -> Siting | None:
    """At which open place, of those that do not offer it yet, a service would bring most people in reach.

    Parameters
    ----------
    atlas : Atlas
    kind : str
        A domain, or merchants with vouchers.
    count : int
        How many to open.

    Returns
    -------
    Siting or None
        None where every open place offers it already. People are those of the homes; nothing of a home is in
        ``candidates``, and ``served`` is for computing alone.
    """
    running = atlas.offering(kind)
    premises = [str(key) for key in atlas.places.index if key not in set(running)]
    if kind == "voucher":
        premises = [str(key) for key, status in atlas.places["voucher"].items() if status in ("visited", "pending")]
    if len(premises) < count or not premises:
        return None
    return site(premises, demand(atlas), atlas.walks.within(atlas.rules.minutes), count, already_open=running)
