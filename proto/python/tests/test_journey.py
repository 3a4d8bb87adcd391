"""What a user does, against the real server: bring data, train, watch, abort, and read what became of it."""

from pathlib import Path

import pytest
from conftest import Server, until

from trainyard import Client, TrainingFailed
from trainyard.client.errors import AlreadyExists, InvalidRequest, NotFound, NotSignedIn, Refused, Unavailable

#: A Train function that learns nothing: what is tested here is the client.
COUNTS = """
import sys
import trainyard

class Counts(trainyard.Adapter):
    def load(self, weights):
        self.start = int(weights.read_text()) if weights else 0

    def save(self, folder):
        (folder / "best.txt").write_text("7")

    def train(self, job, run):
        print("starts from", self.start, "after", job.resume.read_text() if job.resume else "nothing")
        run.device("fingers")
        for epoch in run.epochs(job.configuration.epochs, int(job.resume.read_text()) if job.resume else 0):
            run.samples("train", epoch, loss=1 / epoch)
            run.sample("gap", "train", epoch, float("nan"))
            (job.output_dir / "state.txt").write_text(str(epoch))
            run.checkpoint(job.output_dir / "state.txt", epoch)
            if job.configuration.mood == "patient":
                while not run.should_stop:
                    pass
            if job.configuration.mood == "broken":
                raise trainyard.DataFailure("the third picture is upside down", "turn it round")

trainyard.run(Counts)
"""
MANIFEST = """
id = "counts"
name = "Counts"
description = "Learns nothing"
task = "detection"
command = ["{python}", "{{folder}}/train.py"]

[[settings]]
key = "epochs"
type = "integer"
min = 1
max = 1000
default = 3

[[settings]]
key = "mood"
type = "choice"
options = ["quick", "patient", "broken"]
default = "quick"
"""


def add_counts(client: Client, folder: Path) -> None:
    """Makes the architecture `counts` known."""
    import sys

    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(COUNTS)
    (folder / "trainyard.toml").write_text(MANIFEST.format(python=sys.executable))
    client.architectures.add(folder)


