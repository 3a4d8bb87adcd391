/** Rows that change together come once, also when the stream is cut among them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type WatchEvent, WatchEventSchema } from "@trainyard/client";
import { Batches } from "../dist/batches.js";

type Case = Exclude<WatchEvent["event"]["case"], undefined>;

function event(kind: Case, cursor: bigint): WatchEvent {
  return create(WatchEventSchema, { cursor, event: { case: kind, value: {} } as never });
}

/** Events as they arrive, what of them is handed on at once, and the cursor after it. */
const TABLE: readonly [string, readonly [Case, bigint][], readonly Case[][], bigint][] = [
  ["a batch of one", [["metrics", 5n]], [["metrics"]], 5n],
  [
    "a batch is whole with its last event",
    [
      ["metrics", 0n],
      ["logs", 0n],
      ["history", 5n],
    ],
    [[], [], ["metrics", "logs", "history"]],
    5n,
  ],
  [
    "nothing may come after the cursor that one goes on from",
    [
      ["logs", 0n],
      ["caughtUp", 0n],
    ],
    [[], ["logs", "caughtUp"]],
    0n,
  ],
  [
    "heartbeats are kept back, and end no batch",
    [
      ["logs", 0n],
      ["heartbeat", 0n],
      ["artifacts", 3n],
    ],
    [[], [], ["logs", "artifacts"]],
    3n,
  ],
  [
    "rows of trainings come at once",
    [
      ["trainings", 0n],
      ["metrics", 0n],
      ["trainings", 0n],
      ["trainings", 4n],
    ],
    [["trainings"], [], ["trainings"], ["metrics", "trainings"]],
    4n,
  ],
];

for (const [name, arriving, expected, cursor] of TABLE) {
  await test(name, () => {
    const batches = new Batches(0n);
    const taken = arriving.map(([kind, at]) => batches.take(event(kind, at)).map(({ event }) => event.case));
    assert.deepEqual([taken, batches.cursor], [expected, cursor]);
  });
}

await test("a cut within a batch leaves nothing of it behind", () => {
  const batches = new Batches(7n);
  assert.deepEqual(batches.take(event("metrics", 7n)), []);
  batches.forgetIncomplete();
  assert.equal(batches.cursor, 7n);
  const again = [event("metrics", 7n), event("logs", 9n)];
  assert.deepEqual(
    again.flatMap((one) => batches.take(one)),
    again,
  );
});
