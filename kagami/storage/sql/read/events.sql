-- name: newest_id
SELECT max(id) AS id FROM (
    SELECT max(id) AS id FROM events
    UNION ALL SELECT max(id) FROM sends
    UNION ALL SELECT max(value) FROM marks WHERE name IN ('digested', 'highest')
) AS found;

-- name: stale_events
-- Of these ids, those that were not taken because another row had their dedupe key.
SELECT column1 AS id FROM each(:ids, n) AS r WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = column1);

-- name: pending_events
SELECT
    e.execution, e.bot, e.chat, e.user, e.kind, e.name, e.time_ms, e.dedupe, e.text, e.message, e.message_id,
    e.chat_name, e.sender, e.mentioned, e.native, e.accepted_ms, p.attempts, p.error
FROM pending AS p INNER JOIN events AS e ON e.id = p.event
WHERE p.state = :state
ORDER BY e.id DESC LIMIT :most;

-- name: pending_event
SELECT
    e.execution, e.bot, e.chat, e.user, e.kind, e.name, e.time_ms, e.dedupe, e.text, e.message, e.message_id,
    e.chat_name, e.sender, e.mentioned, e.native, e.accepted_ms, p.attempts, p.error
FROM pending AS p INNER JOIN events AS e ON e.id = p.event
WHERE p.execution = :execution AND p.state = :state;

-- name: receipts
SELECT execution, ordinal, state, message_id, reason, code, result
FROM sends WHERE execution IN (SELECT column1 FROM each(:executions, t) AS r) AND state NOT IN ('sending', 'ready');

-- name: recent_keys
SELECT bot, dedupe FROM (SELECT id, bot, dedupe FROM events ORDER BY id DESC LIMIT :most) AS newest ORDER BY id;

-- name: events_after
-- What happened, oldest first; never what plugins planned, what the guard kept out, nor what a clean-up has emptied.
SELECT
    e.id, e.execution, e.bot, e.chat, e.user, e.kind, e.name, e.time_ms, e.dedupe, e.text, e.message, e.message_id,
    e.chat_name, e.sender, e.mentioned, e.native, e.accepted_ms, 0 AS attempts, '' AS error
FROM events AS e
WHERE e.id > :after AND e.kind IN ('message', 'notice', 'request')
    AND NOT EXISTS (SELECT 1 FROM traces AS t WHERE t.execution = e.execution AND t.outcome IN ('guarded', 'limited'))
ORDER BY e.id LIMIT :most;

-- name: events_passed
-- Of what happened behind an id: how much is older than a moment or more than so many, and the last of that.
SELECT count(*) AS amount, coalesce(max(e.id), 0) AS id
FROM events AS e
WHERE e.id > :after AND e.kind IN ('message', 'notice', 'request') AND (
    e.accepted_ms < :limit_ms
    OR e.id <= coalesce((
        SELECT n.id FROM events AS n
        WHERE n.id > :after AND n.kind IN ('message', 'notice', 'request')
        ORDER BY n.id DESC LIMIT 1 OFFSET :most
    ), 0)
);
