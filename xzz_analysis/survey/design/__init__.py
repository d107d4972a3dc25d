"""The sample and its design: strata, stages of clusters, weights, population sizes."""

from xzz_analysis.survey.design.domains import Domains
from xzz_analysis.survey.design.sample import Sample
from xzz_analysis.survey.design.stages import Design, Stage
from xzz_analysis.survey.design.stored import StoredTable, read_parquet

__all__ = ["Design", "Domains", "Sample", "Stage", "StoredTable", "read_parquet"]
