"""The decay functions there are, each with its formula and where it comes from.

Every decay gives one at no cost and never grows with the cost. A limit is ``<=`` everywhere: whoever is exactly at it
is inside; ``linear`` and ``dai`` have fallen to zero there.

References
----------
Kwan, M.-P. (1998). Space-time and integral measures of individual accessibility. Geographical Analysis 30, 191–216
(threshold, linear, exponential, Gaussian and power functions side by side).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.places.access.decay.curves import Decay


def within(limit: float, unit: str = "") -> Decay:
    """Count all services up to a limit alike: f(c) = 1 for c ≤ limit, else 0.

    Parameters
    ----------
    limit : float
        Above zero.
    unit : "minutes", "metres" or ""

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The limit is not a positive number.

    References
    ----------
    Luo, W. and Wang, F. (2003). Environment and Planning B 30, 865–884 (the catchment of 2SFCA).
    """
    _require_positive("within", limit=limit)
    return Decay("within", (("limit", float(limit)),), float(limit), unit)


def stepped(steps: Sequence[float], weights: Sequence[float], unit: str = "") -> Decay:
    """Count services by zones: f(c) = weights[k] for the first k with c ≤ steps[k], 0 beyond the last.

    Parameters
    ----------
    steps : sequence of float
        Outer edges of the zones, ascending; an edge belongs to its zone.
    weights : sequence of float
        One for each zone, between 0 and 1, not ascending.
    unit : "minutes", "metres" or ""

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        Steps do not ascend from above zero, or weights are not as many, not between 0 and 1, or ascend.

    References
    ----------
    Luo, W. and Qi, Y. (2009). Health & Place 15, 1100–1107: 10, 20 and 30 minutes with 1, 0.68 and 0.22.
    """
    edges, levels = tuple(map(float, steps)), tuple(map(float, weights))
    ascending = all(low < high for low, high in zip((0.0, *edges), edges, strict=False))
    falling = all(high >= low for high, low in zip((1.0, *levels), (*levels, 0.0), strict=True))
    if not edges or len(edges) != len(levels) or not ascending or not falling or math.isinf(edges[-1]):
        raise InputError(
            f"stepped({list(steps)}, {list(weights)}) is no decay: steps ascend from above 0, and there is one weight "
            "for each, between 0 and 1 and never above the one before"
        )
    return Decay("stepped", (("steps", edges), ("weights", levels)), edges[-1], unit)


def linear(limit: float, unit: str = "") -> Decay:
    """Fall on a straight line: f(c) = 1 − c / limit for c ≤ limit, else 0; nothing is left at the limit itself.

    Parameters
    ----------
    limit : float
        Above zero.
    unit : "minutes", "metres" or ""

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The limit is not a positive number.

    References
    ----------
    Kwan, M.-P. (1998). Geographical Analysis 30, 191–216.
    """
    _require_positive("linear", limit=limit)
    return Decay("linear", (("limit", float(limit)),), float(limit), unit)


def exponential(rate: float, unit: str = "", limit: float = math.inf) -> Decay:
    """Fall by the same part with every unit: f(c) = exp(−rate · c).

    Parameters
    ----------
    rate : float
        Per minute or per metre, above zero; a half is left at ln 2 / rate.
    unit : "minutes", "metres" or ""
    limit : float, optional
        Nothing counts beyond it.

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The rate or the limit is not a positive number.

    References
    ----------
    Wilson, A. G. (1971). Environment and Planning 3, 1–32.
    """
    _require_positive("exponential", rate=rate)
    return Decay("exponential", (("rate", float(rate)),), _limit("exponential", limit), unit)


def gaussian(width: float, unit: str = "", limit: float = math.inf) -> Decay:
    """Fall as a bell curve: f(c) = exp(−c² / (2 width²)).

    Parameters
    ----------
    width : float
        Standard deviation of the curve, above zero; 0.61 is left there.
    unit : "minutes", "metres" or ""
    limit : float, optional
        Nothing counts beyond it.

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The width or the limit is not a positive number.

    References
    ----------
    Ingram, D. R. (1971). Regional Studies 5, 101–107.
    """
    _require_positive("gaussian", width=width)
    return Decay("gaussian", (("width", float(width)),), _limit("gaussian", limit), unit)


def dai(limit: float, unit: str = "") -> Decay:
    """Fall as a bell curve that ends at zero: f(c) = (exp(−½ (c / limit)²) − exp(−½)) / (1 − exp(−½)), c ≤ limit.

    Parameters
    ----------
    limit : float
        Above zero.
    unit : "minutes", "metres" or ""

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The limit is not a positive number.

    References
    ----------
    Dai, D. (2010). Health & Place 16, 1038–1052.
    """
    _require_positive("dai", limit=limit)
    return Decay("dai", (("limit", float(limit)),), float(limit), unit)


def logistic(middle: float, spread: float, unit: str = "", limit: float = math.inf) -> Decay:
    """Fall as a tolerance distribution: f(c) = (1 + e^(−mπ/(s√3))) / (1 + e^((c − m)π/(s√3))).

    Parameters
    ----------
    middle, spread : float
        Median m and standard deviation s of the cost people accept, above zero.
    unit : "minutes", "metres" or ""
    limit : float, optional
        Nothing counts beyond it.

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The median, the spread or the limit is not a positive number.

    References
    ----------
    Bauer, J. and Groneberg, D. A. (2016). PLOS ONE 11, e0159148.
    """
    _require_positive("logistic", middle=middle, spread=spread)
    parameters = (("middle", float(middle)), ("spread", float(spread)))
    return Decay("logistic", parameters, _limit("logistic", limit), unit)


def power(exponent: float, least: float = 1.0, unit: str = "", limit: float = math.inf) -> Decay:
    """Fall as a power: f(c) = (max(c, least) / least)^−exponent.

    Parameters
    ----------
    exponent : float
        Above zero.
    least : float
        Costs up to it weigh one, so that a service next door does not weigh infinitely much. Above zero.
    unit : "minutes", "metres" or ""
    limit : float, optional
        Nothing counts beyond it.

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The exponent, the least cost or the limit is not a positive number.

    References
    ----------
    Hansen, W. G. (1959). Journal of the American Institute of Planners 25, 73–76.
    """
    _require_positive("power", exponent=exponent, least=least)
    parameters = (("exponent", float(exponent)), ("least", float(least)))
    return Decay("power", parameters, _limit("power", limit), unit)


def declared(kind: str, **parameters: object) -> Decay:
    """Make a decay from a declaration, such as a line of study.yml.

    Parameters
    ----------
    kind : str
        Name of a function of this module.
    **parameters
        Its arguments by name.

    Returns
    -------
    Decay

    Raises
    ------
    InputError
        The kind is unknown, with the nearest name, or its arguments are not as it takes them.
    """
    if kind not in MAKERS:
        raise InputError(f"the decay {kind!r} is not one of {', '.join(MAKERS)}{suggest(kind, MAKERS)}")
    try:
        return MAKERS[kind](**parameters)
    except (TypeError, ValueError) as error:
        raise InputError(f"the decay {kind} cannot be made: {error}") from None


def _require_positive(kind: str, **values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} of the decay {kind} is {value}; give a number above 0")


def _limit(kind: str, limit: float) -> float:
    if math.isnan(limit) or limit <= 0:
        raise InputError(f"limit of the decay {kind} is {limit}; give a number above 0, or leave it out")
    return float(limit)


MAKERS: Mapping[str, Callable[..., Decay]] = MappingProxyType(
    {made.__name__: made for made in (within, stepped, linear, exponential, gaussian, dai, logistic, power)}
)
"""Kind of decay → the function that makes it."""
