"""Communities: polygons or points with key, names, division codes and counts, checked before anything uses them."""

from xzz_analysis.places.directory.communities.reading import Communities, read_communities
from xzz_analysis.places.directory.communities.shapes import check_shapes, repair_shapes
from xzz_analysis.study.places import CommunityLayer, Count

__all__ = ["Communities", "CommunityLayer", "Count", "check_shapes", "read_communities", "repair_shapes"]
