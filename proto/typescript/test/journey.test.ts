/** Create, train, watch, abort, read figures and the log: by each form of the client, on the real server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLIENTS } from "./clients.js";
import { Server } from "./server.js";
import { DATASET, Ear, importDataset, Told, toldFunction, train } from "./trainings.js";

for (const [name, clientOf] of CLIENTS) {
  await test(`a training from its dataset to its end, by ${name}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.end());
    const client = clientOf(server);

    await t.test("a dataset is imported and listed", async () => {
      const { itemsAdded, annotationsAdded, rejections } = await importDataset(client, server);
      assert.deepEqual([itemsAdded, annotationsAdded, rejections], [6n, 6n, []]);
      const { datasets } = await client.datasets.listDatasets({});
      assert.deepEqual(
        datasets.map(({ name, trainCount, validationCount }) => [name, trainCount, validationCount]),
        [[DATASET, 4n, 2n]],
      );
    });

    await t.test("a training succeeds, and the stream tells it", async () => {
      const { executionId } = await train(client, "quick", "builtin:instant");
      const told = new Told(executionId);
      for await (const event of client.watch({ trainings: true, executionId })) {
        told.take(event);
        if (told.status === "success") {
          break;
        }
      }
      const { training } = { training: await client.trainings.getTraining({ training: "quick" }) };
      assert.deepEqual([training.status, training.attempt], ["success", 1]);
      const { entries } = await client.trainings.listHistory({ training: training.id });
      assert.equal(entries.at(-1)?.status, "success");
    });

    await t.test("figures and log lines of a running training arrive, and stay after its abort", async () => {
      const training = await train(client, "talker", toldFunction(server));
      const { executionId } = training;
      const ear = await Ear.of(server, training);
      ear.say({ type: "progress", epoch: 1, epochs: 9, step: 1, steps: 1, phase: "training" });
      ear.say({ type: "log", level: "warning", text: "the first epoch is over" });
      ear.sample(1);
      ear.sample(2);
      const told = new Told(executionId);
      let isAborted = false;
      for await (const event of client.watch({ trainings: true, executionId })) {
        told.take(event);
        if (!isAborted && told.epochs.length === 2 && told.lines.length > 0) {
          isAborted = true;
          const { abortRequested } = await client.trainings.abortTraining({ training: training.id });
          assert.ok(abortRequested);
        }
        if (told.status === "terminated") {
          break;
        }
      }
      assert.ok(told.statuses.includes("in-progress"), told.statuses.join());
      assert.deepEqual(told.epochs, [1, 2]);

      const { samples } = await client.trainings.listMetrics({ training: "talker", figures: ["loss"] });
      assert.deepEqual(
        samples.map(({ legend, x, y, attempt }) => [legend, x, y, attempt]),
        [
          ["train", 1, 1, 1],
          ["train", 2, 0.5, 1],
        ],
      );
      const { lines } = await client.trainings.listLogs({ training: training.id });
      const warning = lines.find(({ level }) => level === "warning");
      assert.equal(warning?.text, "the first epoch is over");
    });
  });
}
