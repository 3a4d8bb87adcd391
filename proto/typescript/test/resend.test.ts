/** Calls that are sent again: which, and that they have one effect. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as api from "@trainyard/client";
import { Code, KEY_HEADER, TrainyardError } from "@trainyard/client";
import { createClient } from "@trainyard/client/node";
import { takesKey } from "../dist/resend.js";
import { CLIENTS } from "./clients.js";
import { Server } from "./server.js";
import { DATASET, importDataset } from "./trainings.js";

await test("the methods that get a key are those of which the server says that they take one", () => {
  const policy = path.join(import.meta.dirname, "../../../backend/src/auth/policy.rs");
  const listed = fs.readFileSync(policy, "utf8").matchAll(/\("(\w+)\/(\w+)", .*Effect::(\w+)\),/g);
  const services = new Map(Object.values(api).flatMap(serviceOf));
  let compared = 0;
  for (const [, service = "", name, effect = ""] of listed) {
    const method = services.get(service)?.methods.find((method) => method.name === name);
    if (method !== undefined) {
      assert.equal(takesKey(method), effect.startsWith("Once"), `${service}/${method.name}`);
      compared += 1;
    }
  }
  const defined = [...services.values()].reduce((sum, { methods }) => sum + methods.length, 0);
  assert.equal(compared, defined);
});

await test("the client has every service of the API with every method", () => {
  const client = createClient({ url: "http://127.0.0.1:9", token: "none" });
  const methods = Object.values(client).flatMap((part: unknown) =>
    typeof part === "object" && part !== null ? Object.keys(part) : [],
  );
  // The stream is a method of the client itself.
  methods.push("watch");
  const defined = Object.values(api)
    .flatMap(serviceOf)
    .flatMap(([, service]) => service.methods.map(({ localName }) => localName));
  assert.deepEqual(methods.sort(), defined.sort());
});

/** A service of the API among what the package exports. */
function serviceOf(exported: unknown): [string, typeof api.ModelService][] {
  const isService = typeof exported === "object" && (exported as { kind?: string }).kind === "service";
  return isService ? [[(exported as typeof api.ModelService).name, exported as typeof api.ModelService]] : [];
}

for (const [name, clientOf] of CLIENTS) {
  await test(`a call whose server dies before its answer has one effect, by ${name}`, async (t) => {
    // The server of a debug build dies where a test says: here with the effect stored, and the answer not sent.
    const server = await Server.start({ TRAINYARD_CRASH_AT: "call.after-effect:2" });
    t.after(() => server.end());
    const client = clientOf(server);
    await client.datasets.createDataset({ name: "first", task: api.Task.DETECTION });
    const back = server.ended().then(() => server.startAgain());
    const made = await client.datasets.createDataset({ name: "second", task: api.Task.DETECTION });
    await back;
    const { datasets } = await client.datasets.listDatasets({});
    assert.deepEqual(datasets.map(({ name }) => name).sort(), ["first", "second"]);
    assert.equal(datasets.find(({ name }) => name === "second")?.id, made.id);
  });

  await test(`reads and imports wait for their server, by ${name}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.end());
    const client = clientOf(server);
    await server.kill();
    const [{ models }, report] = await Promise.all([
      client.models.listModels({}),
      importDataset(client, server),
      server.startAgain(),
    ]);
    assert.deepEqual([models, report.itemsAdded], [[], 6n]);
  });
}

await test("a key of the caller's own is kept, and counts", async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const client = createClient({ url: server.url, data: server.data });
  await importDataset(client, server);
  const model = { name: "once", architecture: "yolov8n", dataset: DATASET };
  const headers = { [KEY_HEADER]: "mine" };
  const first = await client.models.createModel(model, { headers });
  const again = await client.models.createModel(model, { headers });
  assert.equal(again.id, first.id);
  await assert.rejects(client.models.createModel(model), { reason: "NAME_TAKEN" });
});

await test("a deadline holds for all tries together", async () => {
  const client = createClient({ url: "http://127.0.0.1:9", token: "none", resend: { tries: 1000 } });
  await assert.rejects(client.models.listModels({}, { timeoutMs: 1500 }), (error) => {
    assert.ok(error instanceof TrainyardError);
    assert.equal(error.code, Code.DeadlineExceeded);
    return true;
  });
});
