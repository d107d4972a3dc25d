"""Need profile: domains by kinds of need, groups compared, priorities as people state them, small communities."""

from xzz_analysis.needs.profile.communities import small_communities
from xzz_analysis.needs.profile.comparison import compare_groups
from xzz_analysis.needs.profile.inequality import along_ranking, between_groups, largest_gaps
from xzz_analysis.needs.profile.matrix import against_all, need_figures, need_matrix
from xzz_analysis.needs.profile.profile import NeedProfile, Question, need_profile
from xzz_analysis.needs.profile.stated import stated_priorities

__all__ = [
    "NeedProfile",
    "Question",
    "against_all",
    "along_ranking",
    "between_groups",
    "compare_groups",
    "largest_gaps",
    "need_figures",
    "need_matrix",
    "need_profile",
    "small_communities",
    "stated_priorities",
]
