-- What several processes on one database ask. Some of it writes, one statement each, which is its own transaction.

-- name: take_leases
-- In the order of their names, so that two who ask at once wait for each other and not in a circle.
INSERT INTO leases (name, epoch, owner, expires)
SELECT column1, 1, :owner, clock_timestamp() + CAST(:ms AS BIGINT) * INTERVAL '1 millisecond'
FROM (SELECT column1 FROM each(:names, t) AS r ORDER BY column1) AS wanted
ON CONFLICT (name) DO UPDATE SET epoch = leases.epoch + 1, owner = excluded.owner, expires = excluded.expires
WHERE leases.expires < clock_timestamp()
RETURNING name, epoch;

-- name: seize_lease
INSERT INTO leases (name, epoch, owner, expires)
VALUES (:name, 1, :owner, clock_timestamp() + CAST(:ms AS BIGINT) * INTERVAL '1 millisecond')
ON CONFLICT (name) DO UPDATE SET epoch = leases.epoch + 1, owner = excluded.owner, expires = excluded.expires
RETURNING name, epoch;

-- name: renew_leases
UPDATE leases SET expires = clock_timestamp() + CAST(:ms AS BIGINT) * INTERVAL '1 millisecond'
FROM json_rows(:held, tn) AS r
WHERE leases.name = r.column1 AND leases.epoch = r.column2 AND leases.owner = :owner
RETURNING leases.name, leases.epoch;

-- name: release_leases
-- The row stays: its epoch must never begin again.
UPDATE leases SET expires = clock_timestamp() - INTERVAL '1 day'
FROM json_rows(:held, tn) AS r
WHERE leases.name = r.column1 AND leases.epoch = r.column2
RETURNING leases.name;

-- name: leases
SELECT name, epoch, owner, CAST(extract(EPOCH FROM expires - clock_timestamp()) * 1000 AS BIGINT) AS left_ms
FROM leases ORDER BY name;

-- name: clear_nodes
DELETE FROM nodes
WHERE seen < clock_timestamp() - CAST(:ms AS BIGINT) * INTERVAL '1 millisecond'
RETURNING node;

-- name: join_node
-- Never with the slot of an earlier process of that name: it may still number something.
INSERT INTO nodes (node, slot, role, seen, state)
SELECT :node, min(s.slot), :role, clock_timestamp(), '{}'
FROM generate_series(0, CAST(:slots AS INTEGER) - 1) AS s (slot)
WHERE NOT EXISTS (SELECT 1 FROM nodes AS n WHERE n.slot = s.slot)
ON CONFLICT (node) DO UPDATE SET slot = excluded.slot, role = excluded.role, seen = excluded.seen, state = '{}'
RETURNING slot;

-- name: beat_node
UPDATE nodes SET seen = clock_timestamp(), state = :state WHERE node = :node AND slot = :slot RETURNING slot;

-- name: leave_node
DELETE FROM nodes WHERE node = :node RETURNING node;

-- name: nodes
SELECT node, role, slot, CAST(extract(EPOCH FROM clock_timestamp() - seen) * 1000 AS BIGINT) AS seen_ms, state
FROM nodes ORDER BY node;

-- name: open_events
-- Of each partition the oldest: what waits in one does not keep the others from being read.
SELECT
    e.execution, e.bot, e.chat, e.user, e.kind, e.name, e.time_ms, e.dedupe, e.text, e.message, e.message_id,
    e.chat_name, e.sender, e.mentioned, e.native, e.accepted_ms, p.attempts, p.error, p.event, p.part,
    (SELECT min(s.ordinal) FROM sends AS s WHERE s.execution = e.execution) AS first_send
FROM each(:parts, n) AS w
CROSS JOIN LATERAL (
    SELECT o.event, o.part, o.attempts, o.error FROM pending AS o
    WHERE o.part = w.column1 AND o.state = 'open'
        AND NOT EXISTS (SELECT 1 FROM each(:held, n) AS h WHERE h.column1 = o.event)
    ORDER BY o.event LIMIT :most
) AS p INNER JOIN events AS e ON e.id = p.event
ORDER BY p.event;

-- name: take_sends
-- Only of accounts whose leases still stand, and of each chat the oldest.
WITH held AS (
    SELECT l.name FROM leases AS l INNER JOIN json_rows(:bots, tn) AS r ON l.name = r.column1 AND l.epoch = r.column2
    FOR KEY SHARE OF l
),

due AS (
    SELECT s.id FROM sends AS s
    WHERE s.state = 'ready' AND s.bot IN (SELECT substr(h.name, 5) FROM held AS h)
        AND NOT EXISTS (SELECT 1 FROM each(:busy, t) AS b WHERE b.column1 = s.bot || '|' || s.chat)
        AND NOT EXISTS (
            SELECT 1 FROM sends AS o
            WHERE o.bot = s.bot AND o.chat = s.chat AND o.state = 'ready' AND o.id < s.id
        )
    ORDER BY s.id LIMIT :most FOR UPDATE SKIP LOCKED
)

UPDATE sends SET state = 'sending' FROM due WHERE sends.id = due.id
RETURNING
    sends.id, sends.execution, sends.ordinal, sends.kind, sends.bot, sends.chat, sends.text, sends.body,
    sends.created_ms, sends.attempt, sends.worker, sends.node;

-- name: reclaim_sends
WITH held AS (
    SELECT l.name FROM leases AS l INNER JOIN json_rows(:bots, tn) AS r ON l.name = r.column1 AND l.epoch = r.column2
    FOR KEY SHARE OF l
)

UPDATE sends SET state = 'ready'
WHERE state = 'sending' AND state <> 'sent' AND bot IN (SELECT substr(h.name, 5) FROM held AS h) AND node <> ''
    AND NOT EXISTS (SELECT 1 FROM each(:busy, t) AS b WHERE b.column1 = bot || '|' || chat)
RETURNING id;

-- name: give_back_sends
UPDATE sends SET state = 'ready' FROM json_rows(:sends, tn) AS r
WHERE sends.execution = r.column1 AND sends.ordinal = r.column2 AND sends.state = 'sending' RETURNING sends.id;

-- name: abandon_send
UPDATE sends SET state = 'failed', reason = :reason, code = 'offline', done_ms = :now_ms
WHERE execution = :execution AND ordinal = :ordinal AND state = 'ready' RETURNING id;

-- name: give_up_bot
UPDATE sends SET state = 'unknown', reason = :reason, done_ms = :now_ms
WHERE bot = :bot AND state = 'sending' AND state <> 'sent' RETURNING id;
