"""The short form of ``damaged_inputs``: a few hundred inputs, and the largest that are refused in bounded memory."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import damaged_inputs, mutations
from tests.faults.reader import Reader

pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="each input is read in a child that is forked"
)


def test_every_damaged_input_is_read_or_refused(tmp_path):
    """In a process of its own, which nothing else has put threads into before it forks."""
    command = [sys.executable, "-m", "tests.faults.damaged_inputs", "--count", "400", "--seed", "7"]
    done = subprocess.run([*command, "--folder", tmp_path], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def hang() -> None:
    while True:
        pass


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def take_memory() -> None:
    bytearray(2**28).replace(b"\0", b"\1")


def err() -> None:
    raise KeyError("missing")


@pytest.mark.parametrize(
    ("fault", "said", "seconds"),
    [
        (hang, "hung: longer than 0.3 s", 0.3),
        (crash, "crashed: exit code -9", 20),
        (take_memory, "took much memory: ", 20),
        (err, "failed: KeyError", 20),
    ],
)
def test_what_goes_wrong_is_found_and_the_rest_goes_on(monkeypatch, tmp_path, fault, said, seconds):
    def read(content: bytes, _name: str, _folder: Path) -> None:
        if content[0] % 3 == 0:
            fault()

    reader = Reader({"x": b"sound"}, lambda drawn, content: bytes([drawn.randrange(256)]) + content, read)
    monkeypatch.setattr(damaged_inputs, "readers", lambda *_: {"it": reader})
    monkeypatch.setattr(damaged_inputs, "SECONDS", seconds)
    monkeypatch.setattr(damaged_inputs, "MEMORY", 2**27)
    (tally,) = damaged_inputs.examine(9, 0, tmp_path).values()
    wrong = sum(damaged_inputs.Case("it", number, 0).damaged(reader)[1][0] % 3 == 0 for number in range(9))
    assert 0 < wrong == len(tally.failures) == len(list((tmp_path / "failed").iterdir()))
    assert all(failure.startswith(said) for failure in tally.failures)


def test_damage_is_the_same_for_the_same_seed():
    for damage in (mutations.of_bytes, mutations.of_text, mutations.of_json):
        content = b'{"a": [1, 2], "b": "c"}'
        first, again, other = (damage(random.Random(seed), content) for seed in ("1", "1", "2"))
        assert first == again != other
