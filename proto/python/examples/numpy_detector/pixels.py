"""Pictures as arrays, and patches of a class as boxes. Knows nothing of training."""

import struct
import zlib
from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def read_png(path: Path) -> Floats:
    """Reads a PNG of 8 bits a channel without interlacing: height, width, red-green-blue from 0 to 1."""
    content = path.read_bytes()
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{path} is no PNG, and this example reads nothing else")
    chunks: dict[bytes, bytes] = {}
    place = 8
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        chunks[kind] = chunks.get(kind, b"") + content[place + 8 : place + 8 + length]
        place += length + 12
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = {2: 3, 6: 4}.get(colour)
    if bits != 8 or channels is None or interlaced:
        raise ValueError(f"{path} is not of 8 bits a channel in true colour without interlacing")
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    pixels = np.zeros((height, width, channels), np.int64)
    above = np.zeros((width, channels), np.int64)
    for y, row in enumerate(rows):
        above = pixels[y] = _unfiltered(int(row[0]), row[1:].reshape(width, channels).astype(np.int64), above)
    return pixels[:, :, :3] / 255.0


def _unfiltered(kind: int, row: NDArray[np.int64], above: NDArray[np.int64]) -> NDArray[np.int64]:
    """One row as it was before the PNG's filter of this kind."""
    if kind == 0:
        return row
    if kind == 1:
        return np.cumsum(row, axis=0) % 256
    if kind == 2:
        return (row + above) % 256
    left, corner = np.zeros_like(row[0]), np.zeros_like(row[0])
    done = np.zeros_like(row)
    for x in range(len(row)):
        if kind == 3:
            guess = (left + above[x]) // 2
        else:
            base = left + above[x] - corner
            away = np.stack([abs(base - left), abs(base - above[x]), abs(base - corner)])
            guess = np.choose(away.argmin(axis=0), [left, above[x], corner])
        left = done[x] = (row[x] + guess) % 256
        corner = above[x]
    return done


def patches(classes: NDArray[np.int64], background: int, smallest: int = 12) -> list[NDArray[np.bool_]]:
    """Connected pixels of one class other than the background, each patch as a mask."""
    found = []
    seen = classes == background
    height, width = classes.shape
    for start in zip(*np.nonzero(~seen), strict=True):
        if seen[start]:
            continue
        mask = np.zeros_like(seen)
        waiting = deque([start])
        seen[start] = True
        while waiting:
            y, x = waiting.popleft()
            mask[y, x] = True
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= near[0] < height and 0 <= near[1] < width
                if inside and not seen[near] and classes[near] == classes[start]:
                    seen[near] = True
                    waiting.append(near)
        if mask.sum() >= smallest:
            found.append(mask)
    return found
