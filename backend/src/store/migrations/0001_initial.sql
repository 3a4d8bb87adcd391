-- Portable SQL: ids are UUIDs as text, times are UTC milliseconds, closed lists are the words of `shared`,
-- JSON is text. `revision` is the one global counter of visible writes; streams are "revision > cursor".

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('revision', 0);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE datasets (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    task TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE labels (
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    colour TEXT NOT NULL,
    PRIMARY KEY (dataset_id, position),
    UNIQUE (dataset_id, name)
);

CREATE TABLE items (
    id TEXT NOT NULL PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    mimetype TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    subset TEXT,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (dataset_id, dir, name)
);
CREATE INDEX items_by_subset ON items (dataset_id, subset);
CREATE INDEX items_by_content ON items (content_hash);

-- The box is null for a class of the whole image.
CREATE TABLE annotations (
    id TEXT NOT NULL PRIMARY KEY,
    item_id TEXT NOT NULL REFERENCES items (id),
    position BIGINT NOT NULL,
    label TEXT NOT NULL,
    x1 DOUBLE PRECISION,
    y1 DOUBLE PRECISION,
    x2 DOUBLE PRECISION,
    y2 DOUBLE PRECISION,
    UNIQUE (item_id, position)
);

CREATE TABLE models (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    architecture_id TEXT NOT NULL,
    variant TEXT NOT NULL,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    labels TEXT NOT NULL,
    status TEXT NOT NULL,
    configuration TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE services (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    architecture_id TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    settings_revision BIGINT NOT NULL,
    paused BIGINT NOT NULL,
    failed_starts BIGINT NOT NULL,
    retry_at_ms BIGINT,
    error TEXT,
    created_at_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

-- Tokens are kept as SHA-256 only. The one-time token's hash is cleared by its use.
CREATE TABLE instances (
    id TEXT NOT NULL PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id),
    state TEXT NOT NULL,
    handle TEXT,
    error TEXT,
    token_hash TEXT UNIQUE,
    session_hash TEXT UNIQUE,
    process_id BIGINT,
    created_at_ms BIGINT NOT NULL,
    heard_at_ms BIGINT,
    ended_at_ms BIGINT,
    revision BIGINT NOT NULL
);
CREATE INDEX instances_by_service ON instances (service_id, state);

-- What a training learns from, frozen when it starts. Trainings that start while the dataset stays the same share one.
CREATE TABLE snapshots (
    number BIGINT NOT NULL PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    dataset_revision BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (dataset_id, dataset_revision)
);

CREATE TABLE snapshot_items (
    snapshot_number BIGINT NOT NULL REFERENCES snapshots (number),
    subset TEXT NOT NULL,
    position BIGINT NOT NULL,
    item_id TEXT NOT NULL,
    dataset_id TEXT NOT NULL,
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    mimetype TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    annotations TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (snapshot_number, subset, position)
);
CREATE INDEX snapshot_items_by_content ON snapshot_items (content_hash);

CREATE TABLE trainings (
    id TEXT NOT NULL PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models (id),
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    snapshot_number BIGINT NOT NULL REFERENCES snapshots (number),
    configuration TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    removed_at_ms BIGINT
);
CREATE INDEX trainings_by_model ON trainings (model_id);

-- `revision` stamps the whole row of the Training tab, so it also grows when the training is removed.
CREATE TABLE executions (
    id TEXT NOT NULL PRIMARY KEY,
    training_id TEXT NOT NULL UNIQUE REFERENCES trainings (id),
    service_id TEXT NOT NULL REFERENCES services (id),
    status TEXT NOT NULL,
    queue_number BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    fencing_token BIGINT NOT NULL,
    acknowledged_sequence BIGINT NOT NULL,
    abort_requested BIGINT NOT NULL,
    abort_requested_at_ms BIGINT,
    instance_id TEXT REFERENCES instances (id),
    epoch BIGINT NOT NULL,
    epochs BIGINT NOT NULL,
    step BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    phase TEXT NOT NULL,
    blocker TEXT,
    cause TEXT,
    not_before_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    started_at_ms BIGINT,
    attempt_started_at_ms BIGINT,
    ended_at_ms BIGINT,
    revision BIGINT NOT NULL
);
CREATE INDEX executions_by_status ON executions (status, service_id, queue_number);
CREATE INDEX executions_by_instance ON executions (instance_id);
CREATE INDEX executions_by_revision ON executions (revision);

CREATE TABLE history (
    execution_id TEXT NOT NULL REFERENCES executions (id),
    revision BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    event TEXT,
    status TEXT NOT NULL,
    cause TEXT,
    PRIMARY KEY (execution_id, revision)
);

-- A null y is NaN: SQLite has no other way to say it, and elsewhere it reads the same.
CREATE TABLE samples (
    execution_id TEXT NOT NULL REFERENCES executions (id),
    revision BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    figure TEXT NOT NULL,
    legend TEXT NOT NULL,
    x DOUBLE PRECISION NOT NULL,
    y DOUBLE PRECISION,
    -- One value at a place: an attempt that goes on from a checkpoint says its epochs anew.
    PRIMARY KEY (execution_id, figure, legend, x)
);

CREATE INDEX samples_by_revision ON samples (execution_id, revision);

CREATE TABLE log_lines (
    execution_id TEXT NOT NULL REFERENCES executions (id),
    number BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    level TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (execution_id, number)
);
CREATE INDEX log_lines_by_revision ON log_lines (execution_id, revision);

CREATE TABLE artifacts (
    id TEXT NOT NULL PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models (id),
    execution_id TEXT NOT NULL REFERENCES executions (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    epoch BIGINT,
    created_at_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (execution_id, name)
);
CREATE INDEX artifacts_by_model ON artifacts (model_id);
CREATE INDEX artifacts_by_content ON artifacts (content_hash);

-- A call that is sent again with the same key has one effect and the same answer.
CREATE TABLE idempotency_keys (
    idempotency_key TEXT NOT NULL PRIMARY KEY,
    operation TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    answer_id TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE sign_in_links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);

CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
