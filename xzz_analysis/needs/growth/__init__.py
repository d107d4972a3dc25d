"""Height, weight and BMI of children against the WHO references, and against national cut-offs typed by a person."""

from xzz_analysis.needs.growth.checks import growth_findings
from xzz_analysis.needs.growth.classes import CLASSES, growth_class, within
from xzz_analysis.needs.growth.declared import grown, not_supplied, read_national, unchecked_tables, wrong_names
from xzz_analysis.needs.growth.national import STANDARDS, Cutoffs, national_class, read_cutoffs
from xzz_analysis.needs.growth.reference import MEASURES, REFERENCES
from xzz_analysis.needs.growth.scores import FLAGS, growth_z

__all__ = [
    "CLASSES",
    "FLAGS",
    "MEASURES",
    "REFERENCES",
    "STANDARDS",
    "Cutoffs",
    "grown",
    "growth_class",
    "growth_findings",
    "growth_z",
    "national_class",
    "not_supplied",
    "read_cutoffs",
    "read_national",
    "unchecked_tables",
    "within",
    "wrong_names",
]
