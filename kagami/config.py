"""All settings of one engine: defaults, then generated secrets, then one file, then the environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from kagami.adapters.kinds import BotConfig as BotConfig  # noqa: PLC0414 - it is part of what this module gives
from kagami.adapters.onebot11.config import PeerConfig
from kagami.cluster.config import ClusterConfig
from kagami.core.handshake import is_loopback
from kagami.core.pace import Pace
from kagami.core.privacy.config import PrivacyConfig, is_pattern_name
from kagami.core.routing import DROP, PLUGINS
from kagami.core.secrets import HIDDEN, Secret, weakness
from kagami.gateway.config import GatewayConfig
from kagami.gateway.table import WorkerTable, is_web_socket
from kagami.home import Home, keep_secret, prepare, read_secret
from kagami.hub.config import AlertsConfig, HubConfig, LimitsConfig
from kagami.i18n import Translate, mark
from kagami.plugins.config import PluginsConfig
from kagami.shape import Shape, leaves
from kagami.sources import FROM_ENVIRONMENT, ConfigFile, Environment, Given, find_file, read_file, settable, uproot
from kagami.state.config import RedisConfig
from kagami.storage.config import BackupConfig, StoreConfig, is_mistyped, is_plain
from kagami.web.config import WebConfig

Admin = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]+:.+$", examples=["qq:10001"])]
LEAST_JWT_BYTES = 32
LEAST_PASSPHRASE = 12
ADMIN_PASSWORD = "KAGAMI_ADMIN_PASSWORD"  # noqa: S105 - the variable's name
# Generated at the first start: the key and the file in `secrets/`.
GENERATED = {"gateway.token": "gateway_token", "web.jwt_secret": "jwt_secret"}


class LogConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines are kept in `logs/`, compressed, for `keep_days` and at most `keep_mb`; 0 megabytes: only in memory."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    keep_mb: float = 256.0
    keep_days: float = 14.0


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key that a configuration may hold. An empty `language` follows the environment."""

    language: Literal["", "en", "zh"] = ""
    prefix: Annotated[str, msgspec.Meta(min_length=1, max_length=8)] = "/"
    admins: tuple[Admin, ...] = ()
    gateway: GatewayConfig = GatewayConfig()
    web: WebConfig = WebConfig()
    store: StoreConfig = StoreConfig()
    backup: BackupConfig = BackupConfig()
    redis: RedisConfig = RedisConfig()
    cluster: ClusterConfig = ClusterConfig()
    hub: HubConfig = HubConfig()
    onebot11: PeerConfig = PeerConfig()
    limits: LimitsConfig = LimitsConfig()
    pace: Pace = Pace()
    alerts: AlertsConfig = AlertsConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    plugins: PluginsConfig = PluginsConfig()
    log: LogConfig = LogConfig()
    bots: tuple[BotConfig, ...] = ()
    workers: tuple[WorkerTable, ...] = ()


class Outside:
    """What does not come from the file: generated secrets, which it overrides, and the environment, which it does not.

    Holds secrets, so it shows nothing of itself, and nothing knows how to write it down.
    """

    __slots__ = ("environment", "generated")

    def __init__(self, generated: Iterable[Given] = (), environment: Iterable[Given] = ()) -> None:
        self.generated = tuple(generated)
        self.environment = tuple(environment)

    def __repr__(self) -> str:
        return HIDDEN

    def origins(self, file: Mapping[str, str]) -> dict[str, str]:
        """Of every key that is given anywhere; `file` are those of the file."""
        first, last = ({each.key: each.origin for each in given} for given in (self.generated, self.environment))
        return first | dict(file) | last


class Settings(Document, frozen=True, kw_only=True):
    """A complete, checked configuration with the home that it belongs to; `file` is what was read, if there is one.

    `admin_password` is the first operator's, and counts while there is none. `outside` is kept so that a changed file
    can be read again: the environment is only read once.
    """

    home: Home
    file: Path | None = None
    origins: dict[str, str] = {}
    admin_password: Secret = Secret()
    outside: Outside = Outside()

    def origin(self, key: str) -> str:
        """Where the value of a dotted key came from: `default`, `kagami.toml:12`, `environment WS_PORT` …."""
        return origin_of(key, self.origins)

    @property
    def database(self) -> str:
        """What `open_store` opens; a relative path is one in the home."""
        given = self.store.url.reveal()
        return given if "://" in given else str(self.home.path / (given or self.home.database))

    @property
    def gateway_url(self) -> str:
        """What an implementation on this machine dials."""
        return self.gateway_at(self.gateway.port)

    def gateway_at(self, port: int) -> str:
        """The same for the port that was given by the system, where the settings leave it to that."""
        host = self.gateway.host
        shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104 - not bound
        return f"ws://{f'[{shown}]' if ':' in shown else shown}:{port}/onebot/v11/ws"

    @property
    def plugins_dir(self) -> Path:
        return (self.home.path / Path(self.plugins.dir).expanduser()) if self.plugins.dir else self.home.plugins


