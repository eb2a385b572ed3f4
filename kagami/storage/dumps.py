"""Dumps by PostgreSQL's own `pg_dump`, beside the backups of the same moment: for operators who know its tools.

A dump has the name of its backup, with the ending `.dump`; it is listed, verified and thinned out with it. Where there
is no `pg_dump`, or one older than the server, there is none: the backup itself holds everything.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from kagami.errors import BackupFailed, BackupRefused
from kagami.i18n import mark
from kagami.storage.scratch import MAKING

DUMP = ".dump"
SECONDS = 3_600
_MAJOR = re.compile(r"(\d+)")


def find_program(name: str, least: int = 0) -> str | None:
    """The program of the client tools, of a major version that is not older; `KAGAMI_PG_BIN` names their folder."""
    path = shutil.which(name, path=os.environ.get("KAGAMI_PG_BIN") or None)
    if path is None:
        return None
    version = _MAJOR.search(_run([path, "--version"]).stdout)
    return path if version and int(version[1]) >= least else None


def dump(address: str, target: Path, major: int) -> bool:
    """Write a dump of a server of that major version, for its owner alone; False when no program fits.

    `BackupFailed` when it cannot be made.
    """
    program = find_program("pg_dump", major)
    if program is None:
        return False
    url, secret = without_password(address)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    line = [program, "--format=custom", "--no-password", f"--file={target}", f"--dbname={url}"]
    try:
        done = _run(line, secret)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupFailed(reason=str(error)) from error
    if done.returncode:
        raise BackupFailed(reason=done.stderr.strip() or mark("pg_dump failed"))
    return True


def dump_beside(backup: Path, address: str, major: int) -> bool:
    """As `dump`, under the name of the backup."""
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=backup.parent) as place:
        made = Path(place, backup.stem)
        if not dump(address, made, major):
            return False
        check_dump(made)
        made.replace(beside(backup))
    return True


def beside(backup: Path) -> Path:
    """Where the dump of a backup is, if there is one."""
    return backup.with_suffix(DUMP)


def check_dump(path: Path) -> None:
    """Let `pg_restore` read all of it; `BackupRefused`."""
    program = find_program("pg_restore")
    if program is None:
        raise BackupRefused(name=path.name, reason=mark("pg_restore is not installed: nothing else can read it"))
    # To a script that nobody keeps: a list alone would not read the rows.
    line = [program, "--file=/dev/null", str(path)]
    try:
        done = _run(line)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupRefused(name=path.name, reason=str(error)) from error
    if done.returncode:
        raise BackupRefused(name=path.name, reason=done.stderr.strip() or mark("it is damaged, or no backup at all"))


def restoring(path: Path, address: str) -> str:
    """The command that puts a dump back, which replaces the tables."""
    url, _ = without_password(address)
    words = ["pg_restore", "--clean", "--if-exists", "--single-transaction", f"--dbname={url}", str(path)]
    return shlex.join(words)


def without_password(address: str) -> tuple[str, str]:
    """The address as it may be seen among processes, and the password."""
    parts = urlsplit(address)
    secret = unquote(parts.password or "")
    place = parts.netloc.rpartition("@")
    user = place[0].partition(":")[0]
    query = parse_qsl(parts.query, keep_blank_values=True)
    secret = dict(query).get("password", secret)
    kept = urlencode([each for each in query if each[0] != "password"])
    return urlunsplit(parts._replace(netloc=f"{user}@{place[2]}" if user else place[2], query=kept)), secret


def _run(line: list[str], secret: str = "") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PGPASSWORD": secret} if secret else None
    return subprocess.run(  # noqa: S603 - a program of PostgreSQL's with words of ours
        line, capture_output=True, text=True, check=False, timeout=SECONDS, env=environ
    )
