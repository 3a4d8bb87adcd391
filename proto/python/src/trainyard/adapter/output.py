"""Keeps what a Train function prints apart from what it says to its runner.

Must not know which messages there are but lines of the log.
"""

import io
import logging
import os
import sys
import threading

from trainyard.adapter.speaker import Speaker


class LogStream(io.TextIOBase):
    """Takes what is printed and sends whole lines to the log."""

    def __init__(self, speaker: Speaker, level: str, descriptor: int) -> None:
        """Makes one stream.

        Args:
            speaker: Where lines go.
            level: How grave they are.
            descriptor: Of the stream that it takes the place of, for whoever asks for `fileno()`.
        """
        self._speaker = speaker
        self._level = level
        self._descriptor = descriptor
        self._unfinished = threading.local()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of what goes past this stream to the descriptor."""
        return "utf-8"

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor beneath, which programs that are started inherit."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Sends the lines that end in the text, and keeps the rest.

        A carriage return starts a line anew, as on a screen, so that of a progress bar the last state is logged.
        """
        pending = getattr(self._unfinished, "text", "") + text
        *lines, rest = pending.replace("\r\n", "\n").split("\n")
        for line in lines:
            self._speaker.log(self._level, line.rstrip("\r").rsplit("\r", 1)[-1])
        if "\r" in rest[:-1]:
            rest = rest[rest.rindex("\r", 0, len(rest) - 1) + 1 :]
        self._unfinished.text = rest
        return len(text)

    def finish(self) -> None:
        """Sends what has no line break yet."""
        rest = getattr(self._unfinished, "text", "")
        self._unfinished.text = ""
        self._speaker.log(self._level, rest.strip("\r").rsplit("\r", 1)[-1])


class LogHandler(logging.Handler):
    """Sends records of `logging` to the log, each with its level."""

    def __init__(self, speaker: Speaker) -> None:
        """Makes a handler that writes to the speaker."""
        super().__init__()
        self._speaker = speaker

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record, a traceback included."""
        try:
            self._speaker.log(level_of(record.levelno), self.format(record))
        except Exception:
            self.handleError(record)


def level_of(number: int) -> str:
    """The protocol's word for a level of `logging`."""
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"


def take_over() -> tuple[Speaker, int]:
    """Gives standard output and input to the protocol alone.

    What prints, in Python, in a C library or in a program that is started, becomes lines of the log from here on, and
    what reads standard input finds its end.

    Returns:
        Who speaks to the runner, and the descriptor on which the runner's orders arrive.
    """
    sys.stdout.flush()
    # Copies made by dup are not handed on to programs that are started.
    said, orders = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    speaker = Speaker(said)
    sys.stdout = LogStream(speaker, "info", 1)
    sys.stderr = LogStream(speaker, "info", 2)
    logging.basicConfig(level=logging.INFO, handlers=[LogHandler(speaker)], format="%(name)s: %(message)s", force=True)
    logging.captureWarnings(capture=True)
    return speaker, orders


def finish() -> None:
    """Sends what was printed without a line break at its end."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, LogStream):
            stream.finish()
