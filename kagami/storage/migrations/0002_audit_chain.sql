-- Each row of the audit becomes a link of a chain (kagami/core/chain.py). The rows of an older schema get their hashes
-- right after this script, in the same transaction (kagami/storage/links.py).
CREATE TABLE chained (
    seq INTEGER PRIMARY KEY,         -- without gaps
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO chained (seq, at_ms, kind, name, address, operation, target, result, hash)
SELECT row_number() OVER (ORDER BY id), at_ms, kind, name, '', operation, target, result, '' FROM audit ORDER BY id;
DROP TABLE audit;
ALTER TABLE chained RENAME TO audit;

CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit cannot be changed'); END;

-- Retention moves this mark, in one transaction with a row that says so.
INSERT INTO marks (name, value) VALUES ('audit_cut', 0);
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT value FROM marks WHERE name = 'audit_cut')
BEGIN SELECT RAISE(ABORT, 'the audit cannot be deleted'); END;
