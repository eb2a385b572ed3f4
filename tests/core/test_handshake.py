"""Who may open a connection, judged by the head of the request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.handshake import Refusal, Rules, Visitor, Welcome, check, digest, is_loopback, own_token, rules

TOKEN = "correct horse"
LOCAL = rules("127.0.0.1", TOKEN)
EVERYWHERE = rules("0.0.0.0", TOKEN, hosts=["Kagami"])  # noqa: S104 - nothing is bound
GOOD = {"Host": "127.0.0.1:3001", "Authorization": f"Bearer {TOKEN}", "X-Self-ID": "10001"}


def judge(
    *, demands: Rules = LOCAL, target: str = "/onebot/v11/ws", without: str = "", **headers: str
) -> Welcome | Visitor | Refusal:
    """A good request with some headers set (`_` for `-`) or left out."""
    fields = GOOD | {name.replace("_", "-"): value for name, value in headers.items()}
    return check([(name, value) for name, value in fields.items() if name != without], target, demands)


def status(verdict: Welcome | Visitor | Refusal) -> int:
    return verdict.status if isinstance(verdict, Refusal) else 101


def test_a_good_request_is_welcome() -> None:
    assert judge(User_Agent="OneBot/11") == Welcome("10001", "qq", "universal", "OneBot/11")


@pytest.mark.parametrize("target", ["/onebot/v11/ws", "/onebot/v11/ws/", "/ws/bots", "/ws/bots/", "/ws/bots?x=1"])
def test_both_paths_serve_implementations(target: str) -> None:
    assert status(judge(target=target)) == 101


@pytest.mark.parametrize("target", ["/", "/api", "/api/", "/event", "/ws/workers", "//", ""])
def test_applications_are_told_that_no_table_lets_them_in(target: str) -> None:
    verdict = judge(target=target)
    assert isinstance(verdict, Refusal)
    assert (verdict.status, "applications" in verdict.reason) == (404, True)


@pytest.mark.parametrize("target", ["/onebot", "/onebot/v12/ws", "/ws", "/%6fnebot/v11/ws", "*", "/ws/bots/1"])
def test_nothing_is_anywhere_else(target: str) -> None:
    assert status(judge(target=target)) == 404


# --- Host ---


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:3001", "localhost:9", "LOCALHOST", "[::1]:3001", "127.9.9.9"])
def test_loopback_answers_to_its_names(host: str) -> None:
    assert status(judge(Host=host)) == 101


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3001",
        "localhost.",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "user@127.0.0.1",
        "127.0.0.1:99999999",
        "127.0.0.1:",
        "127.0.0.1, evil.example",
        "0.0.0.0:3001",
        "[::]:3001",
        "192.168.1.9",
        "kagami",
        "[::1",
        "２７.0.0.1",
        "",
    ],
)
def test_loopback_answers_to_no_other_host(host: str) -> None:
    assert status(judge(Host=host)) == 421


@pytest.mark.parametrize("host", ["kagami:3001", "KAGAMI", "192.168.1.9:3001", "[fe80::1]", "localhost"])
def test_an_open_gateway_answers_to_addresses_and_configured_names(host: str) -> None:
    assert status(judge(demands=EVERYWHERE, Host=host)) == 101


@pytest.mark.parametrize("host", ["evil.example", "0.0.0.0:3001", "[::]"])
def test_an_open_gateway_answers_to_no_name_that_was_not_configured(host: str) -> None:
    assert status(judge(demands=EVERYWHERE, Host=host)) == 421


def test_a_gateway_answers_to_the_name_that_it_is_bound_to() -> None:
    assert status(judge(demands=rules("Bot.Lan", TOKEN), Host="bot.lan:3001")) == 101


def test_a_loopback_address_written_as_ipv6_is_loopback() -> None:
    assert status(judge(Host="[::ffff:127.0.0.1]:3001")) == 101


def test_a_request_without_host_is_bad() -> None:
    assert status(judge(without="Host")) == 400


def test_a_request_with_two_hosts_is_bad() -> None:
    assert status(check([*GOOD.items(), ("host", "127.0.0.1")], "/ws/bots", LOCAL)) == 400


# --- Origin ---


@pytest.mark.parametrize(
    "origin",
    ["https://evil", "null", "", "http://localhost.evil.com", "http://127.0.0.1:9999", "http://127.0.0.1:3001"],
)
@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", ""])
def test_a_web_page_is_refused_whatever_its_token(origin: str, authorization: str) -> None:
    assert status(judge(Origin=origin, Authorization=authorization)) == 403


def test_an_allowed_page_may_connect() -> None:
    assert status(judge(demands=rules("::1", TOKEN, origins=["https://Good"]), Origin="https://good")) == 101


def test_an_allowed_page_beside_a_foreign_one_may_not() -> None:
    fields = [*GOOD.items(), ("Origin", "https://good"), ("Origin", "https://evil")]
    assert status(check(fields, "/ws/bots", rules("::1", TOKEN, origins=["https://good"]))) == 403


# --- token ---


@pytest.mark.parametrize("value", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", f"BEARER {TOKEN} ", f"Token {TOKEN}"])
def test_the_scheme_word_may_be_written_in_any_way(value: str) -> None:
    assert status(judge(Authorization=value)) == 101


@pytest.mark.parametrize("value", ["Bearer ", "Bearer", "", "correct", f"Basic {TOKEN}"])
def test_what_holds_no_token_is_no_token(value: str) -> None:
    assert status(judge(Authorization=value)) == 401


def test_no_header_is_no_token() -> None:
    assert status(judge(without="Authorization")) == 401


def test_two_tokens_are_no_token() -> None:
    fields = [*GOOD.items(), ("Authorization", f"Bearer {TOKEN}")]
    assert status(check(fields, "/ws/bots", LOCAL)) == 401


@given(st.text(min_size=1).filter(lambda text: text.strip() not in {"", TOKEN}))
def test_a_wrong_token_is_forbidden(token: str) -> None:
    assert status(judge(Authorization=f"Bearer {token}")) == 403


def test_a_token_in_the_address_is_refused_unless_it_is_switched_on() -> None:
    verdict = judge(target="/ws/bots?access_token=correct%20horse", without="Authorization")
    assert isinstance(verdict, Refusal)
    assert (verdict.status, "query_token" in verdict.reason) == (401, True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("access_token=correct%20horse", 101),
        ("a=b&access_token=x", 403),
        ("access_token=", 401),
        ("xaccess_token=x", 401),
    ],
)
def test_a_token_in_the_address_counts_when_it_is_switched_on(query: str, expected: int) -> None:
    verdict = judge(demands=rules("::1", TOKEN, query_token=True), target=f"/ws/bots?{query}", without="Authorization")
    assert status(verdict) == expected


def test_a_plus_in_a_token_in_the_address_is_a_plus() -> None:
    demands = rules("::1", "a+b=c", query_token=True)
    assert status(judge(demands=demands, target="/ws/bots?access_token=a+b=c", without="Authorization")) == 101


def test_the_header_beats_the_address() -> None:
    demands = rules("::1", TOKEN, query_token=True)
    assert (
        status(judge(demands=demands, target="/ws/bots?access_token=correct%20horse", Authorization="Bearer x")) == 403
    )


def test_tokens_are_compared_as_hashes_of_one_length() -> None:
    assert len(digest("")) == len(digest("x" * 1000))


# --- the claim ---


@pytest.mark.parametrize("account", ["10001", "wxid_a1-b.c@im", "a" * 64])
def test_an_account_may_be_any_safe_word(account: str) -> None:
    assert judge(X_Self_ID=account) == Welcome(account, "qq", "universal")


@pytest.mark.parametrize("account", ["", "a b", "a/b", "a:b", "a" * 65, "１００", "a\x1b[2J", "../x", "a,b"])
def test_an_account_that_is_no_safe_word_is_bad(account: str) -> None:
    assert status(judge(X_Self_ID=account)) == 400


def test_two_accounts_are_bad() -> None:
    assert status(check([*GOOD.items(), ("X-Self-ID", "10002")], "/ws/bots", LOCAL)) == 400


@pytest.mark.parametrize(
    ("sent", "role"), [("Universal", "universal"), ("API", "api"), ("event", "event"), ("", "universal")]
)
def test_roles_are_read_in_any_case(sent: str, role: str) -> None:
    verdict = judge(X_Client_Role=sent)
    assert isinstance(verdict, Welcome)
    assert verdict.role == role


def test_an_unknown_role_is_bad() -> None:
    assert status(judge(X_Client_Role="Admin")) == 400


def test_a_platform_may_be_named() -> None:
    assert judge(X_Platform="WeChat") == Welcome("10001", "wechat", "universal")


@pytest.mark.parametrize("platform", ["qq:1", "9", "a" * 33, "\x1b"])
def test_a_platform_that_is_no_short_word_is_bad(platform: str) -> None:
    assert status(judge(X_Platform=platform)) == 400


@pytest.mark.parametrize("platform", ["sandbox", "Sandbox"])
def test_nobody_comes_from_the_sandbox(platform: str) -> None:
    assert status(judge(X_Platform=platform)) == 400


def test_an_agent_is_kept_short_and_printable() -> None:
    verdict = judge(User_Agent="One\x1b]0;Bot" + "x" * 500)
    assert isinstance(verdict, Welcome)
    assert (len(verdict.agent), verdict.agent.isprintable()) == (120, True)


@given(st.lists(st.tuples(st.text(), st.text())), st.text())
def test_any_request_gets_a_verdict(headers: list[tuple[str, str]], target: str) -> None:
    assert status(check(headers, target, LOCAL)) in {101, 400, 401, 403, 404, 421}


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("bot.lan", False)],
)
def test_loopback_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


# --- who says its account later ---


@pytest.mark.parametrize("claim", [{"X_Platform": "wechat"}, {"target": "/ws/bots?role=Universal&platform=wechat"}])
def test_the_gateway_of_wechat_need_not_say_its_account(claim: dict[str, str]) -> None:
    assert judge(without="X-Self-ID", **claim) == Welcome("", "wechat", "universal")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"X_Platform": "qq"},
        {"X_Platform": "telegram"},
        {"target": "/ws/bots?role=API&platform=wechat"},
        {"target": "/ws/bots?platform=sandbox"},
    ],
)
def test_everybody_else_has_to(claim: dict[str, str]) -> None:
    assert status(judge(without="X-Self-ID", **claim)) == 400  # type: ignore[arg-type]


def test_an_account_that_is_said_counts_there_too() -> None:
    assert judge(X_Platform="wechat") == Welcome("10001", "wechat", "universal")


# --- applications ---

KEYS = (("one", digest("first key")), ("two", digest("second key")))
WITH_WORKERS = LOCAL._replace(workers=KEYS)


def visit(target: str, key: str = "second key", *, demands: Rules = WITH_WORKERS) -> Welcome | Visitor | Refusal:
    return judge(demands=demands, target=target, without="X-Self-ID", Authorization=f"Bearer {key}")


@pytest.mark.parametrize(
    ("target", "role"),
    [("/", "universal"), ("/ws/workers", "universal"), ("/api", "api"), ("/api/", "api"), ("/event", "event")],
)
def test_a_workers_token_says_which_one_it_is(target: str, role: str) -> None:
    assert [visit(target, key) for key in ("first key", "second key")] == [Visitor("one", role), Visitor("two", role)]  # type: ignore[arg-type]


def test_it_may_be_in_the_address_where_that_is_allowed() -> None:
    targets = ("/?access_token=second key", "/?access_token=second%20key")
    allowed = WITH_WORKERS._replace(query_token=True)
    found = [judge(demands=allowed, target=each, without="Authorization") for each in targets]
    assert [isinstance(each, Visitor) and each.worker for each in found] == ["two", "two"]
    assert status(judge(demands=WITH_WORKERS, target=targets[0], without="Authorization")) == 401


@pytest.mark.parametrize("only", ["10001", "telegram:42", "wechat:wxid_a@b"])
def test_it_may_want_one_account_alone(only: str) -> None:
    by_header = judge(demands=WITH_WORKERS, target="/", Authorization="Bearer first key", X_Self_ID=only)
    assert (visit(f"/?bot={only}", "first key"), by_header) == (Visitor("one", "universal", only),) * 2


def test_an_account_that_is_none_is_refused() -> None:
    assert status(visit("/?bot=*")) == 400


@pytest.mark.parametrize(("target", "key"), [("/", TOKEN), ("/onebot/v11/ws", "first key"), ("/", "wrong")])
def test_neither_comes_in_by_the_others_door(target: str, key: str) -> None:
    assert status(visit(target, key)) == 403


def test_without_tables_there_is_no_door() -> None:
    assert status(visit("/", demands=LOCAL)) == 404


def own_headers(token: str, account: str, platform: str = "qq") -> list[tuple[str, str]]:
    claimed = [("Host", "127.0.0.1"), ("X-Self-ID", account), ("X-Platform", platform)]
    return [*claimed, ("Authorization", f"Bearer {token}")]


def test_the_token_of_an_account_opens_the_gateway_for_that_account_alone() -> None:
    demands = rules("127.0.0.1", "the gateway's own token")
    own = own_token(demands.token, "qq", "10001")
    assert isinstance(check(own_headers(own, "10001"), "/onebot/v11/ws", demands), Welcome)
    for account, platform in (("10002", "qq"), ("10001", "kook"), ("", "wechat")):
        refused = check(own_headers(own, account, platform), "/onebot/v11/ws", demands)
        assert isinstance(refused, Refusal)
        assert refused.status == 403


def test_no_account_has_no_token() -> None:
    demands = rules("127.0.0.1", "the gateway's own token")
    assert own_token(demands.token, "qq", "") == ""
    assert own_token(demands.token, "qq", "1") != own_token(digest("another"), "qq", "1")
