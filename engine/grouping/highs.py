"""HiGHS without the line that it prints when a process first uses it, which would spoil JSON on standard output."""

import os
from functools import cache

import highspy


def quiet_highs() -> highspy.Highs:
    """A solver that prints nothing."""
    _greet()
    solver = highspy.Highs()
    solver.silent()
    return solver


@cache
def _greet() -> None:
    """Let HiGHS print its greeting to nowhere."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
