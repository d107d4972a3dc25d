"""Quotations are printed only when nothing in them tells who said them."""

from __future__ import annotations

from collections.abc import Iterator

from xzz_analysis.errors import Finding
from xzz_analysis.intake.privacy import KnownWords, Vault
from xzz_analysis.intake.privacy.identifiers import KINDS, spans
from xzz_analysis.study import Quotation, Study


def check_quotations(study: Study, vault: Vault | None = None) -> list[Finding]:
    """An error for every quotation that may tell who somebody is.

    Parameters
    ----------
    study : Study
    vault : Vault, optional
        Its words are looked for too, but those that ``privacy.allowed`` names.

    Returns
    -------
    list of Finding
        With kinds and counts, never with the words.
    """
    quotations = study.themes.quotations
    if not quotations:
        return []
    privacy = study.settings.privacy
    allowed = set(privacy.allowed) if privacy is not None else set()
    known = KnownWords([] if vault is None else [word for word in vault.known_words() if word not in allowed])
    return [finding for number, one in enumerate(quotations, 1) for finding in _told(one, number, known)]


def _told(quotation: Quotation, number: int, known: KnownWords) -> Iterator[Finding]:
    texts = (quotation.zh, quotation.en, *quotation.who.values())
    kinds = [span.kind for text in texts for span in spans(text, known)]
    if kinds:
        named = ", ".join(KINDS[kind]["en"] for kind in dict.fromkeys(kinds))
        message = f"{len(kinds)} place(s) may tell who said it ({named})"
        remedy = "take them out, or paraphrase and write `paraphrased: true`; then have it approved again"
        where = f"themes.yml: quotation {number}, theme {quotation.theme}"
        yield Finding("error", "quotation_identifies", where, message, remedy, len(kinds))
