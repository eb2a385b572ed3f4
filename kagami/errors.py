"""The one error tree.

The docstring of a class is its message, a `str.format` template over the keyword arguments that the raiser gives;
it is also the key under which translations find it. Templates are this file's own text: what comes from outside is
only ever an argument.

    KagamiError
    ├── Refused            the user's input or setting is wrong; the message names the fix   (exit 64 or 78)
    │   ├── UsageError
    │   │   ├── NoKey
    │   │   ├── NoSuchKind
    │   │   ├── MissingField
    │   │   ├── UnknownField
    │   │   └── UnfitField
    │   ├── PackageRefused
    │   ├── BackupRefused
    │   ├── PrivateAddress
    │   ├── DoneElsewhere  another process of the cluster alone can do it
    │   └── SettingError
    │       ├── UnknownSetting
    │       ├── MissingSetting
    │       ├── ConfigUnreadable
    │       └── ConfigUnwritable
    ├── BackupFailed
    ├── UpgradeFailed
    ├── MoveFailed
    ├── NotFound
    │   ├── Misnamed       … and one is called much like it
    │   └── NoVersion
    ├── Unauthorized       nobody is logged in, or not any more
    ├── Throttled          too many tries
    ├── ConfirmationNeeded a face has to ask a person first
    ├── Denied
    ├── Conflict
    │   └── HomeBusy       another engine holds this home                                     (exit 75)
    ├── Unavailable        a needed service is away                                           (exit 69)
    │   ├── BotOffline
    │   ├── NotReached     nothing of the request went out
    │   ├── Crowded        it takes no more of us for a while
    │   ├── Unusable       it is there, and not as we need it
    │   ├── EngineAway
    │   │   └── Untrusted
    │   ├── StoreClosed
    │   ├── StoreSlow
    │   ├── ClusterFull
    │   └── SchemaUnknown
    ├── RowRefused         the database will never take these values
    ├── Fenced             another process has the lease under which this was to be written
    ├── WireError          a peer sent something that is not the protocol
    ├── HandshakeRefused   a peer may not connect
    ├── CredentialsRefused a peer refuses us
    │   └── CodeNeeded     … without the code of a second factor
    ├── Declined           a platform understood a call and says no
    └── PluginError
        ├── ManifestError
        ├── LoadError
        ├── Parked         the plugin cannot serve now: the event waits for it
        └── DialogClosed
            ├── DialogTimeout
            ├── DialogCancelled
            │   └── DialogLeft
            ├── DialogReplaced
            └── DialogStopped
                └── DialogInterrupted
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from kagami.reasons.say import say


class KagamiError(Exception):
    """Something went wrong: {reason}"""

    exit_code: ClassVar[int] = 1
    # Details that may be texts of ours, which are said in the reader's language.
    ours: ClassVar[frozenset[str]] = frozenset({"reason", "fix", "origin", "wanted"})

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.text())

    @property
    def code(self) -> str:
        """Stable name for machines: the class name."""
        return type(self).__name__

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message in the language of `translate`."""
        template = translate(type(self).__doc__ or "")
        return template.format_map({key: self._told(key, str(value), translate) for key, value in self.details.items()})

    def _told(self, key: str, value: str, translate: Callable[[str], str]) -> str:
        return say(value, translate) if key in self.ours else value


class Refused(KagamiError):
    """{reason}"""

    exit_code = 64


class UsageError(Refused):
    """{reason}"""


class MissingField(UsageError):
    """{field} is missing."""


class UnknownField(UsageError):
    """{field} is nothing that is known here."""


class UnfitField(UsageError):
    """{field}: {wanted} is wanted."""


class NoSuchKind(UsageError):
    """There is no kind {kind}. Kinds are: {kinds}."""


class NoKey(UsageError):
    """There is no private key {path}. Make one: kagami plugin key {path}"""


class SettingError(Refused):
    """{key} = {value} (from {origin}) is refused: {reason}. {fix}"""

    exit_code = 78


class UnknownSetting(SettingError):
    """{key} (from {origin}) is not a setting. {fix}"""


class MissingSetting(SettingError):
    """{key} is missing (in {origin}). {fix}"""


class ConfigUnreadable(SettingError):
    """{path} cannot be read as configuration: {reason}. {fix}"""


class ConfigUnwritable(SettingError):
    """{path} cannot be written: {reason}. {fix}"""


class NotFound(KagamiError):
    """There is no {what} named {name}."""

    ours = KagamiError.ours | {"what"}


class Misnamed(NotFound):
    """There is no {what} named {name}. Did you mean {near}?"""


class NoVersion(NotFound):
    """There is no version {version} of {plugin}. There is: {known}"""


class Denied(KagamiError):
    """This needs the right {scope}."""


