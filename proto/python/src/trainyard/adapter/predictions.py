"""Writes what a validation saw, as the server reads it for curves, confusion matrix and pictures.

Must not know how boxes were predicted. The layout is that of `docs/predictions.md`.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainyard.adapter.data import Box, Image


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model found on an image; corners in pixels of the original image.

    Attributes:
        label: Class index, from 0.
        score: How sure it is, 0 to 1.
        x1: Left.
        y1: Top.
        x2: Right.
        y2: Bottom.
    """

    label: int
    score: float
    x1: float = 0.0
    y1: float = 0.0
    x2: float = 0.0
    y2: float = 0.0

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return (self.x1, self.y1, self.x2, self.y2)


#: What a model says of one image: boxes, or the score of each class of the whole image.
Found = Iterable[Prediction] | Iterable[float]


def write(
    path: Path, classes: int, images: Sequence[Image], found: Sequence[Found], losses: Sequence[float] | None = None
) -> None:
    """Writes the file.

    Args:
        path: Where to.
        classes: How many the model has.
        images: All of the validation subset, in its order.
        found: What was predicted for each of them: boxes, also with low scores, or the scores of all classes.
        losses: Of each image alone; None if they are not known.

    Raises:
        ValueError: If there are not as many predictions or losses as images, or a class or score is out of range.
    """
    if len(found) != len(images) or (losses is not None and len(losses) != len(images)):
        raise ValueError(f"{len(found)} images were predicted on, and there are {len(images)}")
    rows = [list(row) for row in found]
    pack = _boxes if all(isinstance(one, Prediction) for row in rows for one in row) else _classes
    mark, columns = pack(classes, images, rows)
    head = [
        mark,
        _packed("I", (classes, len(images))),
        _packed("I", range(len(images))),
        _packed("I", (image.width for image in images)),
        _packed("I", (image.height for image in images)),
        _packed("f", losses if losses is not None else [math.nan] * len(images)),
    ]
    path.write_bytes(b"".join(head + columns))


def _boxes(classes: int, images: Sequence[Image], rows: Sequence[Sequence[Any]]) -> tuple[bytes, list[bytes]]:
    # Boxes of an image stand in the order of falling scores.
    predicted = [sorted(row, key=lambda box: -box.score) for row in rows]
    targets = [box for image in images for box in image.boxes]
    guesses = [box for row in predicted for box in row]
    for box in guesses:
        if not (0 <= box.label < classes and 0 <= box.score <= 1):
            raise ValueError(f"{box}: its class must be below {classes}, its score from 0 to 1")
    return b"TYBOXES1", [
        _packed("I", (len(image.boxes) for image in images)),
        _packed("I", (len(row) for row in predicted)),
        _packed("H", (box.label for box in targets)),
        _packed("f", _corners(targets)),
        _packed("H", (box.label for box in guesses)),
        _packed("f", (box.score for box in guesses)),
        _packed("f", _corners(guesses)),
    ]


def _classes(classes: int, images: Sequence[Image], rows: Sequence[Sequence[Any]]) -> tuple[bytes, list[bytes]]:
    for image, row in zip(images, rows, strict=True):
        if len(row) != classes:
            raise ValueError(f"{image.item} has {len(row)} scores, and there are {classes} classes")
    return b"TYCLASS1", [
        _packed("I", (image.label for image in images)),
        _packed("f", (float(score) for row in rows for score in row)),
    ]


def _corners(boxes: Iterable[Box | Prediction]) -> Iterable[float]:
    return (corner for box in boxes for corner in box.corners)


def _packed(kind: str, values: Iterable[float]) -> bytes:
    column = list(values)
    return struct.pack(f"<{len(column)}{kind}", *column)
