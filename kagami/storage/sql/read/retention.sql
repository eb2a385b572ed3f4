-- name: oldest_events
SELECT
    e.id, e.bot, e.chat, e.user, e.text, e.kind, e.execution, e.accepted_ms,
    EXISTS (SELECT 1 FROM pending AS p WHERE p.execution = e.execution AND p.state = 'open') AS is_open
FROM events AS e WHERE e.id > :after ORDER BY e.id LIMIT :most;

-- name: oldest_sends
SELECT
    s.id, s.bot, s.chat, substr(s.bot, instr(s.bot, ':') + 1) AS user, s.text, s.kind, s.execution, s.created_ms,
    s.state = 'sending'
    OR EXISTS (SELECT 1 FROM pending AS p WHERE p.execution = s.execution AND p.state = 'open') AS is_open
FROM sends AS s WHERE s.id > :after ORDER BY s.id LIMIT :most;

-- name: measure
SELECT
    (SELECT count(*) FROM events WHERE kind = 'message' AND accepted_ms < :limit_ms) AS messages,
    (SELECT count(*) FROM sends WHERE kind = 'send' AND created_ms < :limit_ms) AS sends,
    (SELECT count(*) FROM traces WHERE execution < :bound) AS traces,
    (SELECT count(*) FROM events WHERE kind = 'message') AS all_messages,
    (SELECT count(*) FROM sends WHERE kind = 'send') AS all_sends;

-- name: oldest_moments
-- Until when the oldest so many rows of each family reach.
SELECT
    (SELECT max(m) FROM (
        SELECT accepted_ms AS m FROM events WHERE kind <> 'cleaned' ORDER BY id LIMIT :most) AS e) AS events,
    (SELECT max(m) FROM (SELECT created_ms AS m FROM sends ORDER BY id LIMIT :most) AS s) AS sends,
    (SELECT max(m) FROM (SELECT started_ms AS m FROM traces ORDER BY execution LIMIT :most) AS t) AS traces;
