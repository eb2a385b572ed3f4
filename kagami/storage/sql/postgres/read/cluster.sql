-- What several processes on one database ask. Some of it writes, one statement each, which is its own transaction.
-- Rows are locked in one order, so that two who write at once wait for each other and not in a circle: leases by their
-- names, sends by what they are of.

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
WITH held AS (
    SELECT l.name FROM leases AS l INNER JOIN json_rows(:held, tn) AS r ON l.name = r.column1 AND l.epoch = r.column2
    WHERE l.owner = :owner ORDER BY l.name FOR NO KEY UPDATE OF l
)

UPDATE leases SET expires = clock_timestamp() + CAST(:ms AS BIGINT) * INTERVAL '1 millisecond'
FROM held WHERE leases.name = held.name
RETURNING leases.name, leases.epoch;

-- name: release_leases
-- The row stays: its epoch must never begin again.
WITH held AS (
    SELECT l.name FROM leases AS l INNER JOIN json_rows(:held, tn) AS r ON l.name = r.column1 AND l.epoch = r.column2
    ORDER BY l.name FOR NO KEY UPDATE OF l
)

UPDATE leases SET expires = clock_timestamp() - INTERVAL '1 day' FROM held WHERE leases.name = held.name
RETURNING leases.name;

-- name: leases
SELECT name, epoch, owner, CAST(extract(EPOCH FROM expires - clock_timestamp()) * 1000 AS BIGINT) AS left_ms
FROM leases ORDER BY name;

-- name: clear_nodes
-- While the server was away nobody could be heard: those who live have as long to come back.
DELETE FROM nodes
WHERE seen < clock_timestamp() - CAST(:ms AS BIGINT) * INTERVAL '1 millisecond'
    AND pg_postmaster_start_time() < clock_timestamp() - CAST(:ms AS BIGINT) * INTERVAL '1 millisecond'
RETURNING node;

-- name: join_node
-- Never with the slot of an earlier process of that name: it may still number something. One that was forgotten goes on
-- with its own where it can: what it has numbered and not written yet is under that.
INSERT INTO nodes (node, slot, role, seen, state)
SELECT :node, coalesce(min(s.slot) FILTER (WHERE s.slot = :former), min(s.slot)), :role, clock_timestamp(), '{}'
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

-- name: wall_ms
SELECT CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS wall_ms;

-- name: open_events
-- Of each partition the oldest: what waits in one does not keep the others from being read.
SELECT
    e.execution, e.bot, e.chat, e.user, e.kind, e.name, e.time_ms, e.dedupe, e.text, e.message, e.message_id,
    e.chat_name, e.sender, e.mentioned, e.native, e.accepted_ms, p.attempts, p.error, p.event, p.part,
    (SELECT min(s.ordinal) FROM sends AS s WHERE s.execution = e.execution) AS first_send, p.retry_at_ms
FROM each(:parts, n) AS w
CROSS JOIN LATERAL (
    SELECT o.event, o.part, o.attempts, o.error, o.retry_at_ms FROM pending AS o
    WHERE o.part = w.column1 AND o.state = 'open'
        AND NOT EXISTS (SELECT 1 FROM each(:held, n) AS h WHERE h.column1 = o.event)
    ORDER BY o.event LIMIT :most
) AS p INNER JOIN events AS e ON e.id = p.event
ORDER BY p.event;

-- name: move_event
-- By whoever has its partition, who holds that as long as this takes. It is due now, and was begun already.
WITH held AS (
    SELECT l.name FROM leases AS l WHERE l.name = :lease AND l.epoch = :epoch FOR KEY SHARE OF l
)

UPDATE pending SET part = :part, retry_at_ms = CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
WHERE execution = :execution AND state = 'open' AND 'part:' || part IN (SELECT h.name FROM held AS h)
RETURNING event;

-- name: take_sends
-- Only of accounts whose leases still stand, of each as many as may begin now, and of each chat the oldest. What is late
-- is not begun: nobody waits for it any more.
WITH held AS (
    SELECT substr(l.name, 5) AS bot, r.column3 AS most
    FROM leases AS l INNER JOIN json_rows(:bots, tnn) AS r ON l.name = r.column1 AND l.epoch = r.column2
    ORDER BY l.name FOR KEY SHARE OF l
),

asked AS (SELECT CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - :late_ms AS since_ms),

due AS (
    SELECT d.id FROM held AS h CROSS JOIN asked AS a CROSS JOIN LATERAL (
        SELECT min(s.id) AS id FROM sends AS s
        WHERE s.state = 'ready' AND s.bot = h.bot AND s.created_ms > a.since_ms
            AND NOT EXISTS (SELECT 1 FROM each(:busy, t) AS b WHERE b.column1 = s.bot || '|' || s.chat)
        GROUP BY s.chat ORDER BY min(s.id) LIMIT h.most
    ) AS d
    ORDER BY d.id LIMIT :most
),

free AS (SELECT f.id FROM sends AS f INNER JOIN due AS d ON d.id = f.id WHERE f.state = 'ready' FOR UPDATE OF f SKIP LOCKED)

UPDATE sends SET state = 'sending' FROM free WHERE sends.id = free.id
RETURNING
    sends.id, sends.execution, sends.ordinal, sends.kind, sends.bot, sends.chat, sends.text, sends.body,
    sends.created_ms, sends.attempt, sends.worker, sends.node;

