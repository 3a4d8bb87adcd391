"""The frame around a model: what an adapter supplies, and the program that runs one for a runner.

Must not know any framework.
"""

import os
import signal
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

from trainyard.adapter import output
from trainyard.adapter.data import Image
from trainyard.adapter.failures import Stopped, failure_of
from trainyard.adapter.job import JOB_VARIABLE, PROTOCOL, Job
from trainyard.adapter.orders import Orders, Terminated
from trainyard.adapter.predictions import Found
from trainyard.adapter.run import Run
from trainyard.adapter.speaker import Speaker

#: Images that are predicted on at once.
_BATCH = 16


class Adapter(ABC):
    """Wrap a model by these methods, and end the program with `trainyard.run(MyAdapter)`.

    Attributes:
        suffix: What names of weights and checkpoints have to end in for the library that reads them, for example `.pt`.
    """

    suffix = ""

    @abstractmethod
    def load(self, weights: Path | None) -> None:
        """Makes the model.

        Args:
            weights: What `save` or `Run.weights` kept of another version; None starts from the beginning.
        """

    @abstractmethod
    def train(self, job: Job, run: Run) -> None:
        """Trains, from `job.resume` if there is one, and tells `run` what happens.

        Raises:
            Failure: To say why it cannot go on. Any other exception is given the cause that fits best.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes the weights after a training that went well.

        Args:
            folder: An empty one; every file in it is kept. Another version starts from the one whose
                name begins with `best`, if there is one.
        """

    def predict(self, images: Sequence[Image]) -> Sequence[Found]:
        """Predicts on a batch of images.

        If an adapter has this and gave no predictions itself, it is called with the validation subset after `train`,
        and the model's page shows curves, a confusion matrix and pictures.

        Args:
            images: As many as fit; only `path`, `width` and `height` should be looked at.

        Returns:
            For each image its boxes (`Prediction`), also with low scores; for classification the scores of all classes,
            in class order.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot predict")


def run(make: Callable[[], Adapter]) -> None:
    """Runs an adapter as a Train function, and ends the program.

    Call it under `if __name__ == "__main__":`, since processes that load data import the program again.

    Args:
        make: The adapter's class, or what makes one.
    """
    if JOB_VARIABLE not in os.environ:
        sys.exit(
            f"{JOB_VARIABLE} is not set: a Train function is started by a runner. Add its manifest with "
            "`trainyard architecture add FOLDER`, and train a model of it."
        )
    speaker, orders_descriptor = output.take_over()
    speaker.say("hello", protocol=PROTOCOL)
    orders = Orders(orders_descriptor)
    code = 0
    try:
        _attempt(make, speaker, orders)
    except Terminated:
        speaker.say("end", outcome="stopped")
        code = 128 + signal.SIGTERM
    except Stopped:
        speaker.say("end", outcome="stopped")
    except BaseException as error:
        code = _told_failure(error, speaker, orders)
    output.finish()
    sys.stderr.flush()
    # Threads of libraries that would hold the process up have nothing to add.
    os._exit(code)


def _attempt(make: Callable[[], Adapter], speaker: Speaker, orders: Orders) -> None:
    adapter = make()
    job = Job.read(suffix=adapter.suffix)
    attempt = Run(job, speaker, orders.stop)
    adapter.load(job.initial_weights)
    adapter.train(job, attempt)
    if not attempt.was_stopped:
        _keep_results(adapter, job, attempt)
    output.finish()
    speaker.say("end", outcome="stopped" if attempt.was_stopped else "succeeded")


def _keep_results(adapter: Adapter, job: Job, attempt: Run) -> None:
    folder = job.output_dir / "saved"
    folder.mkdir()
    adapter.save(folder)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        attempt.weights(file)
    can_predict = type(adapter).predict is not Adapter.predict
    if can_predict and "predictions" not in attempt.kinds_said:
        images = job.validation.images()
        batches = (images[first : first + _BATCH] for first in range(0, len(images), _BATCH))
        found = [one for batch in batches for one in adapter.predict(batch)]
        attempt.predictions(found)


def _told_failure(error: BaseException, speaker: Speaker, orders: Orders) -> int:
    output.finish()
    if isinstance(error, SystemExit) and error.code in (None, 0):
        ended, error = error, RuntimeError("the program ended itself before the training was complete")
        error.__cause__ = ended
    speaker.log("error", "".join(traceback.format_exception(error)))
    if orders.stop.is_set():
        # What is cut off by an order fails in many ways, of which none is its cause.
        speaker.say("end", outcome="stopped")
        return 0
    failure = failure_of(error)
    cause = {"kind": failure.kind, "message": failure.message, "next_step": failure.next_step}
    speaker.say("end", outcome="failed", cause=cause)
    return 1
