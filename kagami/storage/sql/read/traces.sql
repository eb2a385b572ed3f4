-- name: traces
-- A chat, a user or an account is named whole, or by what stands behind its first colon.
SELECT execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks FROM traces
WHERE execution < :bound AND started_ms < :before_ms AND started_ms >= :since_ms AND total_us >= :slower_us
    AND (:plugin = '' OR plugin = :plugin OR substr(plugin, 1, length(:plugin) + 1) = :plugin || '@')
    AND (:outcome = '' OR outcome = :outcome)
    AND (:execution = '' OR instr(execution, :execution))
    AND (:chat = '' OR chat = :chat OR substr(chat, instr(chat, ':') + 1) = :chat)
    AND (:user = '' OR user = :user OR substr(user, instr(user, ':') + 1) = :user)
    AND (:bot = '' OR bot = :bot OR substr(bot, instr(bot, ':') + 1) = :bot)
    AND (:text = '' OR instr(lower(text || ' ' || error), :text))
ORDER BY execution DESC LIMIT :most;

-- name: odd_traces
-- The same for an outcome of those that `traces_odd` holds.
SELECT execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks FROM traces
WHERE outcome = :outcome AND outcome NOT IN ('handled', 'ignored', 'answer')
    AND execution < :bound AND started_ms < :before_ms AND started_ms >= :since_ms AND total_us >= :slower_us
    AND (:plugin = '' OR plugin = :plugin OR substr(plugin, 1, length(:plugin) + 1) = :plugin || '@')
    AND (:execution = '' OR instr(execution, :execution))
    AND (:chat = '' OR chat = :chat OR substr(chat, instr(chat, ':') + 1) = :chat)
    AND (:user = '' OR user = :user OR substr(user, instr(user, ':') + 1) = :user)
    AND (:bot = '' OR bot = :bot OR substr(bot, instr(bot, ':') + 1) = :bot)
    AND (:text = '' OR instr(lower(text || ' ' || error), :text))
ORDER BY execution DESC LIMIT :most;

-- name: trace
SELECT execution, bot, chat, user, started_ms, total_us, outcome, plugin, text, error, marks FROM traces
WHERE execution = :execution;
