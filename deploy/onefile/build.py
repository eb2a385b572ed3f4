"""Kagami in one file for a system without a Python: an interpreter with everything, packed behind a small script.

    python deploy/onefile/build.py WHEEL LOCK TARGET

Not an archive of frozen modules: plugins are people's own code, which may import any module of the standard library,
run as a child of `sys.executable`, and have packages installed. So what is inside is a whole CPython, made to find
itself wherever it lies. It needs a Linux whose glibc is not older than that of the machine where this was run.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pip as pip_package

HERE = Path(__file__).parent
# Of the standard library, what no program needs, and what other people have installed beside it.
LEFT_OUT: tuple[str, ...] = ("test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "config-3*")
LEFT_OUT += (
    "__pycache__",
    "site-packages",
    "dist-packages",
    "turtle.py",
    "EXTERNALLY-MANAGED",
    "_tkinter*.so",
    "_test*.so",
    "*.a",
)
# glibc is the system's, in all of its parts; the loader belongs to it.
OF_THE_SYSTEM = re.compile(r"(ld-linux|lib(c|m|dl|rt|pthread|util|resolv|nsl|nss_\w+|crypt)\.so|linux-vdso)")


def main(wheel: Path, lock: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        copy_interpreter(tree)
        copy_libraries(tree)
        install(tree, wheel, lock)
        write(tree, wheel.name.split("-")[1], target)


def copy_interpreter(tree: Path) -> None:
    """The interpreter that runs this, and its standard library."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (tree / "bin").mkdir()
    program = tree / "bin" / version
    shutil.copy(Path(sys.executable).resolve(), program)
    (tree / "bin" / "python3").symlink_to(version)
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix, "base": sys.base_prefix}))
    shutil.copytree(library, tree / "lib" / version, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=False)


def copy_libraries(tree: Path) -> None:
    """What the interpreter and its modules are linked with and a bare system may lack."""
    pending = programs(tree)
    while pending:
        for name, library in needed(pending.pop()):
            copied = tree / "lib" / name
            if not copied.exists():
                shutil.copy(library, copied)
                pending.append(copied)
    for program in programs(tree):
        run("strip", "--strip-unneeded", str(program))
        run("patchelf", "--remove-rpath", str(program))
    # Of the program alone, and of the old kind: it counts for whatever the program loads, wherever the tree lies.
    run("patchelf", "--force-rpath", "--set-rpath", "$ORIGIN/../lib", str((tree / "bin" / "python3").resolve()))


def programs(tree: Path) -> list[Path]:
    """Everything that is machine code."""
    files = [each for each in tree.rglob("*") if each.is_file() and not each.is_symlink()]
    return [each for each in files if each.open("rb").read(4) == b"\x7fELF"]


def needed(program: Path) -> Iterator[tuple[str, str]]:
    """The names by which libraries are asked for, and where each is."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for name, path in re.findall(r"^\s*(\S+) => (/\S+)", told, re.MULTILINE):
        if OF_THE_SYSTEM.match(name) is None:
            yield name, path


def install(tree: Path, wheel: Path, lock: Path) -> None:
    """Kagami with what its lock names, and pip for what plugins need."""
    python = str(tree / "bin" / "python3")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile", "--no-warn-script-location")
    pip = ("-m", "pip", "--python", python, "install", *quiet)
    run(sys.executable, *pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
    run(sys.executable, *pip, "--no-deps", "--no-index", str(wheel))
    packages = subprocess.run(
        [python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if not Path(packages).is_relative_to(tree):
        raise SystemExit(f"This interpreter keeps its packages in {packages}, beside itself: use another.")
    shutil.copytree(
        Path(pip_package.__file__).parent, Path(packages, "pip"), ignore=shutil.ignore_patterns("__pycache__")
    )
    run(python, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(tree / "lib"))
    shutil.rmtree(tree / "share", ignore_errors=True)
    for script in (tree / "bin").iterdir():  # they name the folder where this was built
        if not script.name.startswith("python3"):
            script.unlink()


def write(tree: Path, version: str, target: Path) -> None:
    """The same input gives the same file."""
    archive = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=archive, mode="wb", compresslevel=9, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(tree.rglob("*")):
            tar.add(path, str(path.relative_to(tree)), recursive=False, filter=plain)
    content = archive.getvalue()
    text = (HERE / "launcher.sh").read_text("utf-8")
    text = text.replace("@MARK@", f"{version}-{hashlib.sha256(content).hexdigest()[:16]}")
    text = text.replace("@VERSION@", version).replace("@LINES@", str(text.count("\n") + 1))
    target.write_bytes(text.encode() + content)
    target.chmod(0o755)


def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
