"""What a hostile plugin tries, with real processes; and what every program may do all the same."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kagami.plugins.config import ProcessConfig
from kagami.plugins.process import jail
from kagami.plugins.process.limits import guest_command, jail_command
from tests.plugins.process.guesthost import guest

CONFIG = ProcessConfig(memory_mb=256, disk_mb=1)
WITHIN_S = 60.0


class Home:
    """A home as Kagami has it, with the plugin `mine` and another one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mine = root / "plugins" / "mine" / "1.0.0"
        self.other = root / "plugins" / "other" / "1.0.0"
        self.work = root / "work" / "mine" / "1.0.0"
        for each in (self.mine, self.other, self.work, root / "secrets"):
            each.mkdir(parents=True)
        for name in ("kagami.toml", "kagami.db", "secrets/token", "plugins/other/1.0.0/main.py"):
            (root / name).write_text("confidential")
        (self.mine / "own.txt").write_text("mine")

    def command(self, *argv: str, config: ProcessConfig = CONFIG) -> list[str]:
        return jail_command(argv, folder=self.mine, work=self.work, config=config, strict=True)

    def run(self, *argv: str, config: ProcessConfig = CONFIG) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.work), "TMPDIR": str(self.work)}
        return subprocess.run(
            self.command(*argv, config=config),
            cwd=self.mine,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    def python(self, code: str, *arguments: object, config: ProcessConfig = CONFIG) -> str:
        """What the code prints; the name of the error that ends it."""
        script = "import os, sys, socket, signal, ctypes\nargs = sys.argv[1:]\n" + textwrap.dedent(code)
        done = self.run(sys.executable, "-c", script, *map(str, arguments), config=config)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1].partition(":")[0] if done.stderr else f"ended {done.returncode}"
        return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize("name", ["kagami.toml", "kagami.db", "secrets/token", "plugins/other/1.0.0/main.py"])
def test_it_cannot_read_what_is_not_its_own(home: Home, name: str) -> None:
    assert home.python("print(open(args[0]).read())", home.root / name) == "PermissionError"


@pytest.mark.parametrize("name", ["", "secrets", "plugins", "plugins/other/1.0.0"])
def test_it_cannot_list_what_is_not_its_own(home: Home, name: str) -> None:
    assert home.python("print(os.listdir(args[0]))", home.root / name) == "PermissionError"


@pytest.mark.parametrize("name", ["environ", "cmdline", "maps", "mem", "fd", "cwd/kagami.toml", "root/etc/shadow"])
def test_it_cannot_look_into_the_engine(home: Home, name: str) -> None:
    code = "path = args[0]\nprint(os.listdir(path) if path.endswith('fd') else open(path, 'rb').read(1))"
    assert home.python(code, f"/proc/{os.getpid()}/{name}") == "PermissionError"


@pytest.mark.parametrize(
    "code",
    [
        "open(args[0] + '/new', 'w')",
        "open(args[0] + '/kagami.toml', 'a')",
        "os.remove(args[0] + '/kagami.db')",
        "os.rename(args[0] + '/kagami.db', args[0] + '/work/mine/1.0.0/db')",
        "os.link(args[0] + '/kagami.db', args[0] + '/work/mine/1.0.0/db')",
        "os.mkdir(args[0] + '/folder')",
        "os.truncate(args[0] + '/kagami.db', 0)",
        "open(args[0] + '/plugins/mine/1.0.0/own.txt', 'w')",
        "open(args[0] + '/plugins/other/1.0.0/main.py', 'w')",
        "open('/tmp/kagami-escape', 'w')",
        "open('/dev/shm/kagami-escape', 'w')",
    ],
)
def test_it_cannot_write_outside_its_work_folder(home: Home, code: str) -> None:
    assert home.python(code, home.root) in ("PermissionError", "OSError")
    assert (home.root / "kagami.db").read_text() == "confidential"


def test_a_link_in_its_work_folder_leads_nowhere(home: Home) -> None:
    code = "os.symlink(args[0], 'link')\nprint(open('link').read())"
    assert home.python(f"os.chdir({str(home.work)!r})\n{code}", home.root / "kagami.toml") == "PermissionError"


def test_it_cannot_open_the_rights_of_files(home: Home) -> None:
    secret = home.root / "secrets" / "token"
    secret.chmod(0o600)
    home.python("os.chmod(args[0], 0o777)\nos.chown(args[0], 12345, 12345)", secret)
    assert (secret.stat().st_mode & 0o777, secret.stat().st_uid) == (0o600, os.getuid())


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_UNIX", "AF_VSOCK"])
def test_it_cannot_open_a_socket(home: Home, family: str) -> None:
    code = f"socket.socket(socket.{family}, socket.SOCK_DGRAM if '{family}' != 'AF_PACKET' else socket.SOCK_RAW)"
    assert home.python(code) == "PermissionError"


