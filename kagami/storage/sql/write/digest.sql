-- What lists and search want to know of messages, added in the background.

-- name: add_grams
INSERT INTO grams (rowid, tokens) SELECT value ->> 0, value ->> 1 FROM json_each(:grams);

-- name: add_chats
INSERT INTO chats (bot, chat, chat_name, last_id, last_ms, last_text, last_sender, messages)
SELECT
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
FROM json_each(:chats) WHERE true
ON CONFLICT (bot, chat) DO UPDATE SET
    chat_name = CASE WHEN excluded.chat_name = '' THEN chats.chat_name ELSE excluded.chat_name END,
    last_id = excluded.last_id, last_ms = excluded.last_ms, last_text = excluded.last_text,
    last_sender = excluded.last_sender, messages = chats.messages + excluded.messages;

-- name: add_places
INSERT INTO places (chat, id)
SELECT c.number, p.value ->> 0
FROM json_each(:places) AS p INNER JOIN chats AS c ON c.bot = p.value ->> 1 AND c.chat = p.value ->> 2;

-- name: set_digested
UPDATE marks SET value = :digested WHERE name = 'digested';
