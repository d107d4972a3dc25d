"""Everything a study says of places, read once, and the walks between homes and resources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from xzz_analysis.atlas.ways import drawn_lines, streets_of
from xzz_analysis.errors import Finding, InputError, StudyError, XzzError, suggest
from xzz_analysis.language import Label
from xzz_analysis.needs.monitoring import MonitoringRound, open_round
from xzz_analysis.places.datum import SHIFTED, convert, declared
from xzz_analysis.places.directory import (
    Catalogue,
    Communities,
    CommunityFacts,
    Resources,
    read_catalogue,
    read_communities,
    read_community_facts,
    read_resources,
)
from xzz_analysis.places.directory.resources.cells import named
from xzz_analysis.places.homes import Homes, community_cost, read_homes
from xzz_analysis.places.travel import Cost, Streets, travel
from xzz_analysis.study import Study, open_study
from xzz_analysis.study.places import Access

FARTHEST = 60.0
"""Minutes up to which walks are measured, unless the study asks for more."""

AUDIENCES = ("release", "internal")

MOST_CORNERS = 20_000
"""Corners of all communities together from which on maps draw them simplified."""

FINEST = 1500
"""Parts of a map's longer side below which a simplified border may differ from the true one."""

OPEN = ("active", "unverified")
"""Resources that people may go to."""

VOUCHER = "voucher"
"""The kind of service that merchants with a voucher contract are, beside the four domains."""


