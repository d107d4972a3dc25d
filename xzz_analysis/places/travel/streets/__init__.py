"""Streets people can walk on: read, made a graph, and walked."""

from xzz_analysis.places.travel.streets.graph import Streets
from xzz_analysis.places.travel.streets.reading import read_streets
from xzz_analysis.places.travel.streets.walking import along

__all__ = ["Streets", "along", "read_streets"]
