from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kagami.errors import PackageRefused, Refused, UsageError
from kagami.plugins.manifest import Manifest
from kagami.plugins.market import FILE, LARGEST_BYTES, Entry, Index, Market, Release, plan, read_index
from kagami.plugins.recalls import Recall
from kagami.plugins.signing import fingerprint, make_key
from tests.plugins.bazaar import Bazaar

SHA = "0" * 64


@pytest.fixture
def bazaar(tmp_path: Path) -> Bazaar:
    return Bazaar(tmp_path)


def index(*versions: str, recalls: tuple[Recall, ...] = (), **more: Any) -> Index:
    releases = tuple(Release(each, f"{each}.kpk", SHA, 1, **more) for each in versions)
    return Index(1, 0, plugins=(Entry("a", versions=releases),), recalls=recalls)


def present(*versions: str, permissions: tuple[str, ...] = ()) -> dict[str, list[Manifest]]:
    return {"a": [Manifest(id="a", version=each, entry="m:p", permissions=permissions) for each in versions]}


# --- making and reading ---


def test_an_index_tells_of_every_package(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0", permissions=["store"], name="Greeter", changes="Says hello")
    package = bazaar.offer("1.1.0", permissions=["store", "delete"], name="Greeter!", changes="Says goodbye")
    bazaar.publish()
    read = read_index((bazaar.stand / FILE).read_bytes(), bazaar.public)
    entry = read.entry("greeter")
    assert entry is not None
    newest, older = entry.versions
    assert (entry.name, newest.version, older.version) == ("Greeter!", "1.1.0", "1.0.0")
    assert (newest.permissions, newest.changes) == (("store", "delete"), "Says goodbye")
    assert (newest.file, newest.size, newest.signer) == (
        package.name,
        package.stat().st_size,
        fingerprint(bazaar.author),
    )


def test_an_index_keeps_its_name_and_recalls_and_grows_younger(bazaar: Bazaar) -> None:
    bazaar.offer()
    first = bazaar.publish(Recall("greeter", "<1", "broken"))
    bazaar.at_ms = 0
    second = bazaar.publish()
    assert second.recalls == first.recalls
    assert second.at_ms > first.at_ms


def test_the_same_version_twice_is_refused(bazaar: Bazaar) -> None:
    package = bazaar.offer()
    (bazaar.stand / "copy.kpk").write_bytes(package.read_bytes())
    with pytest.raises(PackageRefused, match="twice"):
        bazaar.publish()


def test_a_broken_package_is_refused(bazaar: Bazaar) -> None:
    (bazaar.stand / "x.kpk").write_bytes(b"no zip")
    with pytest.raises(PackageRefused, match="damaged"):
        bazaar.publish()


def test_the_index_of_somebody_else_is_not_replaced(bazaar: Bazaar, tmp_path: Path) -> None:
    bazaar.publish()
    make_key(tmp_path / "other")
    bazaar.key = tmp_path / "other"
    with pytest.raises(PackageRefused, match="not signed"):
        bazaar.publish()


def test_a_wrong_key_is_refused(bazaar: Bazaar) -> None:
    bazaar.publish()
    with pytest.raises(PackageRefused, match="not signed"):
        read_index((bazaar.stand / FILE).read_bytes(), bazaar.author)


def test_without_a_key_the_fix_is_named(bazaar: Bazaar) -> None:
    with pytest.raises(Refused, match=r"plugins\.market\.key"):
        read_index(b"{}", "")


def test_what_is_no_key_is_named(bazaar: Bazaar) -> None:
    with pytest.raises(UsageError, match="not a public key"):
        read_index(b'{"signature":""}', "secret")


def test_one_changed_letter_is_refused(bazaar: Bazaar) -> None:
    bazaar.offer(name="Greeter")
    bazaar.publish()
    content = (bazaar.stand / FILE).read_bytes().replace(b'"Greeter"', b'"Greeted"')
    with pytest.raises(PackageRefused, match="changed since"):
        read_index(content, bazaar.public)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b'{"signature":1}', b"{" * 50_000, b'{"a":' * 50_000, b"\xff\xfe{}"],
    ids=["nothing", "list", "null", "number", "open", "deep", "utf-16"],
)
def test_what_is_no_index_is_refused(bazaar: Bazaar, content: bytes) -> None:
    with pytest.raises(PackageRefused):
        read_index(content, bazaar.public)


def test_an_index_that_is_too_large_is_refused(bazaar: Bazaar) -> None:
    with pytest.raises(PackageRefused, match="8 MiB"):
        read_index(b" " * (LARGEST_BYTES + 1), bazaar.public)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"at_ms": -1},
        {"plugins": [{"id": "../x"}]},
        {"plugins": [{"id": "a\x1b[31m"}]},
        {"plugins": [{"id": "a", "description": "x" * 5_000}]},
        {"plugins": [{"id": "a", "versions": [{"version": "one", "file": "a", "sha256": SHA, "size": 1}]}]},
        {"plugins": [{"id": "a", "versions": [{"version": "1.0.0", "file": "a", "sha256": "0", "size": 1}]}]},
        {"plugins": [{"id": "a", "versions": [{"version": "1.0.0", "file": "a", "sha256": SHA, "size": 1 << 40}]}]},
        {"recalls": [{"id": "a", "versions": "soon"}]},
    ],
)
def test_a_signed_index_has_to_be_sound_all_the_same(bazaar: Bazaar, change: dict[str, Any]) -> None:
    bazaar.publish()
    bazaar.forge(lambda document: document.update(change), bazaar.key)
    with pytest.raises(PackageRefused, match=r"at `\$"):
        read_index((bazaar.stand / FILE).read_bytes(), bazaar.public)


