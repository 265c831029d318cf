"""What the processes of Kindred log: a line each on standard error, as words or as JSON."""

import json
import logging
import os
import sys
import time

from engine.errors import KindredError

FORMATS = ("text", "json")


def log_to_stderr() -> None:
    """Let ``engine`` and ``app`` log to standard error, as ``KINDRED_LOG`` says: ``text`` (default) or ``json``.

    Raises:
        KindredError: if it says something else.
    """
    chosen = os.environ.get("KINDRED_LOG") or "text"
    if chosen not in FORMATS:
        raise KindredError(f"KINDRED_LOG is {chosen!r}; it may be {' or '.join(FORMATS)}.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if chosen == "json" else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("engine", "app"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.handlers[:] = [handler]
        logger.propagate = False


class _Json(logging.Formatter):
    """One object a line: ``time`` (UTC), ``level``, ``logger``, ``message``, ``process``, and what the caller gave as
    ``extra={"run": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if hasattr(record, "run"):
            told["run"] = record.run
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told)
