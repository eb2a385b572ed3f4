-- name: add_numbers
-- A text that has a number keeps it; a number that is taken is not given again.
INSERT INTO numbers (number, text, chat, since_ms)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:numbers) WHERE true
ON CONFLICT DO NOTHING;
