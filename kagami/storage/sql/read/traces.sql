-- The last three columns say what became of the answers: see `read_trace`.
-- part: told
SELECT execution, bot, chat, "user", started_ms, total_us, outcome, plugin, text, error, marks,
    (SELECT max(s.worker) FROM sends AS s WHERE s.execution = traces.execution AND s.kind = 'send') AS worker,
    (
        SELECT min(s.state) FROM sends AS s
        WHERE s.execution = traces.execution AND s.kind = 'send' AND s.state IN ('failed', 'unknown')
    ) AS trouble,
    (
        SELECT s.reason FROM sends AS s
        WHERE s.execution = traces.execution AND s.kind = 'send' AND s.state IN ('failed', 'unknown')
        ORDER BY s.state, s.ordinal LIMIT 1
    ) AS reason
FROM traces

-- A chat, a user or an account is named whole, or by what stands behind its first colon.
-- part: wanted
    AND execution < :bound AND started_ms < :before_ms AND started_ms >= :since_ms AND total_us >= :slower_us
    AND (:plugin = '' OR plugin = :plugin OR substr(plugin, 1, length(:plugin) + 1) = :plugin || '@')
    AND (:execution = '' OR instr(execution, :execution) > 0)
    AND (:chat = '' OR chat = :chat OR substr(chat, instr(chat, ':') + 1) = :chat)
    AND (:user = '' OR "user" = :user OR substr("user", instr("user", ':') + 1) = :user)
    AND (:bot = '' OR bot = :bot OR substr(bot, instr(bot, ':') + 1) = :bot)
    AND (:text = '' OR instr(lower(text || ' ' || error), :text) > 0)
ORDER BY execution DESC LIMIT :most

-- name: traces
-- insert: told
WHERE TRUE
-- insert: wanted

-- name: common_traces
-- The same for an outcome that most have, and whose answers do not say otherwise.
-- insert: told
WHERE outcome = :outcome
    AND NOT EXISTS (
        SELECT 1 FROM sends AS s WHERE s.execution = traces.execution AND s.kind = 'send' AND (
            s.state IN ('failed', 'unknown') OR (s.worker <> '' AND traces.outcome IN ('ignored', 'dropped'))
        )
    )
-- insert: wanted

-- name: odd_traces
-- The same for an outcome of those that `traces_odd` holds.
-- insert: told
WHERE outcome = :outcome AND outcome NOT IN ('handled', 'ignored', 'answer')
    AND (outcome <> 'dropped' OR NOT EXISTS (
        SELECT 1 FROM sends AS s WHERE s.execution = traces.execution AND s.kind = 'send'
        AND (s.state IN ('failed', 'unknown') OR s.worker <> '')
    ))
-- insert: wanted

-- name: unsent_traces
-- The same for those whose worst send is in a state.
-- insert: told
WHERE execution IN (SELECT s.execution FROM sends AS s WHERE s.state = :state AND s.state <> 'sent' AND s.kind = 'send')
    AND (:state = 'failed' OR NOT EXISTS (
        SELECT 1 FROM sends AS s WHERE s.execution = traces.execution AND s.kind = 'send' AND s.state = 'failed'
    ))
    AND outcome IN ('handled', 'ignored', 'answer', 'dropped')
-- insert: wanted

-- name: answered_traces
-- The same for those that only applications outside have answered.
-- insert: told
WHERE outcome IN ('ignored', 'dropped')
    AND EXISTS (
        SELECT 1 FROM sends AS s WHERE s.execution = traces.execution AND s.kind = 'send' AND s.worker <> ''
    )
    AND NOT EXISTS (
        SELECT 1 FROM sends AS s
        WHERE s.execution = traces.execution AND s.kind = 'send' AND s.state IN ('failed', 'unknown')
    )
-- insert: wanted

-- name: trace
-- insert: told
WHERE execution = :execution;
