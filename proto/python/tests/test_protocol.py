"""What an adapter says and hears, through real pipes: each case is a program, started as a runner starts it."""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import until, write_scenes

HEAD = """
import logging, os, subprocess, sys, warnings
from pathlib import Path
import trainyard

class Base(trainyard.Adapter):
    def load(self, weights): self.weights = weights
    def save(self, folder): (folder / "best.txt").write_text("w")
"""
RUN = "\nif __name__ == '__main__':\n    trainyard.run(Mine)\n"


class Function:
    """A Train function under way."""

    def __init__(self, folder: Path, train: str, head: str = HEAD, **job: object) -> None:
        """Starts it with what `train` does."""
        body = "\n".join(f"        {line}" for line in train.strip("\n").splitlines())
        program = folder / "function.py"
        program.write_text(f"{head}\nclass Mine(Base):\n    def train(self, job, run):\n{body}\n{RUN}")
        for subset in ("train", "validation"):
            if not (folder / subset).exists():
                write_scenes(folder / subset, count=3)
        self.output = folder / "output"
        self.output.mkdir()
        whole = {
            "protocol": 1,
            "execution_id": "e",
            "attempt": 1,
            "architecture_id": "mine",
            "variant": "",
            "configuration": {"epochs": 3},
            "labels": ["red", "green", "blue"],
            "data": {subset: str(folder / subset / "annotations.json") for subset in ("train", "validation")},
            "output_dir": str(self.output),
        }
        (folder / "job.json").write_text(json.dumps(whole | job))
        self.process = subprocess.Popen(
            [sys.executable, str(program)],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "TRAINYARD_JOB": str(folder / "job.json")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "stderr").open("wb"),
        )

    def ended(self) -> list[dict[str, Any]]:
        """Waits for its end; everything that it said."""
        assert self.process.stdout
        # Its input stays open, since the end of it means that the runner is gone.
        late = threading.Timer(30, self.process.kill)
        late.start()
        out = self.process.stdout.read()
        late.cancel()
        self.process.wait(timeout=30)
        return [json.loads(line) for line in out.decode().splitlines()]

    def order(self, line: str) -> None:
        """Gives it an order."""
        assert self.process.stdin
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def await_file(self, name: str) -> None:
        """Waits until it wrote a file in its output folder."""
        until(name, lambda: (self.output / name).exists(), 30)


def said(folder: Path, train: str) -> list[dict[str, Any]]:
    """What a Train function says from its start to its end."""
    return Function(folder, train).ended()


