-- name: audit
SELECT at_ms, kind, name, operation, target, result FROM audit ORDER BY id;
