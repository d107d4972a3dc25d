"""How many communities a model of small areas needs: simulated sets of areas with known truth."""

import numpy as np
import pytest
from scipy.stats import t

from xzz_analysis.needs.profile.communities import FEWEST
from xzz_analysis.survey.small_areas import fit_area_model
from xzz_analysis.survey.small_areas.model import shrink

SETS = 150
SEED = 20251126


def simulate(areas: int, between: float) -> tuple[float, float, float]:
    """Share of intervals that hold, of models without variance between areas, and squared error beside the direct."""
    draw = np.random.default_rng(SEED)
    held, nothing, gain = [], [], []
    for _ in range(SETS):
        variance = draw.uniform(0.5, 1.5, areas)
        truth = draw.normal(0, np.sqrt(between), areas)
        direct = truth + draw.normal(0, np.sqrt(variance))
        constant = np.ones((areas, 1))
        model = fit_area_model(direct, variance, constant)
        made = shrink(model, direct, variance, constant)
        reach = t.ppf(0.975, areas - 1) * np.sqrt(made.mse)
        held.append((np.abs(made.estimate - truth) <= reach).mean())
        nothing.append(model.area_variance == 0)
        gain.append([((made.estimate - truth) ** 2).sum(), ((direct - truth) ** 2).sum()])
    errors = np.sum(gain, axis=0)
    return float(np.mean(held)), float(np.mean(nothing)), float(errors[0] / errors[1])


@pytest.mark.parametrize("between", [0.25, 1.0])
def test_intervals_hold_from_the_fewest_communities_on_and_the_model_gains(between):
    held, _, gain = simulate(FEWEST, between)
    assert held >= 0.95 and gain < 0.8


def test_with_fewer_the_variance_between_communities_is_often_missed():
    assert simulate(4, 1.0)[1] > 1.5 * simulate(FEWEST, 1.0)[1]
