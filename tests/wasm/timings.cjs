// Times what the browser computes while a slider moves, in WebAssembly: node timings.cjs MODULE
// One line a figure: what | milliseconds (or nanoseconds) in the middle, and the least and most of all rounds.

const core = require(require("node:path").resolve(process.argv[2]));

function time(rounds, act) {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    act(round);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

function tell(what, times, unit, factor) {
  const at = (place) => (times[place] * factor).toFixed(unit === "ns" ? 0 : 2);
  const middle = at(Math.floor(times.length / 2));
  console.log(`${what} | ${middle} ${unit} (${at(0)} to ${at(times.length - 1)})`);
}

const sliders = core.Sliders.of_images(1000);
tell("wasm: confidence slider, 100,000 boxes", time(100, (round) => sliders.move_confidence(round / 100)), "ms", 1);
tell("wasm: IoU slider with curves, 100,000 boxes", time(50, (round) => sliders.move_iou(0.5 + round / 100, 0.1)), "ms", 1);
sliders.free();
const line = core.Line.of_points(1_000_000);
tell("wasm: 1,000,000 points to 2,000", time(50, () => line.thin(500)), "ms", 1);
line.free();
const count = 200_000;
const items = core.Items.of_count(count);
for (let filter = 0; core.Items.name(filter); filter += 1) {
  const times = time(21, () => items.find(filter));
  tell(`wasm: DQL "${core.Items.name(filter)}", an item of ${count}`, times, "ns", 1e6 / count);
}
