-- Each process' events in their order (`slot_of` in kagami/core/partition.py): what the others have done is read by it.
-- By `id + 0`, which no other index has: else the planner would rather walk through all of them.
CREATE INDEX IF NOT EXISTS events_slot ON events ((id / 256 % 32), (id + 0));
