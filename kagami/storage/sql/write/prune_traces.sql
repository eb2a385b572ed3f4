-- name: drop_traces
DELETE FROM traces
WHERE execution IN (SELECT t.execution FROM traces AS t WHERE t.execution < :bound ORDER BY t.execution LIMIT :most);
