-- name: put_packages
-- With parts that nobody needs any more.
INSERT INTO packages (plugin, version, sha256, size, added_ms, removed_ms, node, record, seal)
SELECT * FROM json_rows(:packages, tttnnnttt) AS r WHERE true
ON CONFLICT (plugin, version) DO UPDATE SET
    sha256 = excluded.sha256, size = excluded.size, added_ms = excluded.added_ms, removed_ms = excluded.removed_ms,
    node = excluded.node, record = excluded.record, seal = excluded.seal;

-- name: drop_package_parts
DELETE FROM package_parts WHERE sha256 IN (
    SELECT column1 FROM each(:dropped, t) AS r
    WHERE NOT EXISTS (SELECT 1 FROM packages AS p WHERE p.sha256 = r.column1 AND p.removed_ms = 0)
);
