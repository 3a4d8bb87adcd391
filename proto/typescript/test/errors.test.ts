/** What a call that failed tells, by each form of the client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, CONNECTION_LOST, TrainyardError } from "@trainyard/client";
import { createClient as forNode } from "@trainyard/client/node";
import { createClient as forWeb } from "@trainyard/client/web";
import { CLIENTS, tokenOf } from "./clients.js";
import { Server } from "./server.js";
import { DATASET, importDataset } from "./trainings.js";

/** What a call throws, which must be an error of this client. */
async function refusal(call: Promise<unknown>): Promise<TrainyardError> {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof TrainyardError, String(thrown));
  return thrown;
}

for (const [name, clientOf] of CLIENTS) {
  await test(`errors are told in full, by ${name}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.end());
    const client = clientOf(server);
    await importDataset(client, server);
    await client.models.createModel({ name: "taken", architecture: "yolov8n", dataset: DATASET });

    const missing = await refusal(client.models.getModel({ model: "nowhere" }));
    assert.deepEqual([missing.code, missing.reason], [Code.NotFound, "NOT_FOUND"]);
    assert.match(missing.message, /nowhere/);
    assert.match(missing.requestId, /\S/);

    const taken = { name: "taken", architecture: "yolov8n", dataset: DATASET };
    assert.equal((await refusal(client.models.createModel(taken))).reason, "NAME_TAKEN");

    const configurationJson = JSON.stringify({ epochs: 0, imgsz: 33 });
    const wrong = await refusal(client.trainings.startTraining({ model: "taken", configurationJson }));
    assert.equal(wrong.code, Code.InvalidArgument);
    assert.deepEqual(
      wrong.violations.map(({ field }) => field),
      ["configuration_json.epochs", "configuration_json.imgsz"],
    );

    const held = await refusal(client.trainings.abortTraining({ training: "taken" }));
    assert.equal(held.code, Code.NotFound);
  });
}

await test("a token that the server does not know is refused, and nothing is tried again", async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const token = tokenOf(server);
  const other = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
  for (const client of [
    forNode({ url: server.url, token: other }),
    forWeb({ url: server.url, token: other }),
  ]) {
    const refused = await refusal(client.access.getSession({}));
    assert.deepEqual([refused.code, refused.reason], [Code.Unauthenticated, "TOKEN_UNKNOWN"]);
  }
  const anonymous = await refusal(forWeb({ url: server.url }).access.getSession({}));
  assert.equal(anonymous.reason, "CREDENTIALS_MISSING");
});

await test("a server that is not there is told as such", async () => {
  // Nothing may listen on this port: it is that of the discard service.
  const place = { url: "http://127.0.0.1:9", token: "none", resend: { tries: 2 } };
  for (const client of [forNode(place), forWeb(place)]) {
    const lost = await refusal(client.models.listModels({}));
    assert.deepEqual([lost.code, lost.reason, lost.requestId], [Code.Unavailable, CONNECTION_LOST, ""]);
    await assert.rejects(client.watch({ trainings: true }).next(), { reason: CONNECTION_LOST });
  }
});

await test("a call that its caller ends is no lost connection", async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  for (const [name, clientOf] of CLIENTS) {
    const signal = AbortSignal.abort();
    const cancelled = await refusal(clientOf(server).models.listModels({}, { signal }));
    assert.deepEqual([cancelled.code, cancelled.reason], [Code.Canceled, ""], name);
  }
});
