-- Points of charts, packed by the hundred: a run may have millions, and is read back as a whole.
CREATE TABLE series (
    number INTEGER NOT NULL PRIMARY KEY,
    execution_id TEXT NOT NULL REFERENCES executions (id),
    figure TEXT NOT NULL,
    legend TEXT NOT NULL,
    UNIQUE (execution_id, figure, legend)
);

-- Blocks of a series do not overlap; within one, x grows. The store packs and opens them, and moves what `samples`
-- holds when it opens a database of an earlier version, after which that table is gone.
CREATE TABLE sample_blocks (
    series_number BIGINT NOT NULL REFERENCES series (number),
    execution_id TEXT NOT NULL REFERENCES executions (id),
    first_x DOUBLE PRECISION NOT NULL,
    last_x DOUBLE PRECISION NOT NULL,
    points_count BIGINT NOT NULL,
    -- Each point has a revision of its own.
    oldest_revision BIGINT NOT NULL,
    newest_revision BIGINT NOT NULL,
    -- x and y of each point, and apart from them, as charts do not need it, where each came from.
    points BLOB NOT NULL,
    origins BLOB NOT NULL,
    PRIMARY KEY (series_number, first_x)
);

CREATE INDEX sample_blocks_by_revision ON sample_blocks (execution_id, oldest_revision, newest_revision);
