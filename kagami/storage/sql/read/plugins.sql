-- name: plugin_value
SELECT value FROM plugin_values WHERE plugin = :plugin AND key = :key;

-- name: plugin_keys
SELECT key FROM plugin_values WHERE plugin = :plugin AND substr(key, 1, length(:prefix)) = :prefix ORDER BY key;

-- name: plugin_items
SELECT key, value FROM plugin_values
WHERE plugin = :plugin AND substr(key, 1, length(:prefix)) = :prefix ORDER BY key;
