"""Asking what runs would be before they are launched, without loading torch."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import KindredError
from engine.paths import ROOT
from engine.runs.config import RunConfig


@dataclass(frozen=True)
class Description:
    """Attributes:
    tasks: each task's ``name``, ``loss`` and ``summary``; the generated one included.
    parameters: trainable numbers of the network.
    shared: how many of them several tasks depend on.
    snt: inference cost in standard network times, hard sharing = 1.
    error: why it cannot be built, in a sentence; all else is then empty.
    """

    tasks: tuple[dict[str, Any], ...] = ()
    parameters: int = 0
    shared: int = 0
    snt: float = 0.0
    error: str = ""


class Describer:
    """Describes runs by a process of its own, begun with the first question and kept for the next ones."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def describe(self, configs: Sequence[RunConfig]) -> list[Description]:
        """One description a configuration.

        Raises:
            KindredError: if the process ends without an answer.
        """
        question = json.dumps([config.to_json() for config in configs])
        with self._lock:
            for _ in range(2):  # one that has ended since its last answer is begun anew
                answer = self._ask(question)
                if answer:
                    return [
                        Description(**{**each, "tasks": tuple(each.get("tasks", ()))}) for each in json.loads(answer)
                    ]
        raise KindredError(
            "The process that computes costs ended without an answer; its messages are in the log of this server."
        )

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _ask(self, question: str) -> str:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine.training.describe"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        try:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except BrokenPipeError:
            return ""
