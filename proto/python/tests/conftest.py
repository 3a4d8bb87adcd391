"""What tests share: a real server on a folder of its own, and pictures that are made here.

Must not know what is tested.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from trainyard import Client

Found = TypeVar("Found")
CHECKOUT = Path(__file__).parents[3]
EXAMPLES = Path(__file__).parents[1] / "examples"
COLOURS = {"red": (220, 40, 40), "green": (40, 190, 70), "blue": (50, 70, 220)}


def until(what: str, look: Callable[[], Found | None], secs: float = 60) -> Found:
    """Looks again and again until there is something.

    Raises:
        AssertionError: If it takes too long.
    """
    deadline = time.monotonic() + secs
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"after {secs} s there is still no {what}")


class Server:
    """A real server, with a data folder of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        named = os.environ.get("TRAINYARD_BIN")
        self.program = Path(named) if named else CHECKOUT / "target" / "debug" / "trainyard"
        assert self.program.is_file(), f"{self.program} is not there; build it, or name it by TRAINYARD_BIN"
        self.log = data.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(json.loads((self.data / "server.json").read_text())["url"])

    @property
    def token(self) -> str:
        """The owner's."""
        return (self.data / "local.token").read_text().strip()

    def start(self, listen: str = "127.0.0.1:0") -> None:
        """Starts it, and waits until it says where it is."""
        (self.data / "server.json").unlink(missing_ok=True)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("TRAINYARD_")}
        # The manifests of the examples say `python3`, which is to be the one that has this package.
        clean["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), clean.get("PATH", "")])
        key = ["--secrets-key-file", str(self.data.with_suffix(".key"))]
        command = [str(self.program), *key, "serve", "--data", str(self.data), "--listen", listen]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=clean)
        until("server", lambda: (self.data / "server.json").is_file() or self.has_died())

    def has_died(self) -> bool:
        """Fails with its log if it has."""
        assert self.process
        assert self.process.poll() is None, self.log.read_text()
        return False

    def kill(self) -> None:
        """Ends it without a word."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ends it as a person does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def client(self) -> Client:
        """A client of it."""
        return Client(self.url, self.token)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that only use it."""
    made = Server(tmp_path_factory.mktemp("server") / "data")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill."""
    made = Server(tmp_path / "data")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[Client]:
    """A client of the shared server."""
    with server.client() as made:
        yield made


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset in COCO form: coloured blocks on a grey ground."""
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, count=40)
    return folder


@pytest.fixture(scope="session")
def dataset(client: Client, scenes: Path) -> str:
    """The scenes on the shared server, parted into subsets."""
    report = client.datasets.upload(scenes, "scenes", split=(70, 30, 0), seed=1)
    assert (report.items_added, list(report.rejections)) == (40, [])
    return "scenes"


def write_scenes(folder: Path, count: int, seed: int = 3) -> None:
    """Writes pictures of one to three blocks, and their boxes."""
    random = Random(seed)
    names = list(COLOURS)
    coco: dict[str, list[dict[str, Any]]] = {
        "images": [],
        "annotations": [],
        "categories": [{"id": index + 1, "name": name} for index, name in enumerate(names)],
    }
    (folder / "images").mkdir(parents=True)
    width, height = 64, 48
    for number in range(1, count + 1):
        pixels = [[tuple([random.randint(90, 110)] * 3) for _ in range(width)] for _ in range(height)]
        for place in random.sample(range(3), random.randint(1, 3)):
            label = random.randrange(len(names))
            wide, high = random.randint(9, 17), random.randint(9, 30)
            left, top = place * 21 + random.randint(1, 20 - wide), random.randint(1, height - high - 1)
            for y in range(top, top + high):
                for x in range(left, left + wide):
                    pixels[y][x] = tuple(min(255, max(0, v + random.randint(-15, 15))) for v in COLOURS[names[label]])
            coco["annotations"].append(
                {
                    "id": len(coco["annotations"]) + 1,
                    "image_id": number,
                    "category_id": label + 1,
                    "bbox": [left, top, wide, high],
                    "area": wide * high,
                    "iscrowd": 0,
                }
            )
        name = f"{number:03}.png"
        coco["images"].append({"id": number, "file_name": name, "width": width, "height": height})
        write_png(folder / "images" / name, pixels)
    (folder / "annotations.json").write_text(json.dumps(coco))


def write_png(path: Path, pixels: list[list[Any]]) -> None:
    """Writes rows of red, green and blue as a PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in pixels)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
