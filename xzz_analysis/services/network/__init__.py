"""The network of mutual support: who connects whom among families, volunteers, merchants and organisations."""

from xzz_analysis.services.network.graph import Network, network, tie_counts
from xzz_analysis.services.network.groups import (
    ANYWHERE,
    LEFT_OUT,
    OTHERS,
    GroupNetwork,
    group_network,
    jaccard,
    placed,
    tie_changes,
)
from xzz_analysis.services.network.measures import Measures, carriers, isolates, measures, reach
from xzz_analysis.services.network.parties import KINDS, PERSONS, Parties, parties

__all__ = [
    "ANYWHERE",
    "KINDS",
    "LEFT_OUT",
    "OTHERS",
    "PERSONS",
    "GroupNetwork",
    "Measures",
    "Network",
    "Parties",
    "carriers",
    "group_network",
    "isolates",
    "jaccard",
    "measures",
    "network",
    "parties",
    "placed",
    "reach",
    "tie_changes",
    "tie_counts",
]
