"""Checkpoints: the state of a session in a file, replaced whole or not at all, and read without running its code."""

import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import KindredError
from engine.paths import local
from engine.runs.database import StoreAway, StoreError

State = dict[str, Any]
_ARRAY = "array in the file"  # the key that stands for one in the plain values
_PLAIN = "plain"  # the entry of the file that holds these


@dataclass(frozen=True)
class Format:
    """Attributes:
    dump: of a state, to bytes.
    parse: of bytes, to a state; whatever error where they are not of the format.
    """

    dump: Callable[[State], bytes]
    parse: Callable[[bytes], State]


def _dump_tensors(state: State) -> bytes:
    import torch  # only networks need it, and it takes seconds to load

    content = io.BytesIO()
    torch.save(state, content)
    return content.getvalue()


def _parse_tensors(content: bytes) -> State:
    import torch

    return torch.load(io.BytesIO(content), weights_only=True)


def _dump_arrays(state: State) -> bytes:
    arrays: dict[str, np.ndarray] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            name = f"array {len(arrays)}"
            arrays[name] = value
            return {_ARRAY: name}
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, list | tuple) else value

    text = json.dumps(plain(state))
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **{_PLAIN: np.frombuffer(text.encode(), np.uint8)}, **arrays)
    return content.getvalue()


def _parse_arrays(content: bytes) -> State:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:

        def whole(value: Any) -> Any:
            if isinstance(value, dict):
                if value.keys() == {_ARRAY}:
                    return arrays[value[_ARRAY]]
                return {key: whole(each) for key, each in value.items()}
            return [whole(each) for each in value] if isinstance(value, list) else value

        return whole(json.loads(arrays[_PLAIN].tobytes()))


# By the file's ending: tensors and plain values, or NumPy arrays and plain values. Plain is what JSON can hold, NaN
# included; beside arrays, a tuple comes back as a list.
FORMATS = {".pt": Format(_dump_tensors, _parse_tensors), ".npz": Format(_dump_arrays, _parse_arrays)}


def save_checkpoint(path: Path, state: State) -> None:
    """Replace the checkpoint in one step: whoever reads it finds the old one or the new one, whole.

    Args:
        path: its ending is one of ``FORMATS``.

    Raises:
        StoreAway: if it cannot be written; the old one is kept.
    """
    write_whole(path, FORMATS[path.suffix].dump(state), "checkpoint")


def write_whole(path: Path, content: bytes, what: str) -> None:
    """Replace a file in one step, its folder made if need be.

    Args:
        path: on another machine too, where an object is stored whole or not at all.
        what: it is, for the message.

    Raises:
        StoreAway: if it cannot be written; the old one is kept.
    """
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not local(path):
            path.write_bytes(content)
            return
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StoreAway(
            f"The {what} {path} cannot be written ({error}); free some space or make the folder writable, then "
            "resume the run. What was stored is kept."
        ) from error


def take_up(session: Any, path: Path) -> None:
    """Let a session go on from the state last saved.

    Args:
        session: has ``load_state(state)``.

    Raises:
        StoreError: if the file is damaged.
        KindredError: if it is of another session.
    """
    state = load_checkpoint(path)
    try:
        session.load_state(state)
    except KindredError:
        raise
    except Exception as error:  # whatever a session meets that is not as it was saved
        raise _damaged(path, error) from error


def load_checkpoint(path: Path) -> State:
    """The state last saved.

    Raises:
        StoreError: if the file is damaged.
    """
    try:
        return FORMATS[path.suffix].parse(path.read_bytes())
    except Exception as error:  # the parsers raise whatever they meet
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"The checkpoint {path} is damaged ({type(error).__name__}); delete that file and resume, which begins the run "
        "again from its start."
    )
