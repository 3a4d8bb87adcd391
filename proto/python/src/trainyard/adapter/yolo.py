"""The layout in which Ultralytics reads a dataset for detection.

Must not know what trains on it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from trainyard.adapter.data import Image, Subset


def lay_out(folder: Path, labels: Sequence[str], subsets: Mapping[str, Subset]) -> Path:
    """Writes `data.yaml`, a text of boxes for each image, and links to the images.

    Args:
        folder: Made if it is not there.
        labels: Class names in class order.
        subsets: By the names that Ultralytics gives them: `train` and `val`.

    Returns:
        The path of `data.yaml`.
    """
    folder = folder.absolute()
    for name, subset in subsets.items():
        pictures, boxes = folder / "images" / name, folder / "labels" / name
        pictures.mkdir(parents=True, exist_ok=True)
        boxes.mkdir(parents=True, exist_ok=True)
        for image in subset.images():
            link = pictures / image.path.name
            if not link.is_symlink():
                link.symlink_to(image.path.resolve())
            (boxes / image.path.name).with_suffix(".txt").write_text(lines_of(image), "utf-8")
    # JSON is YAML, and needs no library.
    content = {
        "path": str(folder),
        **{name: f"images/{name}" for name in subsets},
        "names": dict(enumerate(labels)),
    }
    data = folder / "data.yaml"
    data.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    return data


def lines_of(image: Image) -> str:
    """The boxes of an image, one a line: class, centre across and down, width, height, as parts of the image."""
    lines = []
    for box in image.boxes:
        x, y, width, height = box.yolo
        parts = (x / image.width, y / image.height, width / image.width, height / image.height)
        lines.append(f"{box.label} " + " ".join(f"{part:.6f}" for part in parts) + "\n")
    return "".join(lines)
