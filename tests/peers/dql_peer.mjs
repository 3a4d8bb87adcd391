// Times mingo over the items that `shared/examples/dql_time.rs` writes: one JSON line a filter, with nanoseconds an
// item and how many were found.
//
//     node dql_peer.mjs ITEMS NODE_MODULES
//
// ITEMS holds the filters in its first line, then an item a line. NODE_MODULES is the folder with `mingo` in it
// (`npm install mingo@7.2.7`). What only our language has is written as its equal in MongoDB's: mingo takes no
// wildcard in a plain text, and compares dates of this form as texts, which gives the same order.

import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join, resolve } from "node:path";

const ROUNDS = 7;
const [itemsPath, modules] = process.argv.slice(2);
if (!itemsPath || !modules) {
  console.error("usage: node dql_peer.mjs ITEMS NODE_MODULES");
  process.exit(2);
}
const folder = resolve(modules, "mingo");
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const { Query } = createRequire(import.meta.url)(folder);

let filters;
const items = [];
for await (const line of createInterface({ input: createReadStream(itemsPath) })) {
  if (filters) items.push(JSON.parse(line));
  else filters = JSON.parse(line);
}

/** "This folder and what is below it" as a regular expression. */
function inTheirWords(filter) {
  const under = /^(\/[a-z]+)\/\*\*$/.exec(filter.filename ?? "");
  return under ? { filename: { $regex: new RegExp(`^${under[1]}(?:/|$)`) } } : filter;
}

for (const [name, text] of filters) {
  const query = new Query(inTheirWords(JSON.parse(text)));
  let found = 0;
  const run = () => {
    found = 0;
    const wall = performance.now();
    const cpu = process.cpuUsage();
    for (const item of items) if (query.test(item)) found += 1;
    const used = process.cpuUsage(cpu);
    return { wall: (performance.now() - wall) * 1e6, cpu: (used.user + used.system) * 1e3 };
  };
  const rounds = Array.from({ length: ROUNDS }, run);
  const sorted = (key) => rounds.map((round) => round[key] / items.length).sort((a, b) => a - b);
  const [wall, cpu] = [sorted("wall"), sorted("cpu")];
  const middle = Math.floor(ROUNDS / 2);
  console.log(
    JSON.stringify({
      tool: `mingo ${version}`,
      filter: name,
      found,
      ns_per_item: wall[middle],
      least_ns_per_item: wall[0],
      cpu_ns_per_item: cpu[middle],
    }),
  );
}
