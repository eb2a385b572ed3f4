from __future__ import annotations

import importlib.metadata
import importlib.util
import tarfile
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from kagami.errors import PackageRefused, Unavailable
from kagami.plugins.dependencies import Plan, Wheel, core_packages, install, resolve
from kagami.plugins.package import Progress
from tests.plugins.index import Index, serving


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    with serving(tmp_path / "index") as index:
        yield index


def silent(_: Progress) -> None: ...


def plan(index: Index | None, *requirements: str) -> Plan:
    return resolve("demo 1.0.0", requirements, index_url=index.url if index else "", progress=silent)


def environment() -> dict[str, bytes]:
    """Everything that the packages of this environment say of themselves."""
    roots = {Path(str(each.locate_file(""))) for each in importlib.metadata.distributions()}
    return {str(path): path.read_bytes() for root in roots for path in root.glob("*.dist-info/*") if path.is_file()}


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a child process")

    monkeypatch.setattr("subprocess.Popen", refuse)


def test_what_kagami_has_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    assert plan(None, "msgspec>=0.1", "AIOHTTP", "kagami-bot", "nothing; python_version < '3'").wheels == ()


def test_a_wish_against_kagami_is_told_with_both_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    has = core_packages()["msgspec"]
    with pytest.raises(PackageRefused) as caught:
        plan(None, "msgspec<0.10")
    assert str(caught.value) == f"demo 1.0.0 is refused: it wants msgspec<0.10, Kagami has {has}"


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("--extra-index-url=https://evil.example", "is not like"),
        ("x @ https://evil.example/x-1-py3-none-any.whl", "names an address"),
        ("./x", "is not like"),
        ("kagami", "another project"),
    ],
)
def test_what_is_no_name_and_version_is_refused(monkeypatch: pytest.MonkeyPatch, requirement: str, reason: str) -> None:
    offline(monkeypatch)
    with pytest.raises(PackageRefused, match=reason):
        plan(None, requirement)


def test_without_pip_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(Unavailable, match="-m ensurepip"):
        plan(None, "leaf")


def test_what_progress_raises_ends_pip(index: Index) -> None:
    def stop(_: Progress) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        resolve("demo", ["leaf"], index_url=index.url, progress=stop)


@pytest.mark.service
def test_dependencies_stand_apart_and_the_core_stays_as_it_was(tmp_path: Path, index: Index) -> None:
    index.add("leaf", requires=["msgspec", "stem>=1"])
    index.add("stem", "1.5")
    index.add("msgspec", "999.0")
    before = environment()
    decided = plan(index, "leaf")
    install(decided, tmp_path / "deps", runtime="python", progress=silent)
    assert [str(wheel) for wheel in decided.wheels] == ["leaf==1.0", "stem==1.5"]
    assert {path.name for path in (tmp_path / "deps").glob("*.py")} == {"leaf.py", "stem.py"}
    assert environment() == before


@pytest.mark.service
def test_a_dependency_that_stands_against_kagami_is_told_with_both_versions(index: Index) -> None:
    index.add("leaf", requires=["msgspec<0.10"])
    index.add("msgspec", "0.9")
    before = environment()
    with pytest.raises(PackageRefused) as caught:
        plan(index, "leaf")
    has = core_packages()["msgspec"]
    assert str(caught.value) == f"demo 1.0.0 is refused: leaf 1.0 wants msgspec<0.10, Kagami has {has}"
    assert environment() == before


@pytest.mark.service
def test_two_dependencies_that_do_not_agree_are_both_named(index: Index) -> None:
    index.add("leaf", requires=["stem<2"])
    index.add("twig", requires=["stem>=2"])
    index.add("stem", "1.0")
    index.add("stem", "2.0")
    with pytest.raises(PackageRefused, match=r"leaf 1\.0 wants stem<2; twig 1\.0 wants stem>=2"):
        plan(index, "leaf", "twig")


@pytest.mark.service
def test_a_source_distribution_is_never_built(tmp_path: Path, index: Index) -> None:
    wheel = index.add("leaf")
    setup = tmp_path / "setup.py"
    setup.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with tarfile.open(wheel.with_name("leaf-2.0.tar.gz"), "w:gz") as archive:
        archive.add(setup, "leaf-2.0/setup.py")
    wheel.unlink()
    index.list("leaf")
    with pytest.raises(PackageRefused, match="there is no wheel of leaf"):
        plan(index, "leaf")
    assert not (tmp_path / "ran").exists()


@pytest.mark.service
def test_another_index_of_the_environment_is_not_asked(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "evil") as evil:
        evil.add("leaf", "9.0")
        index.add("leaf", "1.0")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", evil.url)
        assert [str(wheel) for wheel in plan(index, "leaf").wheels] == ["leaf==1.0"]


@pytest.mark.service
def test_a_wheel_that_changed_after_the_decision_is_refused(tmp_path: Path, index: Index) -> None:
    wheel = index.add("leaf")
    decided = plan(index, "leaf")
    wheel.unlink()
    index.add("leaf", requires=["evil"])
    with pytest.raises(PackageRefused, match="HASHES"):
        install(decided, tmp_path / "deps", runtime="python", progress=silent)
    assert not (tmp_path / "deps" / "leaf.py").exists()


@pytest.mark.service
@pytest.mark.parametrize("runtime", ["python", "process"])
def test_a_compiled_module_needs_a_process(tmp_path: Path, index: Index, runtime: str) -> None:
    index.add("leaf", file="leaf/fast.cpython-311-x86_64-linux-gnu.so")
    decided = plan(index, "leaf")
    if runtime == "process":
        install(decided, tmp_path / "deps", runtime="process", progress=silent)
        assert (tmp_path / "deps" / "leaf" / "fast.cpython-311-x86_64-linux-gnu.so").exists()
        return
    with pytest.raises(PackageRefused, match="Set runtime to process"):
        install(decided, tmp_path / "deps", runtime="python", progress=silent)


@pytest.mark.service
def test_a_dependency_cannot_stand_in_for_kagami(tmp_path: Path, index: Index) -> None:
    index.add("leaf", file="kagami/__init__.py")
    with pytest.raises(PackageRefused, match="a kagami of its own"):
        install(plan(index, "leaf"), tmp_path / "deps", runtime="process", progress=silent)


def test_a_wheel_that_is_named_as_compiled_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    decided = Plan("demo", (Wheel("leaf", "1.0", "0" * 64, compiled=True),))
    with pytest.raises(PackageRefused, match=r"leaf==1\.0: compiled"):
        install(decided, tmp_path / "deps", runtime="python", progress=silent)


@pytest.mark.service
def test_an_index_that_is_away_is_named(tmp_path: Path) -> None:
    with serving(tmp_path / "index") as gone:
        pass
    with pytest.raises(Unavailable, match="The package index is away"):
        plan(gone, "leaf")
