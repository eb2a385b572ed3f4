"""The command `kagami`. What only asks for the version, or only runs an engine, loads nothing that others need."""

from __future__ import annotations

import gc
import os
import sys

from kagami import __version__

# What a start makes stays: looking through it again and again is a sixth of the start.
OBJECTS_OF_A_START = 200_000


def main() -> int:
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"kagami {__version__}\n")
        return 0
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_OF_A_START)
    os.umask(0o077)  # whatever is written from here on is for its owner alone
    from kagami.cli.run import read  # noqa: PLC0415 (`--version` need not pay for it)

    line = read(sys.argv[1:], os.environ)
    if line is not None:
        return line.run()
    gc.set_threshold(*usual)  # what is not an engine may stay long, too, and nobody else says when it has started
    from kagami.cli.main import main as run  # noqa: PLC0415 (a fifth of a second)

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
