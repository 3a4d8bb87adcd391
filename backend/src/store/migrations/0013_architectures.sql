-- Private architectures: every manifest that was saved, of which the newest counts. A training keeps which one it was
-- started with; 0 stands for a built-in architecture.
CREATE TABLE architectures (
    id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    manifest TEXT NOT NULL,
    folder TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    deleted_at_ms BIGINT,
    PRIMARY KEY (id, revision)
);

ALTER TABLE trainings ADD COLUMN architecture_revision BIGINT NOT NULL DEFAULT 0;