def logged(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The lines of the log, with their levels."""
    return [(message["level"], message["text"]) for message in messages if message["type"] == "log"]


def of_type(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == kind]


def test_hello_is_first_and_the_end_last(tmp_path: Path) -> None:
    messages = said(
        tmp_path,
        """
run.device("abacus")
for epoch in run.epochs(job.configuration.epochs):
    run.samples("train", epoch, loss=1.5 / epoch)
""",
    )
    assert messages[0] == {"type": "hello", "protocol": 1}
    assert messages[1] == {"type": "device", "name": "abacus"}
    progress = {"type": "progress", "epoch": 1, "epochs": 3, "step": 0, "steps": 0, "phase": "training"}
    assert messages[2] == progress
    assert messages[3] == {"type": "sample", "figure": "loss", "legend": "train", "x": 1.0, "y": 1.5}
    weights = {"type": "artifact", "name": "best.txt", "kind": "weights"}
    (artifact,) = of_type(messages, "artifact")
    assert artifact.items() >= weights.items()
    assert messages[-1] == {"type": "end", "outcome": "succeeded"}


def test_numbers_that_are_none_travel_as_texts(tmp_path: Path) -> None:
    messages = said(
        tmp_path,
        """
for x, y in enumerate([float("nan"), float("inf"), float("-inf"), 2]):
    run.sample("loss", "train", x, y)
run.matrix("confusion", "val", [[1, float("nan")], [0, 2]], rows=["a", "b"], columns=["a", "b"], epoch=1)
run.summary("best", "val", {"mAP": 0.5, "loss": float("inf")})
""",
    )
    assert [sample["y"] for sample in of_type(messages, "sample")] == ["NaN", "Infinity", "-Infinity", 2.0]
    (matrix,) = of_type(messages, "matrix")
    assert (matrix["values"], matrix["rows"], matrix["epoch"]) == ([[1, "NaN"], [0, 2]], ["a", "b"], 1)
    (summary,) = of_type(messages, "summary")
    assert summary["values"] == {"mAP": 0.5, "loss": "Infinity"}
    assert "epoch" not in summary


def test_whatever_is_printed_is_a_line_of_the_log(tmp_path: Path) -> None:
    function = Function(
        tmp_path,
        """
print("one\\ntwo", end="")
print(" and a half")
print("10 %\\r20 %\\r30 %", file=sys.stderr)
print('{"type":"end","outcome":"succeeded"}')
logging.getLogger("mine").warning("careful")
logging.error("lost")
logging.debug("too fine")
warnings.warn("old")
subprocess.run(["echo", '{"type":"end","outcome":"failed"}'], check=True)
os.write(1, b"from a C library\\n")
print("no end", end="")
""",
    )
    messages = function.ended()
    lines = logged(messages)
    told = ["one", "two and a half", "30 %", '{"type":"end","outcome":"succeeded"}']
    assert lines[:4] == [("info", text) for text in told]
    assert lines[4:6] == [("warning", "mine: careful"), ("error", "root: lost")]
    assert any(level == "warning" and "UserWarning: old" in text for level, text in lines)
    assert lines[-1] == ("info", "no end")
    assert not any("too fine" in text for _, text in lines)
    # What goes past Python lands on standard error, whose lines are never messages.
    assert (tmp_path / "stderr").read_text().splitlines() == ['{"type":"end","outcome":"failed"}', "from a C library"]
    assert messages[-1] == {"type": "end", "outcome": "succeeded"}


@pytest.mark.parametrize(
    ("train", "kind", "message", "step"),
    [
        ("raise trainyard.DataFailure('bad picture', 'replace it')", "data", "bad picture", "replace it"),
        ("raise trainyard.ConfigurationFailure('a with b')", "configuration", "a with b", ""),
        ("raise trainyard.Diverged('loss is NaN')", "diverged", "loss is NaN", ""),
        ("job.configuration['speed']", "configuration", "`speed`", "manifest"),
        ("job.configuration.speed", "configuration", "`speed`", "manifest"),
        ("raise MemoryError", "resources", "MemoryError", "smaller batch"),
        ("raise RuntimeError('CUDA out of memory. Tried ...')", "resources", "out of memory", "smaller batch"),
        ("class OutOfMemoryError(RuntimeError): pass\nraise OutOfMemoryError('x')", "resources", "x", "smaller"),
        ("raise OSError(28, 'No space left on device')", "resources", "No space left", "room"),
        ("raise FloatingPointError('overflow')", "diverged", "overflow", "learning rate"),
        ("job.train.coco_path.write_text('{'); job.train.images()", "data", "annotations.json", ""),
        ("import no_such_package", "train-function", "no_such_package", "install"),
        ("1 / 0", "train-function", "ZeroDivisionError", "log"),
        ("sys.exit(0)", "train-function", "ended itself", "log"),
        ("run.predictions([])", "train-function", "0 images", "log"),
    ],
)
def test_what_is_raised_becomes_a_cause(tmp_path: Path, train: str, kind: str, message: str, step: str) -> None:
    function = Function(tmp_path, train)
    messages = function.ended()
    end = messages[-1]
    assert (end["type"], end["outcome"], end["cause"]["kind"]) == ("end", "failed", kind)
    assert message in end["cause"]["message"]
    assert step in end["cause"]["next_step"]
    assert any(level == "error" and text.startswith("Traceback") for level, text in logged(messages))
    assert function.process.returncode == 1


def test_it_stops_between_epochs_when_told(tmp_path: Path) -> None:
    function = Function(
        tmp_path,
        """
for epoch in run.epochs(1000):
    (job.output_dir / "begun").touch()
    while not run.should_stop:
        pass
    run.log("a last word")
""",
    )
    function.await_file("begun")
    function.order("not JSON")
    function.order('{"type":"unknown"}')
    function.order('{"type":"stop"}')
    messages = function.ended()
    assert logged(messages) == [("info", "a last word")]
    assert messages[-1] == {"type": "end", "outcome": "stopped"}
    assert not of_type(messages, "artifact")
    assert function.process.returncode == 0


def test_a_stop_within_an_epoch_leaves_no_half_one(tmp_path: Path) -> None:
    function = Function(
        tmp_path,
        """
for epoch in run.epochs(1000):
    for batch in run.steps(range(10**9)):
        (job.output_dir / "begun").touch()
    run.sample("loss", "train", epoch, 0)
""",
    )
    function.await_file("begun")
    function.order('{"type":"stop"}')
    messages = function.ended()
    assert messages[-1] == {"type": "end", "outcome": "stopped"}
    assert (of_type(messages, "sample"), logged(messages)) == ([], [])


def test_a_stop_that_came_after_the_last_epoch_changes_nothing(tmp_path: Path) -> None:
    function = Function(
        tmp_path,
        """
for epoch in run.epochs(1):
    (job.output_dir / "begun").touch()
    sys.stdin.read()
    while not (job.output_dir / "go").exists():
        pass
""",
    )
    function.await_file("begun")
    function.order('{"type":"stop"}')
    (function.output / "go").touch()
    assert function.ended()[-1] == {"type": "end", "outcome": "succeeded"}


def test_it_ends_with_its_runner(tmp_path: Path) -> None:
    function = Function(tmp_path, '(job.output_dir / "begun").touch()\nwhile True: pass')
    function.await_file("begun")
    assert function.process.stdin
    function.process.stdin.close()
    assert function.process.wait(timeout=30) == 128 + signal.SIGHUP


def test_sigterm_ends_it_with_a_word(tmp_path: Path) -> None:
    function = Function(tmp_path, '(job.output_dir / "begun").touch()\nwhile True: pass')
    function.await_file("begun")
    function.process.terminate()
    assert function.ended()[-1] == {"type": "end", "outcome": "stopped"}
    assert function.process.returncode == 128 + signal.SIGTERM


def test_forked_workers_print_into_the_log_and_end_alone(tmp_path: Path) -> None:
    messages = said(
        tmp_path,
        """
import multiprocessing
context = multiprocessing.get_context("fork")
workers = [context.Process(target=print, args=(f"worker {number}",)) for number in range(3)]
for worker in workers: worker.start()
for worker in workers: worker.join()
endless = context.Process(target=exec, args=("while True: pass",))
endless.start()
endless.terminate()
endless.join()
print("ended with", endless.exitcode)
""",
    )
    texts = [text for _, text in logged(messages)]
    assert sorted(texts[:3]) == ["worker 0", "worker 1", "worker 2"]
    assert texts[3] == "ended with -15"
    assert messages[-1] == {"type": "end", "outcome": "succeeded"}


def test_a_checkpoint_stays_whole_while_the_next_is_written(tmp_path: Path) -> None:
    messages = said(
        tmp_path,
        """
path = job.output_dir / "state.bin"
for epoch in run.epochs(2):
    path.write_bytes(bytes([epoch]) * 9)
    run.checkpoint(path, epoch)
path.write_bytes(b"half")
""",
    )
    first, second = [message for message in of_type(messages, "artifact") if message["kind"] == "checkpoint"]
    assert (first["name"], first["epoch"], second["epoch"]) == ("state.bin", 1, 2)
    assert Path(second["path"]).read_bytes() == b"\2" * 9


def test_checkpoints_and_weights_have_the_name_that_a_library_wants(tmp_path: Path) -> None:
    for name in ("resume.safetensors", "initial.safetensors"):
        (tmp_path / name).write_text(name)
    messages = Function(
        tmp_path,
        "print(job.resume.name, job.resume.read_text(), self.weights.name, self.weights.read_text())",
        head=HEAD + '\n    suffix = ".pt"\n',
        resume=str(tmp_path / "resume.safetensors"),
        initial_weights=str(tmp_path / "initial.safetensors"),
    ).ended()
    assert logged(messages) == [("info", "resume.pt resume.safetensors initial.pt initial.safetensors")]


def test_predictions_are_packed_as_documented(tmp_path: Path) -> None:
    messages = said(
        tmp_path,
        """
found = [[trainyard.Prediction(2, 0.25, 1, 2, 3, 4), trainyard.Prediction(0, 0.75, 5, 6, 7, 8)], [], []]
run.predictions(found, 1, losses=[0.5, 1, 2])
print(*(len(image.boxes) for image in job.validation.images()))
print(*(corner for image in job.validation.images() for box in image.boxes for corner in (box.label, *box.corners)))
""",
    )
    artifact = next(message for message in of_type(messages, "artifact") if message["kind"] == "predictions")
    assert (artifact["name"], artifact["epoch"]) == ("predictions-last.bin", 1)
    counts = [int(word) for word in logged(messages)[0][1].split()]
    truth = [float(word) for word in logged(messages)[1][1].split()]
    content = Path(artifact["path"]).read_bytes()
    head = struct.Struct("<8s2I 3I 3I3I 3f 3I3I")
    assert head.unpack_from(content) == (
        *(b"TYBOXES1", 3, 3),
        *(0, 1, 2),
        *(64, 64, 64, 48, 48, 48),
        *(0.5, 1, 2),
        *(*counts, 2, 0, 0),
    )
    total = sum(counts)
    rest = struct.Struct(f"<{total}H{total * 4}f 2H2f8f").unpack_from(content, head.size)
    assert list(rest[:total]) == truth[::5]
    assert list(rest[total : total * 5]) == [value for place, value in enumerate(truth) if place % 5]
    # By falling score.
    assert rest[total * 5 :] == (0, 2, 0.75, 0.25, 5, 6, 7, 8, 1, 2, 3, 4)
    assert len(content) == head.size + struct.calcsize(f"<{total}H{total * 4}f2H2f8f")


def test_an_adapter_that_predicts_need_not_say_so(tmp_path: Path) -> None:
    head = HEAD + "\n    def predict(self, images):\n        return [[trainyard.Prediction(0, 1)] for _ in images]\n"
    messages = Function(tmp_path, "pass", head=head).ended()
    assert [message["kind"] for message in of_type(messages, "artifact")] == ["weights", "predictions"]


def test_yolo_data_is_laid_out(tmp_path: Path) -> None:
    messages = said(tmp_path, "print(job.yolo_yaml())\njob.yolo_yaml()")
    data = json.loads(Path(logged(messages)[0][1]).read_text())
    assert data["names"] == {"0": "red", "1": "green", "2": "blue"}
    folder = Path(data["path"])
    coco = json.loads((tmp_path / "train" / "annotations.json").read_text())
    for image in coco["images"]:
        assert (folder / data["train"] / image["file_name"]).read_bytes()[:4] == b"\x89PNG"
        lines = (folder / "labels/train" / image["file_name"]).with_suffix(".txt").read_text().splitlines()
        own = [annotation for annotation in coco["annotations"] if annotation["image_id"] == image["id"]]
        for line, annotation in zip(lines, own, strict=True):
            label, x, _, width, height = map(float, line.split())
            left, _, wide, high = annotation["bbox"]
            assert label == annotation["category_id"] - 1
            expected = [(left + wide / 2) / 64, wide / 64, high / 48]
            assert [x, width, height] == pytest.approx(expected, abs=1e-6)


def test_classes_of_whole_images_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    (folder / "images" / "01").mkdir(parents=True)
    coco = {
        "images": [{"id": 1, "file_name": "01/a.png", "width": 4, "height": 2, "item": "/cats/a.png"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 2}],
        "categories": [],
    }
    (folder / "annotations.json").write_text(json.dumps(coco))
    (tmp_path / "validation").mkdir()
    (tmp_path / "validation" / "annotations.json").write_text(json.dumps(coco))
    train = """
(image,) = job.train.images()
print(image.label, image.item, image.path.relative_to(job.train.images_dir), image.boxes)
run.predictions([[0.25, 0.5, 0.25]], losses=[2])
"""
    messages = said(tmp_path, train)
    assert logged(messages)[0] == ("info", "1 /cats/a.png 01/a.png ()")
    packed = Path(of_type(messages, "artifact")[0]["path"]).read_bytes()
    assert struct.unpack("<8s2I3IfI3f", packed) == (b"TYCLASS1", 3, 1, 0, 4, 2, 2.0, 1, 0.25, 0.5, 0.25)


def test_an_image_without_a_class_is_a_failure_of_the_data(tmp_path: Path) -> None:
    train = "image = next(image for image in job.train.images() if len(image.labels) != 1)\nprint(image.label)"
    assert said(tmp_path, train)[-1]["cause"]["kind"] == "data"


def test_without_a_runner_it_says_what_to_do(tmp_path: Path) -> None:
    program = tmp_path / "function.py"
    program.write_text(f"{HEAD}\nclass Mine(Base):\n    def train(self, job, run): pass\n{RUN}")
    clean = {key: value for key, value in os.environ.items() if key != "TRAINYARD_JOB"}
    done = subprocess.run([sys.executable, str(program)], env=clean, capture_output=True, text=True, timeout=30)
    assert "trainyard architecture add" in done.stderr
    assert (done.stdout, done.returncode) == ("", 1)


def test_a_train_function_needs_the_standard_library_alone(tmp_path: Path) -> None:
    messages = said(tmp_path, "print(*(name for name in ('grpc', 'google.protobuf', 'numpy') if name in sys.modules))")
    assert logged(messages) == []
