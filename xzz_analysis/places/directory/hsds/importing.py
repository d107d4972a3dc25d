"""Tables of HSDS 3.0 → resources: our own come back as they were, others as far as HSDS tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from xzz_analysis.errors import Finding, InputError
from xzz_analysis.places.directory.catalogue import Catalogue, plain, read_catalogue
from xzz_analysis.places.directory.communities import Communities
from xzz_analysis.places.directory.hsds.schema import ATTRIBUTES, CATEGORY, FIELD, STATUS_BACK, TABLES
from xzz_analysis.places.directory.resources import Resources, make_resources, resource_fields

OTHER = "general.other"
"""Category of a service that names none of ours."""


def from_hsds(
    tables: Mapping[str, pd.DataFrame],
    *,
    as_of: dt.date,
    communities: Communities | None = None,
    categories: Mapping[str, str] | None = None,
    catalogue: Catalogue | None = None,
) -> Resources:
    """Make resources from tables of HSDS 3.0.

    Parameters
    ----------
    tables : mapping of str to DataFrame of str
        As :func:`read_hsds` gives them; ``service`` at least.
    as_of : date
    communities : Communities, optional
    categories : mapping of str to str, optional
        Code or name of a foreign taxonomy term → category of ours.
    catalogue : Catalogue, optional

    Returns
    -------
    Resources
        One for each service and location, in WGS 84; a service in several places gets the id of the link for each.
        Findings add ``hsds_uncategorised`` and ``hsds_status`` (warnings).

    Raises
    ------
    InputError
        There is no service, a link names a row that is not there, or cells cannot be read; all told together.

    References
    ----------
    Open Referral (2023). Human Services Data Specification 3.0. https://docs.openreferral.org
    """
    whole = {name: _whole(tables.get(name), columns) for name, columns in TABLES.items()}
    if not len(whole["service"]):
        raise InputError("the HSDS tables hold no service; export the table of services too")
    _check_links(whole)
    joined = _places(whole)
    known = catalogue or read_catalogue()
    cells = _cells(joined, whole)
    cells["category"], plainly = _categories(joined, whole, {**known.words, **_plain(categories or {})})
    findings = []
    if plainly:
        said = f"{plainly:,} of {len(cells):,} services name no category of ours and became {OTHER!r}"
        findings.append(Finding("warning", "hsds_uncategorised", "HSDS", said, "declare `categories`", plainly))
    paused = int((joined["status"] == "temporarily closed").sum())
    if paused:
        said = f"{paused:,} service(s) are closed for a time and became closed"
        findings.append(Finding("warning", "hsds_status", "HSDS", said, "ask when they open again", paused))
    made = make_resources(cells, "HSDS", datum="WGS84", as_of=as_of, communities=communities, catalogue=known)
    return Resources(made.confidential, (*findings, *made.findings))


def _whole(table: pd.DataFrame | None, columns: tuple[str, ...]) -> pd.DataFrame:
    """A table with every column of the schema."""
    given = pd.DataFrame() if table is None else table
    return given.reindex(columns=list(columns)).astype("str").fillna("").reset_index(drop=True)


def _plain(categories: Mapping[str, str]) -> dict[str, str]:
    return {plain(word): category for word, category in categories.items()}


_LINKS = (
    ("service", "organization_id", "organization"),
    ("service_at_location", "service_id", "service"),
    ("service_at_location", "location_id", "location"),
    ("address", "location_id", "location"),
    ("required_document", "service_id", "service"),
    ("contact", "service_id", "service"),
    ("phone", "contact_id", "contact"),
)


def _check_links(tables: Mapping[str, pd.DataFrame]) -> None:
    findings = []
    for table, column, target in _LINKS:
        links = tables[table][column]
        broken = int((~links.isin(tables[target]["id"]) & (links != "")).sum())
        if broken and len(tables[target]):
            said = f"{broken:,} row(s) name a {target} that is not there"
            findings.append(
                Finding("error", "hsds_link", f"{table}.{column}", said, "export both tables again", broken)
            )
    for name, rows in tables.items():
        twice = int(rows["id"][rows["id"] != ""].duplicated().sum())
        if twice:
            said = f"{twice:,} row(s) share an id with another"
            findings.append(Finding("error", "duplicate_id", f"{name}.id", said, "export it again", twice))
    if findings:
        raise InputError(f"the HSDS tables have {len(findings)} problem(s) to correct", findings)


def _places(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per service and location, with the id that the resource gets."""
    links = tables["service_at_location"].rename(columns={"id": "link"})
    rows = tables["service"].merge(links, left_on="id", right_on="service_id", how="left").fillna("")
    several = rows["id"].duplicated(keep=False)
    rows["resource"] = rows["link"].where(several, rows["id"])
    return rows.reset_index(drop=True)


