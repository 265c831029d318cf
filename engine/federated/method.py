"""From the data of many clients to a model of each: what every federated method is."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from engine.errors import KindredError
from engine.federated.clients import Clients, InProcess
from engine.federated.data import prepare
from engine.federated.losses import KINDS, Loss
from engine.federated.report import NUMBER_BYTES, Round
from engine.federated.settings import FederatedSettings

State = dict[str, np.ndarray]


class Diverged(KindredError):
    """A method's models have become worse with every round, and there is no use in further ones."""


class FederatedMethod:
    """A method that learns in rounds. Subclasses give ``_initial`` and ``_advance``.

    Use as a context manager, or call ``close`` at the end, where clients run in processes::

        with Mocha(FederatedSettings(drop=0.3), clients=Processes(2)) as method:
            state = method.begin(data)
            while (report := method.round(state)).relative_gap > 1e-4: ...

    A state is a dictionary of arrays, some without dimensions. ``round`` puts new arrays into it and never writes into
    one, so that ``dict(state)`` is a checkpoint; ``resume`` goes on from it to the same bits, with equal settings,
    data and names on the same machine.

    Args:
        settings: of all methods.
        clients: where they run; in this process by default.
    """

    def __init__(self, settings: FederatedSettings | None = None, clients: Clients | None = None) -> None:
        self.settings = settings or FederatedSettings()
        self.loss = Loss(KINDS[self.settings.loss], self.settings.smoothing)
        self.names: tuple[str, ...] = ()
        self._clients: Clients = clients or InProcess()
        self._samples = np.zeros(0, dtype=np.int64)  # of each client
        self._features = 0  # with that of the intercept

    def begin(self, data: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str] | None = None) -> State:
        """Hand the data out to the clients, and return the state before the first round, where all weights are 0.

        Args:
            data: for each client inputs ``[samples, d]`` and labels ``[samples]``; labels 0 and 1 for binary losses.
            names: of the clients, on which their random draws depend, so that these do not change with the order or
                number of the clients; ``"0"``, ``"1"``, … by default.

        Raises:
            KindredError: saying what is wrong with the data.
        """
        self._start(data, names)
        none = np.zeros((), dtype=np.int64)
        return {"number": none, "total_bytes_up": none, "total_bytes_down": none, **self._initial()}

    def resume(
        self, data: Sequence[tuple[np.ndarray, np.ndarray]], state: State, names: Sequence[str] | None = None
    ) -> State:
        """Hand the data out as ``begin`` does, and return a copy of the state, after seeing that it fits them.

        Raises:
            KindredError: saying what is wrong with the data, or which array is not of the shape that they need.
        """
        fresh = self.begin(data, names)
        state = {name: np.array(array) for name, array in state.items()}
        for name in sorted(fresh.keys() | state.keys()):
            expected, found = (each[name].shape if name in each else None for each in (fresh, state))
            if found != expected:
                self.close()
                raise KindredError(
                    f"The state's {name!r} has the shape {found}, and these data and settings need {expected}; resume "
                    "with those it was made with, or begin anew."
                )
        return state

    def round(self, state: State) -> Round:
        """Make one round, change the state to that after it, and report."""
        if not self.names:
            raise KindredError("The clients have no data yet; begin or resume first.")
        following = dict(state)
        following["number"] = np.asarray(state["number"] + 1)
        report = self._advance(following)
        state.update(following)
        return report

    def close(self) -> None:
        """Free the clients; to go on, ``resume``."""
        self._clients.close()
        self.names = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _initial(self) -> State:
        """What the method's rounds depend on besides the counts."""
        raise TypeError(f"{type(self).__name__} must say where it begins.")

    def _advance(self, state: State) -> Round:
        """Make round ``state["number"]``; put what it changes into the state."""
        raise TypeError(f"{type(self).__name__} must say what it does in a round.")

    def _start(self, data: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str] | None) -> None:
        self.close()
        found, prepared = prepare(data, names, self.settings.loss != "squared", self.settings.intercept)
        self._check(len(found))
        self._samples = np.array([len(client.labels) for client in prepared])
        self._features = prepared[0].inputs.shape[1]
        self._clients.start(prepared)
        self.names = found

    def _check(self, clients: int) -> None:
        """Refuse a number of clients that what else is given does not fit; before any of them starts."""

    def _report(
        self,
        state: State,
        *,
        weights: np.ndarray,
        losses: np.ndarray,
        present: np.ndarray,
        vectors_up: int,
        vectors_down: int,
        primal: float,
        dual: float | None = None,
        relation: np.ndarray | None = None,
    ) -> Round:
        """Count what was sent, and put the report together.

        Args:
            weights: ``[clients, features]``, the intercept's last.
            vectors_up, vectors_down: numbers of vectors ``[features]`` sent in this round.
        """
        up, down = (count * self._features * NUMBER_BYTES for count in (vectors_up, vectors_down))
        state["total_bytes_up"] = np.asarray(state["total_bytes_up"] + up)
        state["total_bytes_down"] = np.asarray(state["total_bytes_down"] + down)
        gap = None if dual is None else max(primal - dual, 0.0)
        d = self._features - self.settings.intercept
        return Round(
            number=int(state["number"]),
            primal=primal,
            dual=dual,
            gap=gap,
            relative_gap=None if gap is None else _share(gap, float(state["first_gap"])),
            losses=losses,
            present=present,
            bytes_up=up,
            bytes_down=down,
            total_bytes_up=int(state["total_bytes_up"]),
            total_bytes_down=int(state["total_bytes_down"]),
            coefficients=weights[:, :d].copy(),
            intercepts=weights[:, d].copy() if self.settings.intercept else np.zeros(len(weights)),
            relation=relation,
        )


def _share(gap: float, first: float) -> float:
    """The gap as a share of the first one; 0 where even that was 0."""
    return gap / first if first > 0 else 0.0
