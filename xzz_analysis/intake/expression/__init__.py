"""The language of XLSForm: skip logic, constraints, indicators and groups are all written in it."""

from xzz_analysis.intake.expression.evaluation import Bindings, evaluate
from xzz_analysis.intake.expression.grammar import (
    Expression,
    Vector,
    number_vector,
    parse,
    text_of,
    text_vector,
)

__all__ = ["Bindings", "Expression", "Vector", "evaluate", "number_vector", "parse", "text_of", "text_vector"]