-- name: reclaim_sends
WITH held AS (
    SELECT l.name FROM leases AS l INNER JOIN json_rows(:bots, tn) AS r ON l.name = r.column1 AND l.epoch = r.column2
    ORDER BY l.name FOR KEY SHARE OF l
),

idle AS (
    SELECT s.id FROM sends AS s
    WHERE s.state = 'sending' AND s.state <> 'sent' AND s.bot IN (SELECT substr(h.name, 5) FROM held AS h)
        AND s.node <> '' AND NOT EXISTS (SELECT 1 FROM each(:busy, t) AS b WHERE b.column1 = s.bot || '|' || s.chat)
    ORDER BY s.execution, s.ordinal FOR UPDATE OF s
)

UPDATE sends SET state = 'ready' FROM idle WHERE sends.id = idle.id RETURNING sends.id;

-- name: give_back_sends
-- By whoever has the account, who holds it as long as this takes: another one may have taken them anew.
WITH held AS (
    SELECT substr(l.name, 5) AS bot FROM leases AS l WHERE l.name = :lease AND l.epoch = :epoch FOR KEY SHARE OF l
),

taken AS (
    SELECT s.id FROM json_rows(:sends, tn) AS r INNER JOIN sends AS s
        ON s.execution = r.column1 AND s.ordinal = r.column2
    WHERE s.state = 'sending' AND s.bot IN (SELECT h.bot FROM held AS h)
    ORDER BY s.execution, s.ordinal FOR UPDATE OF s
)

UPDATE sends SET state = 'ready' FROM taken WHERE sends.id = taken.id RETURNING sends.id;

-- name: abandon_send
UPDATE sends SET state = 'failed', reason = :reason, code = 'offline', done_ms = :now_ms
WHERE execution = :execution AND ordinal = :ordinal AND state = 'ready' RETURNING id;

-- name: expire_sends
WITH late AS (
    SELECT s.id FROM sends AS s
    WHERE s.state = 'ready' AND s.created_ms <= CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - :late_ms
    ORDER BY s.execution, s.ordinal FOR UPDATE OF s
)

UPDATE sends SET
    state = 'failed', reason = :reason, code = 'offline',
    done_ms = CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
FROM late WHERE sends.id = late.id
RETURNING sends.id;

-- name: give_up_bot
WITH begun AS (
    SELECT s.id FROM sends AS s WHERE s.bot = :bot AND s.state = 'sending' AND s.state <> 'sent'
    ORDER BY s.execution, s.ordinal FOR UPDATE OF s
)

UPDATE sends SET state = 'unknown', reason = :reason, done_ms = :now_ms FROM begun WHERE sends.id = begun.id
RETURNING sends.id;

-- name: events_behind
-- As `events_after`, of each slot behind an id of its own.
SELECT
    e.id, e.execution, e.bot, e.chat, e.user, e.kind, e.name, e.time_ms, e.dedupe, e.text, e.message, e.message_id,
    e.chat_name, e.sender, e.mentioned, e.native, e.accepted_ms, 0 AS attempts, '' AS error
FROM json_rows(:behind, nn) AS r
CROSS JOIN LATERAL (
    SELECT x.* FROM events AS x
    WHERE x.id / 256 % 32 = r.column1 AND x.id + 0 > r.column2 AND x.kind IN ('message', 'notice', 'request')
        AND NOT EXISTS (
            SELECT 1 FROM traces AS t WHERE t.execution = x.execution AND t.outcome IN ('guarded', 'limited')
        )
    ORDER BY x.id + 0 LIMIT :most
) AS e
ORDER BY e.id LIMIT :most;

-- name: events_passed_behind
-- As `events_passed`, with the last of each slot. Of each no more than the newest so many are looked at: more than `most`
-- are enough to know the last ones, what is beyond that is only not counted.
WITH behind AS (
    SELECT e.id, e.accepted_ms FROM json_rows(:behind, nn) AS r
    CROSS JOIN LATERAL (
        SELECT x.id, x.accepted_ms FROM events AS x
        WHERE x.id / 256 % 32 = r.column1 AND x.id + 0 > r.column2 AND x.kind IN ('message', 'notice', 'request')
        ORDER BY x.id + 0 DESC LIMIT :looked
    ) AS e
)

SELECT count(*) AS amount, max(b.id) AS id FROM behind AS b
WHERE b.accepted_ms < :limit_ms
    OR b.id <= coalesce((SELECT n.id FROM behind AS n ORDER BY n.id DESC LIMIT 1 OFFSET :most), 0)
GROUP BY b.id / 256 % 32;

-- name: event_heads
SELECT s.slot, (SELECT max(x.id + 0) FROM events AS x WHERE x.id / 256 % 32 = s.slot) AS id
FROM generate_series(0, 31) AS s (slot)
WHERE EXISTS (SELECT 1 FROM events AS x WHERE x.id / 256 % 32 = s.slot);

-- name: keys_of_others
-- As `recent_keys`, of one account, without those of a slot.
SELECT n.dedupe FROM (SELECT x.id, x.bot, x.dedupe FROM events AS x ORDER BY x.id DESC LIMIT :most) AS n
WHERE n.bot = :bot AND n.id / 256 % 32 <> :without
ORDER BY n.id;
