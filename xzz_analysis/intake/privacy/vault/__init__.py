"""The vault of direct identifiers, its key, and how exports pass it."""

from xzz_analysis.intake.privacy.vault.admission import (
    IN_VAULT,
    Holder,
    admit,
    keep_rows,
    remember_repeat,
    without_direct,
)
from xzz_analysis.intake.privacy.vault.key import KEY_VARIABLE, key_file
from xzz_analysis.intake.privacy.vault.store import PSEUDONYM, Forgotten, Vault, normal_key

__all__ = [
    "IN_VAULT",
    "KEY_VARIABLE",
    "PSEUDONYM",
    "Forgotten",
    "Holder",
    "Vault",
    "admit",
    "keep_rows",
    "key_file",
    "normal_key",
    "remember_repeat",
    "without_direct",
]