def _cells(rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Fields of resources as text."""
    own = _own(tables["attribute"], tables["taxonomy_term"])
    first = {name: _joined(tables[name], link, text) for name, link, text in _TEXTS}
    at = {name: dict(zip(tables["location"]["id"], tables["location"][name], strict=True)) for name in _POINT.values()}
    owners = dict(zip(tables["organization"]["id"], tables["organization"]["name"], strict=True))
    owner, hours = _looked(rows["organization_id"], owners), _looked(rows["link"], first["schedule"])
    always = _looked(rows["id"], _joined(tables["schedule"], "service_id"))
    cells = {name: rows[column] for name, column in _AS_IS.items()} | {
        "organisation": owner.where(owner != rows["name"], ""),
        "hours": hours.where(hours != "", always),
        "papers": _looked(rows["id"], first["required_document"]),
        "contact": _looked(rows["id"], _contacts(tables)),
        "address": _looked(rows["location_id"], first["address"]),
        **{name: _looked(rows["location_id"], at[column]) for name, column in _POINT.items()},
        "verified_on": rows["assured_date"].str.slice(0, 10),
        "status": _looked(rows["status"], STATUS_BACK),
    }
    made = pd.DataFrame(cells).reindex(columns=list(resource_fields()), fill_value="").astype("str")
    made["id"] = rows["resource"]
    single = ~rows["id"].duplicated(keep=False)
    for name in ATTRIBUTES:
        kept = _looked(rows["id"], own.get(name, {}))
        made[name] = made[name].where((kept == "") | ((name == "id") & ~single), kept)
    made["contact_public"] = (made["contact"] != "").map({True: "yes", False: "no"})
    return made


def _looked(keys: pd.Series, values: Mapping[str, str]) -> pd.Series:
    return pd.Series([values.get(key, "") for key in keys], index=keys.index, dtype="str")


_AS_IS = {
    "name_zh": "name",
    "name_en": "alternate_name",
    "items": "description",
    "eligibility": "eligibility_description",
    "fee": "fees_description",
    "procedure": "application_process",
}
"""Field of a resource → column of a service."""

_POINT = {"lon": "longitude", "lat": "latitude"}
_TEXTS = (
    ("schedule", "service_at_location_id", "description"),
    ("required_document", "service_id", "document"),
    ("address", "location_id", "address_1"),
)


def _joined(table: pd.DataFrame, link: str, text: str = "description") -> dict[str, str]:
    """Texts of the rows that name the same thing, one per line."""
    there = table[(table[link] != "") & (table[text] != "")]
    return {str(key): "\n".join(dict.fromkeys(texts)) for key, texts in there.groupby(link)[text]}


def _contacts(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Service → names and numbers."""
    numbers = _joined(tables["phone"], "contact_id", "number")
    out: dict[str, list[str]] = {}
    for row in tables["contact"].to_dict("records"):
        parts = [row["name"], numbers.get(row["id"], "").replace("\n", "、")]
        out.setdefault(row["service_id"], []).append(" ".join(filter(None, parts)))
    return {service: "；".join(filter(None, texts)) for service, texts in out.items()}


def _own(attributes: pd.DataFrame, terms: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Field → service → value, of the attributes that :func:`to_hsds` wrote."""
    fields = attributes[attributes["link_type"] == FIELD].merge(
        terms[["id", "code"]].rename(columns={"id": "term"}), left_on="taxonomy_term_id", right_on="term"
    )
    return {str(code): dict(zip(rows["link_id"], rows["value"], strict=True)) for code, rows in fields.groupby("code")}


def _categories(
    rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame], words: Mapping[str, str]
) -> tuple[pd.Series, int]:
    """Category of every row: the one we wrote, else the first term that a word of ours, or of the user, names."""
    attributes = tables["attribute"][tables["attribute"]["link_type"] != FIELD].sort_values("id")
    terms = tables["taxonomy_term"].set_index("id")
    found: dict[str, str] = {}
    for row in attributes.to_dict("records"):
        said = [row["value"]] if row["link_type"] == CATEGORY else []
        if row["taxonomy_term_id"] in terms.index:
            said += list(terms.loc[row["taxonomy_term_id"], ["code", "name", "description"]])
        category = next((words[plain(text)] for text in said if plain(text) in words), "")
        if category:
            found.setdefault(row["link_id"], category)
    named = _looked(rows["id"], found)
    return named.mask(named == "", OTHER), int((named == "").sum())
