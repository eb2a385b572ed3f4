"""The command `kagami`. What asks for the version, opens the UI or runs an engine loads nothing that others need."""

from __future__ import annotations

import os
import sys

from kagami import __version__, collector


def main() -> int:
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"kagami {__version__}\n")
        return 0
    collector.wait()
    os.umask(0o077)  # whatever is written from here on is for its owner alone
    from kagami.cli.run import read  # noqa: PLC0415 (`--version` need not pay for it)

    line = read(sys.argv[1:], os.environ)
    if line is not None:
        return line.run()
    collector.run_as_usual()
    from kagami.cli.main import main as run  # noqa: PLC0415 (a fifth of a second)

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
