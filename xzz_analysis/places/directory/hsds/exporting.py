"""Resources → tables of HSDS 3.0, without a contact that is not public."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from xzz_analysis.errors import Finding
from xzz_analysis.places.datum.layers import convert, declared
from xzz_analysis.places.directory.catalogue import Catalogue, read_catalogue
from xzz_analysis.places.directory.hsds.schema import ATTRIBUTES, CATEGORY, FIELD, STATUS, TABLES, identifier
from xzz_analysis.places.directory.resources import Resources, as_cells

_NUMBER = re.compile(r"[+＋]?\d[\d\-－ ]{4,}\d")
_FORMULA = re.compile(r"^[=+\-@\t]")
_WHERE = "HSDS export"


@dataclass(frozen=True, eq=False)
class Hsds:
    """Tables of HSDS 3.0.

    Attributes
    ----------
    tables : mapping of str to DataFrame of str
        Table → rows, sorted by id; ``""`` where a field has no value.
    lost : tuple of Finding
        What the tables do not hold, or hold only as attributes that other programs may drop: notes
        ``hsds_contact_private``, ``hsds_verifier``, ``hsds_attribute``, ``hsds_address``, ``hsds_datum``,
        ``hsds_no_location``; a warning ``hsds_formula`` for texts that a spreadsheet would run.
    """

    tables: Mapping[str, pd.DataFrame]
    lost: tuple[Finding, ...]


def to_hsds(resources: Resources, *, city: str, province: str, catalogue: Catalogue | None = None) -> Hsds:
    """Write resources as tables of HSDS 3.0.

    Parameters
    ----------
    resources : Resources
    city, province : str
        Of all addresses: HSDS wants them apart.
    catalogue : Catalogue, optional
        The one the resources were read with.

    Returns
    -------
    Hsds
        A resource is a service of an organisation (its own when it names none) at one location, in WGS 84 as HSDS
        wants.

    References
    ----------
    Open Referral (2023). Human Services Data Specification 3.0. https://docs.openreferral.org
    """
    table = convert(resources.table, "WGS84")
    cells = as_cells(table)
    known = catalogue or read_catalogue()
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in TABLES}
    for cell in cells.to_dict("records"):
        for name, row in _rows({str(key): value for key, value in cell.items()}, city, province):
            rows[name].append(row)
    rows["taxonomy"], rows["taxonomy_term"] = _taxonomies(known, sorted(set(cells["category"])))
    tables = {
        name: pd.DataFrame(rows[name], columns=list(columns), dtype="str")
        .fillna("")
        .drop_duplicates("id")
        .sort_values("id", ignore_index=True)
        for name, columns in TABLES.items()
    }
    return Hsds(tables, tuple(_lost(resources, tables)))


def _rows(cell: Mapping[str, str], city: str, province: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows that one resource makes."""
    owner = cell["organisation"] or cell["name_zh"]
    organisation, service = identifier("organization", owner), identifier("service", cell["id"])
    yield "organization", {"id": organisation, "name": owner, "description": owner}
    yield (
        "service",
        {
            "id": service,
            "organization_id": organisation,
            "name": cell["name_zh"],
            "alternate_name": cell["name_en"],
            "description": cell["items"],
            "status": STATUS[cell["status"]],
            "application_process": cell["procedure"],
            "fees_description": cell["fee"],
            "eligibility_description": cell["eligibility"],
            "assured_date": cell["verified_on"],
        },
    )
    yield from _location(cell, organisation, service, (city, province))
    yield from _contact(cell, service)
    if cell["papers"]:
        made = identifier("required_document", service, "")
        yield "required_document", {"id": made, "service_id": service, "document": cell["papers"]}
    yield from _attributes(cell, service)


