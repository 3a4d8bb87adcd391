/** Tiny labelled pictures in the layout of YOLO. Must not know who imports them. */
import fs from "node:fs";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** Side of a picture in pixels. */
const SIDE = 32;
const SPLITS = [
  ["train", 4],
  ["val", 2],
] as const;

/** Writes a dataset of six pictures, each with one box in its middle. */
export function writeDataset(folder: string): void {
  let grey = 0;
  for (const [split, count] of SPLITS) {
    for (const kind of ["images", "labels"]) {
      fs.mkdirSync(path.join(folder, kind, split), { recursive: true });
    }
    for (let number = 0; number < count; number += 1) {
      grey += 30;
      fs.writeFileSync(path.join(folder, "images", split, `${split}${number}.png`), png(grey));
      fs.writeFileSync(path.join(folder, "labels", split, `${split}${number}.txt`), "0 0.5 0.5 0.4 0.4\n");
    }
  }
  fs.writeFileSync(
    path.join(folder, "data.yaml"),
    "path: .\ntrain: images/train\nval: images/val\nnames: [thing]\n",
  );
}

/** A picture of one shade of grey, 0 to 255. */
function png(grey: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  // Eight bits of grey a pixel.
  header.writeUInt8(8, 8);
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(SIDE, grey)]);
  const rows = Buffer.concat(Array.from({ length: SIDE }, () => row));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

function chunk(kind: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}
