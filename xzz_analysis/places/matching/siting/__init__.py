"""Siting: where a new service, station or merchant helps most."""

from xzz_analysis.places.matching.siting.choice import METHODS, Siting, site

__all__ = ["METHODS", "Siting", "site"]
