"""The web console in a real browser: what a person sees, types and clicks, and what the page asks of the network."""

from __future__ import annotations

import time
from pathlib import Path

from kagami.operations.messages import Say
from kagami.operations.people import SetupCode
from tests.browser.conftest import Visit
from tests.browser.house import PASSWORD, House, Tab, house
from tests.tui.corpus import CORPUS

HTML = (
    "<script>alert(1)</script>",
    "<img src=http://canary.example/x onerror=alert(2)>",
    "javascript:alert(3)",
    "<svg/onload=alert(4)>",
    "\x1b]8;;javascript:alert(5)\x1b\\here\x1b]8;;\x1b\\",
    '"><iframe src=//canary.example>',
)
FIRST_PAINT_S = 1.5


def test_a_person_logs_in_and_sees_the_console_soon(home: House, visit: Visit) -> None:
    tab = Tab(visit("en"), home)
    tab.page.goto(home.address)
    assert tab.page.url == f"{home.address}/login"
    tab.shot("login-en")
    tab.log_in()
    tab.page.goto(f"{home.address}/login")  # the engine has loaded Textual; what counts is a login of every day
    tab.shot("login-known-en")
    start = time.monotonic()
    tab.page.click("#open")
    tab.until_shown("1 Overview")
    assert time.monotonic() - start < FIRST_PAINT_S
    tab.until_idle("overview")
    tab.shot("console-en")
    assert (tab.foreign, tab.dialogs, tab.complaints) == ([], [], [])


def test_everything_is_chinese_for_who_reads_chinese(home: House, visit: Visit) -> None:
    tab = Tab(visit("zh-CN"), home)
    tab.page.goto(f"{home.address}/login")
    tab.shot("login-zh")
    tab.log_in()
    tab.until_shown("总览")
    tab.shot("console-zh")
    assert (tab.foreign, tab.complaints) == ([], [])


def test_a_wrong_password_is_told_in_the_language_of_the_page(home: House, visit: Visit) -> None:
    tab = Tab(visit("en"), home)
    tab.page.goto(f"{home.address}/login?lang=zh")
    tab.page.fill("#user", "nobody")
    tab.page.fill("#password", "not this one, surely")
    tab.page.press("#password", "Enter")
    tab.until(lambda: tab.page.inner_text("#told") == tab.page.get_attribute("#told", "data-wrong"))
    tab.shot("login-wrong-zh")
    assert tab.page.get_attribute("html", "lang") == "zh"


def test_the_first_visitor_makes_the_first_operator_with_the_code(folder: Path, visit: Visit) -> None:
    with house(folder) as opened:
        code = opened.call(SetupCode()).code
        tab = Tab(visit("en"), opened)
        tab.page.goto(opened.address)
        tab.shot("setup-en")
        for field, text in (("#code", code), ("#first", "ann"), ("#new", PASSWORD), ("#again", PASSWORD)):
            tab.page.fill(field, text)
        tab.page.press("#again", "Enter")
        tab.until_idle("overview")


def test_text_of_an_input_method_arrives_once(home: House, visit: Visit) -> None:
    tab = Tab(visit(), home)
    tab.log_in()
    tab.page.keyboard.press("8")
    tab.until_idle("sandbox")
    keyboard = tab.page.context.new_cdp_session(tab.page)
    keyboard.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    keyboard.send("Input.insertText", {"text": "你好"})
    tab.until_shown("你好")
    tab.page.keyboard.press("Enter")
    tab.until(lambda: tab.text.count("你好") == 1 and "> 你好" not in tab.text, "said once")
    tab.shot("sandbox-nihao")
    assert "ni hao" not in tab.text


def test_a_paste_arrives_whole(home: House, visit: Visit) -> None:
    tab = Tab(visit(), home)
    tab.log_in()
    tab.page.keyboard.press("8")
    tab.until_idle("sandbox")
    tab.page.evaluate(
        """(text) => { const given = new DataTransfer(); given.setData("text/plain", text);
        document.querySelector("textarea").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: given, bubbles: true})); }""",
        "粘贴 q1 and 2",
    )
    tab.until_shown("粘贴 q1 and 2")


