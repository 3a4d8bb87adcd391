"""One signed-in way to a server: calls that are sent again where that is safe, and errors that say what to do.

Must not know any method.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
from google.rpc import error_details_pb2, status_pb2

from trainyard.client.errors import InvalidRequest, TrainyardError, Violation, error_of

Request = TypeVar("Request")
Answer = TypeVar("Answer")

#: As much as the server answers at most.
_MOST_BYTES = 16 << 20
#: How often a call is tried that the server did not take.
TRIES = 6
_FIRST_PAUSE_SECS = 0.25
_MOST_PAUSE_SECS = 5.0
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Connection:
    """A channel to the server."""

    def __init__(self, url: str, token: str, timeout_secs: float) -> None:
        """Opens the channel; the server is first asked by the first call.

        Args:
            url: For example `http://127.0.0.1:8080`; `https` for a server behind a proxy with TLS.
            token: What to sign in with.
            timeout_secs: How long one try of a call may take.

        Raises:
            InvalidRequest: If the address is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidRequest(f"`{url}` is not the address of a server; for example http://127.0.0.1:8080")
        self.url = url
        self.token = token
        self.timeout_secs = timeout_secs
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        target = f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        options = [("grpc.max_receive_message_length", _MOST_BYTES)]
        if parts.hostname in _LOCAL:
            # A proxy for the world outside does not know this machine.
            options.append(("grpc.enable_http_proxy", 0))
        if parts.scheme == "https":
            self.channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
        else:
            self.channel = grpc.insecure_channel(target, options)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.url).hostname in _LOCAL

    def call(self, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request) -> Answer:
        """Makes a call. One that changes something has one effect, however often it had to be sent.

        Raises:
            TrainyardError: If the server refuses it, or does not answer.
        """
        metadata = self._metadata(uuid.uuid4().hex)
        return again(lambda: method(request, timeout=self.timeout_secs, metadata=metadata))

    def stream(
        self, method: "grpc.UnaryStreamMultiCallable[Request, Answer]", request: Request, key: str | None = None
    ) -> Iterator[Answer]:
        """Makes a call that is answered by a stream, which ends when the iterator is closed.

        It is not sent again by itself, and its errors are gRPC's.

        Args:
            method: Of a stub.
            request: Its request.
            key: So that a stream that changes something has one effect.
        """
        answers = method(request, metadata=self._metadata(key))
        try:
            yield from answers
        finally:
            answers.cancel()

    def last_of(self, method: "grpc.UnaryStreamMultiCallable[Request, Answer]", request: Request) -> Answer:
        """Makes a call that changes something, and answers the last message of its stream.

        Raises:
            TrainyardError: If the server refuses it, or does not answer.
        """
        key = uuid.uuid4().hex

        def whole() -> Answer:
            last: Answer
            *_, last = self.stream(method, request, key)
            return last

        return again(whole)

    def close(self) -> None:
        """Closes the channel."""
        self.channel.close()

    def _metadata(self, key: str | None) -> tuple[tuple[str, str], ...]:
        # The server looks at keys of those methods only that change something.
        with_key = (("idempotency-key", key),) if key else ()
        return (("authorization", f"Bearer {self.token}"), *with_key)


def again(work: Callable[[], Answer]) -> Answer:
    """Does it, and again after growing pauses while the server is not there.

    Raises:
        TrainyardError: As the server says, or that it does not answer.
    """
    for pause_secs in pauses():
        try:
            return work()
        except grpc.RpcError as error:
            problem = error_from(error)
            if problem.code != "UNAVAILABLE" or pause_secs is None:
                raise problem from error
            time.sleep(max(pause_secs, problem.retry_after_secs or 0))
    raise AssertionError("the last pause is None")


def pauses() -> Iterator[float | None]:
    """Seconds to wait after each failed try; None after the last."""
    for number in range(TRIES - 1):
        # Those that lost the same server should not all come back at the same moment.
        yield min(_FIRST_PAUSE_SECS * 2**number, _MOST_PAUSE_SECS) * random.uniform(0.5, 1.0)
    yield None


def error_from(error: grpc.RpcError) -> TrainyardError:
    """What gRPC says of a call, with the details that the server added."""
    code = error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
    message = (error.details() if isinstance(error, grpc.Call) else None) or str(error)
    details = _details(error)
    if code == "UNAVAILABLE" and "reason" not in details:
        message = f"the server does not answer ({message}); is it running? Start it with `trainyard serve`"
    return error_of(code, message, **details)


def _details(error: grpc.RpcError) -> dict[str, Any]:
    metadata: dict[str, str | bytes] = dict(error.trailing_metadata() or ()) if isinstance(error, grpc.Call) else {}
    packed = metadata.get("grpc-status-details-bin")
    found: dict[str, Any] = {}
    if not isinstance(packed, bytes):
        return found
    for detail in status_pb2.Status.FromString(packed).details:
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.RequestInfo()
        wrong, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            found["reason"] = info.reason
            found["next_step"] = info.metadata.get("next_step", "")
        elif detail.Unpack(request):
            found["request_id"] = request.request_id
        elif detail.Unpack(wrong):
            found["violations"] = tuple(Violation(one.field, one.description) for one in wrong.field_violations)
        elif detail.Unpack(retry):
            found["retry_after_secs"] = retry.retry_delay.ToTimedelta().total_seconds()
    return found
