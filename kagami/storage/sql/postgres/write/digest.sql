-- name: add_grams
INSERT INTO grams (id, tokens)
SELECT column1, array_to_tsvector(string_to_array(column2, ' ')) FROM json_rows(:grams, nt) AS r
WHERE (SELECT value FROM marks WHERE name = 'digested') = :after;
