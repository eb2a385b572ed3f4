-- name: revive
UPDATE pending SET state = 'open', attempts = 0, retry_at_ms = 0 WHERE execution = :execution AND state = 'dead';
