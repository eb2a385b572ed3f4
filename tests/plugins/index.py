"""A package index on this machine, with wheels made by the test that wants them."""

from __future__ import annotations

import base64
import hashlib
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Index:
    """Serves `folder` in the form of https://peps.python.org/pep-0503/."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.url = f"http://127.0.0.1:{port}/simple"
        self.files = f"http://127.0.0.1:{port}"

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: Sequence[str] = (),
        tag: str = "py3-none-any",
        file: str = "",
    ) -> Path:
        """A wheel with the module `name` and, on request, one other file."""
        described = f"{name}-{version}.dist-info"
        wants = "".join(f"Requires-Dist: {each}\n" for each in requires)
        content = {
            file or f"{name}.py": b"version = 1\n",
            f"{described}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wants}".encode(),
            f"{described}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        }
        content[f"{described}/RECORD"] = "".join(
            f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(each).digest()).decode().rstrip('=')},{len(each)}\n"
            for path, each in content.items()
        ).encode()
        page = self._folder / "simple" / name
        page.mkdir(parents=True, exist_ok=True)
        wheel = page / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, each in content.items():
                archive.writestr(path, each)
        self.list(name)
        return wheel

    def list(self, name: str) -> None:
        """Write the page of a project, with the hashes that its files have now."""
        page = self._folder / "simple" / name
        links = [
            f'<a href="{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">{path.name}</a>'
            for path in sorted(page.iterdir())
            if path.name != "index.html"
        ]
        (page / "index.html").write_text("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the name of the base class


@contextmanager
def serving(folder: Path) -> Iterator[Index]:
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Index(folder, server.server_address[1])
        server.shutdown()
        thread.join()
