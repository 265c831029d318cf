"""How the solvers' inner loops are compiled, and where the result is kept.

numba's own cache notices a change of a function's file but not of the functions that it calls from other files, so that
an update could mix old and new code. Here the cache's folder is named after the content of all compiled files.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_HERE = Path(__file__).parent
SOURCES = (
    *("alternatives", "block_values", "compiling", "exact_subsets", "local_search"),
    *("pricing", "pricing_search", "scenarios", "tables"),
)
FOLDERS = _HERE / "__pycache__"
FOLDER = (
    FOLDERS
    / f"compiled-{hashlib.sha256(b''.join((_HERE / f'{name}.py').read_bytes() for name in SOURCES)).hexdigest()[:16]}"
)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, without the interpreter's lock, and keep the result for the next process.

    Sums may be taken in any order, as vector instructions do; NaN and infinity keep their meaning.
    """
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(FOLDER)
    try:
        decorate = numba.njit(
            cache=True, nogil=True, error_model="numpy", boundscheck=False, fastmath={"reassoc", "contract", "nsz"}
        )
        return decorate(function)
    finally:
        numba.config.CACHE_DIR = before
