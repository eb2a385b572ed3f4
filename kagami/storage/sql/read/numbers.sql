-- name: numbers_of_texts
SELECT text, number FROM numbers WHERE text IN (SELECT column1 FROM each(:texts, t) AS r);

-- name: texts_of_numbers
SELECT number, text, chat FROM numbers WHERE number IN (SELECT column1 FROM each(:numbers, n) AS r);
