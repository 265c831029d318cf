import json
import logging
import sys

import pytest

from engine.errors import KindredError
from engine.logs import log_to_stderr


@pytest.fixture(autouse=True)
def afterwards(monkeypatch):
    """No test after this one logs as these do."""
    for name in ("engine", "app"):
        logger = logging.getLogger(name)
        for attribute in ("handlers", "propagate", "level"):
            value = getattr(logger, attribute)
            monkeypatch.setattr(logger, attribute, list(value) if attribute == "handlers" else value)


def test_a_line_of_json_says_when_who_and_of_which_run(monkeypatch, capsys):
    monkeypatch.setenv("KINDRED_LOG", "json")
    log_to_stderr()
    logging.getLogger("engine.runs.worker").warning("%d of\ntwo", 1, extra={"run": "yeast-123456"})
    logging.getLogger("app.server").info("ready")
    logging.getLogger("elsewhere").warning("not ours")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first | {"time": "", "process": 0} == {
        "time": "", "level": "warning", "logger": "engine.runs.worker", "message": "1 of\ntwo", "process": 0,
        "run": "yeast-123456",
    }  # fmt: skip
    assert first["time"].endswith("Z") and first["process"] > 0 and "run" not in second


def test_words_are_the_default_and_a_second_call_says_nothing_twice(monkeypatch, capsys):
    monkeypatch.delenv("KINDRED_LOG", raising=False)
    log_to_stderr()
    log_to_stderr()
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("engine").error("bad", exc_info=sys.exc_info())
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith(" ERROR bad") and lines[-1] == "KeyError: 'x'" and len(lines) > 3


def test_another_form_is_refused(monkeypatch):
    monkeypatch.setenv("KINDRED_LOG", "xml")
    with pytest.raises(KindredError, match="'xml'; it may be text or json"):
        log_to_stderr()
