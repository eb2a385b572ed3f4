"""Takes away from a child process what it does not need, then becomes the child's program.

    python -I -S jail.py '{"read": ["/srv/plugin"], "write": ["/srv/work"], "memory": 536870912}' -- program arguments

It is run as a file of its own and imports nothing of Kagami. What it does, all of it for this process and whatever
that starts: an own session; death with its parent; no new privileges; limits; no descriptors but 0, 1 and 2; files by
Landlock (https://docs.kernel.org/userspace-api/landlock.html), which also keeps signals, abstract sockets and tracing
inside; no sockets and no calls that change the system by seccomp
(https://docs.kernel.org/userspace-api/seccomp_filter.html). Where the kernel has not got one of these, a line on
stderr says so, or nothing is started when `strict` is set.
"""

import ctypes
import json
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# What every program needs of the system. The rest of /etc, all of /proc but this, /home, /root, /tmp, /var are closed.
RUN = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin")
READ = (
    *("/etc/ssl", "/etc/pki", "/etc/localtime", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/mime.types"),
    *("/dev/urandom", "/dev/random", "/dev/zero"),
    *("/proc/self", "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/loadavg", "/proc/version", "/proc/uptime"),
    *("/proc/filesystems", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/cap_last_cap"),
    *("/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage"),
)
WRITE = ("/dev/null",)

NOT_ENFORCED = 69
_SET_PDEATHSIG, _CAPBSET_DROP, _SET_NO_NEW_PRIVS = 1, 24, 38
_DAC_OVERRIDE, _DAC_READ_SEARCH, _MOST_CAPABILITIES = 1, 2, 64
_MOST_DESCRIPTORS = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)


class Spec(NamedTuple):
    """What the launcher was asked for: folders and files, sizes in bytes, 0 for no limit.

    `parent` is the process to die with, 0 when nobody knows. `processes` are counted beside those that the user has.
    """

    read: list[str] = []  # noqa: RUF012 - a tuple's default, never changed
    write: list[str] = []  # noqa: RUF012
    memory: int = 0
    file: int = 0
    files: int = 0
    cpu: int = 0
    processes: int = 0
    parent: int = 0
    strict: bool = False


# --- limits ---------------------------------------------------------------------------------------------------------


def limit(spec: Spec) -> None:
    """Set what a process may use. A limit that is tighter already stays."""
    _cap(resource.RLIMIT_CORE, 0)
    for kind, value in (
        (resource.RLIMIT_DATA, spec.memory),
        (resource.RLIMIT_FSIZE, spec.file),
        (resource.RLIMIT_NOFILE, spec.files),
        (resource.RLIMIT_CPU, spec.cpu),
    ):
        if value:
            _cap(kind, value)
    # The kernel counts all tasks of a user, and none of root's.
    if spec.processes and os.getuid():
        _cap(resource.RLIMIT_NPROC, _tasks_of_user() + spec.processes)
    # A write beyond the limit is an error like a full disk, not the end. Python's own choices go no further.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _cap(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (least, least))


def _tasks_of_user() -> int:
    with os.scandir("/proc") as entries:
        return sum(_tasks(each) for each in entries if each.name.isdecimal())


def _tasks(process: os.DirEntry[str]) -> int:
    try:
        with os.scandir(f"{process.path}/task") as tasks:
            return sum(1 for _ in tasks) if process.stat().st_uid == os.getuid() else 0
    except OSError:  # it has just ended
        return 0


# --- files, signals and abstract sockets: Landlock ------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_LOOK = _READ_FILE | _READ_DIR
# Everything but running programs, making devices and talking to them.
_KEEP = ((1 << 15) - 1) & ~(_EXECUTE | 1 << 6 | 1 << 11)
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_NOW = (1 << 16) - 1
_TCP, _SCOPES = 0b11, 0b11
_ABI_TCP, _ABI_SCOPES = 4, 6
_PATH_BENEATH = 1


def fence(spec: Spec) -> list[str]:
    """Close the file system but for what `spec` names. Tells what this kernel cannot do."""
    abi = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if abi < 1:
        return _missing_files(abi)
    handled = _ALL_BY_ABI.get(abi, _ALL_NOW)
    tcp, scopes = _TCP * (abi >= _ABI_TCP), _SCOPES * (abi >= _ABI_SCOPES)
    wanted = struct.pack("=QQQ", handled, tcp, scopes)
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, wanted, 24 if scopes else 16 if tcp else 8, 0))
    for path in RUN:
        _open(ruleset, path, (_LOOK | _EXECUTE) & handled)
    for path in spec.read:
        _open(ruleset, path, (_LOOK | _EXECUTE) & handled)
    for path in READ:
        _open(ruleset, path, _LOOK & handled)
    for path in WRITE:
        _open(ruleset, path, (_READ_FILE | _WRITE_FILE) & handled)
    for path in spec.write:
        _open(ruleset, path, _KEEP & handled)
    _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)
    return _missing_files(abi)


