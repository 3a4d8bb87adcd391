-- Changes of many items at once, what they need to be taken back, filters that are kept by name, and how often an item
-- has a label.

-- Without a reference to the item, because a deletion would look for it label by label; each row goes with its item.
DROP TABLE item_labels;
CREATE TABLE item_labels (
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    label TEXT NOT NULL,
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    item_id TEXT NOT NULL,
    annotations_count BIGINT NOT NULL,
    PRIMARY KEY (dataset_id, label, dir, name)
) WITHOUT ROWID;
INSERT INTO item_labels (dataset_id, label, dir, name, item_id, annotations_count)
SELECT i.dataset_id, a.label, i.dir, i.name, i.id, COUNT(*) FROM annotations a JOIN items i ON i.id = a.item_id
GROUP BY i.id, a.label;

-- The number is the dataset's revision after the change. A change is taken back once, by another change.
CREATE TABLE items_changes (
    number BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    undone_by TEXT
);

-- The items of a change, with their subset or folder before and after it.
CREATE TABLE changed_items (
    item_id TEXT NOT NULL,
    change_number BIGINT NOT NULL REFERENCES items_changes (number),
    value_before TEXT,
    value_after TEXT,
    PRIMARY KEY (item_id, change_number)
) WITHOUT ROWID;
CREATE INDEX changed_items_by_change ON changed_items (change_number);

-- Deleted items as they were, for as long as their deletion can be taken back. No query has to know of them.
CREATE TABLE deleted_items (
    change_number BIGINT NOT NULL REFERENCES items_changes (number),
    id TEXT NOT NULL,
    dataset_id TEXT NOT NULL,
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    mimetype TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    subset TEXT,
    created_at_ms BIGINT NOT NULL,
    metadata TEXT,
    annotations_count BIGINT NOT NULL,
    PRIMARY KEY (change_number, id)
) WITHOUT ROWID;
CREATE INDEX deleted_items_by_content ON deleted_items (content_hash);

CREATE TABLE deleted_annotations (
    change_number BIGINT NOT NULL REFERENCES items_changes (number),
    id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    label TEXT NOT NULL,
    x1 DOUBLE PRECISION,
    y1 DOUBLE PRECISION,
    x2 DOUBLE PRECISION,
    y2 DOUBLE PRECISION,
    PRIMARY KEY (change_number, id)
) WITHOUT ROWID;

CREATE TABLE saved_filters (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    resource TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (project_id, resource, name)
);
