-- name: audit_head
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1;

-- name: audit_row
SELECT seq, hash FROM audit WHERE seq = :seq;

-- name: audit_after
-- The columns as the chain reads them: `chain.FIELDS` and the hash.
SELECT seq, at_ms, kind, name, address, operation, target, result, hash FROM audit
WHERE seq > :after ORDER BY seq LIMIT :most;

-- name: audit_newest
SELECT seq, at_ms, kind, name, address, operation, target, result FROM audit
WHERE seq < :before AND at_ms >= :since_ms AND at_ms <= :until_ms
  AND (:who = '' OR name = :who OR kind = :who OR kind || ':' || name = :who)
  AND substr(operation, 1, length(:operation)) = :operation
  AND substr(result, 1, length(:result)) = :result
  AND (:text = '' OR instr(lower(operation || ' ' || target || ' ' || name || ' ' || address || ' ' || result), :text) > 0)
ORDER BY seq DESC LIMIT :most;

-- name: audit_before_ms
-- The newest row that is older.
SELECT seq FROM audit WHERE at_ms < :limit_ms ORDER BY seq DESC LIMIT 1;
