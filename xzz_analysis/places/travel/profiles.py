"""Who walks how fast, and where people walk: figures with a source, read from ``profiles.yml`` and ``walking.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from xzz_analysis.declaration import Declaration, check, read_list, read_yaml, refuse
from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label

PROFILES_FILE = Path(__file__).with_name("profiles.yml")
WALKING_FILE = Path(__file__).with_name("walking.yml")


class Profile(Declaration):
    """How fast somebody walks.

    Parameters
    ----------
    id : str
    label : mapping of language to text
    metres_per_second : float
        Between 0.1 and 5.
    source : str
        Where the figure is from.
    """

    id: str
    label: dict[str, str]
    metres_per_second: Annotated[float, Field(ge=0.1, le=5)]
    source: str

    @property
    def metres_per_minute(self) -> float:
        """The speed per minute."""
        return self.metres_per_second * 60


class Detour(Declaration):
    """How much longer a way is than the straight line, and where that is from."""

    factor: Annotated[float, Field(ge=1)]
    source: str


class Walking(Declaration):
    """The detour, and which of OpenStreetMap's ways people may walk on, by its tags."""

    detour: Detour
    walkable: frozenset[str]
    walkable_if_marked: frozenset[str]
    foot_open: frozenset[str]
    foot_closed: frozenset[str]
    sidewalk_open: frozenset[str]
    access_closed: frozenset[str]


def read_profiles(path: Path | str) -> dict[str, Profile]:
    """Read speed profiles from a file that lists them.

    Parameters
    ----------
    path : Path or str

    Returns
    -------
    dict of str to Profile
        By id.

    Raises
    ------
    StudyError
        The file is not readable, a profile lacks its source, a speed is not between 0.1 and 5 m/s.
    """
    path = Path(path)
    profiles, findings = read_list(Profile, path, "id")
    refuse(path, findings)
    return {profile.id: profile for profile in profiles}


def find_profile(profile: Profile | str) -> Profile:
    """Take a profile, or find it by its id among those of the library.

    Parameters
    ----------
    profile : Profile or str

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        There is no profile of that id.
    """
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise InputError(
            f"there is no speed profile {profile!r}{suggest(profile, PROFILES)}; "
            f"known are {', '.join(PROFILES)}; read your own with read_profiles"
        )
    return PROFILES[profile]


def speed_label(profile: Profile) -> Label:
    """Say a speed in both languages.

    Parameters
    ----------
    profile : Profile

    Returns
    -------
    Label
    """
    speed = f"{profile.metres_per_second:g}"
    zh, en = profile.label.get("zh", profile.id), profile.label.get("en", profile.id)
    return {"zh": f"步速{speed}米/秒（{zh}）", "en": f"at {speed} m/s ({en})"}


def _walking() -> Walking:
    data, repeated = read_yaml(WALKING_FILE)
    walking, findings = check(Walking, data, WALKING_FILE.name)
    refuse(WALKING_FILE, [*repeated, *findings])
    assert walking is not None
    return walking


PROFILES = read_profiles(PROFILES_FILE)
"""Speed profiles of the library by id: ``child`` and ``adult``."""

WALKING = _walking()
"""The detour of a straight line, and the ways people may walk on."""
