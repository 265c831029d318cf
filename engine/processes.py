"""Whether ``torchrun`` started this process beside others; needs no torch."""

import os


def processes() -> int:
    """How many were started to work together; 1 for a process on its own."""
    return int(os.environ.get("WORLD_SIZE", 1)) if "RANK" in os.environ else 1


def rank() -> int:
    """Which of them this is, from 0; the first one speaks for all."""
    return int(os.environ["RANK"]) if processes() > 1 else 0