def test_a_click_opens_a_place(home: House, visit: Visit) -> None:
    tab = Tab(visit(), home)
    tab.log_in()
    tab.page.mouse.click(*tab.place_of("2 Bots"))
    tab.until_idle("bots")


def test_the_console_takes_the_size_of_its_window(home: House, visit: Visit) -> None:
    tab = Tab(visit(), home)
    tab.log_in()
    wide = tab.size
    tab.page.set_viewport_size({"width": 800, "height": 500})
    tab.until(lambda: tab.size[0] < wide[0] and tab.size[1] < wide[1], "smaller")
    tab.until(lambda: "1 Home" in tab.rows[1], "the layout for narrow windows")
    tab.shot("console-narrow")


def test_what_is_copied_is_in_the_clipboard_and_nothing_reads_it(home: House, visit: Visit) -> None:
    context = visit()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=home.address)
    tab = Tab(context, home)
    tab.log_in()
    tab.until_shown("ws://127.0.0.1")
    tab.page.keyboard.press("y")
    tab.until_shown("Copied")
    # A page of its own, since in the console's nothing can read.
    other = context.new_page()
    other.goto(f"{home.address}/login")
    assert other.evaluate("navigator.clipboard.readText()").startswith("ws://127.0.0.1")
    assert tab.page.evaluate("navigator.clipboard.readText()") == ""


def test_a_tab_finds_its_console_again(home: House, visit: Visit) -> None:
    tab = Tab(visit(), home)
    tab.log_in()
    tab.page.keyboard.press("8")
    tab.until_idle("sandbox")
    tab.page.keyboard.type("half a sen")
    tab.until_shown("half a sen")
    tab.page.reload()
    tab.until(lambda: len(tab.lines) == 2, "a second line")
    tab.until_shown("half a sen")


def test_a_dropped_line_is_found_again_and_meanwhile_told(folder: Path, visit: Visit) -> None:
    with house(folder) as opened:
        tab = Tab(visit(), opened)
        tab.log_in()
        tab.page.keyboard.press("2")
        tab.until_idle("bots")
        opened.stop()
        tab.until(lambda: tab.page.is_visible("#lost"), "told")
        tab.shot("console-lost")
        opened.start()
        tab.until(lambda: not tab.page.is_visible("#lost"), "found again")
        tab.until_shown("Bots")
        tab.until_idle("bots")


def test_two_tabs_are_two_consoles_and_leaving_one_leaves_the_other(home: House, visit: Visit) -> None:
    context = visit()
    first = Tab(context, home)
    first.log_in()
    second = Tab(context, home)
    second.page.goto(home.address)
    second.until_idle("overview")
    second.page.keyboard.press("2")
    second.until_idle("bots")
    assert first.page.title().endswith("overview · idle")
    second.page.keyboard.press("q")
    second.page.wait_for_url("**/login")
    first.page.keyboard.press("4")
    first.until_idle("plugins")


def test_logging_out_ends_every_console_of_that_login(home: House, visit: Visit) -> None:
    context = visit()
    console = Tab(context, home)
    console.log_in()
    other = Tab(context, home)
    other.page.goto(f"{home.address}/login")
    other.page.click("#logout")
    start = time.monotonic()
    console.page.wait_for_url("**/login")
    assert time.monotonic() - start < 5
    console.page.goto(home.address)
    assert console.page.url.endswith("/login")


def test_text_from_outside_stays_text(home: House, visit: Visit) -> None:
    for number, text in enumerate((*HTML, *CORPUS)):
        safe = text.replace("\0", "").encode("utf-8", "replace").decode()[:300]
        home.call(Say(text=safe, name=safe, user=str(20_000 + number), chat=f"private:{number}"))
    tab = Tab(visit(width=1600), home)
    tab.log_in()
    for digit, place in (("1", "overview"), ("3", "logs"), ("6", "chats"), ("7", "trace"), ("8", "sandbox")):
        tab.page.keyboard.press(digit)
        tab.until_idle(place)
        tab.shot(f"nasty-{place}")
    assert (tab.foreign, tab.dialogs, tab.complaints) == ([], [], [])
    assert tab.page.title().startswith("kagami · ")
