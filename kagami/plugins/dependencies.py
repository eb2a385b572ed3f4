"""What plugins need from a package index: resolved against Kagami's own packages and installed apart from them.

Two runs of pip. The first only resolves, with the exact version of everything that Kagami runs on as a constraint. The
second downloads those wheels, checks their hashes and puts them into the plugin's own `.deps`. Only wheels, because a
source distribution runs its author's code to be built; only one index, because of two the stranger's may win a name.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from kagami import __version__
from kagami.errors import PackageRefused, Unavailable
from kagami.i18n import mark
from kagami.plugins.package import Progress

_FLAGS = ("--only-binary", ":all:", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--retries")
_RETRIES = "2"
_SECONDS, _GLANCE = 900.0, 0.25
# All that pip gets to know of our environment: no secret of Kagami's, nothing that adds an index.
_ENVIRON = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"}
_ENVIRON |= {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_ENVIRON |= {"REQUESTS_CA_BUNDLE", "PIP_CERT", "PIP_CACHE_DIR", "PIP_DEFAULT_TIMEOUT"}
_COMPILED = re.compile(r"\.(?:so|pyd|dylib)(?:\.[\d.]+)?")
_DEPENDS = re.compile(r"^\s+(\S+ \S+) depends on (.+?)(?:; .*)?$", re.MULTILINE)
_CONSTRAINT = re.compile(r"^\s+The user requested \(constraint\) (\S+)==(\S+)$", re.MULTILINE)
_NOTHING = re.compile(r"^ERROR: No matching distribution found for (.+)$", re.MULTILINE)
_AWAY = re.compile(r"Retrying \(Retry|Max retries exceeded|ConnectionError|ProxyError|ReadTimeout")
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of the index. `compiled` is whether its name says that it was built for one Python."""

    name: str
    version: str
    sha256: str
    compiled: bool

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plugin needs beyond Kagami's own packages, and the one index that it comes from (empty: PyPI)."""

    plugin: str
    wheels: tuple[Wheel, ...] = ()
    index_url: str = ""


def resolve(
    plugin: str, requirements: Sequence[str], *, index_url: str = "", progress: Callable[[Progress], None]
) -> Plan:
    """Decide on versions. Blocks; nothing is installed, and without anything to look for pip is not asked.

    `PackageRefused` tells which wish cannot be met and why, `Unavailable` that pip or the index is away. What
    `progress` raises ends pip.
    """
    core = core_packages()
    wanted = [each for each in requirements if not _met(plugin, each, core)]
    if not wanted:
        return Plan(plugin)
    with tempfile.TemporaryDirectory() as place:
        report, constraints = Path(place, "report.json"), Path(place, "constraints.txt")
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in core.items()), "utf-8")
        arguments = ["--dry-run", "--report", str(report), "--constraint", str(constraints), "--", *wanted]
        code, output = _pip(arguments, index_url, Progress(mark("Resolving dependencies")), progress)
        if code:
            raise _failure(plugin, output)
        wheels = _read_report(plugin, report)
    for wheel in wheels:
        if wheel.name in core:
            raise PackageRefused(package=plugin, reason=f"it would replace {wheel.name} {core[wheel.name]} of Kagami")
    return Plan(plugin, wheels, index_url)


def install(
    plan: Plan, target: Path, *, runtime: Literal["python", "process"], progress: Callable[[Progress], None]
) -> None:
    """Download the wheels of `plan` and put them into the new folder `target`. Blocks; errors as of `resolve`.

    A compiled module cannot be loaded twice in one process, nor unloaded, so the python runtime has none.
    """
    if not plan.wheels:
        return
    if runtime == "python":
        _refuse_compiled(plan.plugin, [str(wheel) for wheel in plan.wheels if wheel.compiled])
    with tempfile.TemporaryDirectory() as place:
        wanted = Path(place, "requirements.txt")
        wanted.write_text("".join(f"{each} --hash=sha256:{each.sha256}\n" for each in plan.wheels), "utf-8")
        arguments = ["--no-deps", "--require-hashes", "--no-compile", "--target", str(target), "-r", str(wanted)]
        step = Progress(mark("Installing dependencies"), total=len(plan.wheels))
        code, output = _pip(arguments, plan.index_url, step, progress)
    if code:
        raise _failure(plan.plugin, output)
    if (target / "kagami").exists() or (target / "kagami.py").exists():
        raise PackageRefused(package=plan.plugin, reason=mark("a dependency brings a kagami of its own"))
    if runtime == "python":
        _refuse_compiled(plan.plugin, [each.name for each in target.rglob("*") if _COMPILED.search(each.name)])


