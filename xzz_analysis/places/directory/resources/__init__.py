"""Resources: what there is for people, read from a workbook, checked, and written so that no private contact leaves."""

from xzz_analysis.places.directory.resources.checks import Limits, check_resources, locate, same_places
from xzz_analysis.places.directory.resources.reading import (
    Resources,
    as_cells,
    make_resources,
    read_resources,
    write_resource_form,
    write_resources,
)
from xzz_analysis.places.directory.resources.schema import ResourceField, resource_fields

__all__ = [
    "Limits",
    "ResourceField",
    "Resources",
    "as_cells",
    "check_resources",
    "locate",
    "make_resources",
    "read_resources",
    "resource_fields",
    "same_places",
    "write_resource_form",
    "write_resources",
]
