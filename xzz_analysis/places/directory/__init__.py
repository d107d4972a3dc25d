"""What there is and where: communities, division codes, resources, their catalogue, and names for the same place."""

from xzz_analysis.places.directory.catalogue import Catalogue, read_catalogue
from xzz_analysis.places.directory.communities import Communities, CommunityLayer, read_communities
from xzz_analysis.places.directory.facts import CommunityFacts, known_facts, read_community_facts
from xzz_analysis.places.directory.hsds import from_hsds, read_hsds, to_hsds, write_hsds
from xzz_analysis.places.directory.names import NameMatch, match_names, read_decisions
from xzz_analysis.places.directory.resources import (
    Limits,
    Resources,
    locate,
    read_resources,
    resource_fields,
    same_places,
    write_resource_form,
    write_resources,
)

__all__ = [
    "Catalogue",
    "Communities",
    "CommunityFacts",
    "CommunityLayer",
    "Limits",
    "NameMatch",
    "Resources",
    "from_hsds",
    "known_facts",
    "locate",
    "match_names",
    "read_catalogue",
    "read_communities",
    "read_community_facts",
    "read_decisions",
    "read_hsds",
    "read_resources",
    "resource_fields",
    "same_places",
    "to_hsds",
    "write_hsds",
    "write_resource_form",
    "write_resources",
]
