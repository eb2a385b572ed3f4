-- name: packages
SELECT plugin, version, sha256, size, added_ms, removed_ms, node, record, seal FROM packages ORDER BY plugin, version;

-- name: package_part
SELECT content FROM package_parts WHERE sha256 = :sha256 AND part = :part;
