"""Two small proxies on loopback, SOCKS5 (RFC 1928, 1929) and HTTP CONNECT (RFC 9110, 9.3.6), and a door with TLS."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "ada", "s3cret-of-the-proxy"
NAME = "api.telegram.test"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """`asked` are the hosts that were asked for; every one of them is found at `target`."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.asked: list[str] = []
        self.target = target

    async def socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if 2 not in methods:
            writer.write(b"\x05\xff")
            return False
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        given = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
        right = given == [USER.encode(), PASSWORD.encode()]
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return False
        *_, kind = await reader.readexactly(4)
        if kind == 1:
            host = ".".join(map(str, await reader.readexactly(4)))
        else:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        await reader.readexactly(2)
        self.asked.append(host)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        return True

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, place, _ = head.split(" ", 2)
        known = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if f"Basic {known}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return False
        assert method == "CONNECT"
        self.asked.append(place.rpartition(":")[0])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        return True


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def _join(one: Streams, other: Streams) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_pipe(one[0], other[1]))
        group.create_task(_pipe(other[0], one[1]))


@asynccontextmanager
async def open_proxy(kind: str, target: int) -> AsyncIterator[Proxy]:
    """A proxy of the kind `socks` or `connect` before a port of this machine."""
    proxy = Proxy(target)
    welcome = proxy.socks if kind == "socks" else proxy.connect

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            if await welcome(reader, writer):
                await _join((reader, writer), await asyncio.open_connection("127.0.0.1", proxy.target))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


@asynccontextmanager
async def open_door(target: int, folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """A port that speaks TLS for another one, as `NAME`; with what a client has to trust."""
    key, certificate = _certificate()
    (folder / "door.pem").write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "door.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await _join((reader, writer), await asyncio.open_connection("127.0.0.1", target))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], ssl.create_default_context(cadata=certificate.decode())
    finally:
        server.close()


def _certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), certificate.public_bytes(pem)
