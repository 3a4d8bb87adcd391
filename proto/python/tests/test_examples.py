"""The examples, each as a user runs it: added by its manifest, and trained by the real server."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EXAMPLES, Server, write_scenes

from trainyard import Client


def test_the_numpy_detector_learns(client: Client, dataset: str) -> None:
    client.architectures.add(EXAMPLES / "numpy_detector")
    client.models.create("colours", "numpy-detector", dataset)
    training = client.train("colours", epochs=12).wait(180)
    lines = training.lines()
    scores = [value for _, value in lines["mAP50(B)/metrics"]]
    losses = [value for _, value in lines["pixel_loss/train"]]
    print("mAP50", scores, "mAP50-95", lines["mAP50-95(B)/metrics"])
    assert scores[0] < 0.5 < 0.9 < scores[-1]
    assert losses[-1] < losses[0] / 2
    assert training.state.headline.best == max(value for _, value in lines["mAP50-95(B)/metrics"])
    assert {file.kind for file in training.artifacts()} == {"weights", "checkpoint", "predictions"}
    client.models.create("more-colours", "numpy-detector", dataset, weights_of="colours")
    again = client.train("more-colours", epochs=1).wait(60)
    assert again.lines()["mAP50(B)/metrics"][0][1] > 0.9


def test_the_numpy_detector_goes_on_from_its_checkpoint(client: Client, dataset: str) -> None:
    client.architectures.add(EXAMPLES / "numpy_detector")
    client.models.create("straight", "numpy-detector", dataset)
    client.models.create("interrupted", "numpy-detector", dataset)
    straight = client.train("straight", epochs=20).wait(180)
    training = client.train("interrupted", epochs=20)
    next(event for event in training.watch() if event.metrics.samples)
    training.rerun().wait(180)
    assert training.refresh().state.attempt == 2
    assert training.lines() == straight.lines()


def test_the_shell_speaks_the_protocol(client: Client, dataset: str) -> None:
    client.architectures.add(EXAMPLES / "shell")
    client.models.create("counted", "plain-shell", dataset)
    training = client.train("counted", epochs=2).wait(60)
    ((_, first), (_, second)) = training.lines()["boxes/train"]
    items = client.datasets.items(dataset, subset="train")
    assert first == second == sum(len(item.annotations) for item in items)
    assert any("so it is a line of the log" in line.text for line in training.logs())


def test_ultralytics_is_wrapped_in_less_than_forty_lines() -> None:
    text = (EXAMPLES / "ultralytics_yolo" / "train.py").read_text()
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith(("#", '"""'))]
    assert len(code) < 40, f"{len(code)} lines"


def python_with_ultralytics() -> str | None:
    """The Python that has it: this one, or the one that TRAINYARD_YOLO_PYTHON names."""
    if importlib.util.find_spec("torch") and importlib.util.find_spec("ultralytics"):
        return sys.executable
    return os.environ.get("TRAINYARD_YOLO_PYTHON")


def test_ultralytics_trains(own_server: Server, tmp_path: Path) -> None:
    python = python_with_ultralytics()
    if python is None:
        pytest.skip("torch and ultralytics are not installed here, and TRAINYARD_YOLO_PYTHON names no Python with them")
    subprocess.run([python, "-c", "import torch, ultralytics"], check=True, stdout=subprocess.DEVNULL)
    write_scenes(tmp_path / "scenes", count=24)
    folder = tmp_path / "yolo"
    folder.mkdir()
    source = EXAMPLES / "ultralytics_yolo"
    (folder / "train.py").write_text((source / "train.py").read_text())
    manifest = (source / "trainyard.toml").read_text().replace('"python3"', f'"{python}"')
    (folder / "trainyard.toml").write_text(manifest)
    with own_server.client() as client:
        client.datasets.upload(tmp_path / "scenes", "scenes", split=(70, 30, 0))
        client.architectures.add(folder)
        client.models.create("yolo", "ultralytics-yolo-n", "scenes")
        training = client.train("yolo", epochs=4, imgsz=64, batch_size=4)
        next(event for event in training.watch() if event.artifacts.artifacts)
        training.rerun().wait(400)
        assert training.refresh().state.attempt == 2
        lines = training.lines()
        assert [x for x, _ in lines["box_loss/train"]] == [1, 2, 3, 4]
        assert {"mAP50-95(B)/metrics", "box_loss/val"} <= set(lines)
        kinds = {file.kind for file in training.artifacts()}
        assert {"weights", "checkpoint", "predictions"} <= kinds
        client.models.create("again", "ultralytics-yolo-n", "scenes", weights_of="yolo")
        client.train("again", epochs=1, imgsz=64, batch_size=8).wait(400)
