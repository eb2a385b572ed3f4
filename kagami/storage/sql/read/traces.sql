-- name: traces
SELECT execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks FROM traces
WHERE execution < :bound AND started_ms < :before_ms AND total_us >= :slower_us
    AND (:plugin = '' OR plugin = :plugin OR substr(plugin, 1, length(:plugin) + 1) = :plugin || '@')
    AND (:outcome = '' OR outcome = :outcome)
ORDER BY execution DESC LIMIT :most;

-- name: odd_traces
-- The same for an outcome of those that `traces_odd` holds.
SELECT execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks FROM traces
WHERE outcome = :outcome AND outcome NOT IN ('handled', 'ignored', 'answer')
    AND execution < :bound AND started_ms < :before_ms AND total_us >= :slower_us
    AND (:plugin = '' OR plugin = :plugin OR substr(plugin, 1, length(:plugin) + 1) = :plugin || '@')
ORDER BY execution DESC LIMIT :most;

-- name: trace
SELECT execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks FROM traces
WHERE execution = :execution;
