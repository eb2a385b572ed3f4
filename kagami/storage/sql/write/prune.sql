-- One chunk of a clean-up. Run twice, it does no more than once.

-- name: lock_digest
UPDATE marks SET value = value WHERE name = 'digested';

-- name: drop_grams
INSERT INTO grams (grams, rowid, tokens) SELECT 'delete', column1, column2 FROM json_rows(:grams, nt) AS r;

-- name: lessen_chats
-- By as many messages as are still in their places.
UPDATE chats SET messages = chats.messages - gone.amount
FROM (
    SELECT c.number, count(*) AS amount
    FROM json_rows(:places, ntt) AS r
    INNER JOIN chats AS c ON c.bot = r.column2 AND c.chat = r.column3
    INNER JOIN places AS p ON p.chat = c.number AND p.id = r.column1
    GROUP BY c.number
) AS gone
WHERE chats.number = gone.number;

-- name: drop_places
DELETE FROM places WHERE (chat, id) IN (
    SELECT c.number, p.column1
    FROM json_rows(:places, ntt) AS p INNER JOIN chats AS c ON c.bot = p.column2 AND c.chat = p.column3
);

-- name: drop_chats
DELETE FROM chats
WHERE messages <= 0 AND (bot, chat) IN (SELECT column2, column3 FROM json_rows(:places, ntt) AS r);

-- name: drop_pending
DELETE FROM pending WHERE execution IN (SELECT column1 FROM each(:executions, t) AS r);

-- name: drop_events
DELETE FROM events WHERE id IN (SELECT column1 FROM each(:gone, n) AS r);

-- name: strip_events
-- Only what tells a duplicate stays.
UPDATE events SET
    kind = 'cleaned', "user" = '', text = '', message = NULL, message_id = '', chat_name = '', sender = NULL, native = ''
WHERE id IN (SELECT column1 FROM each(:stripped, n) AS r);

-- name: drop_sends
DELETE FROM sends WHERE id IN (SELECT column1 FROM each(:sends, n) AS r);

-- name: keep_highest
-- No id is ever given twice.
UPDATE marks SET value = :highest WHERE name = 'highest' AND value < :highest;
