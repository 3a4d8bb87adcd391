"""Why a training failed, in the words of the protocol.

Must not know how a cause is sent.
"""

import errno
import json

KINDS = ("configuration", "data", "resources", "train-function", "diverged")


class Failure(Exception):
    """Ends the training with a cause. Raise this or one of its subclasses in an adapter.

    Attributes:
        kind: One of `configuration`, `data`, `resources`, `train-function` and `diverged`.
        message: What happened.
        next_step: What a person can do about it; empty if the message says it.
    """

    kind = "train-function"

    def __init__(self, message: str, next_step: str = "", *, kind: str | None = None) -> None:
        """Makes a cause.

        Raises:
            ValueError: If there is no such kind.
        """
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        if kind is not None:
            if kind not in KINDS:
                raise ValueError(f"there is no cause `{kind}`; it is one of {', '.join(KINDS)}")
            self.kind = kind


class ConfigurationFailure(Failure):
    """A setting, or several together, cannot be trained with."""

    kind = "configuration"


class DataFailure(Failure):
    """An image or an annotation cannot be used."""

    kind = "data"


class ResourcesFailure(Failure):
    """Memory or disk is not enough."""

    kind = "resources"


class Diverged(Failure):
    """The numbers left the range in which anything is learnt."""

    kind = "diverged"


class Stopped(Exception):
    """Ends a training that was told to stop, from wherever it is. What follows the last checkpoint is lost."""


def failure_of(error: BaseException) -> Failure:
    """The cause that an exception stands for.

    Args:
        error: Whatever an adapter raised.

    Returns:
        The failure itself if it is one, else the one that fits best.
    """
    if isinstance(error, Failure):
        return error
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if is_out_of_memory(error):
        return ResourcesFailure(text, "use a smaller batch or smaller images, or a machine with more memory")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourcesFailure(text, "make room on the disk of the instance, and train again")
    if isinstance(error, FloatingPointError):
        return Diverged(text, "use a lower learning rate")
    if type(error).__name__ == "UnidentifiedImageError" or isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return DataFailure(text, "look at the file that the log names last")
    if isinstance(error, ImportError):
        step = "install what is missing for the Python that the manifest's command names"
        return Failure(text, step)
    return Failure(text, "the log has the whole traceback")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was not enough, that of the machine or of a GPU; no library is imported for it."""
    names = {parent.__name__ for parent in type(error).__mro__}
    if isinstance(error, MemoryError) or "OutOfMemoryError" in names:
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
