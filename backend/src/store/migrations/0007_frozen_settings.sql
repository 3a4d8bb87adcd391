-- How the service ran when a training was started: JSON, and the revision of the settings. Null for earlier trainings.
ALTER TABLE trainings ADD COLUMN service_settings TEXT;
ALTER TABLE trainings ADD COLUMN service_settings_revision BIGINT;

-- What the latest attempt computes on, as its Train function says it; null until it does.
ALTER TABLE executions ADD COLUMN device TEXT;

-- Also finds, for each picture of a subset, whether the same snapshot has it in another one.
DROP INDEX snapshot_items_by_content;
CREATE INDEX snapshot_items_by_content ON snapshot_items (content_hash, snapshot_number, subset);
