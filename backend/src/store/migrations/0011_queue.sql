-- A queue of ten thousand: who is next, what changed, and the newest trainings are found without looking at all of it.

-- Who is next in a service. Only those that wait are in it, so that its order is that of the queue.
DROP INDEX executions_by_urgency;
CREATE INDEX executions_waiting ON executions (service_id, priority DESC, queue_number)
    WHERE status IN ('created', 'pending', 'rerun');

-- The table of trainings, newest first. What was taken out of it is counted apart.
CREATE INDEX executions_in_order ON executions (queue_number);
CREATE INDEX trainings_removed ON trainings (id) WHERE removed_at_ms IS NOT NULL;

-- A version is named in every call by its id or its name.
CREATE INDEX models_named ON models (name);
