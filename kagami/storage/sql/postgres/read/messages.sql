-- name: chats
WITH known AS (
    SELECT bot, chat, chat_name, last_ms, last_text, last_sender, last_id, messages FROM chats
    UNION ALL
    SELECT bot, chat, chat_name, time_ms, substr(text, 1, 200), sender, id, 1 FROM lines
    WHERE id > (SELECT value FROM marks WHERE name = 'digested')
),

latest AS (
    SELECT DISTINCT ON (bot, chat)
        bot, chat, last_ms, last_text, last_sender, last_id,
        CAST(sum(messages) OVER (PARTITION BY bot, chat) AS BIGINT) AS messages
    FROM known ORDER BY bot, chat, last_id DESC
),

named AS (
    SELECT DISTINCT ON (bot, chat) bot, chat, chat_name FROM known
    WHERE chat_name <> '' ORDER BY bot, chat, last_id DESC
)

SELECT
    l.bot, l.chat, coalesce(n.chat_name, '') AS chat_name, l.last_ms, l.last_text, l.last_sender, l.messages, l.last_id
FROM latest AS l LEFT JOIN named AS n ON n.bot = l.bot AND n.chat = l.chat
WHERE l.last_ms >= :active_since_ms AND (
    :contains = ''
    OR instr(lower(coalesce(n.chat_name, '') || ' ' || l.bot || ' ' || l.chat), lower(:contains)) > 0
)
ORDER BY l.last_ms DESC, l.last_id DESC LIMIT :most;