class Unauthorized(KagamiError):
    """Log in first: {reason}"""


class Throttled(KagamiError):
    """Too many tries. Wait {seconds} s."""


class ConfirmationNeeded(KagamiError):
    """{what} This asks before it acts: send the header X-Confirm: yes."""


class Conflict(KagamiError):
    """{reason}"""


class HomeBusy(Conflict):
    """Another engine (process {pid}) already runs on {home}. Use `kagami attach`, or give another --home."""

    exit_code = 75


class Unavailable(KagamiError):
    """{what} is away: {reason}"""

    exit_code = 69


class NotReached(Unavailable):
    """{what} cannot be reached: {reason}"""


class Crowded(Unavailable):
    """{what} has no room for us: {reason}"""


class Unusable(Unavailable):
    """{what} cannot be used: {reason}. {fix}"""


class BotOffline(Unavailable):
    """The bot {bot} is not connected."""


class EngineAway(Unavailable):
    """No engine answers on {address}. Start one with `kagami run`."""


class Untrusted(EngineAway):
    """The certificate of {address} is not trusted: {reason}. Name its authority's file with --ca-file."""


class StoreClosed(Unavailable):
    """The store is closed or cannot be written: {reason}"""


class StoreSlow(Unavailable):
    """The answer took longer than {seconds} seconds. Narrow the question."""


class SchemaUnknown(Unavailable):
    """The database {path} was written by a newer Kagami (schema {found}, this one knows {known})."""


class RowRefused(KagamiError):
    """The database refuses these values: {reason}"""


class Fenced(KagamiError):
    """Another process has taken over: {leases}"""

    @property
    def lost(self) -> list[tuple[str, int]]:
        """The leases, with the epochs that are over; in the details they are one text."""
        found = (each.rpartition("@") for each in str(self.details["leases"]).split())
        return [(name, int(epoch)) for name, _, epoch in found]


class ClusterFull(Unavailable):
    """There are {most} processes already, which is as many as one database takes."""


class WireError(KagamiError):
    """Not a frame of this protocol: {reason}"""


class HandshakeRefused(KagamiError):
    """Connection refused ({status}): {reason}"""


class CredentialsRefused(KagamiError):
    """{peer} refuses our credentials: {reason}"""


class CodeNeeded(CredentialsRefused):
    """{peer} asks for a code: {reason}"""


class Declined(KagamiError):
    """{what} declines: {reason}"""

    def __init__(self, *, what: str, reason: str, number: str) -> None:
        """`number` is the platform's own code."""
        super().__init__(what=what, reason=reason)
        self.number = number


class PluginError(KagamiError):
    """Plugin {plugin}: {reason}"""


class ManifestError(PluginError):
    """{path}: {reason}"""


class LoadError(PluginError):
    """Plugin {plugin} {version} could not be loaded: {reason}"""


class Parked(PluginError):
    """Plugin {plugin} cannot serve now: {reason}"""

    def __init__(self, *, plugin: str, reason: str, seconds: float) -> None:
        """`seconds` is how long the event waits before it is tried again; that try is none of its five."""
        super().__init__(plugin=plugin, reason=reason)
        self.seconds = seconds


class PackageRefused(Refused):
    """{package} is refused: {reason}"""


class BackupRefused(Refused):
    """{name} cannot be used as a backup: {reason}"""


class BackupFailed(KagamiError):
    """No backup was made: {reason}"""


class UpgradeFailed(KagamiError):
    """The database could not be brought from schema {before} to {now}, and is as it was: {reason}"""


class MoveFailed(KagamiError):
    """Nothing was moved: {reason}"""


class PrivateAddress(Refused):
    """{host} leads into a private network ({address}). To allow it, add it to plugins.http.private."""


class DoneElsewhere(Refused):
    """Only the process {node} can do that: do it there."""


class DialogClosed(KagamiError):
    """The question was closed: {reason}."""


class DialogTimeout(DialogClosed):
    """Nobody answered in time."""

    def __init__(self, *, said: str | None = None) -> None:
        """`said` is the asker's own word for it; an empty one says nothing."""
        self.said = said
        super().__init__()

    def text(self, translate: Callable[[str], str] = str) -> str:
        return super().text(translate) if self.said is None else self.said


class DialogCancelled(DialogClosed):
    """The question was cancelled."""


class DialogLeft(DialogCancelled):
    """The question is closed: a command came instead of an answer."""


class DialogReplaced(DialogClosed):
    """The question is closed: the plugin that asked makes way for another version. Please begin anew."""


class DialogStopped(DialogClosed):
    """Kagami stops now and cannot wait for the answer. Please begin anew when it is back."""


class DialogInterrupted(DialogStopped):
    """Kagami was restarted and does not wait for the answer any more. Please begin anew."""
