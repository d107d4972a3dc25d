"""Every estimator explained: definition, two lines, a tiny invented example, a checked number."""

from xzz_analysis.errors import ReportError, suggest
from xzz_analysis.report.blocks import Block
from xzz_analysis.report.chapters.estimators.amounts import AMOUNTS, ANSWERS
from xzz_analysis.report.chapters.estimators.comparisons import COMPARISONS
from xzz_analysis.report.chapters.estimators.explanation import Explanation
from xzz_analysis.report.chapters.estimators.invented import invented_children
from xzz_analysis.report.chapters.estimators.planning import PLANNING, RELIABILITY, reliability_rules
from xzz_analysis.report.chapters.estimators.precision import PRECISION
from xzz_analysis.report.chapters.estimators.rounds import CHANGES
from xzz_analysis.report.chapters.estimators.weights import WEIGHTS

TOPICS: dict[str, tuple[Explanation, ...]] = {
    "precision": PRECISION,
    "amounts": AMOUNTS,
    "answers": ANSWERS,
    "weights": WEIGHTS,
    "comparisons": COMPARISONS,
    "change": CHANGES,
    "reliability": RELIABILITY,
    "planning": PLANNING,
}
"""Every explanation, in the order of the report: later ones use the words of earlier ones."""


def explained(topic: str) -> list[Block]:
    """The explanations of one topic.

    Parameters
    ----------
    topic : str
        A name of :data:`TOPICS`.

    Raises
    ------
    ReportError
        No such topic, or two lines and the library that do not agree.
    """
    if topic not in TOPICS:
        raise ReportError(
            f"no estimators are explained under {topic!r}{suggest(topic, TOPICS)}; there are {', '.join(TOPICS)}"
        )
    return [block for explanation in TOPICS[topic] for block in explanation.blocks()]


__all__ = ["TOPICS", "Explanation", "explained", "invented_children", "reliability_rules"]
