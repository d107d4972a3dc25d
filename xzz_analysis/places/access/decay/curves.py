"""A decay function as data: it can be called on costs, compared, and printed in a report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from xzz_analysis.errors import InputError, suggest
from xzz_analysis.language import Label

UNITS: Mapping[str, Label] = MappingProxyType(
    {
        "minutes": {"zh": "分钟", "en": "minutes"},
        "metres": {"zh": "米", "en": "metres"},
        "": {"zh": "", "en": ""},
    }
)
"""Units of costs; the empty one takes the unit of the costs it is used with."""


@dataclass(frozen=True)
class Decay:
    """A decay function: costs to weights between zero and one.

    Made by :func:`within`, :func:`stepped`, :func:`linear`, :func:`exponential`, :func:`gaussian`, :func:`dai`,
    :func:`logistic` and :func:`power`. Equal declarations are equal, and it can be called on an array of costs.

    Parameters
    ----------
    kind : str
        A name of ``FORMULAS``.
    parameters : tuple of (str, number or tuple of numbers)
        In the order of the formula.
    reach : float
        Largest cost with a weight; infinite when only the limit of the costs ends it.
    unit : "minutes", "metres" or ""
        Unit of the parameters; with "" that of the costs.
    """

    kind: str
    parameters: tuple[tuple[str, float | tuple[float, ...]], ...]
    reach: float = math.inf
    unit: str = ""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InputError(f"the unit of a decay is minutes or metres, not {self.unit!r}{suggest(self.unit, UNITS)}")

    def __call__(self, cost: np.ndarray) -> np.ndarray:
        """Weights of costs, float64 of the same shape."""
        cost = np.asarray(cost, dtype=np.float64)
        weight = FORMULAS[self.kind](cost, *(value for _, value in self.parameters))
        if self.kind in ENDING or math.isinf(self.reach):
            return weight
        return np.where(cost <= self.reach, weight, 0.0)

    def label(self, unit: str = "") -> Label:
        """Words for a report, in Chinese and English.

        Parameters
        ----------
        unit : str
            Unit of the costs, for a decay that has none of its own.

        Returns
        -------
        Label
        """
        values = {name: _print(value) for name, value in self.parameters}
        words = UNITS[self.unit or unit]
        ends = self.kind not in ENDING and math.isfinite(self.reach)
        texts = {language: text + (CUT[language] if ends else "") for language, text in LABELS[self.kind].items()}
        values["reach"] = f"{self.reach:g}"
        return {language: text.format(**values, unit=words[language]) for language, text in texts.items()}

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{name}={_print(value)}' for name, value in self.parameters)})"


def _print(value: float | tuple[float, ...]) -> str:
    return ", ".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value:g}"


def _stepped(cost: np.ndarray, steps: tuple[float, ...], weights: tuple[float, ...]) -> np.ndarray:
    zone = np.searchsorted(np.asarray(steps), cost, side="left")
    return np.append(np.asarray(weights), 0.0)[zone]


def _dai(cost: np.ndarray, limit: float) -> np.ndarray:
    end = math.exp(-0.5)
    return np.maximum(np.exp(-0.5 * (cost / limit) ** 2) - end, 0.0) / (1 - end)


def _logistic(cost: np.ndarray, middle: float, spread: float) -> np.ndarray:
    slope = math.pi / (spread * math.sqrt(3))
    # both sides times e^(−z) where z is large, so that nothing overflows
    start = np.logaddexp(0.0, -middle * slope)
    return np.asarray(np.exp(start - np.logaddexp(0.0, (cost - middle) * slope)))


FORMULAS: Mapping[str, Callable[..., np.ndarray]] = MappingProxyType(
    {
        "within": lambda cost, limit: (cost <= limit).astype(np.float64),
        "stepped": _stepped,
        "linear": lambda cost, limit: np.maximum(1 - cost / limit, 0.0),
        "exponential": lambda cost, rate: np.exp(-rate * cost),
        "gaussian": lambda cost, width: np.exp(-0.5 * (cost / width) ** 2),
        "dai": _dai,
        "logistic": _logistic,
        "power": lambda cost, exponent, least: (np.maximum(cost, least) / least) ** -exponent,
    }
)
"""Kind of decay → its formula on an array of costs."""

ENDING = frozenset({"within", "stepped", "linear", "dai"})
"""Kinds whose formula is zero beyond the reach by itself."""

LABELS: Mapping[str, Label] = MappingProxyType(
    {
        "within": {"zh": "{limit} {unit}以内同等计入", "en": "within {limit} {unit}, all alike"},
        "stepped": {
            "zh": "分段：至 {steps} {unit}，权重 {weights}",
            "en": "zones to {steps} {unit}, weights {weights}",
        },
        "linear": {"zh": "线性递减，至 {limit} {unit}为零", "en": "straight line to zero at {limit} {unit}"},
        "exponential": {"zh": "指数递减，每{unit} {rate}", "en": "exponential, {rate} per unit ({unit})"},
        "gaussian": {"zh": "高斯递减，标准差 {width} {unit}", "en": "Gaussian, standard deviation {width} {unit}"},
        "dai": {"zh": "高斯递减，至 {limit} {unit}为零", "en": "Gaussian that ends at zero at {limit} {unit}"},
        "logistic": {
            "zh": "逻辑斯蒂递减，中位数 {middle} {unit}，标准差 {spread} {unit}",
            "en": "logistic, median {middle} {unit}, standard deviation {spread} {unit}",
        },
        "power": {
            "zh": "幂函数递减，指数 {exponent}，{least} {unit}以内同等计入",
            "en": "power {exponent}, all alike up to {least} {unit}",
        },
    }
)
"""Kind of decay → words for a report."""

CUT: Label = MappingProxyType({"zh": "，{reach} {unit}以外不计", "en": ", nothing beyond {reach} {unit}"})
"""Added to the words of a decay that is cut off."""
