"""Training and groups: whether scores changed, who was lost, and the health star."""

from xzz_analysis.report.chapters.services.courses.changes import change_sentences, courses_chapter
from xzz_analysis.report.chapters.services.courses.limits import limit_sentences, lost_sentences
from xzz_analysis.report.chapters.services.courses.star import star_chapter, star_sentence

__all__ = [
    "change_sentences",
    "courses_chapter",
    "limit_sentences",
    "lost_sentences",
    "star_chapter",
    "star_sentence",
]
