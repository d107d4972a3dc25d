"""Datums of places in China: what coordinates are in, conversion between them, and whether what is declared is true."""

from xzz_analysis.places.datum.audit import audit_datum
from xzz_analysis.places.datum.conversion import from_wgs84, to_wgs84
from xzz_analysis.places.datum.layers import convert, declare, declared, metric
from xzz_analysis.places.datum.verdict import VERDICTS, DatumAudit
from xzz_analysis.study.datums import DATUMS, SHIFTED, datum_name

__all__ = [
    "DATUMS",
    "SHIFTED",
    "VERDICTS",
    "DatumAudit",
    "audit_datum",
    "convert",
    "datum_name",
    "declare",
    "declared",
    "from_wgs84",
    "metric",
    "to_wgs84",
]
