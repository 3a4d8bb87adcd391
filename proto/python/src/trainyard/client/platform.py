"""What trainings run by: architectures, services and secrets.

Must not know how calls are sent.
"""

from collections.abc import Sequence
from pathlib import Path

from trainyard.client.connection import Connection
from trainyard.client.stubs import Stubs
from trainyard.v1 import architectures_pb2, compute_pb2, secrets_pb2


class Architectures:
    """Families of model versions, built in or added by a manifest."""

    def __init__(self, connection: Connection, stubs: Stubs) -> None:
        """Made by the client."""
        self._connection = connection
        self._stub = stubs.architectures

    def list(self) -> Sequence[architectures_pb2.Architecture]:
        """The built-in ones, then those that somebody added."""
        request = architectures_pb2.ListArchitecturesRequest()
        return self._connection.call(self._stub.ListArchitectures, request).architectures

    def get(self, architecture: str) -> architectures_pb2.Architecture:
        """One of them, by its id.

        Raises:
            NotFound: If there is none.
        """
        request = architectures_pb2.GetArchitectureRequest(id=architecture)
        return self._connection.call(self._stub.GetArchitecture, request)

    def add(self, path: str | Path, *, check: bool = False) -> architectures_pb2.Architecture:
        """Adds an architecture by its manifest, or a revision of one that is there.

        Args:
            path: A manifest, or a folder with a `trainyard.toml`. Its program runs where it lies, so the server must be
                on this machine or see the same path.
            check: Only says what would refuse it.

        Raises:
            InvalidRequest: If the manifest is wrong; `violations` names each field.
            OSError: If it cannot be read.
        """
        manifest = Path(path)
        if manifest.is_dir():
            manifest /= "trainyard.toml"
        request = architectures_pb2.SaveArchitectureRequest(
            manifest=manifest.read_text("utf-8"), folder=str(manifest.absolute().parent), validate_only=check
        )
        return self._connection.call(self._stub.SaveArchitecture, request)

    def remove(self, architecture: str) -> None:
        """Takes one that somebody added out of the lists.

        Raises:
            Refused: While model versions of it are there.
        """
        request = architectures_pb2.DeleteArchitectureRequest(id=architecture)
        self._connection.call(self._stub.DeleteArchitecture, request)


class Services:
    """Training services. Where one is named, its id is as good as its name."""

    def __init__(self, connection: Connection, stubs: Stubs) -> None:
        """Made by the client."""
        self._connection = connection
        self._stub = stubs.compute

    def list(self) -> Sequence[compute_pb2.TrainingServiceState]:
        """All of them."""
        request = compute_pb2.ListTrainingServicesRequest()
        return self._connection.call(self._stub.ListTrainingServices, request).services

    def get(self, service: str) -> compute_pb2.TrainingServiceState:
        """One of them.

        Raises:
            NotFound: If there is none.
        """
        request = compute_pb2.GetTrainingServiceRequest(service=service)
        return self._connection.call(self._stub.GetTrainingService, request)

    def pause(self, service: str) -> compute_pb2.TrainingServiceState:
        """Starts nothing more until it is resumed."""
        return self._connection.call(self._stub.PauseService, compute_pb2.PauseServiceRequest(service=service))

    def resume(self, service: str) -> compute_pb2.TrainingServiceState:
        """Goes on."""
        return self._connection.call(self._stub.ResumeService, compute_pb2.ResumeServiceRequest(service=service))

    def restart(self, service: str) -> compute_pb2.TrainingServiceState:
        """Replaces its instances; running trainings go on from a checkpoint."""
        return self._connection.call(self._stub.RestartService, compute_pb2.RestartServiceRequest(service=service))


class Secrets:
    """What a Train function needs to know and nobody may read: values go in and never come out."""

    def __init__(self, connection: Connection, stubs: Stubs) -> None:
        """Made by the client."""
        self._connection = connection
        self._stub = stubs.secrets

    def list(self) -> Sequence[secrets_pb2.Secret]:
        """Names and fingerprints, by name."""
        return self._connection.call(self._stub.ListSecrets, secrets_pb2.ListSecretsRequest()).secrets

    def create(self, name: str, value: str, description: str = "") -> secrets_pb2.Secret:
        """Keeps a value.

        Args:
            name: Of the environment variable that the Train function finds it in.
            value: What nobody can read back.
            description: For people.

        Raises:
            AlreadyExists: If the name is taken.
        """
        request = secrets_pb2.CreateSecretRequest(name=name, value=value, description=description)
        return self._connection.call(self._stub.CreateSecret, request)

    def delete(self, secret_id: str) -> None:
        """Throws one away.

        Raises:
            Refused: While a training that is not over uses it.
        """
        self._connection.call(self._stub.DeleteSecret, secrets_pb2.DeleteSecretRequest(id=secret_id))