class Atlas:
    """Places of a study: communities, resources, homes, and what is in reach.

    Layers are read when they are first asked for; all are in WGS 84 or CGCS2000 then.

    Parameters
    ----------
    study : Study
    name : str
        Round; the latest when empty.
    survey : MonitoringRound, optional
        The same round of the study's answers, where it is open already.
    audience : "release" or "internal"
        Who reads what is drawn: boundaries without a map review number are for the house alone.
    """

    def __init__(
        self, study: Study, name: str = "", survey: MonitoringRound | None = None, audience: str = "release"
    ) -> None:
        if study.settings.communities is None:
            raise StudyError(f"{study.path.name} names no communities; write `communities:` (docs/maps.md)")
        self.study = study
        if audience not in AUDIENCES:
            raise StudyError(f"audience is {audience!r}{suggest(audience, AUDIENCES)}; use {' or '.join(AUDIENCES)}")
        self.round = study.round(name)
        self.audience = audience
        self._survey = None if survey is None else survey.whole

    def __repr__(self) -> str:
        return f"<Atlas of {self.study.id!r}, round {self.round}: {len(self.communities)} communities>"

    @property
    def as_of(self) -> dt.date:
        """The last day of the study's latest round: files of places say how things stand now, whatever the round."""
        return max(one.collected[1] for one in self.study.rounds.values())

    @property
    def rules(self) -> Access:
        """What in reach means."""
        return self.study.settings.access or Access()

    @cached_property
    def survey(self) -> MonitoringRound | None:
        """The round's answers; None in a study without any."""
        if self._survey is not None or not self.study.tables:
            return self._survey
        return open_round(self.study, self.round)

    @cached_property
    def communities(self) -> Communities:
        """The study's communities."""
        declared_layer = self.study.settings.communities
        assert declared_layer is not None
        return read_communities(declared_layer)

    @cached_property
    def areas(self) -> gpd.GeoDataFrame:
        """Communities where they are: never in a shifted datum."""
        return _placed(self.communities.layer)

    @property
    def bounded(self) -> bool:
        """Whether maps draw boundaries: there are some, and they may be printed or stay in the house."""
        return self.communities.areas and (self.communities.printable or self.audience == "internal")

    @cached_property
    def drawn(self) -> gpd.GeoDataFrame:
        """Communities as maps draw them: borders simplified together where they have very many corners."""
        areas = self.areas
        if shapely.get_num_coordinates(areas.geometry.to_numpy()).sum() <= MOST_CORNERS:
            return areas
        west, south, east, north = areas.total_bounds
        finest = max(east - west, north - south) / FINEST
        return areas.set_geometry(shapely.coverage_simplify(areas.geometry.to_numpy(), finest), crs=areas.crs)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What categories of resources are called."""
        own = self.study.settings.catalogue
        return read_catalogue() if own is None else read_catalogue(own)

    @cached_property
    def directory(self) -> Resources | None:
        """The study's resources with what was noticed; None where it names none."""
        said = self.study.settings.resources
        if said is None:
            return None
        return read_resources(
            said.file,
            datum=said.datum,
            as_of=self.as_of,
            communities=self.communities,
            sheet=said.sheet or None,
            columns=said.columns,
            catalogue=self.catalogue,
        )

    @cached_property
    def resources(self) -> gpd.GeoDataFrame:
        """Resources as they may be shown, where they are; empty where the study names none."""
        if self.directory is None:
            return _placed(self.communities.layer).iloc[:0]
        return _placed(self.directory.table)

    @cached_property
    def facts(self) -> CommunityFacts | None:
        """Facts about communities; None where the study names no file."""
        path = self.study.settings.community_facts
        names = dict(self.communities.layer["name_zh"])
        return None if path is None else read_community_facts(path, names)

    @cached_property
    def homes(self) -> Homes | None:
        """Where people live: for computing alone, and shown nowhere."""
        said = self.study.settings.homes
        if said is None:
            return None
        columns = {"lon": said.lon, "lat": said.lat, "community": said.community, "people": said.people}
        return read_homes(said.file, datum=said.datum, communities=self.areas, **columns)

    @cached_property
    def streets(self) -> Streets | None:
        """Ways that people walk along; None where the study names none."""
        said = self.study.settings.network
        return None if said is None else streets_of(said)

    @cached_property
    def lines(self) -> gpd.GeoDataFrame | None:
        """Streets as maps draw them; None where there are none, or too many."""
        said = self.study.settings.network
        return None if said is None else drawn_lines(said)

    @cached_property
    def sites(self) -> dict[str, list[str]]:
        """Cities or sites with their communities: by the kept columns ``city_zh`` and ``city_en``, else all in one."""
        layer = self.communities.layer
        if "city_zh" not in layer:
            return {"": [str(key) for key in layer.index]}
        cities = layer["city_zh"].astype(str)
        return {name: [str(key) for key in layer.index[cities == name]] for name in dict.fromkeys(cities)}

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """Open resources that have a point."""
        table = self.resources
        if not len(table):
            return table
        located = table.geometry.notna() & ~table.geometry.is_empty
        return table[table["status"].isin(OPEN) & located]

    @property
    def pools(self) -> pd.DataFrame:
        """Open resources as gaps and plans take them: each its own pool of places, whoever runs it."""
        table = pd.DataFrame(self.places.drop(columns=[self.places.geometry.name, "organisation"], errors="ignore"))
        return table.assign(eligibility=self.for_whom)

    @property
    def for_whom(self) -> pd.Series:
        """Groups that each open resource is for; empty where it is for everybody of the study."""
        everybody = set(self.rules.groups)
        groups = self.places["eligibility"]
        return pd.Series([() if everybody & set(one) else tuple(one) for one in groups], groups.index, dtype=object)

    @cached_property
    def walks(self) -> Cost:
        """Minutes from homes to open resources; from a point inside each community where no homes are known.

        Raises
        ------
        InputError
            The study has no open resource with a point, or layers that cannot be measured between.
        """
        if not len(self.places):
            raise InputError("the study has no open resource with a point, so nothing is in reach of anybody")
        origins = self.areas if self.homes is None else _placed(self.homes.frame)
        limit = max(FARTHEST, self.rules.minutes)
        how = "straight" if self.streets is None else self.streets
        return travel(origins, self.places, how, limit=limit, profile=self.rules.profile, detour=self.rules.detour)

    @cached_property
    def cost(self) -> Cost:
        """Minutes from communities to open resources, within what counts as in reach.

        That of a community is what half of its people can walk in, in whole minutes: the weighted median over homes.
        """
        walks = self.walks if self.homes is None else community_cost(self.walks, self.homes)
        near = walks.within(self.rules.minutes)
        whole = near.matrix.copy()
        whole.data = np.minimum(np.ceil(whole.data), near.limit)  # an exact median is the way of one home
        return replace(near, matrix=whole)

    def offering(self, kind: str) -> list[str]:
        """Ids of open resources of one of the four domains, or of merchants that take vouchers."""
        if not len(self.places):
            return []
        if kind == VOUCHER:
            return list(self.places.index[self.places["voucher"] == "joined"])
        return [key for key, domains in self.places["domains"].items() if kind in domains]

    @cached_property
    def names(self) -> dict[str, Label]:
        """What resources are called; one may have the id of a community."""
        return _named(self.resources)

    @cached_property
    def community_names(self) -> dict[str, Label]:
        """What communities are called."""
        return _named(self.communities.layer)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was noticed while places were read and walks measured."""
        found = [*self.communities.findings]
        for part in (self.directory, self.facts, self.homes):
            found += [] if part is None else part.findings
        return tuple(dict.fromkeys([*found, *self._empty(), *self._audits()]))

    def _empty(self) -> Iterator[Finding]:
        """Communities where no home with people is known."""
        if self.homes is None:
            return
        lived = set(self.homes.frame["community"][self.homes.frame["people"] > 0])
        empty = sorted(set(map(str, self.communities.layer.index)) - lived)
        if empty:
            said = f"{len(empty):,} of {len(self.communities):,} communities have no home with people ({named(empty)})"
            remedy = "walks, gaps and plans leave them out; add their homes"
            yield Finding("warning", "nobody_registered", "homes", said, remedy, len(empty))

    def _audits(self) -> Iterator[Finding]:
        """Whether points lie where their datum says they do."""
        if not self.communities.areas:
            return
        for name, layer in (("resources", self.directory), ("homes", self.homes)):
            if layer is None:
                continue
            try:
                audit = layer.audit(self.communities.layer)
            except InputError as error:
                yield Finding("note", "datum_cannot_tell", name, str(error), "write the community beside the points")
                continue
            if audit.verdict != "agrees":
                yield audit.finding(name)

    def require(self) -> None:
        """Refuse layers whose datum is not what it is said to be, with the evidence.

        Raises
        ------
        InputError
        """
        wrong = [one for one in self.findings if one.severity == "error"]
        if wrong:
            raise InputError(f"places of {self.study.path.name} have {len(wrong)} problem(s) to correct", wrong)

    def community(self, name: str) -> str:
        """The community of that name; :class:`StudyError` with the nearest."""
        known: Mapping[str, object] = {str(key): None for key in self.communities.layer.index}
        if name not in known:
            raise StudyError(f"there is no community {name!r}{suggest(name, known)}; they are {', '.join(known)}")
        return name


def _named(layer: gpd.GeoDataFrame) -> dict[str, Label]:
    """Ids of a layer and the names in both languages; the Chinese one where there is no English one."""
    return {
        str(key): {"zh": str(zh), "en": str(en or zh)}
        for key, zh, en in zip(layer.index, layer["name_zh"], layer["name_en"], strict=True)
    }


def _placed(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A layer where it really is: shifted datums brought to WGS 84."""
    return convert(layer, "WGS84") if declared(layer) in SHIFTED else layer