def test_what_a_later_index_says_more_is_no_harm(bazaar: Bazaar) -> None:
    bazaar.publish()
    bazaar.forge(lambda document: document.update(motto="hello"), bazaar.key)
    assert read_index((bazaar.stand / FILE).read_bytes(), bazaar.public).format == 1


# --- places ---


@pytest.mark.parametrize(
    ("url", "mirror", "file", "place"),
    [
        ("https://m.example/p", "", "a b.kpk", "https://m.example/p/a%20b.kpk"),
        ("https://m.example/p/", "", "x/a+1.kpk", "https://m.example/p/x/a%2B1.kpk"),
        ("https://m.example/p/index.json", "", "a.kpk", "https://m.example/p/a.kpk"),
        ("https://m.example/p", "", "https://cdn.example/a.kpk", "https://cdn.example/a.kpk"),
        ("https://m.example/p", "https://n.example/k/", "a.kpk", "https://n.example/k/p/a.kpk"),
        ("https://m.example/p", "https://n.example", "https://m.example/z.kpk", "https://n.example/z.kpk"),
        ("https://m.example/p", "https://n.example", "https://cdn.example/a.kpk", "https://cdn.example/a.kpk"),
        ("/srv/market", "https://n.example", "x/a.kpk", Path("/srv/market/x/a.kpk")),
        ("/srv/market/index.json", "", "a.kpk", Path("/srv/market/a.kpk")),
    ],
)
def test_where_a_package_is(url: str, mirror: str, file: str, place: str | Path) -> None:
    assert Market(url, mirror).place(file) == place


def test_the_index_comes_from_the_mirror_too() -> None:
    assert Market("https://m.example/p", "https://n.example").index == "https://n.example/p/index.json"


@pytest.mark.parametrize(
    "file", ["../a.kpk", "/etc/passwd", "a/../../b", "file:///etc/passwd", "ftp://h/a", "a\\b", ".x"]
)
@pytest.mark.parametrize("url", ["/srv/market", "https://m.example/p"])
def test_a_package_is_nowhere_else(url: str, file: str) -> None:
    with pytest.raises(PackageRefused):
        Market(url).place(file)


# --- deciding ---


@pytest.mark.parametrize(
    ("offered", "has", "new"),
    [
        (["1.1.0", "1.0.0"], ["1.0.0"], "1.1.0"),
        (["1.10.0", "1.9.0"], ["1.2.0"], "1.10.0"),
        (["1.0.0"], ["1.1.0"], ""),
        (["1.0.0"], ["1.0.0"], ""),
        (["2.0.0-rc.1", "1.0.0"], ["1.0.0"], ""),
        (["2.0.0-rc.2"], ["2.0.0-rc.1"], "2.0.0-rc.2"),
        (["2.0.0"], ["2.0.0-rc.1"], "2.0.0"),
        (["1.5.0"], ["1.0.0", "2.0.0"], ""),
    ],
)
def test_only_what_is_newer_is_an_update(offered: list[str], has: list[str], new: str) -> None:
    (row,) = plan(index(*offered), present(*has), ())
    assert (row.act, row.new) == (("update", new) if new else ("keep", row.old))


def test_a_pinned_plugin_is_kept() -> None:
    (row,) = plan(index("2.0.0"), present("1.0.0"), {"a"})
    assert (row.act, row.old) == ("keep", "1.0.0")


def test_permissions_that_are_new_and_changes_are_told() -> None:
    offered = index("2.0.0", permissions=("store", "delete"), changes="More")
    (row,) = plan(offered, present("1.0.0", permissions=("store",)), ())
    assert (row.permissions, row.changes) == (("delete",), "More")


def test_what_this_kagami_cannot_run_is_no_update() -> None:
    assert plan(index("2.0.0", api="9"), present("1.0.0"), ())[0].act == "keep"


def test_a_plugin_that_the_market_does_not_know_is_not_told_of() -> None:
    assert plan(Index(1, 0), present("1.0.0"), ()) == []


def test_a_recalled_version_is_no_update_and_an_installed_one_is_told() -> None:
    offered = index("1.2.0", "1.1.0", recalls=(Recall("a", "1.2.0", "bad"), Recall("a", "<1.1", "old")))
    update, recall = plan(offered, present("1.0.0"), ())
    assert (update.act, update.new) == ("update", "1.1.0")
    assert (recall.act, recall.old, recall.changes) == ("recall", "1.0.0", "old")


def test_a_recall_is_told_once() -> None:
    recalls = (Recall("a", "<1.1", "old"),)
    assert [row.act for row in plan(index("1.0.0", recalls=recalls), present("1.0.0"), (), recalls)] == ["keep"]


def test_a_pinned_version_is_recalled_all_the_same() -> None:
    offered = index("1.0.0", recalls=(Recall("a", "*", "bad"),))
    assert [row.act for row in plan(offered, present("1.0.0"), {"a"})] == ["keep", "recall"]
