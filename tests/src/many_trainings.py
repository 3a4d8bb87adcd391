"""Makes many trainings of the one that is there, straight into the data of a server that does not run: each with a
version of its own, and one of four ends."""

import json
import sqlite3
import sys

path, count = sys.argv[1], int(sys.argv[2])
ENDS = ["success", "failed", "terminated", "aborted"]
CAUSE = json.dumps(
    {"kind": "resources", "message": "the memory did not suffice: 18 GiB were asked for, and 16 GiB are there",
     "next_step": "choose a smaller batch"}
)
db = sqlite3.connect(path)
db.row_factory = sqlite3.Row
model, training, execution = (
    dict(db.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()) for table in ("models", "trainings", "executions")
)
revision = db.execute("SELECT value FROM counters WHERE name = 'revision'").fetchone()[0]
queue = db.execute("SELECT max(queue_number) FROM executions").fetchone()[0]
# A second apart, the last of them a minute before the one that is there.
first_ms = training["created_at_ms"] - 60_000 - count * 1_000


def name_of(kind, number, at_ms):
    """A UUIDv7: sorted by time."""
    stamp = f"{at_ms:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{kind:03x}-8000-{number:012x}"


def rows(table):
    for number in range(count):
        at_ms = first_ms + number * 1_000
        end = ENDS[number % 4]
        ids = [name_of(kind, number, at_ms) for kind in (1, 2, 3)]
        if table == "models":
            status = "trained" if end == "success" else "failed"
            row = model | {"id": ids[0], "name": f"bees-{number:06}", "status": status, "created_at_ms": at_ms}
            yield row | {"revision": revision + count + 1 + number}
        elif table == "trainings":
            yield training | {"id": ids[1], "model_id": ids[0], "created_at_ms": at_ms}
        else:
            yield execution | {
                "id": ids[2], "training_id": ids[1], "status": end, "queue_number": queue + 1 + number, "attempt": 1,
                "instance_id": None, "blocker": None, "cause": CAUSE if end in ("failed", "aborted") else None,
                "epoch": number % 50, "epochs": 50, "created_at_ms": at_ms, "started_at_ms": at_ms + 500,
                "ended_at_ms": at_ms + 500 + number % 977 * 1_000, "abort_requested": 0,
                "revision": revision + 1 + number,
            }


for table, columns in (("models", model), ("trainings", training), ("executions", execution)):
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})"
    db.executemany(statement, rows(table))
db.execute("UPDATE counters SET value = ? WHERE name = 'revision'", (revision + 2 * count + 2,))
db.commit()
