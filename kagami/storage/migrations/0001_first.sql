-- Events are never updated on the hot path: what changes about one lives in `pending` while it is open
-- and in `traces` when it is done.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,          -- given by the ledger in order of calls, one space with sends.id
    execution TEXT NOT NULL,
    bot TEXT NOT NULL,
    chat TEXT NOT NULL,
    user TEXT NOT NULL,
    kind TEXT NOT NULL,              -- message, notice, request; `cleaned` when only the dedupe key is kept
    name TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    accepted_ms INTEGER NOT NULL,
    dedupe TEXT NOT NULL,
    text TEXT NOT NULL,              -- the message's preview: what lists show and search reads
    message TEXT,                    -- JSON of the parts; NULL when they are one text part equal to `text`
    message_id TEXT NOT NULL,
    chat_name TEXT NOT NULL,
    sender TEXT,                     -- JSON; NULL for an unknown one
    mentioned INTEGER NOT NULL,
    native TEXT NOT NULL
);
CREATE UNIQUE INDEX events_dedupe ON events (bot, dedupe);
CREATE INDEX events_time ON events (accepted_ms) WHERE kind = 'message';

-- Events that are not done: `open`, or `dead` after too many tries. Stays as small as the work in hand.
CREATE TABLE pending (
    execution TEXT PRIMARY KEY,
    event INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    retry_at_ms INTEGER NOT NULL,
    error TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sends (
    id INTEGER PRIMARY KEY,
    execution TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,              -- send, delete, call
    bot TEXT NOT NULL,
    chat TEXT NOT NULL,
    text TEXT NOT NULL,
    body TEXT,                       -- JSON of the action; NULL when it sends one text part equal to `text`
    created_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,             -- sending, sent, failed, unknown
    done_ms INTEGER NOT NULL DEFAULT 0,
    message_id TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    result TEXT                      -- JSON of what a call returned
);
CREATE UNIQUE INDEX sends_execution ON sends (execution, ordinal);
CREATE INDEX sends_time ON sends (created_ms) WHERE kind = 'send';
CREATE INDEX sends_odd ON sends (state, created_ms) WHERE state <> 'sent';

-- Keyed by the execution, whose ids sort by time: the newest traces are the last ones.
CREATE TABLE traces (
    execution TEXT PRIMARY KEY,
    bot TEXT NOT NULL,
    chat TEXT NOT NULL,
    user TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    total_us INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    plugin TEXT NOT NULL,
    text TEXT NOT NULL,
    error TEXT NOT NULL,
    marks TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX traces_odd ON traces (outcome) WHERE outcome NOT IN ('handled', 'ignored', 'answer');

CREATE TABLE plugin_values (
    plugin TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (plugin, key)
) WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL
);

-- The next three are filled in the background, up to and including the id in marks.digested: an index by chat on the
-- big tables would touch one page for each chat in every batch.
CREATE TABLE chats (
    number INTEGER PRIMARY KEY,
    bot TEXT NOT NULL,
    chat TEXT NOT NULL,
    chat_name TEXT NOT NULL,
    last_id INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    last_text TEXT NOT NULL,
    last_sender TEXT,                -- JSON, as in events
    messages INTEGER NOT NULL,
    UNIQUE (bot, chat)
);
CREATE TABLE places (chat INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (chat, id)) WITHOUT ROWID;
CREATE VIRTUAL TABLE grams USING fts5 (tokens, content = '', columnsize = 0, detail = none, tokenize = 'ascii');

CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO marks (name, value) VALUES ('digested', 0), ('highest', 0), ('barrier', 0);

-- The message log: one line for each message, in either direction. The casts give both halves the same affinities:
-- without them SQLite does not look into the halves, and sorts the whole log for every question.
CREATE VIEW lines AS
SELECT
    e.id, 'in' AS direction, e.time_ms, e.bot, e.chat, e.user, e.text, e.execution,
    CAST(coalesce((SELECT t.outcome FROM traces AS t WHERE t.execution = e.execution), '') AS TEXT) AS outcome,
    e.sender, e.chat_name, e.message_id, CAST('' AS TEXT) AS reason
FROM events AS e
WHERE e.kind = 'message'
UNION ALL
SELECT
    s.id, 'out', s.created_ms, s.bot, s.chat, CAST(substr(s.bot, instr(s.bot, ':') + 1) AS TEXT), s.text, s.execution,
    s.state, CAST(NULL AS TEXT), CAST('' AS TEXT), s.message_id, s.reason
FROM sends AS s
WHERE s.kind = 'send';
