from __future__ import annotations

import pytest

from kagami.centre.diff import NEW, file_diff
from kagami.config import Document
from kagami.core.secrets import HIDDEN, Secret
from kagami.gateway.config import GatewayConfig
from kagami.plugins.config import PluginsConfig


def token(text: str) -> Document:
    return Document(gateway=GatewayConfig(token=Secret(text)))


def test_lines_that_differ_are_shown() -> None:
    told = file_diff("kagami.toml", b"a = 1\nb = 2\n", b"a = 1\nb = 3\n", [Document(), Document()])
    assert told.splitlines()[-3:] == [" a = 1", "-b = 2", "+b = 3"]
    assert "kagami.toml" in told


def test_a_new_secret_is_seen_to_be_new_and_nothing_more() -> None:
    before, after = token("0ld-t0ken-s3cret"), token('new "quoted" s3cret')
    told = file_diff("x", b'see = "0ld-t0ken-s3cret"\n', b'see = "new \\"quoted\\" s3cret"\n', [before, after])
    assert told.splitlines()[-2:] == [f'-see = "{HIDDEN}"', f'+see = "{NEW}"']


@pytest.mark.parametrize(
    "line",
    ['token = "unknown"', "# token = 'unknown'", '"access_token": "unknown"', "db_password=unknown", "TOKEN : unknown"],
)
def test_what_is_called_a_secret_is_hidden_wherever_it_stands(line: str) -> None:
    assert "unknown" not in file_diff("x", b"", line.encode(), [Document(), Document()])


def test_a_short_secret_hides_no_other_text() -> None:
    told = file_diff("x", b"", b'on = "1"\nport = 31\n', [Document(), token("1")])
    assert "port = 31" in told
    assert '"1"' not in told


def test_texts_of_plugins_are_hidden() -> None:
    after = Document(plugins=PluginsConfig(settings={"book": {"to": ["hidden words"], "in": {"x": "more of them"}}}))
    told = file_diff("x", None, b'to = ["hidden words"]\nx = "more of them"\n', [Document(), after])
    assert "words" not in told
    assert "them" not in told
