from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kagami.errors import HomeBusy, SettingError
from kagami.home import Home, hold, holder, keep_secret, locate, own_name, prepare, read_secret


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    prepare(made)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_named_home_comes_first(tmp_path: Path) -> None:
    assert locate(tmp_path, {"KAGAMI_HOME": "/elsewhere"}).path == tmp_path


def test_the_environment_names_a_home() -> None:
    assert locate(None, {"KAGAMI_HOME": "/elsewhere"}).path == Path("/elsewhere")


def test_the_default_home_is_a_folder_of_the_user() -> None:
    assert locate(None, {}).path.name == "kagami"


def test_the_home_of_a_user_who_is_not_there_is_refused() -> None:
    with pytest.raises(SettingError, match="no such user"):
        locate(None, {"KAGAMI_HOME": "~nobody-of-this-name/kagami"})


def test_a_home_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate(Path("here"), {}).path == tmp_path / "here"


def test_only_the_owner_may_look_into_a_new_home(home: Home) -> None:
    assert (mode(home.path), mode(home.secrets)) == (0o700, 0o700)


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(SettingError, match="--home"):
        prepare(Home(tmp_path / "file" / "home"))


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="too long"):
        prepare(Home(tmp_path / ("x" * 100)))


def test_a_secret_is_made_once(home: Home) -> None:
    first = keep_secret(home, "token")
    assert len(first.reveal()) >= 43  # 256 bits
    assert keep_secret(home, "token") == first


def test_only_the_owner_may_read_a_secret(home: Home) -> None:
    keep_secret(home, "token")
    assert mode(home.secrets / "token") == 0o600


def test_no_draft_of_a_secret_is_left(home: Home) -> None:
    keep_secret(home, "token")
    assert [each.name for each in home.secrets.iterdir()] == ["token"]


def test_a_secret_that_cannot_be_written_is_refused(home: Home) -> None:
    (home.secrets / f".token.{os.getpid()}").mkdir()
    with pytest.raises(SettingError, match="permissions"):
        keep_secret(home, "token")


def test_a_secret_is_not_written_through_a_link(home: Home, tmp_path: Path) -> None:
    (home.secrets / f".token.{os.getpid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingError):
        keep_secret(home, "token")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o666])
def test_a_secret_that_others_can_read_is_refused_with_the_fix(home: Home, loose: int) -> None:
    secret = keep_secret(home, "token")
    (home.secrets / "token").chmod(loose)
    with pytest.raises(SettingError, match="chmod 600") as caught:
        read_secret(home, "token")
    assert secret.reveal() not in str(caught.value)


def test_an_absent_secret_is_empty(home: Home) -> None:
    assert not read_secret(home, "token")


def test_a_home_is_held_by_one(home: Home) -> None:
    with hold(home):
        assert holder(home) == str(os.getpid())
        with pytest.raises(HomeBusy, match=str(os.getpid())), hold(home):
            pass


def test_a_home_is_free_again(home: Home) -> None:
    with hold(home):
        pass
    assert holder(home) == ""
    with hold(home):
        pass


def test_a_full_disk_does_not_keep_anybody_from_holding_a_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with hold(home):
        assert holder(home) == "?"


def test_nobody_holds_a_home_that_is_not_there(tmp_path: Path) -> None:
    assert holder(Home(tmp_path / "none")) == ""


def test_looking_does_not_take_the_home(home: Home) -> None:
    with hold(home):
        pass
    holder(home)
    with hold(home):
        assert holder(home)


def test_a_killed_holder_lets_go(home: Home) -> None:
    code = (
        "import os, pathlib, signal; from kagami.home import Home, hold\n"
        f"with hold(Home(pathlib.Path({str(home.path)!r}))): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert home.lock.read_text()
    assert holder(home) == ""


def test_paths_are_inside(home: Home) -> None:
    inside = (home.database, home.plugins, home.socket, home.lock, home.secrets)
    assert {each.parent for each in inside} == {home.path}


def test_a_home_keeps_what_its_process_is_called(tmp_path: Path) -> None:
    home, other = Home(tmp_path / "a"), Home(tmp_path / "b")
    home.path.mkdir()
    other.path.mkdir()
    assert own_name(home)[0] == own_name(home)[0] != own_name(other)[0]


def test_it_is_the_heir_of_whoever_had_the_home_since_the_system_began(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert [own_name(home)[1] for _ in range(3)] == [False, True, True]


@pytest.mark.parametrize("changed", [2, 3], ids=["another disk", "another start of the system"])
def test_what_may_be_alive_elsewhere_has_no_heir(tmp_path: Path, changed: int) -> None:
    home = Home(tmp_path)
    name, _ = own_name(home)
    words = (tmp_path / "node").read_text("ascii").split()
    (tmp_path / "node").write_text(" ".join("0" if place == changed else each for place, each in enumerate(words)))
    assert [own_name(home) for _ in range(2)] == [(name, False), (name, True)]


def test_a_copy_of_a_home_is_another_process(tmp_path: Path) -> None:
    home, copy = Home(tmp_path / "a"), tmp_path / "b"
    home.path.mkdir()
    name, _ = own_name(home)
    shutil.copytree(home.path, copy)
    theirs, heir = own_name(Home(copy))
    assert (theirs == name, heir, own_name(Home(copy))[0]) == (False, False, theirs)
    home.path.rename(tmp_path / "c")
    assert own_name(Home(tmp_path / "c"))[0] == name


@pytest.mark.parametrize("kept", [b"", b"two words", b"of-another-version", b"\xff", b"x" * 65])
def test_a_name_that_cannot_be_one_is_made_anew(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "node").write_bytes(kept)
    name, heir = own_name(Home(tmp_path))
    assert (own_name(Home(tmp_path))[0], heir) == (name, False)
    assert name != kept.decode("latin-1")


def test_where_nothing_can_be_kept_a_process_has_a_name_all_the_same(tmp_path: Path) -> None:
    name, heir = own_name(Home(tmp_path / "missing"))
    assert (bool(name), heir) == (True, False)
