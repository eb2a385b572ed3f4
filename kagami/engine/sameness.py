"""Whether the processes on one database make the same secrets: else each refuses what another has signed."""

from __future__ import annotations

import hmac

import msgspec

from kagami import log
from kagami.config import Settings
from kagami.core.secrets import HIDDEN
from kagami.engine.seals import AUDIT_KEY
from kagami.errors import SettingError
from kagami.home import read_secret
from kagami.i18n import Translate, mark
from kagami.ports import StorePut
from kagami.storage.store import SqlStore

CLUSTER, KEY = "@cluster", "key"
DIFFERENT = mark(
    "this process has other secrets than {others}: tokens of one are refused by another, and the audit's chain breaks"
)
FIX = mark("Set cluster.secret (KAGAMI_CLUSTER__SECRET), the same for every process on this database.")
_log = log.get("cluster")


def fingerprint(settings: Settings) -> str:
    """What tells one set of secrets from another, and nothing else of them; empty where there are none yet."""
    secret = read_secret(settings.home, AUDIT_KEY).reveal()
    return hmac.digest(secret.encode(), b"kagami cluster", "sha256").hex() if secret else ""


async def check_key(settings: Settings, store: SqlStore, node: str, t: Translate) -> None:
    """`SettingError` when others live here whose secrets are not ours; alone, ours are those that count from now on."""
    if store.cluster is None:
        return
    mine, kept = fingerprint(settings), await store.get(CLUSTER, KEY)
    known = msgspec.json.decode(kept, type=str) if kept else ""
    if known == mine:
        return
    rows, patience = await store.cluster[1].rows(), settings.cluster.lease_seconds
    others = [each.node for each in rows if each.node != node and each.seen_s < patience]
    if known and others:
        raise SettingError(
            key="cluster.secret",
            value=HIDDEN,
            origin=settings.origin("cluster.secret"),
            reason=t(DIFFERENT).format(others=", ".join(others)),
            fix=t(FIX),
        )
    if known:
        _log.warning("the secrets are others than before: logins and tokens of then are refused", fix=FIX)
    await store.put_many([StorePut(CLUSTER, KEY, msgspec.json.encode(mine).decode())])
