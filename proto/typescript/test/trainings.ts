/**
 * What a training needs, made by the client: a dataset, model versions, and a service whose trainings say what a test
 * tells them. Must not know which transport the client has.
 */
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import {
  DatasetFormat,
  type ImportReport,
  type Training,
  type TrainyardClient,
  type WatchEvent,
} from "@trainyard/client";
import { writeDataset } from "./dataset.js";
import type { Server } from "./server.js";
import { until } from "./until.js";

/** The name of the dataset of {@link importDataset}. */
export const DATASET = "things";

/** The service of the architecture that the tests train. */
const SERVICE = "mgmt-train-yolov8";

/** Imports the dataset, and gives the server's report of it. */
export async function importDataset(client: TrainyardClient, server: Server): Promise<ImportReport> {
  const folder = path.join(server.folder, "dataset");
  writeDataset(folder);
  const request = { path: folder, format: DatasetFormat.YOLO, name: DATASET };
  let report: ImportReport | undefined;
  for await (const { event } of client.datasets.importDataset(request)) {
    report = event.case === "report" ? event.value : report;
  }
  if (report === undefined) {
    throw new Error("the import ended without a report");
  }
  return report;
}

/** Creates a version and trains it by this image, which the service of all versions is given. */
export async function train(client: TrainyardClient, name: string, image: string): Promise<Training> {
  await client.models.createModel({ name, architecture: "yolov8n", dataset: DATASET });
  const { serviceExists, serviceSettings } = await client.trainings.checkTraining({ model: name });
  if (serviceSettings === undefined) {
    throw new Error("the check says no settings of the service");
  }
  const settings = { ...serviceSettings, image, cores: 1, concurrency: 4, maxAttempts: 3 };
  if (serviceExists) {
    await client.compute.updateTrainingService({ service: SERVICE, settings });
    return client.trainings.startTraining({ model: name });
  }
  return client.trainings.startTraining({ model: name, serviceSettings: settings });
}

/** The function that says what it is told, beside the server's data. */
export function toldFunction(server: Server): string {
  const copy = path.join(server.folder, "told.mjs");
  fs.copyFileSync(path.join(import.meta.dirname, "../test/told.mjs"), copy);
  return copy;
}

/** Tells the first attempt of a training what to say, once it listens. */
export class Ear {
  readonly #socket: net.Socket;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  static async of(server: Server, training: Training): Promise<Ear> {
    const ear = path.join(server.folder, `${training.executionId}.ear`);
    const socket = await until("the training listens", () => connected(ear));
    return new Ear(socket);
  }

  /** Has it say this message. */
  say(message: object): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Has it say a sample of its only chart. */
  sample(epoch: number): void {
    this.say({ type: "sample", figure: "loss", legend: "train", x: epoch, y: 1 / epoch });
  }

  /** Has it succeed. */
  hangUp(): void {
    this.#socket.end();
  }
}

async function connected(ear: string): Promise<net.Socket | undefined> {
  const socket = net.connect(ear);
  try {
    await once(socket, "connect");
    // What was told to stop goes away by itself.
    socket.on("error", () => undefined);
    return socket;
  } catch {
    return undefined;
  }
}

/** What a stream told of one execution. */
export class Told {
  readonly statuses: string[] = [];
  readonly epochs: number[] = [];
  readonly lines: { readonly number: bigint; readonly text: string }[] = [];
  isCaughtUp = false;

  constructor(readonly executionId: string) {}

  take({ event }: WatchEvent): void {
    switch (event.case) {
      case "caughtUp":
        this.isCaughtUp = true;
        break;
      case "trainings":
        for (const { executionId, status } of event.value.trainings) {
          if (executionId === this.executionId && status !== this.status) {
            this.statuses.push(status);
          }
        }
        break;
      case "metrics":
        this.epochs.push(...event.value.samples.map(({ x }) => x));
        break;
      case "logs":
        this.lines.push(...event.value.lines);
        break;
    }
  }

  get status(): string | undefined {
    return this.statuses.at(-1);
  }
}
