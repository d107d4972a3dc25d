"""Decay: how much a service counts that is some way off."""

from xzz_analysis.places.access.decay.curves import Decay
from xzz_analysis.places.access.decay.functions import (
    dai,
    declared,
    exponential,
    gaussian,
    linear,
    logistic,
    power,
    stepped,
    within,
)

__all__ = ["Decay", "dai", "declared", "exponential", "gaussian", "linear", "logistic", "power", "stepped", "within"]
