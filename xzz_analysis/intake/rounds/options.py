"""Which option of a question is which in another round: by what it says, never by its place or code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xzz_analysis.intake.answers import Option
from xzz_analysis.intake.rounds import wording
from xzz_analysis.intake.rounds.entries import Change
from xzz_analysis.language import choose

PLACE = re.compile(r"[A-Za-z]{0,3}_?\d+|[A-Za-z]")
"""Names that only say a place in the list (1, o3, B), so that another place gives the same option another name."""

_ALIKE, _CONTAINED = 0.5, 0.9


class Matched(NamedTuple):
    """Options of the earlier round → options of the later one (``""``: none), and what differs."""

    mapping: dict[str, str]
    changes: list[Change]


def match_options(earlier: Sequence[Option], later: Sequence[Option]) -> Matched:
    """Find for each option of one round the option of another that says the same.

    Parameters
    ----------
    earlier, later : sequence of Option

    Returns
    -------
    Matched
        A mapping without a doubtful change is certain: both lists hold the same wordings, each once, or the
        same names where there are no wordings.
    """
    if not earlier or not later:
        lost = [Change("options_unknown", True, likeness=0.3)] if earlier or later else []
        return Matched({option.name: "" for option in earlier}, lost)
    mapping, changes = _by_wording(earlier, later)
    left = [option for option in earlier if option.name not in mapping]
    free = [option for option in later if option.name not in mapping.values()]
    changes += _by_name(left, free, mapping)
    changes += _by_likeness(left, free, mapping)
    for option in left:
        mapping.setdefault(option.name, "")
    mapping = {option.name: mapping[option.name] for option in earlier}
    return Matched(mapping, [*changes, *_moved(mapping, earlier, later), *_marked(mapping, earlier, later)])


def _by_wording(earlier: Sequence[Option], later: Sequence[Option]) -> tuple[dict[str, str], list[Change]]:
    """Pair the options whose wording occurs once in each list, or under the same names in both."""
    languages = wording.shared([one.label for one in earlier], [one.label for one in later])
    sides = [_named(options, languages) for options in (earlier, later)]
    mapping: dict[str, str] = {}
    changes: list[Change] = []
    for said, names in sides[0].items():
        others = sides[1].get(said, [])
        if len(names) == len(others) == 1:
            mapping[names[0]] = others[0]
        elif others:
            mapping |= {name: name for name in names if name in others}
            if sorted(names) != sorted(others):
                changes.append(Change("options_alike", True, tuple(names), 0.5))
    return mapping, changes


def _named(options: Sequence[Option], languages: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Names of the options by wording; one without any wording is known by its name."""
    found: dict[tuple[str, ...], list[str]] = {}
    for option in options:
        said = wording.key(option.label, languages) or ("", option.name)
        found.setdefault(said, []).append(option.name)
    return found


def _by_name(left: Sequence[Option], free: Sequence[Option], mapping: dict[str, str]) -> list[Change]:
    """Propose options of the same name whose wording changed; one that now says something else is no proposal."""
    changes = []
    for option in left:
        same = next((one for one in free if one.name == option.name), None)
        if same is not None and not _joins(option, same, left):
            words = wording.compare(option.label, same.label)
            kept = not words.aspects and words.likeness >= _ALIKE
            kept |= words.change == "unknown" and not PLACE.fullmatch(option.name)
            what = "option_reworded" if kept or words.likeness >= _ALIKE else "option_name_reused"
            changes.append(Change(what, True, (option.name, *words.aspects), max(words.likeness, 0.3) if kept else 0.1))
            mapping[option.name] = same.name if kept else ""
    return changes


def _joins(option: Option, same: Option, others: Sequence[Option]) -> bool:
    """Whether an option's new wording holds another option's wording too."""
    return any(one is not option and _contains(same, one) for one in others) and _contains(same, option)


def _by_likeness(left: Sequence[Option], free: Sequence[Option], mapping: dict[str, str]) -> list[Change]:
    """Propose the nearest wording for what is left: merged, split, re-worded, dropped, added."""
    changes, used = [], {name for name in mapping.values() if name}
    for option in left:
        if option.name in mapping:
            continue
        near = sorted(((_nearness(option, one), one.name) for one in free if one.name not in used), reverse=True)
        parts = [one.name for one in free if one.name not in used and _contains(option, one)]
        if len(parts) > 1:
            changes.append(Change("option_split", True, (option.name, *parts), 0.4))
        elif near and near[0][0] >= _ALIKE:
            mapping[option.name] = near[0][1]
            changes.append(Change("option_reworded", True, (option.name, near[0][1]), min(near[0][0], 0.8)))
        else:
            changes.append(Change("option_dropped", True, (option.name,), 0.3))
    counts = Counter(name for name in mapping.values() if name)
    changes = [one for one in changes if counts[mapping.get(one.names[0], "")] < 2]
    changes += [
        Change("options_merged", True, (*(old for old, new in mapping.items() if new == name), name), 0.7)
        for name, count in counts.items()
        if count > 1
    ]
    added = [option.name for option in free if option.name not in counts]
    return changes + ([Change("options_added", True, tuple(added), 0.8)] if added else [])


def _said(option: Option) -> str:
    return wording.plain(choose(option.label, "zh", option.name).text)


def _contains(long: Option, short: Option) -> bool:
    """Whether one option's wording is part of another's."""
    return 1 < len(_said(short)) < len(_said(long)) and _said(short) in _said(long)


def _nearness(first: Option, second: Option) -> float:
    """Likeness of two options' wordings; one that is part of the other is near."""
    contained = _contains(first, second) or _contains(second, first)
    return max(wording.likeness(_said(first), _said(second)), _CONTAINED if contained else 0.0)


def _moved(mapping: Mapping[str, str], earlier: Sequence[Option], later: Sequence[Option]) -> list[Change]:
    """Names that now stand for another option, codes that do, and a list whose order turned round."""
    known = {option.name for option in later}
    moved = [old for old, new in mapping.items() if new and new != old and old in known]
    meaning = [name for name in moved if not PLACE.fullmatch(name)]
    changes = []
    if meaning:
        changes.append(Change("option_names_moved", True, tuple(meaning), 0.4))
    codes = [{option.code: option.name for option in options if option.code} for options in (earlier, later)]
    shifted = [code for code, name in codes[0].items() if code in codes[1] and mapping.get(name) != codes[1][code]]
    if len(moved) > len(meaning) or shifted:
        changes.append(Change("codes_shifted", False, tuple(moved or shifted)))
    order = [new for new in mapping.values() if new]
    place = {option.name: position for position, option in enumerate(later)}
    places = [place[name] for name in order]
    if len(places) > 2 and places == sorted(places, reverse=True):
        changes.append(Change("scale_reversed", False))
    elif places != sorted(places):
        changes.append(Change("options_reordered", False))
    return changes


def _marked(mapping: Mapping[str, str], earlier: Sequence[Option], later: Sequence[Option]) -> list[Change]:
    """Options that could be chosen with others in one round and not in the other."""
    exclusive = {option.name: option.exclusive for option in later}
    changed = [one.name for one in earlier if mapping[one.name] and exclusive[mapping[one.name]] != one.exclusive]
    return [Change("exclusive_changed", True, tuple(changed), 0.7)] if changed else []
