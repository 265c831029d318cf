"""The dashboard's server as it really runs: its log, its queue, and its end while a run is at work."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import server
from engine.errors import KindredError
from engine.logs import log_to_stderr
from engine.runs.config import RunConfig
from engine.runs.launching.launcher import queue_name
from engine.version import VERSION
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]


@contextmanager
def started(log, **environment):
    """A server's process and its address; what it logs goes to the file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", str(port)]
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=file
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{address}/healthz") or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process, address
    finally:
        process.kill()
        process.wait()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


def test_it_goes_on_with_its_queue_and_ends_at_once_when_asked_while_the_run_goes_on(store, tmp_path):
    """As after a restart of the machine: a run waits in its queue, and nobody works that off."""
    run_id = store.create(RunConfig("digits", epochs=3000))
    store.enqueue([run_id], queue_name())
    with started(tmp_path / "log", KINDRED_LOG="json", KINDRED_CORES="1") as (process, address):
        wait_for(lambda: store.run(run_id).step > 0)
        assert answers(f"{address}/readyz") and answers(f"{address}/metrics")
        began = time.monotonic()
        process.terminate()
        process.wait(10)
        assert time.monotonic() - began < 5
    step = store.run(run_id).step
    wait_for(lambda: store.run(run_id).step > step)
    assert store.run(run_id).status == "running"
    store.request_cancel(run_id)
    wait_for(lambda: store.run(run_id).status == "cancelled")
    (line,) = [told for told in map(json.loads, said(tmp_path / "log")) if "store" in told["message"]]
    assert line["level"] == "info" and line["message"] == (
        f"Kindred {VERSION} with the store {store.label}, launcher local."
    )


def said(log):
    """The lines of Kindred's own: Streamlit's are not JSON."""
    return [line for line in log.read_text().splitlines() if line.startswith("{")]


def test_a_store_that_is_away_keeps_the_server_from_nothing_but_its_work(tmp_path):
    with started(tmp_path / "log", KINDRED_STORE="postgresql+psycopg://me:secret@127.0.0.1:1/x") as (process, address):
        assert answers(f"{address}/healthz") and not answers(f"{address}/readyz")
        wait_for(lambda: "Trying again" in (tmp_path / "log").read_text())
        began = time.monotonic()
        process.terminate()
        process.wait(10)
        assert time.monotonic() - began < 5
    text = (tmp_path / "log").read_text()
    assert "secret" not in text and "Traceback" not in text


def test_without_runs_that_wait_no_queue_is_begun(store, monkeypatch):
    begun = []
    monkeypatch.setattr("engine.runs.launching.queue.begin", lambda store: begun.append(store.label))
    server.go_on()
    assert begun == []
    store.enqueue([store.create(RunConfig("digits"))], queue_name())
    store.enqueue([store.create(RunConfig("digits"))], "local@elsewhere")
    server.go_on()
    assert begun == [store.label]


def test_a_launcher_that_there_is_not_is_logged_and_no_more(store, monkeypatch, capsys):
    monkeypatch.setenv("KINDRED_LAUNCHER", "nobody")
    logged(monkeypatch, "text")
    server.go_on()
    assert "'nobody'" in capsys.readouterr().err


def logged(monkeypatch, form):
    """Let this process log as the server does, and no test after this one."""
    for name in ("engine", "app"):
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "handlers", [])
        monkeypatch.setattr(logger, "propagate", logger.propagate)
        monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setenv("KINDRED_LOG", form)
    log_to_stderr()


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_page_raises_is_logged_with_its_traceback_and_shown_without(monkeypatch, capsys, form):
    logged(monkeypatch, form)
    shown = []
    monkeypatch.setattr("streamlit.error", lambda text, icon: shown.append(text))
    try:
        raise ZeroDivisionError("a detail")
    except ZeroDivisionError as error:
        assert server.show_error(error) is True
    assert server.show_error(KindredError("As *you* see.")) is True
    assert "ZeroDivisionError" in shown[0] and "a detail" not in shown[0] and shown[1] == "As \\*you\\* see\\."
    written = capsys.readouterr().err
    assert "As *you* see" not in written
    if form == "json":
        (line,) = map(json.loads, written.splitlines())
        assert line["level"] == "error" and line["message"] == "A page failed: ZeroDivisionError"
        assert "ZeroDivisionError: a detail" in line["traceback"]
    else:
        assert re.match(r"[\d-]+ [\d:,]+ ERROR A page failed: ZeroDivisionError\nTraceback ", written)


def test_the_version_is_that_of_the_project():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
