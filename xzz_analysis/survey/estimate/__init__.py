"""Sample → estimates: shares, means, totals, ratios, quantiles."""

from xzz_analysis.survey.estimate.batches import (
    By,
    estimate_means,
    estimate_quantiles,
    estimate_ratios,
    estimate_shares,
    estimate_totals,
)
from xzz_analysis.survey.estimate.items import Item
from xzz_analysis.survey.estimate.replicates import replicate
from xzz_analysis.survey.estimate.verbs import mean, quantile, ratio, share, total

__all__ = [
    "By",
    "Item",
    "estimate_means",
    "estimate_quantiles",
    "estimate_ratios",
    "estimate_shares",
    "estimate_totals",
    "mean",
    "quantile",
    "ratio",
    "replicate",
    "share",
    "total",
]
