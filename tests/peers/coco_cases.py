"""Makes the committed COCO cases: generated inputs, and what pycocotools says of them.

    python coco_cases.py ../../shared/src/metrics/coco/cases

Needs `pip install pycocotools==2.0.11`. Seeded: the same inputs at every run. Ids of annotations start at 1,
because pycocotools takes an annotation of id 0 for "unmatched".
"""

import contextlib
import io
import json
import pathlib
import random
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


class Case:
    def __init__(self, seed, images, categories):
        self.random = random.Random(seed)
        self.images = self.random.sample(range(3 * images + 2), images)
        self.categories = categories
        self.annotations, self.detections = [], []

    def target(self, image, category, bbox, area=None, crowd=0):
        area = bbox[2] * bbox[3] if area is None else area
        self.annotations.append({"id": len(self.annotations) + 1, "image_id": image, "category_id": category,
                                 "bbox": bbox, "area": area, "iscrowd": crowd})

    def found(self, image, category, bbox, score):
        self.detections.append({"image_id": image, "category_id": category, "bbox": bbox, "score": score})

    def grid_box(self):
        left, top = self.random.randrange(0, 3) * 10, self.random.randrange(0, 3) * 10
        return [left, top, self.random.randrange(3, 6) * 10, self.random.randrange(3, 6) * 10]

    def solve(self):
        truth = {"images": [{"id": image} for image in self.images], "annotations": self.annotations,
                 "categories": [{"id": id, "name": f"c{id}"} for id in self.categories]}
        with contextlib.redirect_stdout(io.StringIO()):
            dataset = COCO()
            dataset.dataset = json.loads(json.dumps(truth))
            dataset.createIndex()
            evaluation = COCOeval(dataset, dataset.loadRes(json.loads(json.dumps(self.detections))), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        ids = [int(id) for id in evaluation.params.catIds]
        expected = {"stats": dict(zip(NAMES, map(float, evaluation.stats))),
                    "per_class": [self.one_class(evaluation.eval, at, id) for at, id in enumerate(ids)]}
        return {"ground_truth": truth, "detections": self.detections, "expected": expected}

    def one_class(self, result, at, category):
        # Precision is [threshold, recall, class, range, cut], recall [threshold, class, range, cut].
        precision, recall = result["precision"][:, :, at], result["recall"][:, at]
        mean = lambda values: float(np.mean(values[values > -1])) if (values > -1).any() else -1.0
        own = [a for a in self.annotations if a["category_id"] == category]
        return {
            "category_id": category, "name": f"c{category}",
            "n_gt": sum(not a["iscrowd"] for a in own), "n_crowd": sum(a["iscrowd"] for a in own),
            "n_dt": sum(d["category_id"] == category for d in self.detections),
            "AP": mean(precision[:, :, 0, 2]), "AP50": mean(precision[0, :, 0, 2]),
            "AP75": mean(precision[5, :, 0, 2]), "APs": mean(precision[:, :, 1, 2]),
            "APm": mean(precision[:, :, 2, 2]), "APl": mean(precision[:, :, 3, 2]),
            "AR1": mean(recall[:, 0, 0]), "AR10": mean(recall[:, 0, 1]), "AR100": mean(recall[:, 0, 2]),
            "AP_by_iou": [mean(precision[t, :, 0, 2]) for t in range(10)],
            "recall_by_iou": [float(recall[t, 0, 2]) for t in range(10)],
        }


def ties():
    """Boxes on a grid and five scores: equal scores and equal IoUs everywhere, crowds among them."""
    case = Case(1, 12, [4, 2, 9])
    for image in case.images:
        for _ in range(case.random.randrange(0, 7)):
            case.target(image, case.random.choice([2, 4]), case.grid_box(), crowd=int(case.random.random() < 0.15))
        for _ in range(case.random.randrange(0, 14)):
            case.found(image, case.random.choice([2, 4, 9]), case.grid_box(), case.random.choice([0, 0.25, 0.5, 0.75, 1]))
    case.random.shuffle(case.annotations)
    case.random.shuffle(case.detections)
    return case


def sizes():
    """Areas at and beside the ends of each range; an `area` that differs from width x height."""
    case = Case(2, 6, [1, 7])
    sides = [31.99, 32, 32.01, 64, 95.99, 96, 96.01, 200]
    for at, image in enumerate(case.images):
        for place, side in enumerate(sides):
            left = 250 * place + 0.5
            shift = case.random.choice([0, 0, 0.04, 0.1, 0.2]) * side
            category = [1, 7][(at + place) % 2]
            case.target(image, category, [left, 3, side, side], area=side * side * [1, 0.5, 2][at % 3])
            case.found(image, category, [left + shift, 3, side, side], round(case.random.random(), 2))
            case.found(image, category, [left, 900, side, side], round(case.random.random(), 2))
    case.target(case.images[0], 1, [0, 2000, 200000, 60000], area=1.2e10)
    case.found(case.images[0], 1, [0, 2000, 200000, 60000], 0.7)
    return case


def many():
    """More than 100 detections of a class on an image, right ones on both sides of the cut."""
    case = Case(3, 3, [5])
    for at, image in enumerate(case.images[:2]):
        for place in range(12):
            case.target(image, 5, [20 * place, 0, 15, 15])
        for place in range(115 if at == 0 else 30):
            right = place % 10 == 9
            bbox = [20 * (place // 10) + 1, 0, 15, 15] if right else [20 * place, 50, 15, 15]
            case.found(image, 5, bbox, round(1 - place / 120, 3))
    case.random.shuffle(case.detections)
    return case


def digits():
    """Numbers with all their digits, as detectors write them; scores outside 0 to 1; sides of 0."""
    case = Case(4, 8, [3, 1, 2])
    for image in case.images:
        for _ in range(case.random.randrange(1, 6)):
            bbox = [case.random.uniform(0, 500), case.random.uniform(0, 400), case.random.uniform(4, 160), case.random.uniform(4, 160)]
            category = case.random.choice([1, 2])
            case.target(image, category, bbox, crowd=int(case.random.random() < 0.1))
            for _ in range(case.random.randrange(0, 3)):
                near = [side + case.random.uniform(-0.12, 0.12) * bbox[2 + at % 2] for at, side in enumerate(bbox)]
                case.found(image, category, near, case.random.uniform(-0.5, 1.5))
        case.found(image, case.random.choice([1, 2]), [10, 10, 0, 20], case.random.random())
    case.target(case.images[0], 1, [50, 50, 0, 0])
    case.found(case.images[0], 1, [50, 50, 0, 0], -0.0)
    case.found(case.images[0], 1, [51, 50, 4, 4], 0.0)
    return case


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for make in (ties, sizes, many, digits):
        text = json.dumps(make().solve(), separators=(",", ":"))
        (folder / f"{make.__name__}.json").write_text(text.replace('},{"', '},\n{"') + "\n")
