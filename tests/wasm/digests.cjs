// Prints every vector's digest as WebAssembly computes it: node digests.cjs MODULE

const module_path = process.argv[2];
const core = require(require("node:path").resolve(module_path));
const lines = [];
for (let number = 0; number < core.vector_count(); number += 1) lines.push(core.vector_line(number));
console.log(lines.join("\n"));
