#!/usr/bin/env node
// A Train function that learns nothing and predicts at once: boxes near the labelled ones, better with each epoch, some
// wrong, and as many faint ones as `max_det` asks for. What it keeps is what the documents of the protocol and of the
// file of predictions say.
const fs = require("fs");
const path = require("path");

const job = JSON.parse(fs.readFileSync(process.env.TRAINYARD_JOB, "utf8"));
const say = (message) => fs.writeSync(1, JSON.stringify(message) + "\n");

let state = 7;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

const coco = JSON.parse(fs.readFileSync(job.data.validation, "utf8"));
const classes = job.labels.length;
const { epochs, max_det: most } = job.configuration;

const predicted = (image, targets, epoch) => {
  const found = [];
  const quality = epoch / epochs;
  for (const target of targets) {
    if (random() < 0.2 * (2 - quality)) continue;
    const shift = () => (random() - 0.5) * 14 * (1.3 - quality);
    const [x, y, width, height] = target.region;
    const other = random() < 0.15 ? (target.class + 1) % classes : target.class;
    found.push({ class: other, score: 0.35 + 0.6 * random() * quality, region: [x + shift(), y + shift(), width, height] });
  }
  while (found.length < Math.max(most, targets.length + 1)) {
    const [width, height] = [8 + random() * 20, 8 + random() * 20];
    const region = [random() * (image.width - width), random() * (image.height - height), width, height];
    found.push({ class: Math.floor(random() * classes), score: 0.001 + 0.5 * random() ** 8, region });
  }
  return found.sort((left, right) => right.score - left.score);
};

const packed = (images) => {
  const parts = [];
  const column = (bytes, write, values) => {
    const buffer = Buffer.alloc(bytes * values.length);
    values.forEach((value, place) => buffer[write](value, place * bytes));
    parts.push(buffer);
  };
  const words = (values) => column(4, "writeUInt32LE", values);
  const numbers = (values) => column(4, "writeFloatLE", values);
  const corners = ([x, y, width, height]) => [x, y, x + width, y + height];
  parts.push(Buffer.from("TYBOXES1"));
  words([classes, images.length]);
  words(images.map((image) => image.index));
  words(images.map((image) => image.width));
  words(images.map((image) => image.height));
  numbers(images.map((image) => image.loss));
  words(images.map((image) => image.targets.length));
  words(images.map((image) => image.found.length));
  const targets = images.flatMap((image) => image.targets);
  const found = images.flatMap((image) => image.found);
  column(2, "writeUInt16LE", targets.map((target) => target.class));
  numbers(targets.flatMap((target) => corners(target.region)));
  column(2, "writeUInt16LE", found.map((one) => one.class));
  numbers(found.map((one) => one.score));
  numbers(found.flatMap((one) => corners(one.region)));
  return Buffer.concat(parts);
};

say({ type: "hello", protocol: 1 });
for (let epoch = 1; epoch <= epochs; epoch += 1) {
  const images = coco.images.map((image, index) => {
    const own = coco.annotations.filter((annotation) => annotation.image_id === image.id);
    const targets = own.map(({ category_id, bbox }) => ({ class: category_id - 1, region: bbox }));
    const { width, height } = image;
    return { index, width, height, loss: random() * 3, targets, found: predicted(image, targets, epoch) };
  });
  const name = `predictions-epoch-${epoch}.bin`;
  fs.writeFileSync(path.join(job.output_dir, name), packed(images));
  say({ type: "sample", figure: "box_loss", legend: "val", x: epoch, y: 2 / epoch });
  say({ type: "artifact", path: path.join(job.output_dir, name), name, kind: "predictions", epoch });
  say({ type: "progress", epoch, epochs, step: 1, steps: 1, phase: "validating" });
}
say({ type: "end", outcome: "succeeded" });
