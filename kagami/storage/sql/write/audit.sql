-- name: add_audit
INSERT INTO audit (at_ms, kind, name, operation, target, result)
VALUES (:at_ms, :kind, :name, :operation, :target, :result);
