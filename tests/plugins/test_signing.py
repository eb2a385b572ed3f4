from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.errors import UsageError
from kagami.plugins.signing import canonical, fingerprint, make_key, sign, verify


def test_a_signature_holds_for_its_content_alone(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key")
    signature = sign(b"content", tmp_path / "key")
    assert verify(public, signature, b"content")
    assert not verify(public, signature, b"Content")


def test_a_signature_of_another_key_is_none(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key")
    make_key(tmp_path / "other")
    assert not verify(public, sign(b"content", tmp_path / "other"), b"content")


@pytest.mark.parametrize("signature", ["", "ed25519:", "ed25519:AAAA", "ed25519:%%%", "ed25519:é", "rsa:" + "A" * 88])
def test_what_is_no_signature_does_not_hold(tmp_path: Path, signature: str) -> None:
    assert not verify(make_key(tmp_path / "key"), signature, b"content")


def test_a_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_private_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        sign(b"content", tmp_path / "key")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(UsageError, match="File exists"):
        make_key(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"hello", b"ed25519-private:AAAA", b"\xff"])
def test_a_file_without_a_private_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="holds no private key"):
        sign(b"content", path)


def test_a_private_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"kagami plugin key .*/key"):
        sign(b"content", tmp_path / "key")


@pytest.mark.parametrize("public", ["", "ed25519:AAAA", "ssh-ed25519 AAAA"])
def test_what_is_no_public_key_is_named(public: str) -> None:
    with pytest.raises(UsageError, match="is not a public key"):
        verify(public, "", b"")


def test_fingerprints_tell_keys_apart(tmp_path: Path) -> None:
    first, second = make_key(tmp_path / "first"), make_key(tmp_path / "second")
    assert fingerprint(first) == fingerprint(f" {first}\n") != fingerprint(second)


def test_the_form_that_is_signed_is_the_same_however_the_manifest_was_written() -> None:
    manifest = {"version": "1.0.0", "name": "镜", "files": {"b": "2", "a": "1"}}
    written = json.dumps(manifest | {"signature": "x"}, indent=4, sort_keys=True)
    assert canonical(manifest) == canonical(json.loads(written))


def test_the_form_that_is_signed_is_what_any_language_makes_of_json() -> None:
    manifest = {"version": "1.0.0", "name": "镜", "timeout": 2.5, "files": {"b": "2", "a": "1"}}
    assert (
        canonical(manifest) == json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
