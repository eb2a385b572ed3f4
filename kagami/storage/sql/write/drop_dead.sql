-- name: drop_dead
DELETE FROM pending WHERE execution = :execution AND state = 'dead';
