/** The stream over cuts, silences and kills of the server: nothing is told twice or missed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONNECTION_LOST, type TrainyardError } from "@trainyard/client";
import { CLIENTS } from "./clients.js";
import { Server } from "./server.js";
import { Ear, importDataset, Told, toldFunction, train } from "./trainings.js";

for (const [name, clientOf] of CLIENTS) {
  await test(`a stream outlives its server, by ${name}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.end());
    const client = clientOf(server);
    await importDataset(client, server);
    const training = await train(client, "survivor", toldFunction(server));
    const ear = await Ear.of(server, training);
    for (const epoch of [1, 2, 3]) {
      ear.sample(epoch);
      ear.say({ type: "log", level: "info", text: `epoch ${epoch}` });
    }
    const cuts: TrainyardError[] = [];
    const told = new Told(training.executionId);
    let killed: Promise<void> | undefined;
    const request = { trainings: true, executionId: training.executionId };
    for await (const event of client.watch(request, { onCut: (error) => cuts.push(error) })) {
      told.take(event);
      if (killed === undefined && told.epochs.length === 3 && told.lines.length >= 3) {
        killed = server.kill().then(async () => {
          // Said while nobody listens: the runner keeps it, and says it when the server is back.
          ear.sample(4);
          ear.say({ type: "log", level: "info", text: "epoch 4" });
          await server.startAgain();
          ear.sample(5);
          ear.hangUp();
        });
      }
      const isComplete = told.epochs.length >= 5 && told.lines.some(({ text }) => text === "epoch 4");
      if (told.status === "success" && isComplete) {
        break;
      }
    }
    await killed;
    assert.deepEqual(told.epochs, [1, 2, 3, 4, 5]);
    const numbers = told.lines.map(({ number }) => number);
    assert.deepEqual(numbers, [...new Set(numbers)], "a line came twice");
    const texts = told.lines.map(({ text }) => text).filter((text) => text.startsWith("epoch"));
    assert.deepEqual(texts, ["epoch 1", "epoch 2", "epoch 3", "epoch 4"]);
    assert.ok(cuts.length > 0);
    assert.ok(
      cuts.every(({ reason }) => reason === CONNECTION_LOST),
      String(cuts),
    );
  });

  await test(`a server that hangs is left and met again, by ${name}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.end());
    let silences = 0;
    const onCut = () => {
      silences += 1;
      server.freeze(false);
    };
    let caughtUp = 0;
    for await (const { event } of clientOf(server).watch({ trainings: true }, { onCut, silenceMs: 1000 })) {
      if (event.case !== "caughtUp") {
        continue;
      }
      caughtUp += 1;
      if (caughtUp === 2) {
        break;
      }
      server.freeze(true);
    }
    assert.deepEqual([caughtUp, silences], [2, 1]);
  });

  await test(`a stream ends by its signal, and refusals end it, by ${name}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.end());
    const client = clientOf(server);
    const controller = new AbortController();
    let events = 0;
    for await (const { event } of client.watch({ trainings: true }, { signal: controller.signal })) {
      events += 1;
      if (event.case === "caughtUp") {
        controller.abort();
      }
    }
    assert.equal(events, 1);
    await assert.rejects(client.watch({ executionId: "nonsense" }).next(), { reason: "FIELD_INVALID" });
  });
}