def load(
    home: Home,
    *,
    environ: MutableMapping[str, str],
    config: Path | None = None,
    t: Translate = str,
    create: bool = True,
    skip: Collection[str] = (),
) -> Settings:
    """Read and check everything but the keys to `skip`; `SettingError` for the first value that is refused.

    With `create`, the home and its secrets are made when they are not there. Secrets are taken out of `environ`.
    """
    if create:
        prepare(home, t)
    path = find_file(home.path, config, t)
    file = read_file(path, t) if path else ConfigFile("", {}, {})
    environment = Environment(environ, t)
    given = [each for each in environment.read(dict(leaves(Document))) if each.key not in skip]
    for key in skip:
        uproot(file.tree, key.split("."))
    home = replace(home, seed=_seed(file, given))
    outside = Outside(_secrets(home, t, create=create), given)
    settings = assemble(home, path, file, outside, t)
    return msgspec.structs.replace(settings, admin_password=environment.secret(ADMIN_PASSWORD))


def assemble(
    home: Home,
    path: Path | None,
    file: ConfigFile,
    outside: Outside,
    t: Translate = str,
    *,
    origins: Mapping[str, str] | None = None,
) -> Settings:
    """The settings that a file gives with what is outside; `SettingError` for the first value that is refused.

    `origins` name what an error says of keys that are not written yet.
    """
    known = outside.origins(file.origins())
    tree: dict[str, Any] = {}
    for each in outside.generated:
        _plant(tree, each)
    _merge(tree, file.tree)
    for each in outside.environment:
        _plant(tree, each)
    shape = Shape(lambda key: origin_of(key, {**known, **(origins or {})}), t)
    document = shape.struct(Document, tree)
    _check(document, shape, t)
    return Settings(home=home, file=path, origins=known, outside=outside, **msgspec.structs.asdict(document))


def origin_of(key: str, origins: Mapping[str, str]) -> str:
    """The origin of `key`; for a part of a value that one variable gave whole, that variable."""
    if key in origins:
        return origins[key]
    while key := key.rpartition(".")[0]:
        if origins.get(key, "").startswith(FROM_ENVIRONMENT):
            return origins[key]
    return "default"


def _secrets(home: Home, t: Translate, *, create: bool) -> list[Given]:
    read = keep_secret if create else read_secret
    kept = {key: (name, read(home, name, t)) for key, name in GENERATED.items()}
    return [Given(key, secret.reveal(), f"secrets/{name}") for key, (name, secret) in kept.items() if secret]


def _seed(file: ConfigFile, given: Iterable[Given]) -> Secret:
    """What all processes of a cluster make their secrets from, before anything else is known."""
    table = file.tree.get("cluster")
    written = table.get("secret") if isinstance(table, dict) else None
    found = next((each.value for each in given if each.key == "cluster.secret"), written)
    return Secret(found) if isinstance(found, str) else Secret()


def _merge(tree: dict[str, Any], newer: Mapping[str, Any]) -> None:
    for name, value in newer.items():
        older = tree.get(name)
        if isinstance(older, dict) and isinstance(value, dict):
            _merge(older, value)
        else:
            tree[name] = value


def _plant(tree: dict[str, Any], given: Given) -> None:
    *tables, name = given.key.split(".")
    place: Any = tree
    for table in tables:
        place = place.setdefault(table, {})
        if not isinstance(place, dict):
            return  # the file has a value where a table belongs; the shape refuses it
    place[name] = given.value


