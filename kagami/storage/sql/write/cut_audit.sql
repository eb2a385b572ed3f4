-- Removes the oldest rows, with a row that says so: the only way past the trigger.

-- name: allow_cut
UPDATE marks SET value = :cut WHERE name = 'audit_cut';

-- name: add_cut
INSERT INTO audit (seq, at_ms, kind, name, address, operation, target, result, hash)
VALUES (:seq, :at_ms, :kind, :name, :address, :operation, :target, :result, :hash);

-- name: cut
DELETE FROM audit WHERE seq <= :cut;
