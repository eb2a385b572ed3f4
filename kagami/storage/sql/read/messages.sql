-- name: lines_above
-- The log above an id, newest first: all of it, or what the digest has not read. The empty texts keep every other index out.
SELECT * FROM lines
WHERE id < :before AND id > :digested
    AND (:bot = '' OR bot || '' = :bot) AND (:chat = '' OR chat || '' = :chat) AND (:user = '' OR "user" || '' = :user)
ORDER BY id DESC LIMIT :most;

-- name: lines_of_chat
SELECT
    p.id,
    CASE WHEN e.id IS NOT NULL THEN 'in' WHEN s.id IS NOT NULL THEN 'out' END AS direction,
    coalesce(e.time_ms, s.created_ms) AS time_ms, coalesce(e.bot, s.bot) AS bot, coalesce(e.chat, s.chat) AS chat,
    coalesce(e.user, substr(s.bot, instr(s.bot, ':') + 1)) AS user, coalesce(e.text, s.text) AS text,
    coalesce(e.execution, s.execution) AS execution,
    coalesce(s.state, (SELECT t.outcome FROM traces AS t WHERE t.execution = e.execution), '') AS outcome,
    e.sender, coalesce(e.chat_name, '') AS chat_name, coalesce(e.message_id, s.message_id) AS message_id,
    coalesce(s.reason, '') AS reason
FROM places AS p
LEFT JOIN events AS e ON e.id = p.id AND e.kind = 'message'
LEFT JOIN sends AS s ON s.id = p.id AND s.kind = 'send'
WHERE p.chat = (SELECT number FROM chats WHERE bot = :bot AND chat = :chat) AND p.id < :before
ORDER BY p.id DESC LIMIT :most;

-- name: sends_of_execution
SELECT
    id, 'out' AS direction, created_ms, bot, chat, substr(bot, instr(bot, ':') + 1) AS user, text, execution,
    state, NULL AS sender, '' AS chat_name, message_id, reason, worker
FROM sends WHERE execution = :execution ORDER BY ordinal;

-- name: send_of_id
SELECT kind, bot, chat, text, body, state FROM sends WHERE id = :number;

-- name: doubtful_sends
-- The second condition lets the index of the odd states be used.
SELECT execution, ordinal, kind, bot, chat, text, body, created_ms, attempt FROM sends
WHERE state = 'unknown' AND state <> 'sent' AND created_ms >= :since_ms AND bot = :bot AND kind = 'send'
ORDER BY created_ms, id;

-- name: digested
-- What the digest has read, up to and including this id.
SELECT value FROM marks WHERE name = 'digested';

-- name: chats
-- What the digest knows, and what it has not read. Bare columns are those of the row with the highest id.
WITH known AS (
    SELECT bot, chat, chat_name, last_ms, last_text, last_sender, last_id, messages FROM chats
    UNION ALL
    SELECT bot, chat, chat_name, time_ms, substr(text, 1, 200), sender, id, 1 FROM lines
    WHERE id > (SELECT value FROM marks WHERE name = 'digested')
),

latest AS (
    SELECT bot, chat, last_ms, last_text, last_sender, max(last_id) AS last_id, sum(messages) AS messages
    FROM known GROUP BY bot, chat
),

named AS (SELECT bot, chat, chat_name, max(last_id) FROM known WHERE chat_name <> '' GROUP BY bot, chat)

SELECT
    l.bot, l.chat, coalesce(n.chat_name, '') AS chat_name, l.last_ms, l.last_text, l.last_sender, l.messages, l.last_id
FROM latest AS l LEFT JOIN named AS n ON n.bot = l.bot AND n.chat = l.chat
WHERE l.last_ms >= :active_since_ms AND (
    :contains = ''
    OR instr(lower(coalesce(n.chat_name, '') || ' ' || l.bot || ' ' || l.chat), lower(:contains)) > 0
)
ORDER BY l.last_ms DESC, l.last_id DESC LIMIT :most;

-- name: counts
-- The second condition on states lets the index of the odd ones be used.
SELECT
    (SELECT count(*) FROM events WHERE kind = 'message' AND accepted_ms >= :since_ms) AS received,
    (SELECT count(*) FROM sends WHERE kind = 'send' AND created_ms >= :since_ms) AS sent,
    (SELECT count(*) FROM sends WHERE state = 'failed' AND state <> 'sent' AND created_ms >= :since_ms) AS failed,
    (SELECT count(*) FROM sends WHERE state = 'unknown' AND state <> 'sent' AND created_ms >= :since_ms) AS unknown,
    (SELECT count(*) FROM pending WHERE state = 'dead') AS dead,
    (SELECT count(*) FROM pending WHERE state = 'open') AS open;
