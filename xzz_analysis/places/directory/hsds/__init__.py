"""Resources in the Human Services Data Specification 3.0, out and in, with what is lost said."""

from xzz_analysis.places.directory.hsds.exporting import Hsds, to_hsds
from xzz_analysis.places.directory.hsds.files import read_hsds, write_hsds
from xzz_analysis.places.directory.hsds.importing import from_hsds

__all__ = ["Hsds", "from_hsds", "read_hsds", "to_hsds", "write_hsds"]
