-- name: hits
-- Every hit of the index, newest first; those that the filters leave out, or that are gone, without a direction.
SELECT
    h.id,
    CASE WHEN e.id IS NOT NULL THEN 'in' WHEN s.id IS NOT NULL THEN 'out' END AS direction,
    coalesce(e.time_ms, s.created_ms) AS time_ms, coalesce(e.bot, s.bot) AS bot, coalesce(e.chat, s.chat) AS chat,
    coalesce(e.user, substr(s.bot, instr(s.bot, ':') + 1)) AS user, coalesce(e.text, s.text) AS text,
    coalesce(e.execution, s.execution) AS execution,
    coalesce(s.state, (SELECT t.outcome FROM traces AS t WHERE t.execution = e.execution), '') AS outcome,
    e.sender, coalesce(e.chat_name, '') AS chat_name, coalesce(e.message_id, s.message_id) AS message_id,
    coalesce(s.reason, '') AS reason
FROM (
    SELECT rowid AS id FROM grams WHERE grams MATCH :expression AND rowid < :before ORDER BY rowid DESC LIMIT :most
) AS h
LEFT JOIN events AS e
    ON e.id = h.id AND e.kind = 'message'
    AND (:bot = '' OR e.bot = :bot) AND (:chat = '' OR e.chat = :chat) AND (:user = '' OR e.user = :user)
LEFT JOIN sends AS s
    ON s.id = h.id AND s.kind = 'send'
    AND (:bot = '' OR s.bot = :bot) AND (:chat = '' OR s.chat = :chat)
    AND (:user = '' OR substr(s.bot, instr(s.bot, ':') + 1) = :user)
ORDER BY h.id DESC;

-- name: undigested
-- For the digest, oldest first.
SELECT id, bot, chat, "user", text, chat_name, time_ms, sender FROM lines
WHERE id > :digested AND id < :horizon ORDER BY id LIMIT :most;
