"""How good boxes are: COCO's average precision, in a few lines. Knows nothing of how they were found."""

from collections.abc import Sequence

import numpy as np

from trainyard import Box, Image, Prediction

#: The least overlaps (intersection over union) at which a box counts as found.
OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


def average_precision(images: Sequence[Image], found: Sequence[Sequence[Prediction]], classes: int) -> list[float]:
    """Mean over the classes that are labelled, for each of OVERLAPS."""
    labelled = [label for label in range(classes) if any(box.label == label for image in images for box in image.boxes)]
    return [float(np.mean([_of_class(images, found, label, least) for label in labelled])) for least in OVERLAPS]


def _of_class(images: Sequence[Image], found: Sequence[Sequence[Prediction]], label: int, least: float) -> float:
    hits: list[tuple[float, bool]] = []
    for image, guesses in zip(images, found, strict=True):
        free = [box for box in image.boxes if box.label == label]
        for guess in sorted((one for one in guesses if one.label == label), key=lambda one: -one.score):
            best = max(free, key=lambda box: overlap(box, guess), default=None)
            is_hit = best is not None and overlap(best, guess) >= least
            if is_hit:
                free.remove(best)
            hits.append((guess.score, is_hit))
    total = sum(box.label == label for image in images for box in image.boxes)
    right = np.cumsum([is_hit for _, is_hit in sorted(hits, key=lambda hit: -hit[0])], dtype=float)
    precision = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    places = np.searchsorted(right / total, RECALLS)
    return float(np.mean([precision[place] if place < len(precision) else 0.0 for place in places]))


def overlap(one: Box | Prediction, other: Box | Prediction) -> float:
    """Intersection over union, 0 to 1."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    shared = max(width, 0) * max(height, 0)
    union = (one.x2 - one.x1) * (one.y2 - one.y1) + (other.x2 - other.x1) * (other.y2 - other.y1) - shared
    return shared / union if union > 0 else 0.0
