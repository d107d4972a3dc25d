"""Travel: what it costs to get there, on a straight line, along streets or from a table."""

from xzz_analysis.places.travel.cost import Cost
from xzz_analysis.places.travel.door import travel
from xzz_analysis.places.travel.profiles import PROFILES, Profile, read_profiles
from xzz_analysis.places.travel.streets import Streets, read_streets

__all__ = ["PROFILES", "Cost", "Profile", "Streets", "read_profiles", "read_streets", "travel"]
