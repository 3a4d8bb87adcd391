"""What a Train function says while it trains.

Must not know how lines reach the runner, and nothing of what is trained.
"""

import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any, Literal, TypeVar

from trainyard.adapter import predictions
from trainyard.adapter.failures import Stopped
from trainyard.adapter.job import Job
from trainyard.adapter.predictions import Found
from trainyard.adapter.speaker import Speaker

Phase = Literal["preparing", "training", "validating", "saving"]
Level = Literal["debug", "info", "warning", "error"]
Kind = Literal["weights", "checkpoint", "report", "predictions"]
Step = TypeVar("Step")

#: How often steps are told at most.
_PROGRESS_SECS = 0.2


class Run:
    """The attempt that is under way: tell it what happens, and ask it whether to stop."""

    def __init__(self, job: Job, speaker: Speaker, stop: threading.Event) -> None:
        """Made by `trainyard.run`.

        Args:
            job: What is trained.
            speaker: The way to the runner.
            stop: Set when the training should stop.
        """
        self._job = job
        self._speaker = speaker
        self._stop = stop
        self._epoch = 0
        self._epochs = 0
        self._told_secs = 0.0
        #: Whether somebody saw that it should stop, and so did not complete it.
        self.was_stopped = False
        #: Kinds of the files that were said.
        self.kinds_said: set[str] = set()

    @property
    def should_stop(self) -> bool:
        """Whether to stop: write a checkpoint and return, or raise `Stopped`, within a few seconds."""
        self.was_stopped = self.was_stopped or self._stop.is_set()
        return self._stop.is_set()

    def raise_if_stopped(self) -> None:
        """For callbacks of a library's own loop.

        Raises:
            Stopped: When the training should stop.
        """
        if self.should_stop:
            raise Stopped

    def epochs(self, count: int, done: int = 0) -> Iterator[int]:
        """Counts epochs, tells progress, and ends early when the training should stop.

        Args:
            count: How many there are.
            done: How many earlier attempts did.

        Yields:
            The number of the epoch, from 1.
        """
        for epoch in range(done + 1, count + 1):
            if self.should_stop:
                return
            self.progress(epoch, count)
            yield epoch

    def steps(self, batches: Iterable[Step], count: int | None = None, phase: Phase = "training") -> Iterator[Step]:
        """Counts the steps of the present epoch, and tells progress.

        Args:
            batches: What is gone through.
            count: How many there are; None asks them.
            phase: What is done with them.

        Raises:
            Stopped: When the training should stop: what follows would take half an epoch for a whole one.
        """
        steps = count if count is not None else (len(batches) if isinstance(batches, Sized) else 0)
        for step, batch in enumerate(batches, start=1):
            self.raise_if_stopped()
            # Fast steps would be more lines than anybody looks at.
            if step == steps or time.monotonic() - self._told_secs >= _PROGRESS_SECS:
                self.progress(self._epoch, self._epochs, step, steps, phase)
            yield batch

    def progress(self, epoch: int, epochs: int, step: int = 0, steps: int = 0, phase: Phase = "training") -> None:
        """Tells how far it is, all counted from 1.

        Args:
            epoch: The present one.
            epochs: How many there are.
            step: The present one of this epoch.
            steps: How many an epoch has; 0 where it is not known.
            phase: What is done in it.
        """
        self._epoch, self._epochs, self._told_secs = epoch, epochs, time.monotonic()
        self._speaker.say("progress", epoch=epoch, epochs=epochs, step=step, steps=steps, phase=phase)

    def sample(self, figure: str, legend: str, x: float, y: float) -> None:
        """Adds a point to a chart.

        Args:
            figure: The chart, for example `box_loss`. By `mAP50-95(B)` the table of trainings says how good one is.
            legend: The line in it, for example `train`.
            x: The epoch, counted from 1; fractions for figures by step.
            y: The value. NaN and infinities are shown as gaps.
        """
        self._speaker.say("sample", figure=figure, legend=legend, x=float(x), y=float(y))

    def samples(self, legend: str, x: float, **figures: float) -> None:
        """Adds a point to several charts: `run.samples("train", epoch, loss=0.3, accuracy=0.9)`."""
        for figure, value in figures.items():
            self.sample(figure, legend, x, value)

    def matrix(
        self,
        figure: str,
        legend: str,
        values: Sequence[Sequence[float]],
        *,
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        epoch: int | None = None,
    ) -> None:
        """Tells a table of numbers, for example a confusion matrix.

        Args:
            figure: What it is.
            legend: Which of several.
            values: Rows of numbers, all as long as each other; an array is fine.
            rows: A name for each row.
            columns: A name for each column.
            epoch: After which epoch, counted from 1.
        """
        self._speaker.say(
            "matrix", figure=figure, legend=legend, values=values, rows=rows, columns=columns, epoch=epoch
        )

    def summary(self, figure: str, legend: str, values: Mapping[str, Any], *, epoch: int | None = None) -> None:
        """Tells numbers by name, for example the figures of the best epoch.

        Args:
            figure: What they are.
            legend: Which of several.
            values: By name.
            epoch: After which epoch, counted from 1.
        """
        self._speaker.say("summary", figure=figure, legend=legend, values=values, epoch=epoch)

    def log(self, text: str, level: Level = "info") -> None:
        """Adds to the log. `print` and `logging` do so, too."""
        self._speaker.log(level, text)

    def device(self, name: str) -> None:
        """Says what it computes on, in words, for whoever repeats the training; the first call counts."""
        self._speaker.say("device", name=name)

    def artifact(self, path: str | Path, kind: Kind, *, name: str | None = None, epoch: int | None = None) -> None:
        """Gives a finished file to be kept. It is copied first, so that it may be written over at once.

        Args:
            path: Where it lies.
            kind: What it is.
            name: How it is called from then on; None takes the file's own. A later one of the same name replaces it.
            epoch: After which epoch, counted from 1.

        Raises:
            OSError: If the file cannot be read, or the disk is full.
        """
        path = Path(path)
        name = name or path.name
        kept = self._job.output_dir / ".said" / name
        kept.parent.mkdir(exist_ok=True)
        unfinished = kept.with_name(f".{name}.unfinished")
        shutil.copyfile(path, unfinished)
        # Whoever is reading the older one keeps it whole.
        unfinished.replace(kept)
        self.kinds_said.add(kind)
        self._speaker.say("artifact", path=kept, name=name, kind=kind, epoch=epoch)

    def checkpoint(self, path: str | Path, epoch: int | None = None, *, name: str | None = None) -> None:
        """Gives a state to go on from. The next attempt finds the one that was given last as `job.resume`."""
        self.artifact(path, "checkpoint", name=name, epoch=epoch)

    def weights(self, path: str | Path, epoch: int | None = None, *, name: str | None = None) -> None:
        """Gives weights. Another version starts from the file whose name begins with `best`, if there is one."""
        self.artifact(path, "weights", name=name, epoch=epoch)

    def predictions(
        self,
        found: Sequence[Found],
        epoch: int | None = None,
        *,
        losses: Sequence[float] | None = None,
        name: str = "predictions-last.bin",
    ) -> None:
        """Gives what was predicted on the validation subset, for curves, confusion matrix and pictures.

        Args:
            found: Of each image of `job.validation.images()`, in that order: boxes, also those of low scores, or for
                classification the scores of all classes in class order.
            epoch: After which epoch, counted from 1.
            losses: Of each image alone.
            name: The same name again replaces the earlier file.

        Raises:
            ValueError: If there are not as many as images, or a class or score is out of range.
        """
        path = self._job.output_dir / name
        predictions.write(path, len(self._job.labels), self._job.validation.images(), found, losses)
        self.artifact(path, "predictions", epoch=epoch)
