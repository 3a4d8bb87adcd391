"""The way to the runner: one JSON object a line on a file descriptor that nobody else writes to.

Must not know what the messages mean.
"""

import json
import math
import os
import threading
from collections.abc import Mapping
from typing import Any

_MOST_LOG_CHARACTERS = 8000


class Speaker:
    """Writes messages whole, from whatever thread or forked process they come."""

    def __init__(self, descriptor: int) -> None:
        """Takes over the descriptor.

        Args:
            descriptor: Where lines are written.
        """
        self._descriptor = descriptor
        self._lock = threading.RLock()
        self._has_ended = False
        # The thread that held the lock does not live on in a forked process.
        os.register_at_fork(after_in_child=self._forget_lock)

    def say(self, kind: str, /, **fields: object) -> None:
        """Sends one message; after the end nothing is sent any more.

        Args:
            kind: The message's `type`.
            fields: Its other fields; those that are None are left out. NaN and infinities become texts.

        Raises:
            TypeError: If a field cannot be written as JSON.
            BrokenPipeError: If the runner is gone.
        """
        message = {"type": kind} | {key: plain(value) for key, value in fields.items() if value is not None}
        line = json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._has_ended:
                return
            self._has_ended = kind == "end"
            while line:
                line = line[os.write(self._descriptor, line) :]

    def log(self, level: str, text: str) -> None:
        """Sends a text as lines of the log.

        Args:
            level: `debug`, `info`, `warning` or `error`.
            text: With line breaks, if it has any; empty lines are left out.
        """
        for line in text.splitlines():
            if line.strip():
                self.say("log", level=level, text=line.rstrip()[:_MOST_LOG_CHARACTERS])

    def _forget_lock(self) -> None:
        self._lock = threading.RLock()


def plain(value: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """The value as JSON can hold it.

    Args:
        value: Numbers (also those of NumPy and PyTorch), texts, lists, mappings, paths.

    Returns:
        The same of plain types; what is no number is the text `NaN`, `Infinity` or `-Infinity`.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    # Arrays and tensors, of any library, say what they hold by the same method.
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value
