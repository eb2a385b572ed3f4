-- Which application outside made a send; empty for everybody else. What an answer became, and whose it was, is derived
-- from here when a trace is read: a worker may answer long after the trace was written.
ALTER TABLE sends ADD COLUMN worker TEXT NOT NULL DEFAULT '';
