"""A Ray cluster of several nodes on this machine's loopback, started by tests and stopped after."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RAY = Path(sys.executable).parent / "ray"
START_SECONDS = 60


class Cluster:
    """A head node, which works off nothing itself, and nodes that can be killed with all that runs on them.

    Use as a context manager.

    Attributes:
        address: of the head, for ``RAY_ADDRESS``.
    """

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="kindred-ray-")
        port = _free_port()
        self.address = f"127.0.0.1:{port}"
        self._nodes: list[subprocess.Popen[bytes]] = []
        head = ["--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", f"--temp-dir={self._folder}"]
        self._start(*head)

    def node(self, cpus: int) -> subprocess.Popen[bytes]:
        """One more node."""
        return self._start(f"--address={self.address}", f"--num-cpus={cpus}")

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """End a node at once, with all its processes, as if its machine had lost power."""
        for process in (*_children(node.pid), node.pid):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        node.wait()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_error: object) -> None:
        for node in reversed(self._nodes):
            if node.poll() is None:
                self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        memory = ["--object-store-memory=100000000", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
        node = subprocess.Popen(
            [RAY, "start", "--block", *memory, *arguments],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._nodes.append(node)
        said = b""
        began = time.monotonic()
        while b"Ray runtime started" not in said:
            line = node.stdout.readline()
            said += line
            if not line or time.monotonic() - began > START_SECONDS:
                raise AssertionError(f"a Ray node did not start: {said.decode()}")
        return node


def environment() -> dict[str, str]:
    """Of all that speaks with the cluster: on the loopback of this machine no token is asked for."""
    return os.environ | {"RAY_AUTH_MODE": "disabled", "RAY_DISABLE_IMPORT_WARNING": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _children(process: int) -> list[int]:
    """All that it started, and what they started, the youngest last."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, added = [], [process]
    while added:
        added = [child for child, parent in parents.items() if parent in added]
        found += added
    return found
