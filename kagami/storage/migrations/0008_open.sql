-- What waits in a partition is looked for often, and what has failed for good stays beside it: that is passed by unread.
DROP INDEX pending_part;
CREATE INDEX pending_open ON pending (part, event) WHERE state = 'open';
