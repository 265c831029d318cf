"""How the clients' inner loops are compiled, and where the result is kept.

As in ``engine.grouping.compiling``, the cache's folder is named after the content of all compiled files, as numba does
not notice a change of a function that another file's function calls. Unlike there, sums are taken in the order written,
so that a client finds the same bits wherever it runs.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_HERE = Path(__file__).parent
SOURCES = ("compiling", "local_descent", "local_solver", "losses")
FOLDER = (
    _HERE
    / "__pycache__"
    / f"compiled-{hashlib.sha256(b''.join((_HERE / f'{name}.py').read_bytes() for name in SOURCES)).hexdigest()[:16]}"
)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, without the interpreter's lock, and keep the result for the next process."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(FOLDER)
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function)
    finally:
        numba.config.CACHE_DIR = before