def _check(document: Document, shape: Shape, t: Translate) -> None:
    """What no single type can say."""
    _check_tokens(document, shape, t)
    _check_bots(document, shape, t)
    _check_workers(document, shape, t)
    _check_proxies(document, shape, t)
    if any(each.isspace() for each in document.prefix):
        raise shape.refuse("prefix", document.prefix, t("it holds a space"), t("Choose another prefix."))
    if document.prefix.startswith("#"):
        raise shape.refuse(
            "prefix", document.prefix, t("operators' commands start with #"), t("Choose another prefix.")
        )
    _check_cluster(document, shape, t)
    if trouble := document.redis.trouble():
        fix = t("Give an address like redis://:PASSWORD@127.0.0.1:6379/0.")
        raise shape.refuse("redis.url", HIDDEN, t(trouble), fix)
    try:
        Path(document.plugins.dir).expanduser()
    except RuntimeError:
        fix = t("Name another folder.")
        raise shape.refuse("plugins.dir", document.plugins.dir, t("there is no such user"), fix) from None
    if 0 < len(document.backup.passphrase.reveal()) < LEAST_PASSPHRASE:
        fix = t("Give at least 12 characters.")
        raise shape.refuse("backup.passphrase", HIDDEN, t("it is shorter than 12 characters"), fix)
    if document.privacy.patterns:
        _check_patterns(document.privacy, shape, t)


def _check_store(scheme: str, store: StoreConfig, shape: Shape, t: Translate) -> None:
    for key, secret in (("store.url", store.url), ("store.read_url", store.read_url)):
        url = secret.reveal()
        known = key != "store.url" or scheme in ("sqlite", "postgres", "postgresql")
        if not known or is_mistyped(url):
            reason = t("it is neither a path nor an address") if known else t("this kind of database is not known")
            fix = t("Give postgresql://USER:PASSWORD@HOST:5432/NAME, or a path for SQLite.")
            raise shape.refuse(key, HIDDEN, reason, fix)
        if scheme != "sqlite" and url and not is_plain(url):
            reason = t("it cannot be read, which signs in its password can cause")
            raise shape.refuse(key, HIDDEN, reason, t("Write / # @ and other signs in a password as %2F, %23, %40."))


def _check_cluster(document: Document, shape: Shape, t: Translate) -> None:
    store, cluster = document.store.url.reveal(), document.cluster
    scheme = store.partition("://")[0] if "://" in store else "sqlite"
    _check_store(scheme, document.store, shape, t)
    if cluster.role != "all" and scheme == "sqlite":
        fix = t("Set {}, or use the role all.").format(settable("store.url", shape.origin("store.url")))
        raise shape.refuse("cluster.role", cluster.role, t("several processes cannot share a file"), fix)
    if cluster.secret and (weak := weakness(cluster.secret.reveal())):
        fix = t("Give at least 32 random bytes, the same to every process.")
        raise shape.refuse("cluster.secret", HIDDEN, t(weak), fix)


def _check_patterns(privacy: PrivacyConfig, shape: Shape, t: Translate) -> None:
    from kagami.core.privacy.finding import BadPattern, Rules  # noqa: PLC0415 (loads all patterns)

    for name, source in privacy.patterns.items():
        key, fix = f"privacy.patterns.{name}", t("Correct it, or remove it.")
        if not is_pattern_name(name):
            raise shape.refuse(key, name, t("a name is a letter and up to 15 more letters and digits, all small"), fix)
        try:
            Rules((), {name: source})
        except BadPattern as error:
            raise shape.refuse(key, source, t("it is no expression of RE2: {}").format(error), fix) from None


def _check_tokens(document: Document, shape: Shape, t: Translate) -> None:
    guards = (
        ("gateway", document.gateway.host, "gateway.token", document.gateway.token),
        ("web", document.web.host, "web.jwt_secret", document.web.jwt_secret),
    )
    fix = t("Remove it: a strong one is generated. Or listen on 127.0.0.1 only.")
    for section, host, key, secret in guards:
        if not secret and shape.origin(key) != "default":
            raise shape.refuse(key, HIDDEN, t("it is empty"), fix)
        weak = "" if is_loopback(host) else weakness(secret.reveal())
        if weak:
            reason = t("{} = {} can be reached by others, and {}").format(f"{section}.host", host, t(weak))
            raise shape.refuse(key, HIDDEN, reason, fix)
    for name in ("jwt_secret", "jwt_secret_before"):
        _check_signing(f"web.{name}", msgspec.structs.asdict(document.web)[name].reveal(), shape, t)


def _check_signing(key: str, secret: str, shape: Shape, t: Translate) -> None:
    """Whoever knows it can be anybody, also where only this machine can ask."""
    weak = mark("it is shorter than 32 bytes") if len(secret.encode()) < LEAST_JWT_BYTES else weakness(secret)
    if secret and weak:
        fix = t("Give at least 32 random bytes, or remove it: one is generated.")
        raise shape.refuse(key, HIDDEN, t(weak), fix)


