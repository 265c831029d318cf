"""The published matrices that every new store holds, so that the first page is never empty."""

import json
from typing import Any

import numpy as np

from engine.affinity.matrix import AffinityMatrix
from engine.paths import DATA


def published_matrices() -> list[dict[str, Any]]:
    """``matrix``, ``name``, ``quantity`` and ``source`` of each matrix in ``data/published``.

    Source: Fifty et al., NeurIPS 2021; how pairs become gains is said in ``data/published/README.md``.
    """
    return [
        {
            "matrix": AffinityMatrix(
                tuple(entry["tasks"]), entry["affinity"] if "affinity" in entry else _gain_over_single(entry)
            ),
            **{key: entry[key] for key in ("name", "quantity", "source")},
        }
        for entry in json.loads((DATA / "published" / "matrices.json").read_text(encoding="utf-8"))
    ]


def _gain_over_single(entry: dict[str, Any]) -> np.ndarray:
    """``[source, target]``: what the target gains by sharing a network with the source; zero on the diagonal."""
    measured = np.array(entry["measured"])
    alone = measured.diagonal()
    if entry["measured_as"] == "loss":
        return 100 * (1 - measured / alone)
    return measured - alone
