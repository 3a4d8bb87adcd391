"""The images and labels that a training learns from, read from the files that the runner laid out.

Must not know how anything is trained. Images are not opened: that is the adapter's choice of a library.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from trainyard.adapter.failures import DataFailure


@dataclass(frozen=True, slots=True)
class Box:
    """An object on an image; corners in pixels of the original image.

    Attributes:
        label: Class index, from 0.
        x1: Left.
        y1: Top.
        x2: Right.
        y2: Bottom.
    """

    label: int
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return (self.x1, self.y1, self.x2, self.y2)

    @property
    def yolo(self) -> tuple[float, float, float, float]:
        """Centre across, centre down, width and height, still in pixels."""
        return ((self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2, self.x2 - self.x1, self.y2 - self.y1)


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a subset.

    Attributes:
        path: The file, which is read-only.
        width: Pixels across.
        height: Pixels down.
        item: Folder and name in the dataset, to show.
        boxes: Labelled objects, for detection; for classification one, which is the whole image.
        labels: Class indices of the whole image, for classification.
    """

    path: Path
    width: int
    height: int
    item: str
    boxes: tuple[Box, ...]
    labels: tuple[int, ...]

    @property
    def label(self) -> int:
        """The class of the whole image.

        Raises:
            DataFailure: If it has none, or more than one.
        """
        if len(self.labels) != 1:
            raise DataFailure(f"{self.item} has {len(self.labels)} labels, and one is wanted", "give it one label")
        return self.labels[0]


class Subset:
    """What a training learns from, or is measured on."""

    def __init__(self, coco_path: Path) -> None:
        """Names a subset; it is read when its images are asked for.

        Args:
            coco_path: Its annotations, with the folder `images` beside.
        """
        self.coco_path = coco_path

    @property
    def images_dir(self) -> Path:
        """The folder of its images; for classification with a folder a class, named by class index."""
        return self.coco_path.parent / "images"

    def images(self) -> list[Image]:
        """Its images with their labels, in the order of the file, which predictions count by.

        Raises:
            DataFailure: If the file of annotations cannot be read.
        """
        return self._images

    def __len__(self) -> int:
        """How many images it has."""
        return len(self._images)

    @cached_property
    def _images(self) -> list[Image]:
        try:
            coco = json.loads(self.coco_path.read_text("utf-8"))
            return self._read(coco)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataFailure(f"{self.coco_path} cannot be read: {error!r}", "train again") from error

    def _read(self, coco: dict[str, Any]) -> list[Image]:
        boxes: defaultdict[int, list[Box]] = defaultdict(list)
        labels: defaultdict[int, list[int]] = defaultdict(list)
        for annotation in coco["annotations"]:
            label = int(annotation["category_id"]) - 1
            labels[annotation["image_id"]].append(label)
            if annotation.get("bbox"):
                left, top, width, height = map(float, annotation["bbox"])
                boxes[annotation["image_id"]].append(Box(label, left, top, left + width, top + height))
        return [
            Image(
                path=self.images_dir / image["file_name"],
                width=int(image["width"]),
                height=int(image["height"]),
                item=str(image.get("item", image["file_name"])),
                boxes=tuple(boxes[image["id"]]),
                labels=tuple(dict.fromkeys(labels[image["id"]])),
            )
            for image in coco["images"]
        ]
