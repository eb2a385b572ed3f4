"""Which addresses may be reached: what a plugin asks for must not come out in the operator's own network.

Ranges by the registries of special addresses, https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from kagami.errors import PrivateAddress, Refused

Resolve = Callable[[str, int], Awaitable[list[str]]]

# What the standard library of some versions takes for public, and the metadata host of one large cloud.
_NEVER = tuple(map(ip_network, ("192.0.0.0/24", "168.63.129.16/32")))
_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_LOW_32 = 0xFFFFFFFF
_NAME = re.compile(r"[a-z0-9_.-]{1,253}")


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system knows them; `OSError` when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether it is a host of the internet; an IPv4 address inside an IPv6 one is what counts."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = _carried(ip) or ip
    if isinstance(ip, IPv6Address):
        return ip.is_global and ip in _UNICAST
    return ip.is_global and not (ip.is_multicast or ip.is_reserved) and not any(ip in each for each in _NEVER)


def _carried(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address in a mapped, NAT64 or 6to4 one."""
    if isinstance(ip, IPv4Address):
        return None
    return ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & _LOW_32) if ip in _NAT64 else None)


def read_host(host: str) -> str:
    """A host in the one way to write it: lower case, no dot at the end, numbers only as plain addresses.

    `Refused` for `0x7f.1`, `2130706433` and their kin, which systems read as addresses, and for zones of IPv6.
    """
    plain = host.lower().rstrip(".")
    last = plain.rpartition(".")[2]
    if "%" not in plain and is_literal(plain):
        return str(ip_address(plain))
    if last.isdigit() or last.startswith("0x"):
        raise Refused(reason=f"{host[:100]!r} is no plain address: write it as four decimal numbers.")
    if _NAME.fullmatch(plain) is None:
        raise Refused(reason=f"{host[:100]!r} is no host.")
    return plain


def is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Guard:
    """`private` are hosts that may be reached whatever their address is, and networks (`10.8.0.0/24`)
    that are open to all names. Of `own`, a host and a port, that one port may be reached.
    """

    def __init__(
        self, private: Collection[str] = (), lookup: Resolve = resolve, *, own: tuple[str, int] | None = None
    ) -> None:
        self._lookup = lookup
        self._own = own
        self._hosts = frozenset(read_host(each.strip("[]")) for each in private if "/" not in each)
        try:
            self._networks = [ip_network(each, strict=False) for each in private if "/" in each]
        except ValueError as error:
            raise Refused(reason=f"plugins.http.private: {error}") from None

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where to connect to for a host.

        `PrivateAddress` when any of its addresses is none of the internet, `OSError` when it has none.
        """
        found = [host] if is_literal(host) else await self._lookup(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        self.check(host, found, port)
        return found

    def check(self, host: str, addresses: Iterable[str], port: int) -> None:
        """`PrivateAddress` unless all of them may be reached."""
        if host in self._hosts or (host, port) == self._own:
            return
        for address in addresses:
            if not is_public(address) and not self._is_exempt(address):
                raise PrivateAddress(host=host, address=address)

    def _is_exempt(self, address: str) -> bool:
        return is_literal(address) and any(ip_address(address) in network for network in self._networks)
