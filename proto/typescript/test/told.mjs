#!/usr/bin/env node
// A Train function that says what a test tells it over a socket beside it. It succeeds when the test hangs up, and
// stops when it is told to.
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const job = JSON.parse(fs.readFileSync(process.env.TRAINYARD_JOB, "utf8"));
const folder = path.dirname(fileURLToPath(import.meta.url));

function say(message, then) {
  process.stdout.write(JSON.stringify(message) + "\n", then);
}

function end(outcome) {
  say({ type: "end", outcome }, () => process.exit());
}

say({ type: "hello", protocol: 1 });
net
  .createServer((ear) => {
    ear.pipe(process.stdout, { end: false });
    ear.on("end", () => end("succeeded"));
  })
  .listen(path.join(folder, `${job.execution_id}.ear`));

process.stdin.on("data", (orders) => {
  if (orders.includes('"stop"')) {
    end("stopped");
  }
});
process.stdin.on("end", () => process.exit(1));
