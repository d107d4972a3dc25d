"""Surveys drawn from a population whose figures are known: strata, unequal clusters, unequal weights.

One survey (strata, clusters, weights) carries many columns, each an independent answer of everybody: a column is
one repeat, and a single call of the library estimates them all.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr

import xzz_analysis as xzz

SEED = 20251122
STRATA = 5
MEAN_SIZE, SIZE_SHAPE = 20, 6  # respondents per cluster: 1 + negative binomial with mean 19 and this shape
WEIGHT_CV = {"cluster": 0.30, "respondent": 0.25}  # lognormal factors; together 0.40
STRATUM_FACTORS = np.array([0.6, 0.8, 1.0, 1.2, 1.4])  # share of a stratum over the share of the population
LOG_SPREAD = 0.8  # standard deviation of the logarithm of amounts
STANDING = 0.7  # correlation between the normal scores of a revisited cluster's shares in two rounds


def generator(*name: object) -> np.random.Generator:
    """Random numbers of one cell: the same in every run, whichever cells are run."""
    return np.random.default_rng([SEED, zlib.crc32(" ".join(map(str, name)).encode())])


def draw_design(rng: np.random.Generator, clusters: int) -> pd.DataFrame:
    """Draw who is asked, shape (respondents, 3): stratum, cluster and weight, a row per respondent.

    Strata have the same number of clusters; nothing else is the same from one cluster to the next.
    """
    extra = MEAN_SIZE - 1
    size = 1 + rng.negative_binomial(SIZE_SHAPE, SIZE_SHAPE / (SIZE_SHAPE + extra), clusters)
    cluster = np.repeat(np.arange(clusters), size)
    weight = _lognormal(rng, WEIGHT_CV["cluster"], clusters)[cluster]
    weight = weight * _lognormal(rng, WEIGHT_CV["respondent"], len(cluster))
    return pd.DataFrame({"stratum": cluster * STRATA // clusters, "cluster": cluster, "weight": weight})


def _lognormal(rng: np.random.Generator, cv: float, size: int) -> np.ndarray:
    return np.asarray(np.exp(rng.normal(0, np.sqrt(np.log(1 + cv**2)), size)))


def _stratum_shares(share: float, clusters: int) -> np.ndarray:
    """Share of the stratum of each cluster, shape (clusters, 1)."""
    return share * STRATUM_FACTORS[np.arange(clusters) * STRATA // clusters][:, None]


def draw_needs(rng: np.random.Generator, design: pd.DataFrame, share: float, icc: float, repeats: int) -> np.ndarray:
    """Draw 0/1 answers, shape (respondents, repeats): beta-binomial inside strata."""
    cluster = design["cluster"].to_numpy()
    mean, total = _stratum_shares(share, cluster[-1] + 1), (1 - icc) / icc
    shares = rng.beta(mean * total, (1 - mean) * total, (cluster[-1] + 1, repeats))
    return np.asarray(rng.random((len(cluster), repeats)) < shares[cluster], np.uint8)


def draw_answers(
    rng: np.random.Generator, design: pd.DataFrame, shares: Sequence[float], icc: float, repeats: int
) -> np.ndarray:
    """Draw answers 0, 1, 2 … alike in all strata, shape (respondents, repeats): Dirichlet-multinomial."""
    cluster = design["cluster"].to_numpy()
    concentration = np.array(shares) * (1 - icc) / icc
    upto = rng.dirichlet(concentration, (cluster[-1] + 1, repeats)).cumsum(axis=-1)[..., :-1]
    number = rng.random((len(cluster), repeats))
    return np.asarray((number[..., None] > upto[cluster]).sum(axis=-1), np.uint8)


def draw_amounts(rng: np.random.Generator, design: pd.DataFrame, icc: float, repeats: int) -> np.ndarray:
    """Draw skewed amounts such as incomes, shape (respondents, repeats): lognormal, with the ICC of the logarithm."""
    cluster = design["cluster"].to_numpy()
    between = rng.normal(0, np.sqrt(icc), (cluster[-1] + 1, repeats))
    within = rng.normal(0, np.sqrt(1 - icc), (len(cluster), repeats))
    return np.asarray(np.exp(LOG_SPREAD * (between[cluster] + within)))


class Rounds:
    """Two rounds of a survey in the same strata; new respondents, and some or all of the clusters again.

    Parameters
    ----------
    rng : Generator
    clusters : int
        Of each round.
    revisited : float
        Share of the clusters of each stratum that are visited in both rounds.
    """

    def __init__(self, rng: np.random.Generator, clusters: int, revisited: float) -> None:
        self.rng = rng
        self.clusters = clusters
        in_stratum = np.arange(clusters) % (clusters // STRATA)
        self.new = in_stratum >= round(revisited * clusters / STRATA)
        self.designs = [draw_design(rng, clusters) for _ in range(2)]

    def needs(self, before: float, after: float, icc: float, repeats: int) -> list[np.ndarray]:
        """Draw 0/1 answers of both rounds, each of shape (respondents, repeats)."""
        score = self.rng.normal(size=(self.clusters, repeats))
        other = self.rng.normal(size=score.shape)
        later = np.where(self.new[:, None], other, STANDING * score + np.sqrt(1 - STANDING**2) * other)
        return [
            self._answers(design, share, icc, ndtr(scores))
            for design, share, scores in zip(self.designs, (before, after), (score, later), strict=True)
        ]

    def _answers(self, design: pd.DataFrame, share: float, icc: float, rank: np.ndarray) -> np.ndarray:
        mean, total = _stratum_shares(share, self.clusters), (1 - icc) / icc
        shares = betaincinv(mean * total, (1 - mean) * total, rank)
        number = self.rng.random((len(design), rank.shape[1]))
        return np.asarray(number < shares[design["cluster"].to_numpy()], np.uint8)

    def samples(self, columns: Sequence[Mapping[str, np.ndarray]]) -> list[xzz.Sample]:
        """Samples of both rounds; a cluster that replaces another has a name of its own."""
        first, second = self.designs
        replaced = self.new[second["cluster"].to_numpy()]
        second = second.assign(cluster=second["cluster"] + self.clusters * replaced)
        return [sample_of(design, needs) for design, needs in zip((first, second), columns, strict=True)]


def sample_of(design: pd.DataFrame, columns: Mapping[str, np.ndarray]) -> xzz.Sample:
    """The sample of one survey with its answers, one column each."""
    frame = pd.concat([design, pd.DataFrame(dict(columns))], axis=1)
    return xzz.Sample(frame, weight="weight", strata="stratum", cluster="cluster")


def spread(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Columns ``name:0``, ``name:1`` … of an array of shape (respondents, repeats)."""
    return {f"{name}:{place}": column for place, column in enumerate(values.T)}
