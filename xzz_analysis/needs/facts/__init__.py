"""Official figures, one by one, each with its definition; what mixes definitions of the population is refused."""

from xzz_analysis.needs.facts.benchmarks import benchmark, fact_text
from xzz_analysis.needs.facts.folder import Facts, facts
from xzz_analysis.needs.facts.guard import require_one_population
from xzz_analysis.needs.facts.schema import UNITS, Fact, Population

__all__ = ["UNITS", "Fact", "Facts", "Population", "benchmark", "fact_text", "facts", "require_one_population"]
