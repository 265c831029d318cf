"""How models are learned from many clients: every choice, checked at the door."""

from dataclasses import dataclass

from engine.checks import check_fields

RANGES = {
    "smoothing": (float, 0.01, 1.0),
    "strength": (float, 1e-6, 1e6),
    "tie": (float, 0.0, 10_000.0),
    "relation_every": (int, 1, 1_000_000),
    "ridge": (float, 1e-6, 1.0),
    "passes": (float, 0.001, 1000.0),
    "learning_rate": (float, 1e-9, 1000.0),
    "batch": (int, 0, 1_000_000_000),
    "drop": (float, 0.0, 0.99),
    "stragglers": (float, 0.0, 1.0),
    "seed": (int, 0, 2**31 - 1),
}
CHOICES = {
    "loss": ("squared", "logistic", "hinge"),
    "relation": ("independent", "mean", "similarity", "precision", "learned"),
    "intercept": (True, False),
}
NEEDS_MATRIX = ("similarity", "precision")  # relations


@dataclass(frozen=True, kw_only=True)
class FederatedSettings:
    """Attributes:
    loss: ``squared`` is half the squared error; ``logistic`` and ``hinge`` take labels 0 and 1.
    smoothing: of ``hinge``: the width of margins over which its kink is rounded off.
    strength: how strongly all weights are drawn to 0, against each client's mean loss; the same for all methods.
    tie: of MOCHA: how many times more strongly than to 0 the clients are drawn to each other; 0 learns each alone.
    relation: of MOCHA: which clients are drawn to each other.
    relation_every: of ``learned``: rounds between two updates of the relation.
    ridge: of ``learned``: how far the covariance is moved to that of unrelated clients, so that it can be inverted.
    passes: of one client's data in one round.
    learning_rate, batch: of FedAvg's steps; a batch of 0 is all of a client's data.
    intercept: whether a constant feature 1 is appended, whose weight is drawn to 0 like all others. Centre the labels
        of ``squared`` if their mean is far from 0.
    drop: probability that a client sends nothing in a round.
    stragglers: probability that a client finishes only a part of a round's work, uniform from 0 to all of it.
    seed: of all draws.
    """

    loss: str = "squared"
    smoothing: float = 0.5
    strength: float = 0.1
    tie: float = 1.0
    relation: str = "mean"
    relation_every: int = 10
    ridge: float = 0.01
    passes: float = 1.0
    learning_rate: float = 0.005
    batch: int = 10
    intercept: bool = True
    drop: float = 0.0
    stragglers: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self, RANGES, CHOICES)
