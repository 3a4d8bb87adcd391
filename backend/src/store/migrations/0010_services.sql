-- Generations of instances, what they reserve, priorities, and the troubles of services.

-- Instances of an earlier generation than their service's are replaced.
ALTER TABLE services ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE services ADD COLUMN paused_by_force BIGINT NOT NULL DEFAULT 0;
ALTER TABLE services ADD COLUMN served_at_ms BIGINT;
ALTER TABLE instances ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE instances ADD COLUMN machine_type TEXT NOT NULL DEFAULT 'local';
ALTER TABLE instances ADD COLUMN reservation TEXT NOT NULL DEFAULT '{}';
ALTER TABLE instances ADD COLUMN drain TEXT;

ALTER TABLE executions ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN rerun_requested BIGINT NOT NULL DEFAULT 0;
-- Who waits gets the reason anew with the first plan.
UPDATE executions SET blocker = NULL;
CREATE INDEX executions_by_urgency ON executions (service_id, status, priority DESC, queue_number);

-- What a service's settings were, from its first day on.
CREATE TABLE service_revisions (
    service_id TEXT NOT NULL REFERENCES services (id),
    settings_revision BIGINT NOT NULL,
    settings TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (service_id, settings_revision)
);
INSERT INTO service_revisions (service_id, settings_revision, settings, created_at_ms)
SELECT id, settings_revision, settings, created_at_ms FROM services;

-- Troubles of the same reason are one row. `output` and `executions` are JSON lists.
CREATE TABLE service_errors (
    service_id TEXT NOT NULL REFERENCES services (id),
    reason TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at_ms BIGINT NOT NULL,
    last_at_ms BIGINT NOT NULL,
    detail TEXT NOT NULL,
    output TEXT NOT NULL,
    executions TEXT NOT NULL,
    PRIMARY KEY (service_id, reason)
);

-- What instances may run on: the server's own machine as it was found, and what an operator made of it.
CREATE TABLE machine_types (
    name TEXT NOT NULL PRIMARY KEY,
    machine TEXT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
