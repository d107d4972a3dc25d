"""Figures of services as they may be shown, and need, reach and service side by side."""

from collections.abc import Callable, Iterator

import pandas as pd

from xzz_analysis.atlas.services import counted, courses, outreach, people, projects, ties, vouchers
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.services.opening import Ledgers

__all__ = ["figures"]

_ROOMS = (counted, vouchers, outreach, people, ties, projects, courses)


def figures(ledgers: Ledgers) -> Iterator[tuple[pd.DataFrame, Callable[[], Protected]]]:
    """Every figure with an id that reports say of ledgers, and how it is protected.

    Parameters
    ----------
    ledgers : Ledgers

    Yields
    ------
    tuple of DataFrame and callable
        Results, and the same results as they may be shown.
    """
    for room in _ROOMS:
        yield from room.figures(ledgers)