def _missing_files(abi: int) -> list[str]:
    if abi < 1:
        return ["landlock: files, signals and other processes are open to it"]
    return [] if abi >= _ABI_SCOPES else ["landlock before version 6: it can send signals to other processes"]


def _open(ruleset: int, path: str, rights: int) -> None:
    """Allow what is at `path` and below; nothing when there is nothing."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rule = struct.pack("=Qi", rights if folder else rights & _OF_FILES, place)
        _checked(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


# --- system calls: seccomp ------------------------------------------------------------------------------------------

_EPERM, _EACCES, _ENOSYS = 1, 13, 38
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_UNIX, _STREAM, _SEQPACKET = 1, 1, 5
_SET_SECCOMP, _FILTER, _IS_THERE = 22, 2, 2
_NO_SECCOMP = "seccomp: the network is open to it"


def _numbers(text: str) -> dict[str, tuple[int, ...]]:
    """A table of calls: name, numbers on both machines, and what else there is to say."""
    rows = (row.split() for row in text.split(","))
    return {name: tuple(map(int, numbers)) for name, *numbers in rows}


# Numbers on x86_64 (arch/x86/entry/syscalls/syscall_64.tbl) and aarch64 (asm-generic/unistd.h); -1: there is none.
# Calls into io_uring are among them, because its rings make system calls that no filter sees; shared memory of System
# V, because it outlives those who made it.
REFUSED = _numbers(
    """
    ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, kcmp 312 272, pidfd_getfd 438 438,
    process_madvise 440 440, process_mrelease 448 448, move_pages 279 239, migrate_pages 256 238,
    userfaultfd 323 282, kexec_load 246 104, kexec_file_load 320 294, reboot 169 142, bpf 321 280,
    init_module 175 105, finit_module 313 273, delete_module 176 106, perf_event_open 298 241, setns 308 268,
    unshare 272 97, vhangup 153 58, mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51,
    move_mount 429 429, fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, open_tree 428 428,
    mount_setattr 442 442, swapon 167 224, swapoff 168 225, acct 163 89, quotactl 179 60, syslog 103 116,
    quotactl_fd 443 443, settimeofday 164 170, clock_settime 227 112, adjtimex 159 171, clock_adjtime 305 266,
    sethostname 170 161, setdomainname 171 162, iopl 172 -1, ioperm 173 -1, modify_ldt 154 -1, keyctl 250 219,
    add_key 248 217, request_key 249 218, name_to_handle_at 303 264, open_by_handle_at 304 265,
    fanotify_init 300 262, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, setxattrat 463 463,
    removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, removexattrat 466 466, file_setattr 469 469,
    shmget 29 194, shmat 30 196, msgget 68 186, semget 64 190,
    io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427
    """
)
# Also sockets of this machine: the engine's own control socket is one, and Landlock does not know them.
CLOSED = _numbers("socket 41 198, connect 42 203, bind 49 200, listen 50 201")
# They succeed and change nothing. Landlock does not know the rights of files, and copying a file sets them; whoever
# leaves the group and the session could not be ended with the rest, and shells and daemons begin so.
FEIGNED = _numbers(
    """
    chmod 90 -1, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -1, lchown 94 -1, fchown 93 55,
    fchownat 260 54, setsid 112 157, setpgid 109 154
    """
)
# Places in their arguments and what has to stand there: they are for the caller itself, not for all of its user.
OF_SELF = _numbers(
    """
    prlimit64 302 261 0 0, setpriority 141 140 0 0 1 0, ioprio_set 251 30 0 1 1 0, sched_setscheduler 144 119 0 0,
    sched_setparam 142 118 0 0, sched_setattr 314 274 0 0, sched_setaffinity 203 122 0 0
    """
)
# Number of the audit architecture, and the column of the tables.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

Step = tuple[int, int, int, int]


def program(machine: str) -> bytes:
    """The filter for a machine, as the kernel reads it: `struct sock_filter`, eight bytes a step."""
    architecture, column = MACHINES[machine]
    steps: list[Step] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for table, answer in ((REFUSED, _EPERM), (CLOSED, _EACCES), (FEIGNED, 0)):
        for numbers in table.values():
            if numbers[column] >= 0:
                steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ERRNO | answer)]
    steps += _when((435, 435)[column], [(_RETURN, 0, 0, _ERRNO | _ENOSYS)])  # clone3: the C library has another way
    steps += _when((56, 220)[column], _argument(0, [(_ANY_BIT, 0, 1, _NEW_NAMESPACES)], _EPERM))
    pairs = [(_AND, 0, 0, 0xF), (_EQUAL, 2, 0, _STREAM), (_EQUAL, 1, 0, _SEQPACKET)]
    steps += _when((53, 199)[column], [*_equal((0, _UNIX), _EACCES), *_argument(1, pairs, _EACCES)])
    for row in OF_SELF.values():
        steps += _when(row[column], [*_equal(row[2:], _EPERM), (_RETURN, 0, 0, _ALLOW)])
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _when(number: int, then: list[Step]) -> Iterator[Step]:
    """Steps for one call; the last of `then` returns."""
    yield (_EQUAL, 0, len(then), number)
    yield from then


def _equal(wanted: tuple[int, ...], answer: int) -> Iterator[Step]:
    """Refuse unless the low halves of some arguments are what they have to be: place, value, place, value."""
    for place, value in zip(wanted[::2], wanted[1::2], strict=True):
        yield from ((_LOAD, 0, 0, 16 + 8 * place), (_EQUAL, 1, 0, value), (_RETURN, 0, 0, _ERRNO | answer))


def _argument(place: int, tests: Iterable[Step], answer: int) -> list[Step]:
    """Refuse by the low half of an argument, as far as the `tests` do not jump over the refusal."""
    refuse = (_RETURN, 0, 0, _ERRNO | answer)
    return [(_LOAD, 0, 0, 16 + 8 * place), *tests, refuse, (_RETURN, 0, 0, _ALLOW)]


def _missing_calls(machine: str) -> list[str]:
    known = machine in MACHINES and sys.maxsize > 1 << 32
    return [] if known else [f"seccomp on {machine}: the network is open to it"]


def sieve() -> list[str]:
    """Filter system calls from here on. Tells what is not possible here."""
    machine = os.uname().machine
    if missing := _missing_calls(machine):
        return missing
    code = program(machine)
    kept = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(kept))
    if _libc.prctl(_SET_SECCOMP, _FILTER, filters, 0, 0):
        return [_NO_SECCOMP]
    return []


# --- all of it ------------------------------------------------------------------------------------------------------

_NOTHING = "landlock and seccomp: files and the network are open to it"


def missing() -> list[str]:
    """What `confine` would tell on this system. Nothing is changed."""
    if sys.platform != "linux":
        return [_NOTHING]
    machine, action = os.uname().machine, ctypes.byref(ctypes.c_uint32(_ERRNO))
    found = [*_missing_files(_libc.syscall(_CREATE_RULESET, None, 0, 1)), *_missing_calls(machine)]
    if machine in MACHINES and _libc.syscall((317, 277)[MACHINES[machine][1]], _IS_THERE, 0, action):
        found.append(_NO_SECCOMP)
    return found


def detach(spec: Spec) -> None:
    """A session of its own, and no longer life than its parent's."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    _checked(_libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if spec.parent and os.getppid() != spec.parent:
        sys.exit("jail: the parent is gone")
    _checked(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    for capability in range(_MOST_CAPABILITIES):
        # Root keeps none after the start of the program but to read what others own; nobody else has any to drop.
        if capability not in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
            _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)


def confine(spec: Spec) -> list[str]:
    """Apply everything. Tells what is missing."""
    if sys.platform != "linux":
        limit(spec)
        return [_NOTHING]
    detach(spec)
    os.closerange(3, _MOST_DESCRIPTORS)
    limit(spec)
    return [*fence(spec), *sieve()]


def main(arguments: list[str]) -> None:
    """`arguments` are the specification, `--`, and the program with its own."""
    spec = Spec(**json.loads(arguments[0]))
    argv = arguments[2:]
    if lacks := confine(spec):
        sys.stderr.write(f"jail: this system has no {'; no '.join(lacks)}\n")
        sys.stderr.flush()
        if spec.strict:
            sys.exit(NOT_ENFORCED)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - that is what it is for
    except OSError as error:
        sys.exit(f"jail: {argv[0]} cannot be started: {error.strerror}")


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


if __name__ == "__main__":
    main(sys.argv[1:])
