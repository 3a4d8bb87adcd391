"""What can go wrong with a call, as exceptions that a program can tell apart.

Must not know which call was made, and works without gRPC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of a request that is wrong.

    Attributes:
        field: Its path, for example `configuration_json.epochs`.
        problem: What is wrong with it.
    """

    field: str
    problem: str


class TrainyardError(Exception):
    """A call did not succeed.

    Attributes:
        code: gRPC's word, for example `NOT_FOUND`.
        reason: A constant of the server for programs, for example `NAME_TAKEN`; empty if it gave none.
        message: What happened, and what to do next.
        next_step: What to do next alone; empty if the message says it.
        violations: Fields of the request that are wrong.
        request_id: By which the server's log tells more; empty if the server was not reached.
        retry_after_secs: When to try again; None if it would not help or is not known.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        next_step: str = "",
        violations: tuple[Violation, ...] = (),
        request_id: str = "",
        retry_after_secs: float | None = None,
    ) -> None:
        """Made by the client."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.next_step = next_step
        self.violations = violations
        self.request_id = request_id
        self.retry_after_secs = retry_after_secs

    def __str__(self) -> str:
        """The message; for what is the server's fault, with the request to look for in its log."""
        if self.request_id and self.code in ("INTERNAL", "DATA_LOSS"):
            return f"{self.message} (request {self.request_id}; the server's log says more)"
        return self.message


class InvalidRequest(TrainyardError):
    """The request is wrong, whatever the state of the server: see `violations`."""


class NotFound(TrainyardError):
    """What was named is not there."""


class AlreadyExists(TrainyardError):
    """The name is taken."""


class Refused(TrainyardError):
    """It cannot be done in the present state, or somebody changed it meanwhile."""


class NotSignedIn(TrainyardError):
    """The token is missing, unknown, or may not do this."""


class Exhausted(TrainyardError):
    """Disk, memory or a limit of the server is not enough."""


class Unavailable(TrainyardError):
    """The server does not answer, also after some tries."""


class Damaged(TrainyardError):
    """A file did not arrive as it was sent."""


_BY_CODE: Mapping[str, type[TrainyardError]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "OUT_OF_RANGE": InvalidRequest,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "FAILED_PRECONDITION": Refused,
    "ABORTED": Refused,
    "UNAUTHENTICATED": NotSignedIn,
    "PERMISSION_DENIED": NotSignedIn,
    "RESOURCE_EXHAUSTED": Exhausted,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": Unavailable,
    "DATA_LOSS": Damaged,
}


def error_of(code: str, message: str, **details: Any) -> TrainyardError:  # noqa: ANN401
    """The exception for a code of gRPC.

    Args:
        code: For example `NOT_FOUND`.
        message: What happened.
        details: The other attributes of `TrainyardError`.
    """
    return _BY_CODE.get(code, TrainyardError)(message, code=code, **details)


class TrainingFailed(Exception):
    """A training that was waited for did not succeed.

    Attributes:
        training_id: Which.
        status: `failed`, `aborted` or `terminated`.
        cause: The kind of its cause, for example `resources`; empty if somebody ended it.
        message: What happened.
        next_step: What a person can do about it.
    """

    def __init__(self, training_id: str, status: str, cause: str, message: str, next_step: str) -> None:
        """Made by `Training.wait`."""
        parts = [f"training {training_id} is {status}"]
        parts += [f"{cause}: {message}"] if cause else []
        parts += [next_step] if next_step else []
        super().__init__("; ".join(parts))
        self.training_id = training_id
        self.status = status
        self.cause = cause
        self.message = message
        self.next_step = next_step
