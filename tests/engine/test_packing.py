from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kagami.config import Settings, load
from kagami.engine.backups import HomeBackups
from kagami.engine.packing import GROWN, put_back
from kagami.engine.restoring import restore_home
from kagami.engine.upgrading import note
from kagami.errors import BackupFailed
from kagami.home import Home, keep_secret, prepare
from kagami.storage.archive import read_manifest, read_part
from kagami.storage.whereabouts import place_of_store
from kagami.testing.clock import FakeClock

SECRETS = {"gateway_token", "jwt_secret", "audit_key", "anchor_key"}


async def parts_of(given: Settings, *, secrets: bool = False, audit_key: bool = False) -> dict[str, bytes]:
    made = await HomeBackups(lambda: given, FakeClock()).make(secrets=secrets, audit_key=audit_key)
    path = given.home.backups / made.name
    return {name: read_part(path, name) for name in read_manifest(path).parts if name != "kagami.db"}


async def test_no_secret_is_in_it_unless_asked_for(settings: Settings) -> None:
    assert await parts_of(settings) == {"kagami.toml": b'prefix = "!"\n[gateway]\n'}


async def test_secrets_come_along_when_asked_for_but_not_the_audits(settings: Settings) -> None:
    found = await parts_of(settings, secrets=True)
    assert b"canary" in found.pop("kagami.toml")
    assert set(found) == {f"secrets/{name}" for name in SECRETS - {"audit_key", "anchor_key"}}


async def test_what_the_audit_is_sealed_with_comes_along_when_asked_for(settings: Settings) -> None:
    found = await parts_of(settings, audit_key=True)
    assert set(found) == {"kagami.toml", "secrets/audit_key", "secrets/anchor_key"}


async def test_secrets_that_are_made_of_one_come_along_as_files(tmp_path: Path) -> None:
    secret = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
    given = load(Home(tmp_path / "one"), environ={"KAGAMI_CLUSTER__SECRET": secret})
    await note(given, "test", {})
    (given.home.secrets / "audit_key").write_text("of before\n")
    (given.home.secrets / "kook.token").write_text("of an account\n")
    made = await HomeBackups(lambda: given, FakeClock()).make(secrets=True, audit_key=True)
    plain = load(Home(tmp_path / "two"), environ={}, create=False)
    prepare(plain.home)
    place = place_of_store(plain.database, plain.home.path)
    assert place is not None
    done, _ = await restore_home(given.home.backups / made.name, plain, place, config=None, passphrase="")
    assert done.kept
    assert {name: keep_secret(plain.home, name) for name in GROWN} == {
        name: keep_secret(given.home, name) for name in GROWN
    }
    assert (plain.home.secrets / "kook.token").read_text() == "of an account\n"


@pytest.mark.parametrize("text", [b"prefix = ", b"\xff"])
async def test_a_configuration_that_is_none_is_told_and_not_kept_with_its_secrets(
    settings: Settings, text: bytes
) -> None:
    (settings.home.path / "kagami.toml").write_bytes(text)
    with pytest.raises(BackupFailed):
        await HomeBackups(lambda: settings, FakeClock()).make()


async def test_small_files_are_put_back_where_there_are_none(settings: Settings, tmp_path: Path) -> None:
    made = await HomeBackups(lambda: settings, FakeClock()).make(secrets=True)
    other = Home(tmp_path / "other")
    prepare(other)
    (other.secrets / "jwt_secret").write_text("mine")
    archive = settings.home.backups / made.name
    names = [name for name in read_manifest(archive).parts if name != "kagami.db"]
    config = other.path / "kagami.toml"
    assert sorted(put_back(archive, names, other, config)) == ["kagami.toml", "secrets/gateway_token"]
    assert (other.secrets / "jwt_secret").read_text() == "mine"
    assert config.read_bytes() == (settings.home.path / "kagami.toml").read_bytes()
    assert stat.S_IMODE((other.secrets / "gateway_token").stat().st_mode) == 0o600
