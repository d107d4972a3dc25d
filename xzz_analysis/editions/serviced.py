"""Reports on services in an edition: their period, the state of databases, and results of ledgers found again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from typing import Any

import pandas as pd

from xzz_analysis.atlas.opening import Atlas, atlas_of, open_atlas
from xzz_analysis.atlas.services import figures
from xzz_analysis.atlas.services.definitions import definition_of
from xzz_analysis.atlas.services.loop import loop_figures, loop_sources
from xzz_analysis.disclosure.protect import Protected
from xzz_analysis.errors import Finding, StudyError
from xzz_analysis.needs.monitoring import MonitoringRound, open_round
from xzz_analysis.services.opening import Ledgers
from xzz_analysis.services.period import read_period
from xzz_analysis.services.results import UNIT
from xzz_analysis.study import Study

Figure = tuple[pd.DataFrame, Callable[[], Protected]]
"""Results, and the same results as they may be shown."""

PERIOD = "period"
"""The parameter that says which month, quarter or year a report on services is about."""


def is_of_ledgers(row: Any) -> bool:
    """Whether a published result is about ledgers."""
    return bool(row is not None and row.get("unit") == UNIT)


def wrong_period(where: str, value: str, study: Study) -> Iterator[Finding]:
    """A finding where a period is none, or the study reports nothing on it."""
    try:
        if value and study.settings.services.ledgers():
            Ledgers(study, value)
        elif value:
            read_period(value)
    except StudyError as error:
        yield Finding(
            "error", "unknown_name", where, str(error), "write a month, a quarter or a year that it reports on"
        )


def database_hash(study: Study) -> str:
    """What the ledgers in databases hold, as a hash; empty where every ledger is a file."""
    ledgers = {name: one for name, one in study.settings.services.ledgers().items() if one.url}
    if not ledgers:
        return ""
    opened, digest = Ledgers(study), hashlib.sha256()
    for name in ledgers:
        table = opened.table(name).drop(columns="line")
        digest.update(name.encode())
        digest.update(pd.util.hash_pandas_object(table.astype("str"), index=False).to_numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Serviced:
    """What a report on services is made from.

    Attributes
    ----------
    ledgers : Ledgers
        Of the report's period.
    base : MonitoringRound or Atlas or None
        The round whose needs and places stand beside the services; None in a study of services alone.
    """

    ledgers: Ledgers
    base: MonitoringRound | Atlas | None

    @property
    def study(self) -> Study:
        """The study that both are of."""
        return self.ledgers.study

    @property
    def atlas(self) -> Atlas | None:
        """Places of the study; None where it names no communities."""
        if self.base is None or self.study.settings.communities is None:
            return None
        return self.base if isinstance(self.base, Atlas) else atlas_of(self.base)

    @cached_property
    def _computed(self) -> tuple[list[Figure], Iterator[Figure]]:
        """Figures that were asked for already, and those that come after them."""
        return [], self._compute()

    def _compute(self) -> Iterator[Figure]:
        yield from figures(self.ledgers)
        if self.atlas is not None:
            yield from loop_figures(self.ledgers, self.atlas)
            yield from loop_sources(self.atlas)

    def figures(self) -> Iterator[Figure]:
        """Every figure of the ledgers, and of services beside needs and places, with how it is protected.

        Each is computed when it is first asked for, and once for all reports on the same period.
        """
        before, following = self._computed
        for at in count():
            if at == len(before):
                made = next(following, None)
                if made is None:
                    return
                before.append((made[0], cache(made[1])))
            yield before[at]


def base_of(study: Study, name: str) -> MonitoringRound | Atlas | None:
    """What reports of a round are made from beside ledgers; None in a study of services alone."""
    if study.tables:
        return open_round(study, name)
    return None if study.settings.communities is None else open_atlas(study, name)


def periods(study: Study, parameters: Iterable[Mapping[str, Any]], first: str = "") -> Iterator[Ledgers]:
    """Ledgers of every period that reports are about: the one where a result was published, then the latest first.

    The year that the ledgers stand at is among them, since ``xzz annual`` prints it whatever is reported.
    """
    if study.settings.services.ledgers():
        year = {str(Ledgers(study).until.year)} if "year" in study.settings.services.periods else set()
        named = {str(given[PERIOD]) for given in parameters if given.get(PERIOD)} | year
        order = sorted(named, key=lambda name: (name == first, name), reverse=True)
        yield from (Ledgers(study, name) for name in order)


def service_sources(
    study: Study, parameters: Iterable[Mapping[str, Any]], before: Mapping[str, Any] | None
) -> Iterator[Serviced]:
    """What reports on services are made from, that of a published result first."""
    base = base_of(study, study.round())
    stated = str((before or {}).get("round", ""))
    yield from (Serviced(one, base) for one in periods(study, parameters, stated))


def explain_in_ledgers(ledgers: Ledgers, row: pd.Series) -> dict[str, Any]:
    """What a result of ledgers is made of: the period, the ledgers and their files."""
    declared = ledgers.declared.ledgers()
    files = {name: one.file.name if one.file is not None else f"table {one.table}" for name, one in declared.items()}
    told = definition_of(str(row["indicator"]))
    return {
        "definition": dict(told) if told is not None else str(row["method"]),
        "period": {"first": ledgers.period.first.isoformat(), "last": ledgers.period.last.isoformat()},
        "ledgers": files,
    }
