"""Masked points for internal analysis: one for each place, the same for ever, with enough households around it.

Nothing here may be published: not the masked points either.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from xzz_analysis.errors import DisclosureError, InputError
from xzz_analysis.places.datum import convert, metric
from xzz_analysis.places.homes.reaching import LEAST
from xzz_analysis.places.homes.reading import Homes

WIDEST = 3.0
"""Largest displacement, as a multiple of the smallest."""
NEAREST = 50.0
"""Metres of the smallest displacement where many households live on one spot."""
GROWTH = 1.3
"""How much farther a point is moved when too few households lie around it."""
ATTEMPTS = 60
"""By then displacements have grown by millions: every household lies around the point."""
DECIMALS = 5
"""Decimals of degrees that make a place: a home that is measured again keeps its key."""
SECRET = 16
"""Fewest bytes of a secret."""
_INSIDE = 1 + 1e-9
"""A home is as far from its masked point as its own displacement, up to rounding."""


@dataclass(frozen=True, eq=False, repr=False)
class Places:
    """Places where homes are, one for each spot; internal.

    Parameters
    ----------
    keys : tuple of bytes
        What is hashed, in the order of ``frame``.
    frame : GeoDataFrame
        Index: keyed hashes, sorted. Columns ``homes``, ``people`` and ``geometry`` (Point in metres).
    """

    keys: tuple[bytes, ...]
    frame: gpd.GeoDataFrame

    def __repr__(self) -> str:
        return f"<Places: {len(self.keys):,}>"

    @property
    def xy(self) -> np.ndarray:
        """Metres, shape (places, 2)."""
        return np.asarray(shapely.get_coordinates(np.asarray(self.frame.geometry.array)))


def places(homes: Homes, secret: bytes, like: gpd.GeoDataFrame) -> Places:
    """Gather homes by spot, and give each spot a name that only the secret can make.

    Parameters
    ----------
    homes : Homes
    secret : bytes
        At least 16, the same in every round.
    like : GeoDataFrame
        A layer in metres; places are in the same.

    Returns
    -------
    Places

    Raises
    ------
    InputError
        The secret is too short.

    Notes
    -----
    A spot is 0.00001 degrees of WGS 84, about a metre. The key of a home is its spot: files of homes have no ids that
    could be kept, numbers of rows change, and homes in one building should not be told apart by several masks.
    """
    if len(secret) < SECRET:
        raise InputError(
            f"the secret of masks has {len(secret)} bytes; take at least {SECRET} random ones and keep them"
        )
    frame = convert(homes.frame, "WGS84")
    spots = np.round(shapely.get_coordinates(np.asarray(frame.geometry.array)), DECIMALS) + 0.0
    table = pd.DataFrame(
        {"lon": spots[:, 0], "lat": spots[:, 1], "people": homes.frame["people"].to_numpy(), "homes": 1}
    )
    table = table.groupby(["lon", "lat"], as_index=False).sum()
    keys = [
        f"{lon:.{DECIMALS}f},{lat:.{DECIMALS}f}".encode() for lon, lat in zip(table["lon"], table["lat"], strict=True)
    ]
    names = [hmac.digest(secret, b"name:" + key, "sha256").hex()[:20] for key in keys]
    order = np.argsort(names)
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    index = pd.Index([names[place] for place in order], name="place")
    layer = gpd.GeoDataFrame(table[["homes", "people"]], geometry=points).iloc[order].set_axis(index, axis=0)
    layer.attrs["datum"] = "WGS84"
    return Places(tuple(keys[place] for place in order), metric(layer, like=like))


def mask(
    homes: Homes,
    *,
    secret: bytes,
    register: Homes | None = None,
    earlier: gpd.GeoDataFrame | None = None,
    least: int = LEAST,
) -> gpd.GeoDataFrame:
    """Move homes at random, far enough that at least ``least`` households are as near to the new point as the true one.

    Parameters
    ----------
    homes : Homes
    secret : bytes
        At least 16, kept where the keys of the vault are. With the same secret and register a place has the same masked
        point in every round, whatever else is masked with it.
    register : Homes, optional
        Households (rows where somebody lives) among which a home shall not be found, the homes themselves by default.
        Their distances decide how far points are moved.
    earlier : GeoDataFrame, optional
        What this function returned before, with the same secret: its places keep their points, though the register
        has changed. A second point on the same ray would tell the direction of the home.
    least : int
        Fewest households in the ball around the masked point that reaches the true one.

    Returns
    -------
    GeoDataFrame
        One point for each spot (about a metre), in metres, ``attrs["internal"]`` True. Index: keyed hashes, sorted.
        Columns ``homes`` and ``people``. Internal: never published, neither drawn nor listed.

    Raises
    ------
    InputError
        The secret is too short, the register has too few households, or ``earlier`` is no masked layer.
    DisclosureError
        A point that satisfies ``least`` was not found; nothing is returned then.

    Notes
    -----
    The displacement lies between r and 3 r, uniform in area and in direction, r being the distance to the household
    number ``least`` or 50 m, whichever is more. Both numbers come from HMAC-SHA256 of the place, so that no second draw
    can be had, whose average with the first would be nearer to the home. Where the ball holds too few households, r is
    made 1.3 times as large and the next pair of numbers is taken.

    References
    ----------
    Hampton, K. H. et al. (2010). Mapping health data: improved privacy protection with donut method geomasking.
    American Journal of Epidemiology 172, 1062–1069. Allshouse, W. B. et al. (2010). Geomasking sensitive health data
    and privacy protection. Geocarto International 25, 443–452.
    """
    register = homes if register is None else register
    like = metric(convert(register.frame, "WGS84")) if earlier is None else _internal(earlier)
    true = places(homes, secret, like)
    tree = cKDTree(households(register, like))
    if tree.n <= least:
        raise InputError(
            f"the register has {tree.n:,} households, so no home can be hidden among {least}; give a register of all "
            "households around"
        )
    new = np.arange(len(true.keys)) if earlier is None else np.flatnonzero(~true.frame.index.isin(earlier.index))
    moved = _moved(true, tree, secret, least, new)
    if earlier is not None:
        kept = np.setdiff1d(np.arange(len(moved)), new)
        old = earlier.geometry.loc[true.frame.index[kept]]
        moved[kept] = shapely.get_coordinates(np.asarray(old.array))
    out = gpd.GeoDataFrame(true.frame[["homes", "people"]], geometry=gpd.points_from_xy(*moved.T), crs=true.frame.crs)
    out.attrs = {"internal": True}
    return out


def households(register: Homes, like: gpd.GeoDataFrame) -> np.ndarray:
    """Households of a register, where somebody lives, in the metres of a layer; shape (households, 2).

    Parameters
    ----------
    register : Homes
    like : GeoDataFrame

    Returns
    -------
    ndarray of float
    """
    living = register.frame[register.frame["people"] > 0]
    frame = metric(convert(living, "WGS84"), like=like)
    return np.asarray(shapely.get_coordinates(np.asarray(frame.geometry.array)))


def _internal(earlier: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if not earlier.attrs.get("internal"):
        raise InputError("earlier is no layer of masked points; give what mask() returned in the round before")
    return earlier


def _moved(true: Places, tree: cKDTree, secret: bytes, least: int, waiting: np.ndarray) -> np.ndarray:
    """Masked places in metres; those that wait for one are moved, and every one of them verified."""
    xy = true.xy
    smallest = np.maximum(tree.query(xy, least + 1)[0][:, -1], NEAREST)
    moved = np.full_like(xy, np.nan)
    attempt = 0
    while len(waiting):
        if attempt == ATTEMPTS:
            raise DisclosureError(f"{len(waiting):,} of {len(xy):,} places cannot be hidden among {least} households")
        shift = displacements([true.keys[row] for row in waiting], smallest[waiting], secret, attempt)
        moved[waiting] = xy[waiting] + shift
        waiting = waiting[around(tree, moved[waiting], np.hypot(*shift.T)) < least]
        smallest[waiting] *= GROWTH
        attempt += 1
    return moved


def around(tree: cKDTree, points: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Count households within a radius of points (``<=``), shape (points,).

    Parameters
    ----------
    tree : cKDTree
        Of households.
    points : ndarray of float, shape (points, 2)
    radius : ndarray of float, shape (points,)

    Returns
    -------
    ndarray of int
    """
    return np.asarray(tree.query_ball_point(points, radius * _INSIDE, return_length=True))


def displacements(keys: list[bytes], smallest: np.ndarray, secret: bytes, attempt: int = 0) -> np.ndarray:
    """Draw displacements by key, uniform over the area between two circles and over directions.

    Parameters
    ----------
    keys : list of bytes
    smallest : ndarray of float, shape (keys,)
        Metres; the largest is three times that.
    secret : bytes
    attempt : int
        Another attempt draws other numbers.

    Returns
    -------
    ndarray of float, shape (keys, 2)
        Metres to the east and to the north.
    """
    before = b"mask:%d:" % attempt
    digests = b"".join(hmac.digest(secret, before + key, "sha256")[:16] for key in keys)
    area, turn = np.frombuffer(digests, dtype=">u8").reshape(-1, 2).T / 2.0**64
    radius = smallest * np.sqrt(1 + area * (WIDEST**2 - 1))
    return np.asarray(radius[:, None] * np.column_stack([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)]))
