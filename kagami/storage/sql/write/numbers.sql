-- name: add_numbers
-- A text that has a number keeps it; a number that is taken is not given again.
INSERT INTO numbers (number, text, chat, since_ms)
SELECT * FROM json_rows(:numbers, nttn) AS r WHERE true
ON CONFLICT DO NOTHING;
