"""Which addresses are the internet's, and how a host is written."""

from __future__ import annotations

import pytest

from kagami.errors import PrivateAddress, Refused
from kagami.net.guard import Guard, is_literal, is_public, read_host, resolve


async def nothing(_host: str, _port: int) -> list[str]:
    return []


async def two(_host: str, _port: int) -> list[str]:
    return ["93.184.215.14", "10.0.0.5"]


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::1.1.1.1"])
def test_hosts_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound to it
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.8.8.8",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:db8::1",
        "2001::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "no address",
    ],
)
def test_everything_else_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "plain"),
    [("Example.COM.", "example.com"), ("127.0.0.1.", "127.0.0.1"), ("0:0::1", "::1"), ("xn--fsq", "xn--fsq")],
)
def test_a_host_is_written_in_one_way(host: str, plain: str) -> None:
    assert read_host(host) == plain


@pytest.mark.parametrize(
    "host",
    [
        *("0x7f.1", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "017700000001", "1.2.3.4.5", "a.1"),
        *("fe80::1%eth0", "%31.example", "", ".", "a b", "a/b", "例子", "x" * 254),
    ],
)
def test_odd_forms_of_hosts_are_refused(host: str) -> None:
    with pytest.raises(Refused):
        read_host(host)


def test_literals_are_addresses() -> None:
    assert [is_literal(host) for host in ("::1", "1.1.1.1", "localhost", "1.1")] == [True, True, False, False]


async def test_one_private_address_among_others_refuses_the_host() -> None:
    with pytest.raises(PrivateAddress, match=r"mixed\.test.*10\.0\.0\.5"):
        await Guard((), two).addresses("mixed.test", 80)


async def test_an_exempt_host_keeps_all_its_addresses() -> None:
    assert await Guard(["MIXED.test"], two).addresses("mixed.test", 80) == await two("", 0)


async def test_of_an_own_host_one_port_is_exempt() -> None:
    guard = Guard((), two, own=("mixed.test", 80))
    assert await guard.addresses("mixed.test", 80) == await two("", 0)
    with pytest.raises(PrivateAddress):
        await guard.addresses("mixed.test", 81)


async def test_an_exempt_network_counts_for_every_name() -> None:
    assert await Guard(["10.0.0.0/8"], two).addresses("mixed.test", 80) == await two("", 0)


async def test_an_exempt_address_does_not_count_for_names() -> None:
    with pytest.raises(PrivateAddress):
        await Guard(["10.0.0.5"], two).addresses("mixed.test", 80)


async def test_an_exempt_address_may_be_named() -> None:
    assert await Guard(["[::1]"], nothing).addresses("::1", 80) == ["::1"]


async def test_a_host_without_addresses_cannot_be_reached() -> None:
    with pytest.raises(OSError, match="no address"):
        await Guard((), nothing).addresses("empty.test", 80)


def test_a_wrong_network_is_refused() -> None:
    with pytest.raises(Refused, match="private"):
        Guard(["10.0.0.0/99"])


async def test_the_system_knows_this_machine() -> None:
    assert set(await resolve("localhost", 80)) <= {"127.0.0.1", "::1"}
