"""The client: one object through which a program reaches everything that a server has.

Must not know how calls are sent.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, TypeVar

import grpc

from trainyard.client import place, watch
from trainyard.client.connection import Connection
from trainyard.client.datasets import Datasets
from trainyard.client.files import Files
from trainyard.client.models import Models
from trainyard.client.platform import Architectures, Secrets, Services
from trainyard.client.stubs import Stubs
from trainyard.client.trainings import Training, Trainings
from trainyard.v1 import access_pb2, watch_pb2

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Client:
    """A way to a server. Threads may share one; processes may not.

    Attributes:
        architectures: Families of model versions.
        datasets: Sets of labelled images.
        models: Model versions and their files.
        trainings: Trainings.
        services: Training services.
        secrets: Secrets.
        stubs: Every method of the API as it is, for `call`.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout_secs: float = 60.0) -> None:
        """Finds the server.

        Args:
            url: For example `http://127.0.0.1:8080`; None takes TRAINYARD_URL, else the server of the data folder on
                this machine (TRAINYARD_DATA, `.trainyard` below the current folder, or the user's own).
            token: None takes TRAINYARD_TOKEN, else that of the data folder.
            timeout_secs: How long one try of a call may take; streams have no limit.

        Raises:
            Unavailable: If no server is named and none runs here.
            NotSignedIn: If there is no token.
            InvalidRequest: If the address is none.
        """
        self._connection = Connection(*place.find(url, token), timeout_secs)
        self.stubs = Stubs(self._connection.channel)
        files = Files(self._connection)
        self.architectures = Architectures(self._connection, self.stubs)
        self.datasets = Datasets(self._connection, self.stubs, files)
        self.models = Models(self._connection, self.stubs, files)
        self.trainings = Trainings(self._connection, self.stubs)
        self.services = Services(self._connection, self.stubs)
        self.secrets = Secrets(self._connection, self.stubs)

    def __enter__(self) -> "Client":
        """The client, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._connection.url

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def session(self) -> access_pb2.GetSessionResponse:
        """Who the caller is, and the server's version.

        Raises:
            NotSignedIn: If the server does not know the token.
        """
        return self.call(self.stubs.access.GetSession, access_pb2.GetSessionRequest())

    def train(self, model: str, **settings: Any) -> Training:  # noqa: ANN401 (whatever the manifest says)
        """Starts to train a model version: `client.train("cells", epochs=30).wait()`.

        Args:
            model: An id or a name.
            settings: Values that win over the version's own.

        Raises:
            InvalidRequest: If a setting is wrong; `violations` names each.
            Refused: If it is trained already, or has nothing to learn from.
        """
        return self.trainings.start(model, settings=settings)

    def watch(
        self, *, trainings: bool = True, execution_id: str = "", cursor: int = 0, log_tail: int = 0
    ) -> Iterator[watch_pb2.WatchEvent]:
        """What changes, live. It goes on by itself after the line broke.

        Args:
            trainings: Rows of trainings.
            execution_id: Samples, log lines, files and history of this execution.
            cursor: Of the last event that was read, to go on from; 0 begins with everything that is there.
            log_tail: Only the last so many log lines are sent at first; 0 sends all.

        Raises:
            TrainyardError: If the server refuses it, or stays away.
        """
        request = watch_pb2.WatchRequest(
            trainings=trainings, execution_id=execution_id, cursor=cursor, log_tail=log_tail
        )
        return watch.events(self._connection, self.stubs, request)

    def call(self, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request) -> Answer:
        """Calls any method of the API: `client.call(client.stubs.recipes.ListRecipes, request)`.

        What changes something carries a key, so that it is sent again without harm while the server is away.

        Args:
            method: Of one of `stubs`.
            request: Its message, from `trainyard.v1`.

        Raises:
            TrainyardError: If the server refuses it, or does not answer.
        """
        return self._connection.call(method, request)
