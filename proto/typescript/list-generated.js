// Lists what buf generated in one module, so that a new file of the API is exported without a change by hand.
import fs from "node:fs";

const files = fs.readdirSync("src/gen/trainyard/v1").sort();
const lines = files.map((file) => `export * from "./trainyard/v1/${file.replace(/\.ts$/, ".js")}";\n`);
fs.writeFileSync("src/gen/api.ts", lines.join(""));
