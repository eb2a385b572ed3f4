-- One batch of the ledger. Every statement reads whole lists of rows, so that a batch is one step of the engine.

-- name: add_events
INSERT INTO events (
    id, execution, bot, chat, user, kind, name, time_ms, accepted_ms, dedupe, text, message, message_id, chat_name,
    sender, mentioned, native
)
SELECT
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
    value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16
FROM json_each(:events) WHERE true
ON CONFLICT (bot, dedupe) DO NOTHING;

-- name: open_events
-- Only those that were new: the row with this very id is there.
INSERT INTO pending (execution, event, state, attempts, retry_at_ms, error)
SELECT value ->> 0, value ->> 1, 'open', 0, 0, ''
FROM json_each(:opened) WHERE EXISTS (SELECT 1 FROM events WHERE id = value ->> 1);

-- name: begin_sends
INSERT INTO sends (id, execution, ordinal, kind, bot, chat, text, body, created_ms, attempt, state)
SELECT
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
    value ->> 9, 'sending'
FROM json_each(:begun) WHERE true
ON CONFLICT (execution, ordinal) DO UPDATE SET
    state = 'sending', attempt = excluded.attempt, body = excluded.body, text = excluded.text;

-- name: end_sends
UPDATE sends SET
    state = value ->> 2, done_ms = value ->> 3, message_id = value ->> 4, reason = value ->> 5, code = value ->> 6,
    result = value ->> 7
FROM json_each(:ended)
WHERE sends.execution = value ->> 0 AND sends.ordinal = value ->> 1;

-- name: add_traces
INSERT INTO traces (execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks)
SELECT
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
    value ->> 9, value ->> 10
FROM json_each(:traces) WHERE true
ON CONFLICT (execution) DO UPDATE SET
    started_ms = excluded.started_ms, total_us = excluded.total_us, outcome = excluded.outcome,
    plugin = excluded.plugin, text = excluded.text, error = excluded.error, marks = excluded.marks;

-- name: keep_events
-- Tried in vain: open until the next try, or dead.
UPDATE pending SET
    state = value ->> 1, attempts = value ->> 2, retry_at_ms = value ->> 3, error = value ->> 4
FROM json_each(:kept)
WHERE pending.execution = value ->> 0;

-- name: close_events
DELETE FROM pending WHERE execution IN (SELECT value FROM json_each(:closed));

-- name: put_values
INSERT INTO plugin_values (plugin, key, value)
SELECT value ->> 0, value ->> 1, value ->> 2
FROM json_each(:written) WHERE true
ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value;

-- name: drop_values
DELETE FROM plugin_values
WHERE value IS NULL AND (plugin, key) IN (SELECT w.value ->> 0, w.value ->> 1 FROM json_each(:written) AS w);

-- name: touch
-- Something to commit when there is nothing but a wish for the disk.
UPDATE marks SET value = value + 1 WHERE name = 'barrier' AND :barrier IS NOT NULL;
