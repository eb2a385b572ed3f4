-- Several processes on one database. What is written under a lease locks the row with its epoch: the unique index makes
-- a take-over, which raises the epoch, wait for that, while a renewal of `expires` passes. Only the database's clock counts.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    owner TEXT NOT NULL,
    expires TIMESTAMPTZ NOT NULL,
    UNIQUE (name, epoch)
);
CREATE TABLE nodes (
    node TEXT PRIMARY KEY,
    slot INTEGER UNIQUE,             -- its share of the space of ids
    role TEXT NOT NULL,
    seen TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL              -- JSON
);

-- Which part of the work an event belongs to (kagami/core/partition.py).
ALTER TABLE pending ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pending_part ON pending (part, event);

-- Sends that wait for the process that has the account, and who waits for their outcome.
ALTER TABLE sends ADD COLUMN node TEXT NOT NULL DEFAULT '';
CREATE INDEX sends_ready ON sends (bot, id) WHERE state = 'ready';
