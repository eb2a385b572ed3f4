-- One chunk of a clean-up.

-- name: drop_grams
INSERT INTO grams (grams, rowid, tokens) SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(:grams);

-- name: drop_places
DELETE FROM places WHERE (chat, id) IN (
    SELECT c.number, p.value ->> 0
    FROM json_each(:places) AS p INNER JOIN chats AS c ON c.bot = p.value ->> 1 AND c.chat = p.value ->> 2
);

-- name: lessen_chats
UPDATE chats SET messages = chats.messages - (value ->> 2)
FROM json_each(:chats) WHERE chats.bot = value ->> 0 AND chats.chat = value ->> 1;

-- name: drop_chats
DELETE FROM chats
WHERE messages <= 0 AND (bot, chat) IN (SELECT c.value ->> 0, c.value ->> 1 FROM json_each(:chats) AS c);

-- name: drop_pending
DELETE FROM pending WHERE execution IN (SELECT value FROM json_each(:executions));

-- name: drop_events
DELETE FROM events WHERE id IN (SELECT value FROM json_each(:gone));

-- name: strip_events
-- Only what tells a duplicate stays.
UPDATE events SET
    kind = 'cleaned', user = '', text = '', message = NULL, message_id = '', chat_name = '', sender = NULL, native = ''
WHERE id IN (SELECT value FROM json_each(:stripped));

-- name: drop_sends
DELETE FROM sends WHERE id IN (SELECT value FROM json_each(:sends));

-- name: keep_highest
-- No id is ever given twice.
UPDATE marks SET value = max(value, coalesce(:highest, 0)) WHERE name = 'highest';
