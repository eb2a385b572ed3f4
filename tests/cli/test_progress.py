from __future__ import annotations

import pytest

from kagami.cli.options import Globals
from kagami.cli.progress import ProgressLine, size
from kagami.plugins.package import Progress


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def made(watch: Watch, *, live: bool = True, as_json: bool = False, **environ: str) -> ProgressLine:
    return ProgressLine(Globals(str, "en", environ, as_json=as_json), watch, live=live)


def test_bytes_and_speed_are_told() -> None:
    line = made(Watch())
    assert line.text(Progress("Downloading", 3 << 19, 3 << 20), 3.0) == "Downloading 1.5 MiB of 3.0 MiB, 512.0 KiB/s"
    assert line.text(Progress("Downloading", 2048), 0.0) == "Downloading 2.0 KiB"
    assert line.text(Progress("Checking"), 1.0) == "Checking"


def test_a_terminal_has_one_line_that_changes(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    line = made(watch)
    for done in range(1, 101):
        watch.now += 0.01
        line(Progress("Downloading", done, 100))
    err = capsys.readouterr().err
    assert "\n" not in err
    assert 8 <= err.count("\r") <= 13
    assert "100 B of 100 B" in err.rpartition("\r")[2]


def test_a_shorter_text_covers_the_longer_one(capsys: pytest.CaptureFixture[str]) -> None:
    line = made(Watch())
    line(Progress("Downloading"))
    line(Progress("Checking"))
    assert capsys.readouterr().err == "\rDownloading\rChecking   "


def test_it_is_taken_away_again(capsys: pytest.CaptureFixture[str]) -> None:
    line = made(Watch())
    line(Progress("Checking"))
    line.clear()
    line.clear()
    assert capsys.readouterr().err == "\rChecking\r        \r"


def test_elsewhere_every_step_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = made(Watch(), live=False)
    for done in range(5):
        line(Progress("Downloading", done, 5))
    line(Progress("Checking"))
    line.clear()
    assert capsys.readouterr().err == "Downloading\nChecking\n"


def test_a_dumb_terminal_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    made(Watch(), TERM="dumb")(Progress("Checking"))
    assert capsys.readouterr().err == "Checking\n"


def test_beside_json_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    made(Watch(), as_json=True)(Progress("Checking"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB")])
def test_sizes_are_short(count: int, text: str) -> None:
    assert size(count) == text
