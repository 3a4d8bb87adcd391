-- What versions bring for their subsets, where they come from, drafts, recipes, and what a training froze.

-- A deleted version gives its name free, so names are unique among the others alone. SQLite cannot drop a constraint:
-- the table is made anew, and references to it are looked at when the transaction ends.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE models_before AS SELECT * FROM models;
DROP TABLE models;

-- Choices of subsets are null where the version brings none.
CREATE TABLE models (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    architecture_id TEXT NOT NULL,
    variant TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    labels TEXT NOT NULL,
    status TEXT NOT NULL,
    configuration TEXT NOT NULL,
    train_choice TEXT,
    validation_choice TEXT,
    parent_id TEXT REFERENCES models (id),
    initial_weights_hash TEXT,
    created_at_ms BIGINT NOT NULL,
    deleted_at_ms BIGINT,
    revision BIGINT NOT NULL
);
INSERT INTO models (id, project_id, name, description, tags, architecture_id, variant, dataset_id, labels, status,
                    configuration, created_at_ms, revision)
SELECT id, project_id, name, '', '[]', architecture_id, variant, dataset_id, labels, status,
       configuration, created_at_ms, revision FROM models_before;
DROP TABLE models_before;
CREATE UNIQUE INDEX models_by_name ON models (project_id, name) WHERE deleted_at_ms IS NULL;
CREATE INDEX models_by_dataset ON models (dataset_id);
CREATE INDEX models_by_parent ON models (parent_id);
CREATE INDEX models_by_weights ON models (initial_weights_hash);

-- What a person has filled in for the next training of a version; gone when that starts.
CREATE TABLE model_drafts (
    model_id TEXT NOT NULL PRIMARY KEY REFERENCES models (id),
    draft TEXT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

-- Labels are a JSON list of objects with name and colour, in class order.
CREATE TABLE recipes (
    id TEXT NOT NULL PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    labels TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    UNIQUE (dataset_id, title)
);
-- The time of a dataset's id goes on in that of its recipe, so that ids still sort by creation.
INSERT INTO recipes (id, dataset_id, title, description, labels, created_at_ms, updated_at_ms)
SELECT SUBSTR(d.id, 1, 19) || '8' || SUBSTR(LOWER(HEX(RANDOMBLOB(2))), 1, 3) || '-' || LOWER(HEX(RANDOMBLOB(6))),
       d.id, 'Default', '',
       (SELECT JSON_GROUP_ARRAY(JSON_OBJECT('name', l.name, 'colour', l.colour))
        FROM (SELECT name, colour FROM labels WHERE dataset_id = d.id ORDER BY position) l),
       d.created_at_ms, d.created_at_ms
FROM datasets d;

-- Trainings of the same data, chosen in the same way, share one snapshot. `choices_digest` is over the normal form of
-- the filters and the set of labels; it is empty, as are `content_hash` and `subsets`, for snapshots of earlier versions.
CREATE TABLE snapshots_before AS SELECT * FROM snapshots;
DROP TABLE snapshots;
CREATE TABLE snapshots (
    number BIGINT NOT NULL PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    dataset_revision BIGINT NOT NULL,
    choices_digest TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    subsets TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (dataset_id, dataset_revision, choices_digest)
);
INSERT INTO snapshots (number, dataset_id, dataset_revision, choices_digest, content_hash, subsets, created_at_ms)
SELECT number, dataset_id, dataset_revision, '', '', '[]', created_at_ms FROM snapshots_before;
DROP TABLE snapshots_before;

-- Null choices: the training was started by an earlier version, which knew tagged items alone.
ALTER TABLE trainings ADD COLUMN labels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE trainings ADD COLUMN train_choice TEXT;
ALTER TABLE trainings ADD COLUMN validation_choice TEXT;
ALTER TABLE trainings ADD COLUMN initial_weights_hash TEXT;
ALTER TABLE trainings ADD COLUMN versions TEXT NOT NULL DEFAULT '{}';
ALTER TABLE trainings ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]';
UPDATE trainings SET labels = (SELECT m.labels FROM models m WHERE m.id = trainings.model_id);
CREATE INDEX trainings_by_weights ON trainings (initial_weights_hash);
