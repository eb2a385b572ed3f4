"""The home: one folder with everything that Kagami keeps, held by one engine at a time."""

from __future__ import annotations

import base64
import fcntl
import hmac
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kagami.core.secrets import HIDDEN, Secret
from kagami.errors import HomeBusy, SettingError
from kagami.i18n import Translate

SECRET_BYTES = 32
LOCK_TRIES, LOCK_PAUSE = 5, 0.02
# What the address of a local socket may be long in bytes, the least among systems, less its own file name.
LONGEST_PATH = 103 - len("/kagami.sock")


@dataclass(frozen=True, slots=True)
class Home:
    """Paths in one home. Making the object touches nothing.

    With a `seed` its secrets are made from that, the same in every home that has it, and stand in no file.
    """

    path: Path
    seed: Secret = field(default=Secret(), repr=False)

    @property
    def database(self) -> Path:
        return self.path / "kagami.db"

    @property
    def work(self) -> Path:
        """What plugins that are processes of their own may write to, each in a folder of its own."""
        return self.path / "work"

    @property
    def plugins(self) -> Path:
        return self.path / "plugins"

    @property
    def media(self) -> Path:
        """Files that messages refer to."""
        return self.path / "media"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def spool(self) -> Path:
        """Events that came while the database was away."""
        return self.path / "spool" / "events"

    @property
    def ballast(self) -> Path:
        """Room that is kept for a stop on a full disk."""
        return self.path / "ballast"

    @property
    def backups(self) -> Path:
        return self.path / "backups"

    @property
    def anchors(self) -> Path:
        """What was signed of the audit."""
        return self.path / "audit.anchors"

    @property
    def socket(self) -> Path:
        return self.path / "kagami.sock"

    @property
    def lock(self) -> Path:
        return self.path / "kagami.lock"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"


def locate(given: Path | None, environ: Mapping[str, str], t: Translate = str) -> Home:
    """`given`, else `KAGAMI_HOME`, else the platform's folder for a user's data; `SettingError` for `~nobody`."""
    if given is None and environ.get("KAGAMI_HOME"):
        given = Path(environ["KAGAMI_HOME"])
    if given is None:
        from platformdirs import user_data_path  # noqa: PLC0415 (most starts name a home or reach a running engine)

        given = user_data_path("kagami", appauthor=False)
    try:
        return Home(given.expanduser().absolute())
    except RuntimeError:
        raise _refused(given, "--home", t("there is no such user"), t("Name another folder with --home.")) from None


def prepare(home: Home, t: Translate = str) -> None:
    """Make the home and its `secrets/`, for the owner alone; `SettingError` when it cannot be made or used."""
    if len(os.fsencode(home.path)) > LONGEST_PATH:
        reason = t("its path is too long for the local control socket")
        raise _refused(home.path, "--home", reason, t("Choose a shorter path."))
    try:
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.secrets.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _refused(home.path, "--home", error.strerror or "", t("Name another folder with --home.")) from None
    if not os.access(home.path, os.W_OK | os.X_OK):
        raise _refused(home.path, "--home", t("it cannot be written"), t("Name another folder with --home."))


def _refused(path: Path, origin: str, reason: str, fix: str) -> SettingError:
    return SettingError(key="home", value=path, origin=origin, reason=reason, fix=fix)


def keep_secret(home: Home, name: str, t: Translate = str) -> Secret:
    """The generated secret `name` (256 bits, URL-safe text), made when it is not there yet."""
    if home.seed:
        return _grown(home.seed, name)
    path = home.secrets / name
    if not path.exists():
        # Complete before it has its name: a start that is killed leaves no empty secret behind.
        draft = path.with_name(f".{name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
            draft.replace(path)
        except OSError as error:
            raise _unusable(path, name, error, t) from None
    return read_secret(home, name, t)


def read_secret(home: Home, name: str, t: Translate = str) -> Secret:
    """The secret `name`, empty when there is none; `SettingError` when others on the machine could read it."""
    if home.seed:
        return _grown(home.seed, name)
    path = home.secrets / name
    try:
        if mode := stat.S_IMODE(path.stat().st_mode) & 0o077:
            reason = t("other users of this machine may open it (mode {})").format(f"{mode | 0o600:04o}")
            raise SettingError(
                key=name, value=HIDDEN, origin=path, reason=reason, fix=t("Run: {}").format(f"chmod 600 {path}")
            )
        return Secret(path.read_text().strip())
    except FileNotFoundError:
        return Secret()
    except OSError as error:
        raise _unusable(path, name, error, t) from None


def _grown(seed: Secret, name: str) -> Secret:
    made = hmac.digest(seed.reveal().encode(), f"kagami secret {name}".encode(), "sha256")
    return Secret(base64.urlsafe_b64encode(made).decode().rstrip("="))


_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def own_name(home: Home) -> tuple[str, bool]:
    """What a process on this home is called among others, over restarts too; a new name where nothing can be kept.

    True when whoever had the name before is certainly dead: it was kept here since this system has begun, so that the
    lock of the home was theirs. With the name its file holds where it lies: a copy of the home is another process, and
    what was moved or cloned with its disk may be alive elsewhere.
    """
    path = home.path / "node"
    with suppress(OSError):
        kept = path.read_text("ascii", "replace").split()
        if kept and _NAME.fullmatch(kept[0]) and kept[1:2] == [str(path.stat().st_ino)]:
            return kept[0], keep_name(home, kept[0]) == kept
    name = f"{socket.gethostname()}-{secrets.token_hex(2)}"
    with suppress(OSError):
        keep_name(home, name)
    return name, False


def keep_name(home: Home, name: str) -> list[str]:
    """Keep what the home's process is called, with where and since when that lies there: inode, device, boot."""
    with (home.path / "node").open("w", encoding="ascii") as file:
        about = os.fstat(file.fileno())
        words = [name, str(about.st_ino), str(about.st_dev), _boot()]
        file.write(" ".join(words) + "\n")
    return words


def _boot() -> str:
    """Names the time since this system has begun; another each time where it does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(8)


def _unusable(path: Path, name: str, error: OSError, t: Translate) -> SettingError:
    fix = t("Check the path and its permissions.")
    return SettingError(key=name, value=HIDDEN, origin=path, reason=error.strerror or "", fix=fix)


@contextmanager
def hold(home: Home) -> Iterator[None]:
    """Hold the home for one engine; `HomeBusy` when another process does. A killed process lets go by itself."""
    lock = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(lock):
            raise HomeBusy(pid=_written(home), home=home.path)
        with suppress(OSError):  # a full disk: the lock is what holds, the number only tells people who has it
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
        os.ftruncate(lock, 0)
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    # More than one try, because `holder` takes the lock for a moment to look at it.
    for _ in range(LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(LOCK_PAUSE)
    return False


def holder(home: Home) -> str:
    """The process id of the engine that holds the home; empty when none does."""
    try:
        lock = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(home)
    finally:
        os.close(lock)
    return ""


def _written(home: Home) -> str:
    with suppress(OSError):
        return home.lock.read_text() or "?"
    return "?"
