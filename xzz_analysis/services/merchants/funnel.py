"""How many of the merchants visited are pending, refused, joined or left, and why they hesitate.

Shares are of all merchants visited. Their interval is Wilson's: the ledger holds every merchant that was visited, so it
says how far the share would move if such merchants were visited again, and not that merchants were drawn at random.

References
----------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
Statistical Association 22, 209–212.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xzz_analysis.services.merchants.states import STATES, visits_until
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.survey.engine.interval import check_level, wilson

STAGES = ("visited", "no_result", "pending", "not_joined", "refused", "joined", "left", "decided", "ever_joined")
"""Stages of the funnel: all visited; the states they are in, which add up to these; decided; ever joined."""

_STATE = {"no_result": "visited"} | {name: name for name in STATES if name != "visited"}
_SETTLED = ("refused", "joined", "left")


def share_interval(count: np.ndarray, of: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of shares of merchants; NaN where there are none.

    Parameters
    ----------
    count, of : array
        Merchants with the property, and merchants in all.
    level : float
    """
    number = np.where(np.asarray(of, float) > 0, of, np.nan).astype(float)
    share = np.asarray(count, float) / number
    low, high = wilson(share, np.sqrt(share * (1 - share) / number), np.full_like(share, np.inf), number, level)
    return np.where(np.isnan(share), np.nan, low), np.where(np.isnan(share), np.nan, high)


def funnel(states: pd.DataFrame, by: str = "", level: float = 0.95, order: Sequence[str] = ()) -> pd.DataFrame:
    """How many merchants are at each stage.

    Parameters
    ----------
    states : DataFrame
        From :func:`~xzz_analysis.services.merchants.states.merchant_states`.
    by : str
        ``community``, ``category`` or ``introduced``; all merchants when empty.
    level : float
        Confidence level of the shares.
    order : sequence of str
        Groups that come first, in this order; the others follow by name, and the unstated last.

    Returns
    -------
    DataFrame
        Columns ``by`` (where given), ``stage`` (of :data:`STAGES`), ``count``, ``of`` (merchants visited), ``share``,
        ``low`` and ``high``.
    """
    level = check_level(level)
    place = {name: number for number, name in enumerate(order)}
    found = set(states[by]) if by and len(states) else {""}
    names = sorted(found, key=lambda name: (name == "", place.get(name, len(place)), name))
    parts = [_stages(states[states[by] == name] if by else states) for name in names]
    made = pd.concat([part.assign(group=name) for part, name in zip(parts, names, strict=True)], ignore_index=True)
    low, high = share_interval(made["count"].to_numpy(), made["of"].to_numpy(), level)
    made = made.assign(share=made["count"] / made["of"].where(made["of"] > 0), low=low, high=high)
    columns = ["stage", "count", "of", "share", "low", "high"]
    return made.rename(columns={"group": by})[[by, *columns]] if by else made[columns]


def _stages(states: pd.DataFrame) -> pd.DataFrame:
    counts = {name: int((states["state"] == state).sum()) for name, state in _STATE.items()}
    counts |= {
        "visited": len(states),
        "decided": int(states["state"].isin(_SETTLED).sum()),
        "ever_joined": int(states["ever_joined"].astype(bool).sum()),
    }
    return pd.DataFrame({"stage": STAGES, "count": [counts[name] for name in STAGES], "of": len(states)})


def reasons(ledgers: Ledgers, states: pd.DataFrame, outcomes: Sequence[str] = ("pending", "refused")) -> pd.DataFrame:
    """Which reasons merchants gave for hesitating or refusing, and what became of those that gave them.

    Parameters
    ----------
    ledgers : Ledgers
    states : DataFrame
        From :func:`~xzz_analysis.services.merchants.states.merchant_states`.
    outcomes : sequence of str
        Visits whose reasons count; a merchant that named several counts with each, once.

    Returns
    -------
    DataFrame
        ``reason``, ``merchants`` (named it at any such visit), ``of`` (merchants with any such visit), ``pending`` and
        ``refused`` (named it at a visit with this outcome), ``joined_later`` (joined after they had named it); most
        named first. ``attrs["silent"]`` says how many of them named none.
    """
    visits = visits_until(ledgers)
    asked = visits[visits["outcome"].isin(list(outcomes))]
    named = asked.explode("reasons").dropna(subset="reasons").rename(columns={"reasons": "reason"})
    joined = visits[visits["outcome"] == "joined"].groupby("merchant")["date"].max()
    named = named.assign(later=joined.reindex(named["merchant"]).to_numpy() >= named["date"].to_numpy())
    later = named[named["later"]].groupby("reason")["merchant"].nunique()
    made = pd.DataFrame({"merchants": named.groupby("reason")["merchant"].nunique()})
    for outcome in outcomes:
        counts = named[named["outcome"] == outcome].groupby("reason")["merchant"].nunique()
        made[outcome] = counts.reindex(made.index).fillna(0).astype(int)
    made["joined_later"] = later.reindex(made.index).fillna(0).astype(int)
    made["of"] = asked["merchant"].nunique()
    made = made.sort_index().sort_values("merchants", ascending=False, kind="stable").reset_index()
    made.attrs["silent"] = int(asked["merchant"].nunique() - named["merchant"].nunique())
    return made
