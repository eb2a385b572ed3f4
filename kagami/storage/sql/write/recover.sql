-- What a process that ended left half done. The second condition lets the index of the odd states be used.

-- name: give_up_sends
UPDATE sends SET state = 'unknown', reason = :reason, done_ms = :now_ms WHERE state = 'sending' AND state <> 'sent';