def test_it_cannot_reach_a_port_of_this_machine(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert home.python("socket.create_connection(('127.0.0.1', int(args[0])))", server.getsockname()[1]) == (
            "PermissionError"
        )


def test_a_pair_of_datagram_sockets_is_refused(home: Home) -> None:
    # One of these could send to any socket of this machine that has a name.
    assert home.python("socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)") == "PermissionError"


def test_it_cannot_kill_its_parent(home: Home) -> None:
    assert home.python("os.kill(os.getppid(), signal.SIGKILL)") == "PermissionError"


def test_it_cannot_kill_a_stranger(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        assert home.python("os.kill(int(args[0]), 0)", stranger.pid) == "PermissionError"
        stranger.terminate()


def test_it_can_kill_what_it_started(home: Home) -> None:
    code = """
        import subprocess
        child = subprocess.Popen(["sleep", "60"])
        child.kill()
        print(child.wait())
    """
    assert home.python(code) == "-9"


def test_it_cannot_lower_the_limits_of_the_engine(home: Home) -> None:
    code = "import resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))"
    assert home.python(code) == "PermissionError"


@pytest.mark.parametrize(
    "call",
    [
        "101, 16, parent, 0, 0",  # ptrace(PTRACE_ATTACH)
        "310, parent, 0, 0, 0, 0, 0",  # process_vm_readv
        "165, 0, 0, 0, 0, 0",  # mount
        "272, 0x10000000",  # unshare(CLONE_NEWUSER)
        "56, 0x10000000, 0, 0, 0, 0",  # clone(CLONE_NEWUSER)
        "308, 0, 0",  # setns
        "321, 0, 0, 0",  # bpf
        "298, 0, 0, 0, 0, 0",  # perf_event_open
        "246, 0, 0, 0, 0",  # kexec_load
        "250, 0, 0, 0, 0, 0",  # keyctl
        "425, 1, 0",  # io_uring_setup
        "438, 0, 0, 0",  # pidfd_getfd
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
def test_calls_that_change_the_system_are_refused(home: Home, call: str) -> None:
    code = f"""
        libc, parent = ctypes.CDLL(None, use_errno=True), os.getppid()
        print(libc.syscall({call}), ctypes.get_errno())
    """
    assert home.python(code) == "-1 1"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only there is another way in")
def test_a_call_of_another_architecture_ends_it(home: Home) -> None:
    code = "ctypes.CDLL(None).syscall(0x40000000 + 41, 2, 1, 0)"
    assert home.python(code) == f"ended {-signal.SIGSYS}"


def test_a_file_does_not_grow_beyond_the_limit(home: Home) -> None:
    code = f"""
        with open({str(home.work)!r} + "/big", "wb") as file:
            file.write(bytes(2 << 20))
    """
    assert home.python(code) == "OSError"
    assert (home.work / "big").stat().st_size <= 1 << 20


def test_it_cannot_eat_the_memory(home: Home) -> None:
    assert home.python("x = bytearray(400 << 20)") == "MemoryError"


def test_it_ends_when_it_uses_up_its_time(home: Home) -> None:
    done = home.run(sys.executable, "-c", "while True: pass", config=ProcessConfig(cpu_seconds=1))
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_it_leaves_no_core_and_no_privileges(home: Home) -> None:
    code = """
        import resource
        print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))
    """
    assert home.python(code) == "(0, 0) 1"


def test_it_leads_a_session_of_its_own(home: Home) -> None:
    assert home.python("print(os.getsid(0) == os.getpid())") == "True"


def test_descriptors_of_the_engine_are_closed(home: Home) -> None:
    with (home.root / "kagami.db").open() as database:
        argv = home.command(
            sys.executable, "-c", "import os, sys; os.read(int(sys.argv[1]), 1)", str(database.fileno())
        )
        done = subprocess.run(argv, pass_fds=[database.fileno()], capture_output=True, text=True, check=False)
    assert "Bad file descriptor" in done.stderr


def test_it_dies_with_its_parent(home: Home) -> None:
    ended, alive = os.pipe()
    # The parent starts it and is killed; the pipe ends when the last process that holds it is gone.
    code = """
import os, subprocess, sys
subprocess.Popen(sys.argv[1:])
os.read(0, 1)
os.kill(os.getpid(), 9)
"""
    inner = [sys.executable, "-c", "import os, time; os.write(1, b'x'); time.sleep(600)"]
    spec = json.dumps({"read": [sys.prefix, sys.base_prefix]})
    argv = [sys.executable, "-I", "-S", str(Path(jail.__file__)), spec, "--", *inner]
    with subprocess.Popen([sys.executable, "-c", code, *argv], stdin=subprocess.PIPE, stdout=alive) as parent:
        os.close(alive)
        assert os.read(ended, 1) == b"x"
        parent.communicate(b"go")
    assert os.read(ended, 1) == b""
    os.close(ended)


def test_what_is_started_below_it_is_confined_as_well(home: Home) -> None:
    done = home.run("sh", "-c", f"cat {home.root}/kagami.toml")
    assert (done.returncode != 0, done.stdout) == (True, "")


def test_it_reads_its_own_folder_and_writes_its_work_folder(home: Home) -> None:
    code = f"""
        import shutil, tempfile
        shutil.copy2("own.txt", {str(home.work / "copy.txt")!r})
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
        os.mkdir({str(home.work / "a")!r})
        os.rename({str(home.work / "copy.txt")!r}, {str(home.work / "a" / "b.txt")!r})
        print(open({str(home.work / "a" / "b.txt")!r}).read())
    """
    assert home.python(code) == "mine"


@pytest.mark.parametrize(
    "code",
    [
        "os.fchmod(fd, 0o666)",
        "os.fchown(fd, 1234, 1234)",
        "os.setxattr(fd, 'user.x', b'1')",
        "os.setxattr(fd, 'security.capability', struct.pack('<IIIII', 0x02000001, 0x200000, 0, 0, 0))",
    ],
)
def test_it_cannot_change_a_file_that_it_may_only_read(home: Home, code: str) -> None:
    own = home.mine / "own.txt"
    before = own.stat()
    home.python(f"import struct\nfd = os.open(args[0], os.O_RDONLY)\n{code}", own)
    after = own.stat()
    assert (after.st_mode, after.st_uid, os.listxattr(own)) == (before.st_mode, before.st_uid, [])


@pytest.mark.parametrize(
    "code",
    [
        "os.setpriority(os.PRIO_PGRP, 0, 5)",
        "os.setpriority(os.PRIO_USER, 0, 0)",
        "os.sched_setaffinity(os.getppid(), os.sched_getaffinity(os.getppid()))",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    ],
)
def test_it_cannot_take_the_processor_from_others(home: Home, code: str) -> None:
    assert home.python(code) == "PermissionError"


def test_it_may_be_nice(home: Home) -> None:
    assert home.python("os.setpriority(os.PRIO_PROCESS, 0, 5)\nprint(os.nice(0))") == "5"


def test_root_keeps_none_of_its_powers_but_to_read(home: Home) -> None:
    held = home.python("print([line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')][0])")
    assert int(held, 16) & ~0b110 == 0


def test_memory_that_outlives_it_is_refused(home: Home) -> None:
    code = "libc = ctypes.CDLL(None, use_errno=True)\nprint(libc.shmget(0, 1 << 20, 0o1600), ctypes.get_errno())"
    assert home.python(code) == "-1 1"


def test_it_cannot_leave_its_group(home: Home) -> None:
    code = """
        import subprocess
        inner = [sys.executable, "-c", "import os; print(os.getpgid(0))"]
        print(subprocess.check_output(inner, start_new_session=True, text=True).strip() == str(os.getpgid(0)))
    """
    assert home.python(code) == "True"


def test_what_the_system_lacks_can_be_asked_before() -> None:
    script = f"import sys; sys.path.insert(0, {str(Path(jail.__file__).parent)!r}); import jail; "
    lacking = script + "jail._CREATE_RULESET, jail.MACHINES = 100_000, {}; print(len(jail.missing()))"
    done = [
        subprocess.run([sys.executable, "-I", "-c", each], capture_output=True, text=True, check=True).stdout.strip()
        for each in (script + "print(jail.missing())", lacking)
    ]
    assert done == ["[]", "2"]


def test_an_event_loop_works_in_it(home: Home) -> None:
    code = """
        import asyncio

        async def main():
            await asyncio.to_thread(int)
            process = await asyncio.create_subprocess_exec("echo", "hi", stdout=-1)
            print((await process.communicate())[0].decode())

        asyncio.run(main())
    """
    assert home.python(code) == "hi"


def test_node_works_in_it(home: Home) -> None:
    code = """
        const fs = require("fs"), os = require("os"), { execFileSync } = require("child_process");
        fs.writeFileSync(process.env.HOME + "/note", "x".repeat(1000));
        let refused = "";
        try { fs.readFileSync(process.argv[1]); } catch (error) { refused = error.code; }
        setTimeout(() => console.log(refused, os.cpus().length > 0, execFileSync("echo", ["hi"]).toString()), 10);
    """
    done = home.run("node", "-e", code, str(home.root / "kagami.toml"), config=ProcessConfig())
    assert (done.stdout.strip(), done.stderr) == ("EACCES true hi", "")


def test_node_has_no_network(home: Home) -> None:
    code = "require('net').connect(9, '127.0.0.1').on('error', (error) => console.log(error.code))"
    assert home.run("node", "-e", code, config=ProcessConfig()).stdout.strip() == "EACCES"


async def test_the_guest_works_in_it(home: Home) -> None:
    (home.mine / "main.py").write_text(
        "from kagami.plugins.api import *\nplugin = Plugin()\n"
        "@plugin.command('read')\nasync def read(ctx: Context, path: str) -> str:\n    return open(path).read()\n"
    )
    async with guest(home.command(*guest_command())) as host:
        ready = await host.hello(home.mine)
        host.command(ready, f"/read {home.mine}/own.txt")
        assert await host.says() == "mine"
        assert (await host.hears())["ok"]
        host.command(ready, f"/read {home.root}/kagami.toml")
        assert (await host.hears())["error"]["code"] == "PermissionError"


def test_a_program_that_is_not_there_is_named(home: Home) -> None:
    done = home.run("no-such-program")
    assert (done.returncode, done.stderr) == (1, "jail: no-such-program cannot be started: No such file or directory\n")


def test_a_parent_that_is_gone_starts_nothing(home: Home) -> None:
    spec = json.dumps({"parent": 1})
    argv = [sys.executable, "-I", "-S", str(Path(jail.__file__)), spec, "--", "echo", "hi"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "jail: the parent is gone\n")


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, jail.NOT_ENFORCED)])
def test_what_is_missing_is_said_or_refused(home: Home, strict: bool, code: int) -> None:
    # A machine whose kernel has neither: the numbers of its calls mean nothing.
    script = f"""
import sys
sys.path.insert(0, {str(Path(jail.__file__).parent)!r})
import jail
jail._CREATE_RULESET, jail.MACHINES = 100_000, {{}}
jail.main(['{json.dumps({"strict": strict}).replace("'", "")}', "--", "true"])
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert done.stderr.startswith("jail: this system has no landlock")


@pytest.fixture(params=sorted(jail.MACHINES))
def steps(request: pytest.FixtureRequest) -> tuple[str, list[tuple[int, ...]]]:
    code = jail.program(request.param)
    return request.param, [struct.unpack_from("=HBBI", code, place) for place in range(0, len(code), 8)]


def decide(steps: list[tuple[int, ...]], architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would answer: the filter's own little machine."""
    seen = {0: number, 4: architecture} | {16 + 8 * place: value for place, value in enumerate(arguments)}
    place, held = 0, 0
    while True:
        code, yes, no, value = steps[place]
        place += 1
        match code:
            case 0x20:
                held = seen.get(value, 0)
            case 0x54:
                held &= value
            case 0x06:
                return value
            case _:
                tests = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}
                place += yes if tests[code] else no


