-- name: open_events
-- As for SQLite; and none that is done, which another process may have seen to while the answer to this was lost.
INSERT INTO pending (execution, event, part, state, attempts, retry_at_ms, error)
SELECT column1, column2, column3, 'open', 0, 0, ''
FROM rows(:opened, tnn) AS r
WHERE EXISTS (SELECT 1 FROM events WHERE id = column2)
    AND NOT EXISTS (SELECT 1 FROM traces AS t WHERE t.execution = column1)
ON CONFLICT (execution) DO NOTHING;
