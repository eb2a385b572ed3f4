-- name: hits
-- The expression is one of FTS5 (`kagami.storage.words.query`): quoted words of digits and letters, and nothing else.
-- Newest first: what very many messages hold is found among the latest, one by one; only when those are not enough does
-- the index give all the older ones, to be sorted, which are few then. The planner cannot know which case it is.
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
    SELECT id FROM (
        SELECT id FROM (
            SELECT id, tokens FROM grams WHERE id < :before ORDER BY id DESC LIMIT 10000
        ) AS latest
        WHERE tokens @@ CAST(replace(replace(replace(replace(
            :expression, '"*', ':*'), '"', ''), ' AND ', '&'), ' OR ', '|') AS TSQUERY)
        UNION ALL
        SELECT id FROM (
            SELECT id FROM (SELECT id FROM grams WHERE tokens @@ CAST(replace(replace(replace(replace(
            :expression, '"*', ':*'), '"', ''), ' AND ', '&'), ' OR ', '|') AS TSQUERY) OFFSET 0) AS matches
            WHERE id <= (SELECT id FROM grams WHERE id < :before ORDER BY id DESC OFFSET 10000 LIMIT 1)
            ORDER BY id DESC
        ) AS older
    ) AS found
    LIMIT :most
) AS h
LEFT JOIN events AS e
    ON e.id = h.id AND e.kind = 'message'
    AND (:bot = '' OR e.bot = :bot) AND (:chat = '' OR e.chat = :chat) AND (:user = '' OR e.user = :user)
LEFT JOIN sends AS s
    ON s.id = h.id AND s.kind = 'send'
    AND (:bot = '' OR s.bot = :bot) AND (:chat = '' OR s.chat = :chat)
    AND (:user = '' OR substr(s.bot, instr(s.bot, ':') + 1) = :user)
ORDER BY h.id DESC;
