"""A PostgreSQL server for tests, started by them and stopped after; ``python -m tests.postgresql`` installs one."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

USER = "kindred"
# A cluster that is thrown away need not survive the machine; it must survive its own process, which needs no fsync.
SETTINGS = {"fsync": "off", "listen_addresses": "127.0.0.1", "max_connections": "200", "shared_buffers": "64MB"}


def find() -> Path | None:
    """The folder of the programs: of Debian's newest server, or of ``initdb`` on the path; None without any."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


def install() -> Path | None:
    """Install Debian's when root; None where that is not possible."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = "apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql"
        print("Looking for PostgreSQL:", apt, flush=True)
        subprocess.run(["sh", "-c", apt], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False)
    return find()


class Server:
    """A cluster in a folder of its own, on a free port of the loopback. Runs as ``nobody`` where this process is root,
    as PostgreSQL refuses to.

    Args:
        programs: see ``find``.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="kindred-postgresql-"))
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._cluster = self.folder / "cluster"
        self._databases = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        trusted = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(self._cluster), *trusted)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        given = [f"-c {name}={value}" for name, value in SETTINGS.items()]
        options = " ".join([*given, f"-c port={self.port}", f"-c unix_socket_directories={self.folder}"])
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._cluster), "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``immediate`` as if the machine had lost power."""
        self._run("pg_ctl", "stop", "-w", "-D", str(self._cluster), "-m", mode)

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"kindred_{self._databases}_{time.time_ns()}"
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def remove(self) -> None:
        """Stop it, if it runs, and delete all."""
        subprocess.run(
            self._command("pg_ctl", "stop", "-D", str(self._cluster), "-m", "immediate"), capture_output=True
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self, program: str, *arguments: str) -> list[str]:
        own = ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups"]
        return [*(own if self._user else []), str(self._programs / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            self._command(program, *arguments), check=True, stdout=subprocess.DEVNULL, timeout=60, cwd=self.folder
        )


if __name__ == "__main__":
    programs = find() or install()
    if programs:
        print(f"Tests of PostgreSQL use {programs}.")
    else:
        print("*" * 100)
        print("NO POSTGRESQL: none was found and none could be installed, so ITS TESTS ARE SKIPPED.")
        print("Install Debian's package postgresql, or put initdb and pg_ctl on the path, and run make test again.")
        print("*" * 100)
