"""One browser for all tests here; a new profile, and so new cookies, for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.house import PASSWORD, House, house

CHROMIUM = os.environ.get("KAGAMI_CHROMIUM") or shutil.which("chromium")

Visit = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Make a profile of a language."""
    opened: list[BrowserContext] = []

    def profile(language: str = "en", width: int = 1280, height: int = 720) -> BrowserContext:
        context = browser.new_context(locale=language, viewport={"width": width, "height": height})
        opened.append(context)
        return context

    yield profile
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house with an operator, for tests that change nothing that others look at."""
    with house(tmp_path_factory.mktemp("home"), KAGAMI_ADMIN_PASSWORD=PASSWORD) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home"
