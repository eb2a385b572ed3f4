"""`kagami plugin new`, `test`, `pack`, `key` and `index`."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import msgspec

import kagami
from kagami.cli.examine import unloadable
from kagami.cli.options import Globals
from kagami.cli.printed import as_json
from kagami.cli.skeleton import write_plugin
from kagami.clock import SystemClock
from kagami.errors import Unavailable, UsageError
from kagami.log import escape
from kagami.plugins import signing
from kagami.plugins.manifest import read_manifest
from kagami.plugins.market import make_index
from kagami.plugins.package import pack
from kagami.plugins.recalls import Recall

# Nothing of a project that the plugin's folder happens to lie in, except what the folder itself configures.
_PYTEST = ("--no-header", "-p", "no:cacheprovider", "--import-mode=importlib", "-o", "asyncio_mode=auto")
_LOOPS = ("-o", "asyncio_default_fixture_loop_scope=function")
_CONFIGS = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


def new(given: Globals, plugin: str, folder: Path | None) -> int:
    place = (folder or Path(plugin)).expanduser()
    made = write_plugin(plugin, place, given.t)
    if given.as_json:
        click.echo(as_json({"id": plugin, "folder": str(place), "files": [str(each) for each in made]}))
        return 0
    for each in made:
        click.echo(given.t("Written: {}").format(escape(str(each))))
    click.echo(given.t("Try it: {}").format(escape(f"kagami plugin test {place}")))
    return 0


def run_tests(given: Globals, folder: Path, arguments: tuple[str, ...]) -> int:
    """Run pytest in a process of its own; its exit code, or 1."""
    read_manifest(folder)
    missing = [name for name in ("pytest", "pytest_asyncio") if find_spec(name) is None]
    if missing:
        fix = given.t("install it: {}").format(f"{sys.executable} -m pip install pytest pytest-asyncio")
        raise Unavailable(what=missing[0].replace("_", "-"), reason=fix)
    place = folder.absolute()
    config = next((place / name for name in _CONFIGS if (place / name).is_file()), Path(os.devnull))
    paths = ("-o", f"pythonpath={shlex.quote(str(place))}", "-c", str(config), "--rootdir", str(place))
    command = [sys.executable, "-P", "-m", "pytest", *paths, *_PYTEST, *_LOOPS, *arguments]
    environ = {**given.environ, "PYTHONPATH": str(Path(kagami.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(  # noqa: S603 - our own interpreter, the author's own tests
        command, cwd=place, env=environ, check=False, stdout=sys.stderr if given.as_json else None
    )
    if given.as_json:
        click.echo(as_json({"passed": ended.returncode == 0, "exit_code": ended.returncode}))
    return int(ended.returncode != 0)


def make_package(given: Globals, folder: Path, key: Path | None, target: Path, *, force: bool) -> int:
    if not force and (reason := unloadable(folder, given.t)):
        text = given.t("It cannot be loaded: {} Correct it (kagami plugin check shows all), or add --force.")
        raise UsageError(reason=text.format(f"{reason.rstrip('.')}."))
    package = pack(folder, target, key)
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    signer = signing.fingerprint(signing.public_key(key)) if key else ""
    size = package.stat().st_size
    if given.as_json:
        told: dict[str, Any] = {"package": str(package), "size": size, "sha256": sha256, "signer": signer}
        click.echo(as_json(told))
        return 0
    click.echo(given.t("Written: {}").format(escape(str(package))))
    click.echo(f"sha256 {sha256}, {size} B")
    if signer:
        click.echo(given.t("signed by {}").format(signer))
    else:
        click.echo(
            given.t("It is not signed: others can install it only with --unsigned. Sign it with --key."), err=True
        )
    return 0


def show_key(given: Globals, file: Path) -> int:
    """Make a key unless there is one; its public half is for others, who put it into `plugins.trust`."""
    made = not file.exists()
    public = signing.make_key(file) if made else signing.public_key(file)
    told = {"public": public, "fingerprint": signing.fingerprint(public), "file": str(file), "made": made}
    if given.as_json:
        click.echo(as_json(told))
        return 0
    if made:
        click.echo(given.t("Written: {}").format(escape(str(file))), err=True)
    click.echo(public)
    click.echo(given.t("fingerprint {}").format(told["fingerprint"]), err=True)
    text = given.t(
        "Give this line to those who shall trust you: it belongs in [plugins] trust. The file stays with you."
    )
    click.echo(text, err=True)
    return 0


def publish(given: Globals, folder: Path, key: Path, name: str, recalls: tuple[tuple[str, str, str], ...]) -> int:
    if not folder.is_dir():
        raise UsageError(reason=given.t("{} is no folder.").format(folder))
    taken = [_recall(given, *words) for words in recalls]
    trust = given.settings(create=False).plugins.trust
    made = make_index(folder, key, at_ms=SystemClock().wall_ms(), name=name, recalls=taken, trust=trust)
    if given.as_json:
        click.echo(as_json(made))
        return 0
    for entry in made.plugins:
        versions = ", ".join(each.version for each in entry.versions)
        click.echo(escape(f"{entry.id}  {versions}"))
    for recall in made.recalls:
        click.echo(escape(given.t("{} {} is recalled: {}").format(recall.id, recall.versions, recall.reason)))
    for recall in taken:
        if made.entry(recall.id) is None:
            text = given.t("There is no package of {} in this folder: look whether the recall names it right.").format(
                recall.id
            )
            click.echo(escape(text), err=True)
    click.echo(given.t("Written: {}").format(escape(str(folder / "index.json"))))
    click.echo(given.t("Operators set plugins.market.key to {}").format(signing.public_key(key)))
    return 0


def _recall(given: Globals, plugin: str, versions: str, reason: str) -> Recall:
    try:
        return msgspec.convert({"id": plugin, "versions": versions, "reason": reason}, Recall)
    except msgspec.ValidationError:
        text = given.t("--recall {}: versions are like 1.2.0, <1.3, >=1.0,<1.2.4 or *, not {}.")
        raise UsageError(reason=text.format(plugin, repr(versions[:100]))) from None