@pytest.fixture(scope="module")
def counts(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    add_counts(client, tmp_path_factory.mktemp("counts"))
    return "counts"


def test_a_training_is_made_watched_and_read(client: Client, dataset: str, counts: str, tmp_path: Path) -> None:
    client.models.create("whole", counts, dataset, settings={"epochs": 4})
    training = client.train("whole", epochs=5)
    seen = [event.WhichOneof("event") for event in training.watch()]
    assert {"trainings", "metrics", "logs", "artifacts", "history", "caught_up"} <= set(seen)
    assert training.status == "success"
    assert training.wait().state.progress.epoch == 5
    assert training.lines()["loss/train"] == [(epoch, 1 / epoch) for epoch in range(1, 6)]
    assert all(value != value for _, value in training.lines()["gap/train"])
    assert [sample.figure for sample in training.metrics("loss")] == ["loss"] * 5
    texts = [line.text for line in training.logs()]
    assert "starts from 0 after nothing" in texts
    assert training.history()[-1].status == "success"
    (weights,) = client.models.pull("whole", tmp_path, kind="weights")
    assert weights.read_text() == "7"
    assert {file.kind for file in training.artifacts()} == {"weights", "checkpoint"}
    assert training.id in [other.id for other in client.trainings.list("whole")]


def test_a_version_starts_from_the_weights_of_another(client: Client, dataset: str, counts: str) -> None:
    client.models.create("first", counts, dataset)
    client.train("first").wait(60)
    client.models.create("second", counts, dataset, weights_of="first")
    training = client.train("second", epochs=1).wait(60)
    assert "starts from 7 after nothing" in [line.text for line in training.logs()]


def test_an_abort_ends_a_training_that_runs(client: Client, dataset: str, counts: str) -> None:
    client.models.create("endless", counts, dataset)
    training = client.train("endless", mood="patient")
    next(event for event in training.watch() if event.metrics.samples)
    training.abort()
    with pytest.raises(TrainingFailed, match="terminated") as failure:
        training.wait(60)
    assert failure.value.status == "terminated"
    assert [sample.x for sample in training.metrics("loss")] == [1.0]


def test_a_failure_says_its_cause_and_what_to_do(client: Client, dataset: str, counts: str) -> None:
    client.models.create("unlucky", counts, dataset)
    with pytest.raises(TrainingFailed) as failure:
        client.train("unlucky", mood="broken").wait(60)
    told = failure.value
    assert (told.status, told.cause, told.next_step) == ("failed", "data", "turn it round")
    assert "upside down" in told.message
    lines = list(client.trainings.get("unlucky").logs())
    assert any(line.level == "error" and "Traceback" in line.text for line in lines)


def test_the_stream_goes_on_after_the_server_was_killed(own_server: Server, scenes: Path, tmp_path: Path) -> None:
    with own_server.client() as client:
        client.datasets.upload(scenes, "scenes", split=(70, 30, 0))
        add_counts(client, tmp_path / "counts")
        client.models.create("survivor", "counts", "scenes")
        training = client.train("survivor", mood="patient")
        events = client.watch(execution_id=training.state.execution_id)
        points = 0
        while not points:
            points += len(next(events).metrics.samples)
        address = own_server.url.removeprefix("http://")
        own_server.kill()
        own_server.start(address)
        # A call with a key is sent again until the server is back, and has one effect.
        training.abort()
        statuses: list[str] = []
        while "terminated" not in statuses:
            event = next(events)
            points += len(event.metrics.samples)
            statuses += [row.status for row in event.trainings.trainings]
        assert points == len(training.metrics())


def test_refusals_can_be_told_apart(client: Client, server: Server, dataset: str, counts: str) -> None:
    with pytest.raises(NotFound, match="nothing-here") as missing:
        client.models.get("nothing-here")
    assert missing.value.code == "NOT_FOUND"
    assert missing.value.request_id
    client.models.create("taken", counts, dataset)
    with pytest.raises(AlreadyExists) as taken:
        client.models.create("taken", counts, dataset)
    assert taken.value.reason == "NAME_TAKEN"
    with pytest.raises(InvalidRequest) as wrong:
        client.train("taken", epochs=0)
    assert [violation.field for violation in wrong.value.violations] == ["configuration_json.epochs"]
    with pytest.raises(Refused):
        client.architectures.remove(counts)
    with pytest.raises(NotSignedIn), Client(server.url, "ty_wrong") as stranger:
        stranger.session()
    with pytest.raises(InvalidRequest, match="not the address"):
        Client("localhost:8080", "x")


def test_the_place_is_found_as_the_command_line_does(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TRAINYARD_URL", "TRAINYARD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRAINYARD_DATA", str(server.data))
    with Client() as client:
        assert client.session().user == "owner"
    monkeypatch.setenv("TRAINYARD_DATA", str(tmp_path))
    with pytest.raises(Unavailable, match="no server runs on the data folder"):
        Client()
    monkeypatch.setenv("TRAINYARD_URL", server.url)
    monkeypatch.setenv("TRAINYARD_TOKEN", server.token)
    with Client() as client:
        assert client.url == server.url


def test_a_dataset_is_looked_through(client: Client, dataset: str) -> None:
    found = client.datasets.get(dataset)
    assert [label.name for label in found.labels] == ["red", "green", "blue"]
    assert (found.train_count, found.validation_count) == (28, 12)
    assert len(list(client.datasets.items(dataset, subset="train"))) == 28
    assert dataset in [other.name for other in client.datasets.list()]
    with pytest.raises(InvalidRequest):
        list(client.datasets.items(dataset, filter="{ not DQL"))


def test_a_check_says_what_a_start_would_do(client: Client, dataset: str, counts: str) -> None:
    client.models.create("checked", counts, dataset)
    assert client.trainings.check("checked").train.item_count == 28
    problems = client.trainings.check("checked", settings={"epochs": 0}).problems
    assert [problem.field for problem in problems] == ["configuration_json.epochs"]
    assert until("service", lambda: client.services.list())