def _location(
    cell: Mapping[str, str], organisation: str, service: str, city: tuple[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Where it is, if anybody knows, and when it is open."""
    location, link = identifier("location", service, ""), identifier("service_at_location", service, "")
    placed = bool(cell["lon"] or cell["address"])
    if placed:
        point = {"latitude": cell["lat"], "longitude": cell["lon"]}
        about = {"location_type": "physical", "organization_id": organisation, "name": cell["name_zh"]}
        yield "location", {"id": location, **about, **point}
        yield "service_at_location", {"id": link, "service_id": service, "location_id": location}
    if cell["address"]:
        line = {"address_1": cell["address"], "city": city[0], "state_province": city[1]}
        rest = {"postal_code": "", "country": "CN", "address_type": "physical"}
        yield "address", {"id": identifier("address", service, ""), "location_id": location, **line, **rest}
    if cell["hours"]:
        at = {"service_at_location_id": link} if placed else {"service_id": service}
        yield "schedule", {"id": identifier("schedule", service, ""), **at, "description": cell["hours"]}


def _contact(cell: Mapping[str, str], service: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A public contact: its numbers apart from the rest of the text."""
    if not cell["contact"]:
        return
    contact = identifier("contact", service, "")
    name = _NUMBER.sub("", cell["contact"]).strip(" ：:、，,；;/\n")
    yield "contact", {"id": contact, "service_id": service, "name": name}
    for number in dict.fromkeys(_NUMBER.findall(cell["contact"])):
        yield "phone", {"id": identifier("phone", contact, number), "contact_id": contact, "number": number}


def _attributes(cell: Mapping[str, str], service: str) -> Iterator[tuple[str, dict[str, str]]]:
    link = {"link_id": service, "link_entity": "service"}
    term = identifier("taxonomy_term", CATEGORY, cell["category"])
    about = {"taxonomy_term_id": term, "link_type": CATEGORY, "value": cell["category"]}
    yield "attribute", {"id": identifier("attribute", service, CATEGORY), **link, **about}
    for name in ATTRIBUTES:
        if cell[name]:
            about = {"taxonomy_term_id": identifier("taxonomy_term", FIELD, name), "link_type": FIELD}
            yield "attribute", {"id": identifier("attribute", service, name), **link, **about, "value": cell[name]}


def _taxonomies(catalogue: Catalogue, categories: Iterable[str]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The two taxonomies and the terms that are used: categories below their headings, and fields."""
    ids = {name: identifier("taxonomy", name, "") for name in (CATEGORY, FIELD)}
    said = {CATEGORY: "Categories of resources in two levels", FIELD: "Fields that HSDS has no place for"}
    taxonomies = [{"id": ids[name], "name": name, "description": text} for name, text in said.items()]
    terms = []
    for category in categories:
        heading = catalogue.heading(category)
        above = identifier("taxonomy_term", CATEGORY, heading.id)
        for code, label, parent in (
            (heading.id, heading.label, ""),
            (category, catalogue.kinds[category].label, above),
        ):
            made = {"id": identifier("taxonomy_term", CATEGORY, code), "code": code, "parent_id": parent}
            text = {"name": label["zh"], "description": label["en"], "language": "zh"}
            terms.append({**made, **text, "taxonomy_id": ids[CATEGORY]})
    for name in ATTRIBUTES:
        made = {"id": identifier("taxonomy_term", FIELD, name), "code": name, "name": name, "description": name}
        terms.append({**made, "parent_id": "", "taxonomy_id": ids[FIELD], "language": "en"})
    return taxonomies, terms


def _lost(resources: Resources, tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    table = resources.confidential
    private = int((~table["contact_public"].astype(bool) & (table["contact"] != "")).sum())
    verified = int((table["verified_by"] != "").sum())
    nowhere = len(table) - len(tables["service_at_location"])
    datum = declared(table)
    formulas = sum(
        int(column.str.contains(_FORMULA).sum())
        for name, rows in tables.items()
        for key, column in rows.items()
        if key not in ("latitude", "longitude")
    )
    told = (
        ("hsds_contact_private", private, "contact(s) are not public and were left out"),
        ("hsds_verifier", verified, "name(s) of who verified were left out; HSDS wants an e-mail address there"),
        (
            "hsds_attribute",
            len(table),
            f"resource(s) keep {', '.join(ATTRIBUTES)} only as attributes, which others may drop",
        ),
        ("hsds_address", len(tables["address"]), "address(es) have no postal code, and the city of all is the same"),
        (
            "hsds_datum",
            len(table) if datum not in ("WGS84", "CGCS2000") else 0,
            f"resource(s) were moved from {datum} to WGS 84",
        ),
        ("hsds_no_location", nowhere, "resource(s) have no location"),
    )
    for rule, count, text in told:
        if count:
            yield Finding("note", rule, _WHERE, f"{count:,} {text}", "", count)
    if formulas:
        said = f"{formulas:,} text(s) begin like a formula, and a spreadsheet that opens the CSV files would run them"
        yield Finding("warning", "hsds_formula", _WHERE, said, "import the files as text", formulas)
