"""What the environment says of where work is done."""

import os

from engine import catalog


def launcher_name() -> str:
    """Of the launcher, and so of where networks and clients are that run beside a worker: ``KINDRED_LAUNCHER``, or
    ``local``.

    Raises:
        KindredError: if there is none of that name.
    """
    return catalog.find("launcher", os.environ.get("KINDRED_LAUNCHER") or "local").name
