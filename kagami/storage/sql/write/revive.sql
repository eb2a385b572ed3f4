-- name: revive
-- It was tried before: how old it may be and who may ask was judged then.
UPDATE pending SET state = 'open', attempts = 1, retry_at_ms = 0 WHERE execution = :execution AND state = 'dead';
