"""Five platforms that work together (五社联动), and what projects agreed beside what was done."""

from xzz_analysis.services.linkage.platforms import (
    BY_PROJECT,
    MEASURES,
    PLATFORMS,
    TURNOVER,
    Measure,
    known_measures,
    measure_by,
)
from xzz_analysis.services.linkage.targets import (
    AMBER,
    GREEN,
    LIGHTS,
    NOT_BY_PROJECT,
    NOT_COUNTED,
    NOT_KNOWN,
    RED,
    light_of,
    target_findings,
    targets,
)

__all__ = [
    "AMBER",
    "BY_PROJECT",
    "GREEN",
    "LIGHTS",
    "MEASURES",
    "NOT_BY_PROJECT",
    "NOT_COUNTED",
    "NOT_KNOWN",
    "PLATFORMS",
    "RED",
    "TURNOVER",
    "Measure",
    "known_measures",
    "light_of",
    "measure_by",
    "target_findings",
    "targets",
]
