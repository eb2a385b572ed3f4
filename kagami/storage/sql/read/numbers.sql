-- name: numbers_of_texts
SELECT text, number FROM numbers WHERE text IN (SELECT value FROM json_each(:texts));

-- name: texts_of_numbers
SELECT number, text, chat FROM numbers WHERE number IN (SELECT value FROM json_each(:numbers));
