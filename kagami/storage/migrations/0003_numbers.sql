-- What OneBot 11 applications call an id that is no number (kagami/core/numbers.py).
CREATE TABLE numbers (
    number INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    chat TEXT NOT NULL,              -- of a message its chat; such a row goes when messages do
    since_ms INTEGER NOT NULL
);
CREATE INDEX numbers_passing ON numbers (since_ms) WHERE chat <> '';