def test_the_filter_of_every_machine_decides_alike(steps: tuple[str, list[tuple[int, ...]]]) -> None:
    machine, program = steps
    architecture, column = jail.MACHINES[machine]
    numbers = {name: row[column] for name, row in (jail.REFUSED | jail.CLOSED | jail.FEIGNED).items()}
    answers = {name: decide(program, architecture, number) for name, number in numbers.items() if number >= 0}
    assert {answers[name] for name in jail.REFUSED if name in answers} == {0x50001}
    assert {answers[name] for name in jail.CLOSED} == {0x5000D}
    assert {answers[name] for name in jail.FEIGNED if name in answers} == {0x50000}
    read, clone, pair = ((0, 63), (56, 220), (53, 199))
    assert decide(program, architecture, read[column]) == 0x7FFF0000
    assert decide(program, architecture, clone[column], 0x10000000) == 0x50001
    assert decide(program, architecture, clone[column], 0x01200011) == 0x7FFF0000
    assert [decide(program, architecture, pair[column], 1, kind) for kind in (1, 2, 0x80001, 5)] == [
        0x7FFF0000,
        0x5000D,
        0x7FFF0000,
        0x7FFF0000,
    ]
    limits = jail.OF_SELF["prlimit64"][column]
    assert [decide(program, architecture, limits, pid) for pid in (0, 1)] == [0x7FFF0000, 0x50001]
    assert decide(program, 0x40000003, read[column]) == 0x80000000


async def test_many_start_at_once(home: Home) -> None:
    argv = home.command(sys.executable, "-c", "print(1)")
    started = [await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE) for _ in range(4)]
    assert [(await each.communicate())[0] for each in started] == [b"1\n"] * 4
