from __future__ import annotations

import asyncio
import datetime as dt
import io
import ssl
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kagami.cli.console import Trust
from kagami.cli.options import Globals
from kagami.cli.remote import find, read_address
from kagami.client import FixedKey
from kagami.errors import EngineAway, Unauthorized, Untrusted, UsageError

ME = {"kind": "token", "name": "t", "scopes": ["*"], "address": ""}


@dataclass(frozen=True)
class Far:
    """An engine at an address that knows the token `good`."""

    url: str
    ca: Path


def make_certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of its own authority for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    ready, urls = threading.Event(), list[str]()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def me(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer good":
            return web.json_response(
                {"error": {"code": "Unauthorized", "message": "m", "details": {"reason": "r"}}}, status=401
            )
        return web.json_response(ME)

    async def serve() -> None:
        app = web.Application()
        app.add_routes([web.post("/api/v1/people/me", me)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=make_certificate(tmp_path)).start()
        urls.append(f"https://localhost:{runner.addresses[0][1]}")
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield Far(urls[0], tmp_path / "ca.pem")
    ((loop, stop),) = loops
    loop.call_soon_threadsafe(stop.set)
    thread.join()


def given(tmp_path: Path, **environ: str) -> Globals:
    return Globals(str, "en", {"XDG_STATE_HOME": str(tmp_path / "state")} | environ)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://host:5000", "https://host:5000"),
        ("https://host/", "https://host"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://localhost:5000/", "http://localhost:5000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_a_safe_address_is_taken(url: str, address: str) -> None:
    assert read_address(url, insecure=False, t=str) == address


@pytest.mark.parametrize(
    "url", ["host:5000", "ftp://host", "https://", "https://a:b@host", "https://host/x", "https://h:x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        read_address(url, insecure=True, t=str)


@pytest.mark.parametrize("url", ["http://host:5000", "http://10.0.0.5:5000", "http://localhost.evil.example"])
def test_a_line_that_others_can_read_is_refused_unless_somebody_insists(url: str) -> None:
    with pytest.raises(UsageError, match="--insecure"):
        read_address(url, insecure=False, t=str)
    assert read_address(url, insecure=True, t=str) == url


def test_a_token_of_the_environment_is_shown_and_taken_out_of_it(far: Far, tmp_path: Path) -> None:
    asked = given(tmp_path, KAGAMI_TOKEN="good")
    found = find(far.url, Trust(ca_file=far.ca), asked)
    assert (found.address, found.keys.token, "KAGAMI_TOKEN" in asked.environ) == (far.url, "good", False)


def test_a_token_is_read_from_its_file(far: Far, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("good\n")
    assert isinstance(find(far.url, Trust(tmp_path / "token", far.ca), given(tmp_path)).keys, FixedKey)


@pytest.mark.parametrize("text", ["", "two words", "a\x1bb"])
def test_a_file_without_a_token_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(UsageError, match="token"):
        find("https://host", Trust(tmp_path / "token"), given(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        find("https://host", Trust(tmp_path / "nowhere"), given(tmp_path))


def test_a_refused_token_says_how_to_make_one(far: Far, tmp_path: Path) -> None:
    with pytest.raises(Unauthorized, match="kagami people token_make"):
        find(far.url, Trust(ca_file=far.ca), given(tmp_path, KAGAMI_TOKEN="bad"))


def test_an_unknown_certificate_is_not_trusted(far: Far, tmp_path: Path) -> None:
    with pytest.raises(Untrusted, match="--ca-file"):
        find(far.url, Trust(), given(tmp_path, KAGAMI_TOKEN="good"))


def test_a_certificate_for_another_name_is_not_trusted(far: Far, tmp_path: Path) -> None:
    url = far.url.replace("localhost", "127.0.0.1")
    with pytest.raises(Untrusted):
        find(url, Trust(ca_file=far.ca), given(tmp_path, KAGAMI_TOKEN="good"))


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(UsageError, match=r"ca\.pem"):
        find("https://host", Trust(ca_file=tmp_path / "ca.pem"), given(tmp_path, KAGAMI_TOKEN="good"))


def test_without_a_token_a_person_is_asked_and_without_a_terminal_nobody(
    far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(UsageError, match="--token-file"):
        find(far.url, Trust(ca_file=far.ca), given(tmp_path))


def test_no_engine_is_away(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(EngineAway):
        find(f"http://127.0.0.1:{unused_tcp_port}", Trust(), given(tmp_path, KAGAMI_TOKEN="good"))
