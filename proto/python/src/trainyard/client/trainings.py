"""Trainings: start, follow, end, and read what they said.

Must not know how calls are sent.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from trainyard.client import watch
from trainyard.client.connection import Connection
from trainyard.client.errors import TrainingFailed
from trainyard.client.stubs import Stubs
from trainyard.v1 import models_pb2, trainings_pb2, watch_pb2

#: What is never left. `rerun` goes on, and `aborted` becomes `terminated`.
FINAL = ("success", "failed", "aborted", "terminated")
_PAGE = 200
_LOG_PAGE = 1000


class Training:
    """One training, and what it was like when the server was asked last.

    Attributes:
        state: Everything that the server says of it.
    """

    def __init__(self, connection: Connection, stubs: Stubs, state: trainings_pb2.Training) -> None:
        """Made by `Trainings`."""
        self._connection = connection
        self._stubs = stubs
        self.state = state

    def __repr__(self) -> str:
        """Which one, and its status."""
        return f"<Training {self.id} of {self.state.model_name}: {self.status}>"

    @property
    def id(self) -> str:
        """Its id."""
        return self.state.id

    @property
    def status(self) -> str:
        """`created`, `pending`, `in-progress`, `success`, `failed`, `aborted`, `terminated` or `rerun`."""
        return self.state.status

    @property
    def is_over(self) -> bool:
        """Whether its status is final."""
        return self.status in FINAL

    def refresh(self) -> "Training":
        """Asks the server what it is like now."""
        request = trainings_pb2.GetTrainingRequest(training=self.id)
        self.state = self._connection.call(self._stubs.trainings.GetTraining, request)
        return self

    def watch(self, log_tail: int = 0) -> Iterator[watch_pb2.WatchEvent]:
        """Its samples, log lines, files and history as they come, until it is over.

        Args:
            log_tail: Only the last so many log lines are sent at first; 0 sends all.

        Yields:
            Events of the stream; those with rows of trainings are of this one alone.
        """
        request = watch_pb2.WatchRequest(trainings=True, execution_id=self.state.execution_id, log_tail=log_tail)
        for event in watch.events(self._connection, self._stubs, request):
            if event.HasField("trainings"):
                own = [row for row in event.trainings.trainings if row.id == self.id]
                if not own:
                    continue
                self.state = own[-1]
                event = watch_pb2.WatchEvent(cursor=event.cursor, trainings=watch_pb2.TrainingRows(trainings=own))
            yield event
            # Rows of one moment come in several events; the heartbeat after them says that nothing is left.
            if self.is_over and (event.HasField("caught_up") or event.HasField("heartbeat")):
                return

    def wait(
        self, timeout_secs: float | None = None, progress: Callable[["Training"], None] | None = None
    ) -> "Training":
        """Waits until it is over.

        Args:
            timeout_secs: How long; None waits for ever. The training goes on in any case.
            progress: Called with each change.

        Raises:
            TrainingFailed: If it does not end well, with its cause and what to do.
            TimeoutError: If it takes longer.
        """
        deadline = None if timeout_secs is None else time.monotonic() + timeout_secs
        request = watch_pb2.WatchRequest(trainings=True)
        stream = watch.events(self._connection, self._stubs, request)
        while not self.is_over:
            event = next(stream)
            for row in event.trainings.trainings:
                if row.id == self.id:
                    self.state = row
                    if progress:
                        progress(self)
            # Heartbeats come every few seconds, so that the deadline is seen in time.
            if deadline is not None and time.monotonic() > deadline and not self.is_over:
                raise TimeoutError(f"training {self.id} is still {self.status} after {timeout_secs} s; it goes on")
        if self.status != "success":
            cause = self.state.cause
            raise TrainingFailed(self.id, self.status, cause.kind, cause.message, cause.next_step)
        return self

    def abort(self) -> "Training":
        """Ends it: at once while it waits, within seconds while it runs. It becomes `terminated`.

        Raises:
            Refused: If it is over already.
        """
        request = trainings_pb2.AbortTrainingRequest(training=self.id)
        self.state = self._connection.call(self._stubs.trainings.AbortTraining, request)
        return self

    def rerun(self) -> "Training":
        """Makes it go round again: it stops within the drain time of its service, and goes on from its checkpoint.

        Raises:
            Refused: If it does not run, or has no attempts left.
        """
        request = trainings_pb2.RerunTrainingRequest(training=self.id)
        self.state = self._connection.call(self._stubs.trainings.RerunTraining, request)
        return self

    def metrics(self, *figures: str) -> Sequence[trainings_pb2.MetricSample]:
        """Every point of its charts, in order.

        Args:
            figures: Only these; none gives all.
        """
        request = trainings_pb2.ListMetricsRequest(training=self.id, figures=figures)
        return self._connection.call(self._stubs.trainings.ListMetrics, request).samples

    def lines(self) -> dict[str, list[tuple[float, float]]]:
        """Its charts as lines: points of epoch and value by `figure/legend`, for example `box_loss/train`."""
        lines: dict[str, list[tuple[float, float]]] = {}
        for sample in self.metrics():
            lines.setdefault(f"{sample.figure}/{sample.legend}", []).append((sample.x, sample.y))
        return lines

    def logs(self) -> Iterator[trainings_pb2.LogLine]:
        """The lines of its log, page after page."""
        request = trainings_pb2.ListLogsRequest(training=self.id, page_size=_LOG_PAGE)
        while True:
            answer = self._connection.call(self._stubs.trainings.ListLogs, request)
            yield from answer.lines
            if not answer.has_more:
                return
            request.after_number = answer.lines[-1].number

    def history(self) -> Sequence[trainings_pb2.HistoryEntry]:
        """How its status changed."""
        request = trainings_pb2.ListHistoryRequest(training=self.id)
        return self._connection.call(self._stubs.trainings.ListHistory, request).entries

    def artifacts(self) -> Sequence[models_pb2.Artifact]:
        """Its files, by name."""
        request = models_pb2.ListArtifactsRequest(model=self.state.model_id)
        found = self._connection.call(self._stubs.models.ListArtifacts, request).artifacts
        return [file for file in found if file.execution_id == self.state.execution_id]


class Trainings:
    """All trainings."""

    def __init__(self, connection: Connection, stubs: Stubs) -> None:
        """Made by the client."""
        self._connection = connection
        self._stubs = stubs

    def start(
        self,
        model: str,
        *,
        settings: Mapping[str, Any] | None = None,
        secrets: Sequence[str] = (),
        priority: int = 0,
        service: trainings_pb2.ServiceSettings | None = None,
    ) -> Training:
        """Starts to train a model version.

        Args:
            model: An id or a name.
            settings: Values that win over the version's own.
            secrets: Names of secrets that the Train function gets in its environment.
            priority: The more, the sooner it starts: -1000 to 1000.
            service: How the architecture's service runs, if this training is its first.

        Raises:
            InvalidRequest: If a setting is wrong; `violations` names each.
            Refused: If it is trained already, or has nothing to learn from.
        """
        request = self._request(model, settings, secrets, priority, service)
        return self._training(self._connection.call(self._stubs.trainings.StartTraining, request))

    def check(
        self, model: str, *, settings: Mapping[str, Any] | None = None, secrets: Sequence[str] = ()
    ) -> trainings_pb2.TrainingCheck:
        """Says what `start` would do and what would refuse it, and changes nothing."""
        request = self._request(model, settings, secrets, 0, None)
        return self._connection.call(self._stubs.trainings.CheckTraining, request)

    def get(self, training: str) -> Training:
        """One training.

        Args:
            training: The id of a training, an execution or a model (its latest), or a model's name.

        Raises:
            NotFound: If there is none.
        """
        request = trainings_pb2.GetTrainingRequest(training=training)
        return self._training(self._connection.call(self._stubs.trainings.GetTraining, request))

    def list(self, search: str = "", *, statuses: Sequence[str] = ()) -> Iterator[Training]:
        """Trainings, newest first, page after page.

        Args:
            search: Part of a model's name, or the start of an id.
            statuses: Only those that have one of these.
        """
        request = trainings_pb2.ListTrainingsRequest(search=search, statuses=statuses, page_size=_PAGE)
        while True:
            answer = self._connection.call(self._stubs.trainings.ListTrainings, request)
            yield from map(self._training, answer.trainings)
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def _training(self, state: trainings_pb2.Training) -> Training:
        return Training(self._connection, self._stubs, state)

    @staticmethod
    def _request(
        model: str,
        settings: Mapping[str, Any] | None,
        secrets: Sequence[str],
        priority: int,
        service: trainings_pb2.ServiceSettings | None,
    ) -> trainings_pb2.StartTrainingRequest:
        return trainings_pb2.StartTrainingRequest(
            model=model,
            configuration_json=json.dumps(dict(settings or {})),
            secrets=secrets,
            priority=priority,
            service_settings=service,
        )
