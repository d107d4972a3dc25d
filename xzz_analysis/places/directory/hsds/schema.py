"""Tables and fields of the Human Services Data Specification 3.0 that resources are written to and read from.

Names are those of the specification's JSON schemas (Open Referral 2023, https://docs.openreferral.org); fields that a
resource has nothing for are left out, which the specification allows for all but the ones written here.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

VERSION = "3.0"
TABLES: Mapping[str, tuple[str, ...]] = {
    "organization": ("id", "name", "description"),
    "service": (
        "id",
        "organization_id",
        "name",
        "alternate_name",
        "description",
        "status",
        "application_process",
        "fees_description",
        "eligibility_description",
        "assured_date",
    ),
    "attribute": ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity", "value"),
    "service_at_location": ("id", "service_id", "location_id"),
    "location": ("id", "location_type", "organization_id", "name", "latitude", "longitude"),
    "phone": ("id", "contact_id", "number"),
    "contact": ("id", "service_id", "name"),
    "address": (
        "id",
        "location_id",
        "address_1",
        "city",
        "state_province",
        "postal_code",
        "country",
        "address_type",
    ),
    "schedule": ("id", "service_at_location_id", "service_id", "description"),
    "required_document": ("id", "service_id", "document"),
    "taxonomy_term": ("id", "code", "name", "description", "parent_id", "taxonomy_id", "language"),
    "taxonomy": ("id", "name", "description"),
}
"""Table → its columns, in the order of the specification."""

FILES: Mapping[str, str] = {
    "organization": "organizations.csv",
    "service": "services.csv",
    "attribute": "attributes.csv",
    "service_at_location": "service_at_location.csv",
    "location": "locations.csv",
    "phone": "phones.csv",
    "contact": "contacts.csv",
    "address": "addresses.csv",
    "schedule": "schedules.csv",
    "required_document": "required_documents.csv",
    "taxonomy_term": "taxonomy_terms.csv",
    "taxonomy": "taxonomies.csv",
}
"""Table → its file in the tabular form; files named after the table alone are read too."""

STATUS: Mapping[str, str] = {"active": "active", "closed": "defunct", "unverified": "active"}
"""Status of a resource → status of a service; HSDS has no word for what nobody has verified."""

STATUS_BACK: Mapping[str, str] = {
    "active": "active",
    "inactive": "closed",
    "defunct": "closed",
    "temporarily closed": "closed",
}

ATTRIBUTES = ("id", "domains", "capacity", "precision", "community", "source", "voucher", "contact", "status")
"""Fields of a resource that travel as attributes of its service."""

FIELD, CATEGORY = "resource_field", "resource_category"
"""``link_type`` of attributes: a field of a resource, and its category."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "xzz-analysis")


def identifier(table: str, *keys: str) -> str:
    """The UUID of a row, the same whenever it is written; a key that is a UUID already stays what it is."""
    if len(keys) == 1:
        try:
            return str(uuid.UUID(keys[0]))
        except ValueError:
            return str(uuid.uuid5(_NAMESPACE, f"{table}\0{keys[0]}"))
    return str(uuid.uuid5(_NAMESPACE, "\0".join((table, *keys))))