def open_atlas(study: str | Path | Study, name: str = "", audience: str = "release") -> Atlas:
    """Open the places of a study.

    Parameters
    ----------
    study : str, Path or Study
        Study folder, or a study already open.
    name : str
        Round; the latest when empty.
    audience : "release" or "internal"
        Who reads what is drawn: boundaries without a map review number are for the house alone.

    Returns
    -------
    Atlas

    Raises
    ------
    StudyError
        The study names no communities; an unknown round or audience.
    InputError
        Points whose datum is not what it is said to be.
    """
    opened = study if isinstance(study, Study) else open_study(study)
    atlas = Atlas(opened, name, audience=audience)
    atlas.require()
    return atlas


def atlas_of(survey: MonitoringRound) -> Atlas:
    """The places of the study that a round belongs to, opened once with the round.

    Parameters
    ----------
    survey : MonitoringRound
        Of the whole study or of one place.
    """
    kept = survey.whole.beside
    if "atlas" not in kept:
        kept["atlas"] = Atlas(survey.study, survey.name, survey)
        kept["atlas"].require()
    found: Atlas = kept["atlas"]
    return found


def tried(atlas: Atlas) -> Iterator[Finding]:
    """What reading places and measuring walks finds, errors as findings: for ``xzz check``."""
    try:
        yield from atlas.findings
        if len(atlas.places):
            yield from atlas.walks.findings
    except XzzError as error:
        yield Finding("error", "would_fail", "places", str(error), "correct it before you build")