def core_packages() -> dict[str, str]:
    """Version by normalised name of everything in Kagami's own environment."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415 (only an install compares versions)

    found = {"kagami-bot": __version__}
    for each in importlib.metadata.distributions():
        name = each.metadata["Name"]
        if name and each.version:
            found.setdefault(canonicalize_name(name), each.version)
    return found


def _met(plugin: str, text: str, core: Mapping[str, str]) -> bool:
    """Whether Kagami's own packages already meet a requirement; `PackageRefused` when they stand against it."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 (only an install reads them)
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    try:
        wish = Requirement(text)
    except InvalidRequirement:
        raise PackageRefused(package=plugin, reason=f"{text!r} in dependencies is not like httpx>=0.27") from None
    if wish.url:
        raise PackageRefused(package=plugin, reason=f"{text!r} in dependencies names an address: name a version")
    if wish.marker is not None and not wish.marker.evaluate():
        return True
    name = canonicalize_name(wish.name)
    if name == "kagami":
        raise PackageRefused(package=plugin, reason=mark("kagami in dependencies is another project: remove it"))
    has = core.get(name)
    if has is not None and not wish.specifier.contains(has, prereleases=True):
        raise PackageRefused(package=plugin, reason=f"it wants {wish.name}{wish.specifier}, Kagami has {has}")
    return has is not None and not wish.extras


def _pip(
    arguments: Sequence[str], index_url: str, step: Progress, progress: Callable[[Progress], None]
) -> tuple[int, str]:
    """The exit code and all that `pip install` said."""
    if importlib.util.find_spec("pip") is None:
        reason = f"install it beside Kagami: {sys.executable} -m ensurepip"
        raise Unavailable(what="pip", reason=reason)
    index = ["--index-url", index_url] if index_url else []
    # -P: the folder that Kagami was started in is no place for Python's modules.
    command = [sys.executable, "-P", "-m", "pip", "install", *_FLAGS, _RETRIES, *index, *arguments]
    environ = {name: value for name, value in os.environ.items() if name.upper() in _ENVIRON}
    environ |= {"PIP_CONFIG_FILE": os.devnull, "PYTHONIOENCODING": "utf-8"}
    deadline = time.monotonic() + _SECONDS
    pipe, merged, none = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    with subprocess.Popen(command, env=environ, stdin=none, stdout=pipe, stderr=merged) as process:  # noqa: S603
        try:
            while time.monotonic() < deadline:
                progress(step)
                try:
                    said, _ = process.communicate(timeout=_GLANCE)
                except subprocess.TimeoutExpired:
                    continue
                return process.returncode, said.decode(errors="replace")
        finally:
            process.kill()
    raise Unavailable(what="The package index", reason=mark("it took longer than 15 minutes"))


def _read_report(plugin: str, report: Path) -> tuple[Wheel, ...]:
    """The wheels of pip's installation report (https://pip.pypa.io/en/stable/reference/installation-report/)."""
    from packaging.utils import canonicalize_name, parse_wheel_filename  # noqa: PLC0415 (only an install has one)

    wheels = []
    for each in msgspec.json.decode(report.read_bytes(), type=_Report).install:
        sha256 = each.download_info.archive_info.hashes.get("sha256", "")
        *_, tags = parse_wheel_filename(each.download_info.url.rpartition("/")[2].replace("%2B", "+"))
        if not sha256:
            raise PackageRefused(package=plugin, reason=f"the index gives no sha256 of {each.metadata.name}")
        name = canonicalize_name(each.metadata.name)
        wheels.append(Wheel(name, each.metadata.version, sha256, all(tag.abi != "none" for tag in tags)))
    return tuple(sorted(wheels, key=str))


class _Metadata(msgspec.Struct):
    name: str
    version: str


class _Archive(msgspec.Struct):
    hashes: dict[str, str] = {}


class _Download(msgspec.Struct):
    url: str
    archive_info: _Archive = msgspec.field(default_factory=_Archive)


class _Item(msgspec.Struct):
    metadata: _Metadata
    download_info: _Download


class _Report(msgspec.Struct):
    install: list[_Item]


def _refuse_compiled(plugin: str, names: Sequence[str]) -> None:
    if names:
        reason = f"{', '.join(sorted(names)[:5])}: compiled modules need a process. Set runtime to process"
        raise PackageRefused(package=plugin, reason=reason)


def _failure(plugin: str, output: str) -> PackageRefused | Unavailable:
    """What pip said, in a sentence."""
    has = dict(_CONSTRAINT.findall(output))
    wishes = [f"{who} wants {what}" + _against(what, has) for who, what in _DEPENDS.findall(output)]
    if wishes:
        return PackageRefused(package=plugin, reason="; ".join(dict.fromkeys(wishes))[:_LONGEST])
    if _AWAY.search(output):
        return Unavailable(what="The package index", reason=_last_error(output))
    if nothing := _NOTHING.search(output):
        reason = f"there is no wheel of {nothing[1]} for this Python, system and Kagami on the index"
        return PackageRefused(package=plugin, reason=reason[:_LONGEST])
    return PackageRefused(package=plugin, reason=_last_error(output))


def _against(wish: str, has: Mapping[str, str]) -> str:
    name = re.split(r"[^\w.-]", wish, maxsplit=1)[0]
    return f", Kagami has {has[name]}" if name in has else ""


def _last_error(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith("ERROR: ")] or output.splitlines()[-1:]
    text = " ".join(line.removeprefix("ERROR: ") for line in lines)
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST] or "pip failed"
