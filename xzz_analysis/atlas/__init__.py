"""Where needs, places and services of one study meet: who reaches what, where the gaps are, who could fill them."""

from xzz_analysis.atlas.opening import Atlas, atlas_of, open_atlas

__all__ = ["Atlas", "atlas_of", "open_atlas"]
