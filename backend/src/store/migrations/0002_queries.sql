-- What queries look for: metadata of one's own (a JSON object, null for none), the number of annotations, and an index
-- for each way of choosing items. Indices end with the folder and the name, which is the order of pages.

ALTER TABLE items ADD COLUMN metadata TEXT;
ALTER TABLE items ADD COLUMN annotations_count BIGINT NOT NULL DEFAULT 0;
UPDATE items SET annotations_count = (SELECT COUNT(*) FROM annotations WHERE annotations.item_id = items.id);

CREATE INDEX items_in_order ON items (dataset_id, dir, name, subset, created_at_ms, annotations_count);
DROP INDEX items_by_subset;
CREATE INDEX items_by_subset ON items (dataset_id, subset, dir, name, annotations_count);
CREATE INDEX items_by_time ON items (dataset_id, created_at_ms, dir, name);
CREATE INDEX items_by_name ON items (dataset_id, name, dir);
CREATE INDEX items_without_annotations ON items (dataset_id, dir, name) WHERE annotations_count = 0;
CREATE INDEX annotations_by_label ON annotations (label, item_id);

-- Which items have a label, in the order of pages: each once, however many annotations have it.
CREATE TABLE item_labels (
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    label TEXT NOT NULL,
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    item_id TEXT NOT NULL REFERENCES items (id),
    PRIMARY KEY (dataset_id, label, dir, name)
) WITHOUT ROWID;
INSERT INTO item_labels (dataset_id, label, dir, name, item_id)
SELECT DISTINCT i.dataset_id, a.label, i.dir, i.name, i.id FROM annotations a JOIN items i ON i.id = a.item_id;
