#!/usr/bin/env node
// A Train function that takes steps of about a millisecond, in rounds that say a sample after each and rounds that say
// none, and sums up how long both took.
const fs = require("fs");

const ROUNDS = 12;
const STEPS = 1500;

const say = (message) => fs.writeSync(1, JSON.stringify(message) + "\n");
const now = () => Number(process.hrtime.bigint()) / 1e6;

let state = 1;
const work = (turns) => {
  for (let turn = 0; turn < turns; turn++) state = Math.imul(state ^ (state >>> 15), 2246822519) + turn;
};

say({ type: "hello", protocol: 1 });
// How much work a millisecond is, once it is compiled.
work(2e7);
const began = now();
work(2e7);
const turns = Math.round(2e7 / (now() - began));

let x = 0;
const round = (says) => {
  const began = now();
  for (let step = 0; step < STEPS; step++) {
    work(turns);
    x += 1;
    if (says) say({ type: "sample", figure: "loss", legend: "train", x: x / STEPS, y: 1 / x });
  }
  return (now() - began) / STEPS;
};

const costs = [];
const steps = [];
for (let pair = 0; pair < ROUNDS; pair++) {
  // Which comes first changes, so that a machine that slows down favours neither.
  const order = pair % 2 ? [true, false] : [false, true];
  const took = new Map(order.map((says) => [says, round(says)]));
  costs.push((100 * (took.get(true) - took.get(false))) / took.get(false));
  steps.push(took.get(false));
}
const middle = (values) => values.sort((left, right) => left - right)[Math.floor(values.length / 2)];
say({
  type: "summary",
  figure: "protocol",
  legend: "cost",
  values: { percent: middle(costs), least: Math.min(...costs), most: Math.max(...costs), step_ms: middle(steps) },
});
say({ type: "end", outcome: "succeeded" });