def _check_proxies(document: Document, shape: Shape, t: Translate) -> None:
    for place, text in enumerate(document.web.trusted_proxies):
        try:
            ip_network(text, strict=False)
        except ValueError:
            fix = t("Give an address or a network like 10.0.0.0/8.")
            raise shape.refuse(f"web.trusted_proxies.{place}", text, t("it is no address"), fix) from None


def _check_bots(document: Document, shape: Shape, t: Translate) -> None:
    seen: dict[str, int] = {}
    accounts: dict[tuple[type, str], int] = {}
    for place, bot in enumerate(document.bots):
        _check_texts(f"bots.{place}", bot, shape, t)
        trouble = bot.trouble()
        if trouble is not None:
            raise shape.refuse(f"bots.{place}.{trouble.key}", trouble.shown, t(trouble.reason), t(trouble.fix))
        if bot.name and seen.setdefault(bot.name, place) != place:
            reason = t("another bot has the same name")
            raise shape.refuse(f"bots.{place}.name", bot.name, reason, t("Choose another name."))
        # Of two connections of one account the platform hears one, and what the other sends is lost.
        if bot.enabled and accounts.setdefault((type(bot), bot.address), place) != place:
            reason = t("another bot is the same account")
            raise shape.refuse(f"bots.{place}", bot.name or bot.address, reason, t("Remove one of the two."))


def _check_workers(document: Document, shape: Shape, t: Translate) -> None:
    """Applications, of which each has a name and a token of its own."""
    names: dict[str, int] = {}
    taken = _meanings(document)
    tokens: dict[str, int] = {document.gateway.token.reveal(): -1}
    for place, worker in enumerate(document.workers):
        key = f"workers.{place}"
        _check_texts(key, worker, shape, t)
        if names.setdefault(worker.name, place) != place:
            reason = t("another worker has the same name")
            raise shape.refuse(f"{key}.name", worker.name, reason, t("Choose another name."))
        if worker.name in (PLUGINS, DROP) or (worker.pool and worker.pool in taken):
            odd = "pool" if worker.name not in (PLUGINS, DROP) else "name"
            shown = worker.pool if odd == "pool" else worker.name
            reason = t("it means something else in rules")
            raise shape.refuse(f"{key}.{odd}", shown, reason, t("Choose another name."))
        if worker.url:
            if not is_web_socket(worker.url):
                shown = worker.url.partition("?")[0].rpartition("@")[2]
                fix = t("Give an address like ws://127.0.0.1:8080/onebot/v11/ws.")
                raise shape.refuse(f"{key}.url", shown, t("it is no WebSocket address"), fix)
            continue
        _check_worker_token(document, key, worker.token.reveal(), tokens, shape, t)
        tokens[worker.token.reveal()] = place


def _meanings(document: Document) -> frozenset[str]:
    """What in rules is no pool."""
    return frozenset({PLUGINS, DROP, *(worker.name for worker in document.workers)})


def _check_worker_token(
    document: Document, key: str, token: str, tokens: Mapping[str, int], shape: Shape, t: Translate
) -> None:
    """Who connects says by it alone which worker it is."""
    fix = t("Give each worker a token of its own, at least 32 random characters.")
    if not token:
        raise shape.refuse(f"{key}.token", HIDDEN, t("it is empty"), fix)
    if token in tokens:
        raise shape.refuse(f"{key}.token", HIDDEN, t("it is used elsewhere too"), fix)
    weak = "" if is_loopback(document.gateway.host) else weakness(token)
    if weak:
        reason = t("{} = {} can be reached by others, and {}").format("gateway.host", document.gateway.host, t(weak))
        raise shape.refuse(f"{key}.token", HIDDEN, reason, fix)


def _check_texts(key: str, table: msgspec.Struct, shape: Shape, t: Translate) -> None:
    """Control characters are nobody's name, address or token."""
    for name, value in msgspec.structs.asdict(table).items():
        text = value.reveal() if isinstance(value, Secret) else value
        if isinstance(text, str) and text and not text.isprintable():
            fix = t("Correct it, or remove it to use the default.")
            shown = HIDDEN if isinstance(value, Secret) else text.partition("?")[0].rpartition("@")[2]
            raise shape.refuse(f"{key}.{name}", shown, t("it holds a control character"), fix)
