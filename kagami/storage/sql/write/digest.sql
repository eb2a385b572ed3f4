-- What lists and search want to know of messages, added in the background. Two processes, or a second try after an answer
-- that was lost, add nothing twice: it counts only on top of what was digested when the messages were read.

-- name: lock_digest
UPDATE marks SET value = value WHERE name = 'digested';

-- name: add_grams
INSERT INTO grams (rowid, tokens)
SELECT column1, column2 FROM json_rows(:grams, nt) AS r
WHERE (SELECT value FROM marks WHERE name = 'digested') = :after;

-- name: add_chats
INSERT INTO chats (bot, chat, chat_name, last_id, last_ms, last_text, last_sender, messages)
SELECT * FROM json_rows(:chats, tttnnttn) AS r
WHERE (SELECT value FROM marks WHERE name = 'digested') = :after
ON CONFLICT (bot, chat) DO UPDATE SET
    chat_name = CASE WHEN excluded.chat_name = '' THEN chats.chat_name ELSE excluded.chat_name END,
    last_id = excluded.last_id, last_ms = excluded.last_ms, last_text = excluded.last_text,
    last_sender = excluded.last_sender, messages = chats.messages + excluded.messages;

-- name: add_places
INSERT INTO places (chat, id)
SELECT c.number, p.column1
FROM json_rows(:places, ntt) AS p INNER JOIN chats AS c ON c.bot = p.column2 AND c.chat = p.column3
WHERE (SELECT value FROM marks WHERE name = 'digested') = :after;

-- name: set_digested
UPDATE marks SET value = :digested WHERE name = 'digested' AND value = :after;
