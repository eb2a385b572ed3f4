-- What an operation decided, with its row.

-- name: put_facts
INSERT INTO plugin_values (plugin, key, value)
SELECT * FROM json_rows(:written, TTt) AS r WHERE true
ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value;

-- name: drop_facts
DELETE FROM plugin_values
WHERE value IS NULL AND (plugin, key) IN (SELECT column1, column2 FROM json_rows(:written, TTt) AS r);

-- name: add_audit
INSERT INTO audit (seq, at_ms, kind, name, address, operation, target, result, hash)
VALUES (:seq, :at_ms, :kind, :name, :address, :operation, :target, :result, :hash);
