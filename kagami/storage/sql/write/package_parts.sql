-- name: put_package_parts
INSERT INTO package_parts (sha256, part, content)
SELECT * FROM json_rows(:parts, tnt) AS r WHERE true
ON CONFLICT (sha256, part) DO UPDATE SET content = excluded.content;
