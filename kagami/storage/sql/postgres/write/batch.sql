-- name: open_events
-- As for SQLite; and none that is done, which another process may have seen to while the answer to this was lost.
INSERT INTO pending (execution, event, part, state, attempts, retry_at_ms, error)
SELECT column1, column2, column3, 'open', 0, 0, ''
FROM rows(:opened, tnn) AS r
WHERE EXISTS (SELECT 1 FROM events WHERE id = column2)
    AND NOT EXISTS (SELECT 1 FROM traces AS t WHERE t.execution = column1)
ON CONFLICT (execution) DO NOTHING;

-- name: end_sends
-- As for SQLite, in the order in which others lock them, too.
UPDATE sends SET
    state = column3, done_ms = column4, message_id = column5, reason = column6, code = column7, result = column8
FROM (SELECT * FROM rows(:ended, TNtntttt) AS e ORDER BY e.column1, e.column2) AS r
WHERE sends.execution = column1 AND sends.ordinal = column2;

-- name: ask_sends
-- For whoever has the account. One that certainly failed is asked for again, any other one stays as it is. When that was
-- is told by the one clock that all share: what is asked for too long ago is not begun.
INSERT INTO sends (id, execution, ordinal, kind, bot, chat, text, body, created_ms, attempt, worker, node, state)
SELECT
    column1, column2, column3, column4, column5, column6, column7, column8,
    CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT), column10, column11, column12, 'ready'
FROM rows(:asked, nTNtttttnntt) AS r WHERE column1 IS NOT NULL
ON CONFLICT (execution, ordinal) DO UPDATE SET
    node = excluded.node, attempt = excluded.attempt, created_ms = excluded.created_ms,
    state = CASE WHEN sends.state = 'failed' THEN 'ready' ELSE sends.state END
WHERE sends.state IN ('failed', 'ready', 'sending');
