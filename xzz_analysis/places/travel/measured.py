"""What every way of measuring hands back: metres, the method in words, and what was noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy import sparse

from xzz_analysis.errors import Finding
from xzz_analysis.language import Label


class Legs(NamedTuple):
    """Metres from places to the street; NaN for a place on no street."""

    origins: np.ndarray
    destinations: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured:
    """Metres between places.

    Parameters
    ----------
    matrix : csr_array of float, shape (origins, destinations)
        Metres of the pairs within the limit; a stored 0.0 is a real zero.
    method : Label
    findings : tuple of Finding
    facts : mapping of str to float
        Figures of the measurement.
    """

    matrix: sparse.csr_array
    method: Label
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
