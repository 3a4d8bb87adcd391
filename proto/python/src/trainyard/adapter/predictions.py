"""Writes what a validation saw, as the server reads it for curves, confusion matrix and pictures.

Must not know how boxes were predicted. The layout is that of `docs/predictions.md`.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

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


def write(
    path: Path,
    classes: int,
    images: Sequence[Image],
    found: Sequence[Iterable[Prediction]],
    losses: Sequence[float] | None = None,
) -> None:
    """Writes the file; boxes of an image are put in the order of falling scores.

    Args:
        path: Where to.
        classes: How many the model has.
        images: All of the validation subset, in its order.
        found: What was predicted for each of them, also with low scores.
        losses: Of each image alone; None if they are not known.

    Raises:
        ValueError: If there are not as many predictions or losses as images, or a class or score is out of range.
    """
    if len(found) != len(images) or (losses is not None and len(losses) != len(images)):
        raise ValueError(f"{len(found)} images were predicted on, and there are {len(images)}")
    predicted = [sorted(boxes, key=lambda box: -box.score) for boxes in found]
    for box in (box for boxes in predicted for box in boxes):
        if not (0 <= box.label < classes and 0 <= box.score <= 1):
            raise ValueError(f"{box}: its class must be below {classes}, its score from 0 to 1")
    targets = [box for image in images for box in image.boxes]
    guesses = [box for boxes in predicted for box in boxes]
    columns = [
        b"TYBOXES1",
        _packed("I", (classes, len(images))),
        _packed("I", range(len(images))),
        _packed("I", (image.width for image in images)),
        _packed("I", (image.height for image in images)),
        _packed("f", losses if losses is not None else [math.nan] * len(images)),
        _packed("I", (len(image.boxes) for image in images)),
        _packed("I", (len(boxes) for boxes in predicted)),
        _packed("H", (box.label for box in targets)),
        _packed("f", _corners(targets)),
        _packed("H", (box.label for box in guesses)),
        _packed("f", (box.score for box in guesses)),
        _packed("f", _corners(guesses)),
    ]
    path.write_bytes(b"".join(columns))


def _corners(boxes: Iterable[Box | Prediction]) -> Iterable[float]:
    return (corner for box in boxes for corner in box.corners)


def _packed(kind: str, values: Iterable[float]) -> bytes:
    column = list(values)
    return struct.pack(f"<{len(column)}{kind}", *column)
