"""Privacy at the door: what tells who somebody is is found, confirmed by a person, and kept apart."""

from xzz_analysis.intake.privacy.classification import check_classes, classify, columns_of, read_classes, write_classes
from xzz_analysis.intake.privacy.consent import GuardianConsent, with_consent
from xzz_analysis.intake.privacy.identifiers import KnownWords, find, scrub
from xzz_analysis.intake.privacy.vault import Vault, admit

__all__ = [
    "GuardianConsent",
    "KnownWords",
    "Vault",
    "admit",
    "check_classes",
    "classify",
    "columns_of",
    "find",
    "read_classes",
    "scrub",
    "with_consent",
    "write_classes",
]
