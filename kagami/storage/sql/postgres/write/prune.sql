-- name: drop_grams
DELETE FROM grams WHERE id IN (SELECT column1 FROM json_rows(:grams, nt) AS r);
