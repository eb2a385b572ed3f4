-- One batch of the ledger. Every statement reads whole lists of rows: a step of the engine must not be a row.

-- name: add_events
INSERT INTO events (
    id, execution, bot, chat, "user", kind, name, time_ms, accepted_ms, dedupe, text, message, message_id, chat_name,
    sender, mentioned, native
)
SELECT * FROM rows(:events, nttttttnnttttttnt) AS r WHERE column1 IS NOT NULL
ON CONFLICT (bot, dedupe) DO NOTHING;

-- name: open_events
-- Only those that were new: the row with this very id is there.
INSERT INTO pending (execution, event, part, state, attempts, retry_at_ms, error)
SELECT column1, column2, column3, 'open', 0, 0, ''
FROM rows(:opened, tnn) AS r WHERE EXISTS (SELECT 1 FROM events WHERE id = column2)
ON CONFLICT (execution) DO NOTHING;

-- name: begin_sends
INSERT INTO sends (id, execution, ordinal, kind, bot, chat, text, body, created_ms, attempt, worker, state)
SELECT *, 'sending' FROM rows(:begun, nTNtttttnnt) AS r WHERE column1 IS NOT NULL
ON CONFLICT (execution, ordinal) DO UPDATE SET
    state = 'sending', attempt = excluded.attempt, body = excluded.body, text = excluded.text;

-- name: ask_sends
-- For whoever has the account. One that certainly failed is asked for again, any other one stays as it is.
INSERT INTO sends (id, execution, ordinal, kind, bot, chat, text, body, created_ms, attempt, worker, node, state)
SELECT *, 'ready' FROM rows(:asked, nTNtttttnntt) AS r WHERE column1 IS NOT NULL
ON CONFLICT (execution, ordinal) DO UPDATE SET
    node = excluded.node, attempt = excluded.attempt,
    state = CASE WHEN sends.state = 'failed' THEN 'ready' ELSE sends.state END
WHERE sends.state IN ('failed', 'ready', 'sending');

-- name: end_sends
UPDATE sends SET
    state = column3, done_ms = column4, message_id = column5, reason = column6, code = column7, result = column8
FROM rows(:ended, TNtntttt) AS r
WHERE sends.execution = column1 AND sends.ordinal = column2;

-- name: add_traces
INSERT INTO traces (execution, bot, chat, "user", started_ms, total_us, outcome, plugin, text, error, marks)
SELECT * FROM rows(:traces, Ttttnnttttt) AS r WHERE column1 IS NOT NULL
ON CONFLICT (execution) DO UPDATE SET
    started_ms = excluded.started_ms, total_us = excluded.total_us, outcome = excluded.outcome,
    plugin = excluded.plugin, text = excluded.text, error = excluded.error, marks = excluded.marks;

-- name: keep_events
-- Tried in vain: open until the next try, or dead.
UPDATE pending SET state = column2, attempts = column3, retry_at_ms = column4, error = column5
FROM rows(:kept, Ttnnt) AS r
WHERE pending.execution = column1;

-- name: close_events
DELETE FROM pending WHERE execution IN (SELECT column1 FROM rows(:closed, t) AS r);

-- name: put_values
INSERT INTO plugin_values (plugin, key, value)
SELECT * FROM rows(:written, TTt) AS r WHERE column1 IS NOT NULL
ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value;

-- name: drop_values
DELETE FROM plugin_values
WHERE value IS NULL AND (plugin, key) IN (SELECT column1, column2 FROM rows(:written, TTt) AS r);

-- name: touch
-- Something to commit when there is nothing but a wish for the disk.
UPDATE marks SET value = value + 1 WHERE name = 'barrier' AND EXISTS (SELECT 1 FROM rows(:barrier, n) AS r);
