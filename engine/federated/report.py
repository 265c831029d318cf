"""What a method reports after each round."""

from dataclasses import dataclass

import numpy as np

NUMBER_BYTES = 8  # of a float64


@dataclass(frozen=True, eq=False)
class Round:
    """Attributes:
    number: of rounds made, from 1.
    primal: the method's own objective at the models below; methods with different objectives cannot be compared by it.
    dual: a lower bound on what ``primal`` can become; None where the method has none.
    gap: ``primal − dual``, so no less than what could still be gained; below 0 by rounding counts as 0; None as above.
    relative_gap: the gap as a share of the objective at weights of 0, which is also the first gap: from 1 to 0.
    losses: ``[clients]``: the mean loss of each client's own model on its data, without any regulariser; comparable
        between methods.
    present: ``[clients]``: who sent a result in this round.
    bytes_up, bytes_down: sent in this round by clients and by the server: float64 vectors of one number a feature and
        the intercept. Single numbers such as a budget are not counted, nor what only serves to report.
    total_bytes_up, total_bytes_down: in all rounds so far.
    coefficients: ``[clients, d]``.
    intercepts: ``[clients]``; 0 where the models have none.
    relation: ``[source, target]``: correlation of the clients' weights as assumed or learned, symmetric, from −1 to 1,
        the higher the closer; None where the method has none.
    """

    number: int
    primal: float
    dual: float | None
    gap: float | None
    relative_gap: float | None
    losses: np.ndarray
    present: np.ndarray
    bytes_up: int
    bytes_down: int
    total_bytes_up: int
    total_bytes_down: int
    coefficients: np.ndarray
    intercepts: np.ndarray
    relation: np.ndarray | None
