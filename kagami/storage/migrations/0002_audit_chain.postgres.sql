-- No older PostgreSQL schema holds rows of an audit without a chain, so the table is made anew.
DROP TABLE audit;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO marks (name, value) VALUES ('audit_cut', 0);

CREATE FUNCTION audit_fixed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit cannot be changed' USING ERRCODE = '23000'; END $$;
CREATE TRIGGER audit_fixed BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_fixed();

CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit cannot be deleted' USING ERRCODE = '23000'; END $$;
CREATE FUNCTION audit_cut() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT value FROM marks WHERE name = 'audit_cut' $$;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW
WHEN (OLD.seq > audit_cut()) EXECUTE FUNCTION audit_kept();
