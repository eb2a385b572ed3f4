-- name: drop_numbers
-- Of messages that are too old to be asked for.
DELETE FROM numbers WHERE number IN (
    SELECT number FROM numbers WHERE chat <> '' AND since_ms < :limit_ms ORDER BY since_ms LIMIT :most
);
