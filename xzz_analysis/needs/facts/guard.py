"""The guard of definitions: a sentence or a table speaks about one population."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xzz_analysis.errors import InputError
from xzz_analysis.needs.facts.schema import Fact


def require_one_population(given: Iterable[Fact | str] | pd.DataFrame, where: str) -> str:
    """Refuse a sentence or a table whose figures count different people.

    Parameters
    ----------
    given : iterable of Fact or str, or DataFrame
        Facts, ids of definitions (the study's own is ``study.population.definition``), or a table with a column
        ``population`` (and ``id``, to name the figures).
    where : str
        The sentence or table, as an author would find it.

    Returns
    -------
    str
        The one definition; ``""`` where nothing was given.

    Raises
    ------
    InputError
        Two definitions or more, each with the figures that follow it.
    """
    followed: dict[str, list[str]] = {}
    for population, name in _pairs(given):
        followed.setdefault(population, []).extend([name] if name else [])
    if len(followed) > 1:
        shown = "; ".join(
            f"{population or 'no definition'} ({', '.join(dict.fromkeys(names))})" if names else population
            for population, names in followed.items()
        )
        raise InputError(
            f"{where} mixes {len(followed)} definitions of the population, whose figures cannot be compared or added: "
            f"{shown}; write one sentence or table for each, or set figures side by side with benchmark(), which "
            "prints the definition in the same cell"
        )
    return next(iter(followed), "")


def _pairs(given: Iterable[Fact | str] | pd.DataFrame) -> Iterable[tuple[str, str]]:
    """Definition and name of each figure."""
    if isinstance(given, pd.DataFrame):
        if "population" not in given:
            raise InputError("the table has no column 'population', so it is not known whom its figures count")
        names = given["id"] if "id" in given else pd.Series("", given.index)
        return list(zip(given["population"].fillna("").astype(str), names.astype(str), strict=True))
    if isinstance(given, str | Fact):
        given = [given]
    return [(one.population, one.id) if isinstance(one, Fact) else (str(one), "") for one in given]
