from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kagami.plugins.config import ProcessConfig
from kagami.plugins.process.limits import JAIL, MIB, PACKAGE, PACKAGES, guest_command, jail_command


def spec_of(argv: list[str]) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(argv[argv.index(str(JAIL)) + 1])
    return spec


def command(*argv: str, **more: Any) -> list[str]:
    return jail_command(argv, folder=Path("/p"), work=Path("/w"), config=ProcessConfig(memory_mb=7, disk_mb=9), **more)


def test_the_program_follows_the_launcher() -> None:
    argv = command("node", "main.js")
    assert argv[:3] == [sys.executable, "-I", "-S"]
    assert argv[argv.index("--") :] == ["--", "node", "main.js"]


def test_limits_of_the_configuration_are_in_bytes() -> None:
    spec = spec_of(command("node"))
    assert (spec["memory"], spec["file"], spec["cpu"], spec["processes"]) == (7 * MIB, 9 * MIB, 0, 64)


def test_only_the_work_folder_can_be_written() -> None:
    assert spec_of(command("node"))["write"] == ["/w"]


def test_the_folder_and_what_is_named_can_be_read() -> None:
    read = spec_of(command("node", readable=[Path("/wheels")]))["read"]
    assert {"/p", "/wheels", str(PACKAGE), f"{sys.prefix}/lib"} <= set(read)


def test_a_home_beside_the_interpreter_is_not_read() -> None:
    assert not {sys.prefix, sys.base_prefix} & set(spec_of(command("node"))["read"])


def test_what_lies_beside_the_package_cannot_be_read() -> None:
    assert str(PACKAGE.parent) not in spec_of(command("node"))["read"]


def test_a_program_elsewhere_is_readable_with_its_libraries_alone(tmp_path: Path) -> None:
    program = tmp_path / "tool" / "bin" / "run"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    read = spec_of(command(str(program)))["read"]
    assert read[-2:] == [str(program), str(tmp_path / "tool" / "lib")]


def test_the_guest_is_found_by_the_package_alone() -> None:
    assert guest_command()[-2:] == [str(PACKAGE), str(PACKAGES)]
