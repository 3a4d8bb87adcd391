"""Times a COCO evaluation of another tool: one JSON line with seconds, memory and the twelve figures.

    python coco_peer.py hotcoco gt.json dt.json
    python coco_peer.py pycocotools gt.json dt.json

Needs `pip install hotcoco==1.3.0 pycocotools==2.0.11`. `base_mib` is the memory after the import, before
any file is read. `shared/examples/coco_time.rs` prints the same of this project.
"""

import contextlib
import importlib
import io
import json
import os
import resource
import sys
import time

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(tool, truth, detections):
    if tool == "hotcoco":
        module = importlib.import_module("hotcoco")
        dataset, evaluator = module.COCO, module.COCOeval
    else:
        dataset = importlib.import_module("pycocotools.coco").COCO
        evaluator = importlib.import_module("pycocotools.cocoeval").COCOeval
    base = peak_mib()
    # Both print as they go.
    with contextlib.redirect_stdout(io.StringIO()):
        started = time.perf_counter()
        loaded = dataset(truth)
        found = loaded.loadRes(detections) if hasattr(loaded, "loadRes") else loaded.load_res(detections)
        loading = time.perf_counter()
        evaluation = evaluator(loaded, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        ended = time.perf_counter()
    return {
        "tool": tool,
        "threads": os.environ.get("RAYON_NUM_THREADS", "as it comes"),
        "load_secs": loading - started,
        "evaluate_secs": ended - loading,
        "total_secs": ended - started,
        "base_mib": base,
        "peak_mib": peak_mib(),
        "stats": dict(zip(NAMES, [float(value) for value in evaluation.stats])),
    }


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("hotcoco", "pycocotools"):
        sys.exit(__doc__)
    # hotcoco prints from native code, past Python's standard output.
    answer = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    line = json.dumps(main(*sys.argv[1:])) + "\n"
    os.write(answer, line.encode())
