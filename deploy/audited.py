"""Judge the report of a scan for known holes: what was skipped, or not looked at, is no proof of anything.

    python deploy/audited.py REPORT LOCK      of `pip-audit --format json`, and the lock that it was given

Ends with 1, and says why, unless every package of the lock was looked up and has no known hole.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ;.*)?", re.MULTILINE)


def troubles(report: dict[str, Any], lock: str) -> list[str]:
    """What speaks against it, one line each."""
    told = {_plain(each["name"]): each for each in report.get("dependencies", [])}
    found = [f"{name}: it was not looked up" for name in sorted(_wanted(lock) - set(told))]
    for name, each in sorted(told.items()):
        if "skip_reason" in each:
            found.append(f"{name}: it was skipped: {each['skip_reason']}")
        found += [f"{name} {each['version']}: {hole['id']}" for hole in each.get("vulns", [])]
    return found if told else ["nothing was looked up at all"]


def _wanted(lock: str) -> set[str]:
    """Names that are for this system; those of another have a marker that says so."""
    foreign = re.compile(r"sys_platform == 'win32'|python_full_version|python_version")
    lines = [line for line in lock.splitlines() if _LOCKED.match(line) and not foreign.search(line)]
    return {_plain(line.partition("==")[0]) for line in lines}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    _found = troubles(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]).read_text("utf-8"))
    sys.exit("\n".join(_found))
