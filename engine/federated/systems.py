"""Who drops out and who straggles: the draws that decide it, reproducible for every round and client by itself."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.federated.settings import FederatedSettings

ATTENDANCE, ORDER = 0, 1


class Turnout(NamedTuple):
    """Attributes:
    present: ``[clients]``: who sends a result in this round.
    effort: ``[clients]``: the share of a round's work that each has time for, above 0 and at most 1.
    """

    present: np.ndarray
    effort: np.ndarray


def seed_of(seed: int, round_: int, name: str, purpose: int) -> tuple[int, ...]:
    """The seed of one client's draws for one purpose in one round; it does not depend on who else there is."""
    return seed, round_, purpose, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def turnout(settings: FederatedSettings, round_: int, names: Sequence[str]) -> Turnout:
    """Draw a round. A larger ``drop`` loses the same clients and more, and a larger ``stragglers`` likewise."""
    draws = np.array(
        [np.random.default_rng(seed_of(settings.seed, round_, name, ATTENDANCE)).random(3) for name in names]
    )
    slow = draws[:, 1] < settings.stragglers
    return Turnout(draws[:, 0] >= settings.drop, np.where(slow, 1 - draws[:, 2], 1.0))
