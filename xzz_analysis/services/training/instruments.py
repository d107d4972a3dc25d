"""What is declared of an instrument: the smallest step that counts as better, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from xzz_analysis.services.opening import Ledgers


@dataclass(frozen=True)
class Instrument:
    """How scores of an instrument are read.

    Attributes
    ----------
    step : float
        Points that a person's score must move by to count as improved.
    lower_is_better : bool
        Whether a lower score is the better one (symptoms, burdens).
    """

    step: float = 1.0
    lower_is_better: bool = False

    @property
    def sign(self) -> float:
        """1 where more is better, −1 where less is."""
        return -1.0 if self.lower_is_better else 1.0


def instrument_of(ledgers: Ledgers, name: str) -> Instrument:
    """What study.yml declares of an instrument; one point upwards where it says nothing.

    Parameters
    ----------
    ledgers : Ledgers
    name : str
        As in the ledger of scores.

    Returns
    -------
    Instrument
    """
    declared = ledgers.declared.instruments.get(name)
    return Instrument() if declared is None else Instrument(declared.step, declared.lower_is_better)
