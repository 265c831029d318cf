"""The clients' data, checked at the door and brought to the form that all methods take."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import KindredError


class Client(NamedTuple):
    """Attributes:
    inputs: ``[samples, features]``, float64, with the constant feature 1 last where there is an intercept.
    labels: ``[samples]``, float64; −1 and 1 where they are binary.
    squares: ``[samples]``: the squared length of each sample.
    """

    inputs: np.ndarray
    labels: np.ndarray
    squares: np.ndarray


def prepare(
    data: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str] | None, binary: bool, intercept: bool
) -> tuple[tuple[str, ...], list[Client]]:
    """The clients' names and data.

    Args:
        data: for each client ``[samples, d]`` and ``[samples]``, labels 0 and 1 where ``binary``.
        names: of the clients, on which their random draws depend; ``"0"``, ``"1"``, … by default.

    Raises:
        KindredError: without clients; or where names repeat, a client has no samples, as many labels as samples are not
            given, feature counts differ, a number is not finite, or a binary label is neither 0 nor 1.
    """
    data = list(data)
    if not data:
        raise KindredError("There are no clients; give the inputs and labels of at least one.")
    names = tuple(map(str, range(len(data)) if names is None else names))
    if len(names) != len(data) or len(set(names)) < len(names):
        raise KindredError(
            f"{len(data)} clients have {len(names)} names, {len(set(names))} of them different; give each client a "
            "name of its own, or none to number them."
        )
    clients = [_client(name, *each, binary, intercept) for name, each in zip(names, data, strict=True)]
    for name, client in zip(names, clients, strict=True):
        given, expected = (each.inputs.shape[1] - intercept for each in (client, clients[0]))
        if given != expected:
            raise KindredError(
                f"Client {name!r} has {given} features, and {names[0]!r} has {expected}; all clients need the "
                "same ones, so fill in what is missing, or leave out what not all have."
            )
    return names, clients


def _client(name: str, inputs: np.ndarray, labels: np.ndarray, binary: bool, intercept: bool) -> Client:
    try:
        inputs, labels = np.array(inputs, dtype=np.float64), np.array(labels, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise KindredError(f"Client {name!r} has data that are not numbers ({error}); encode them first.") from error
    if inputs.ndim != 2 or labels.shape != inputs.shape[:1] or not inputs.size:
        raise KindredError(
            f"Client {name!r} has inputs of shape {list(inputs.shape)} and labels of shape {list(labels.shape)}; give "
            "[samples, features] and [samples], at least one of each, and leave out clients without data."
        )
    if not (np.isfinite(inputs).all() and np.isfinite(labels).all()):
        raise KindredError(
            f"Client {name!r} has numbers that are NaN or infinite; leave these samples out, or fill them in."
        )
    if binary:
        wrong = labels[(labels != 0) & (labels != 1)]
        if len(wrong):
            raise KindredError(
                f"Client {name!r} has the label {wrong[0]:g}; this loss needs 0 and 1, so recode it, or take the loss "
                "'squared'."
            )
        labels = 2 * labels - 1
    if intercept:
        inputs = np.hstack([inputs, np.ones((len(inputs), 1))])
    inputs = np.ascontiguousarray(inputs)
    return Client(inputs, labels, np.einsum("sf,sf->s", inputs, inputs))
