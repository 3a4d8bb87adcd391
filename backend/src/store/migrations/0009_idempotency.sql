-- Calls that may be sent again: what each answered, and what its writes came to before it had answered.
-- Keys are kept as hashes. Those of the day before this migration are forgotten: they held other digests.
DROP TABLE idempotency_keys;

CREATE TABLE idempotency_calls (
    -- Of the caller and the key.
    key_hash TEXT NOT NULL PRIMARY KEY,
    -- Of the request, salted with the key.
    request_digest TEXT NOT NULL,
    -- None while the call has not answered, and for an answer that is too large to be kept.
    reply BLOB,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX idempotency_calls_by_age ON idempotency_calls (created_at_ms);

CREATE TABLE idempotency_steps (
    key_hash TEXT NOT NULL REFERENCES idempotency_calls (key_hash) ON DELETE CASCADE,
    -- The number of the write within its call, from 0.
    step BIGINT NOT NULL,
    -- What the write came to, as JSON.
    result TEXT NOT NULL,
    PRIMARY KEY (key_hash, step)
);
