"""Model versions and their files.

Must not know how calls are sent.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainyard.client.connection import Connection
from trainyard.client.errors import InvalidRequest, NotFound
from trainyard.client.files import Files
from trainyard.client.stubs import Stubs
from trainyard.v1 import models_pb2 as v1

_PAGE = 200


class Models:
    """Model versions. Where one is named, its id is as good as its name."""

    def __init__(self, connection: Connection, stubs: Stubs, files: Files) -> None:
        """Made by the client."""
        self._connection = connection
        self._stub = stubs.models
        self._files = files

    def create(
        self,
        name: str,
        architecture: str,
        dataset: str,
        *,
        settings: Mapping[str, Any] | None = None,
        labels: Sequence[str] = (),
        tags: Sequence[str] = (),
        description: str = "",
        weights_of: str = "",
    ) -> v1.Model:
        """Makes a version, to be trained.

        Args:
            name: Unique.
            architecture: Its id with the name of the variant, for example `yolov8n`.
            dataset: An id or a name.
            settings: Values that differ from the defaults.
            labels: In class order; none takes those of the dataset.
            tags: To find it by.
            description: For people.
            weights_of: A version whose best weights it starts from.

        Raises:
            InvalidRequest: If a setting is wrong; `violations` names each.
            AlreadyExists: If the name is taken.
        """
        request = v1.CreateModelRequest(
            name=name,
            architecture=architecture,
            dataset=dataset,
            configuration_json=json.dumps(dict(settings or {})),
            labels=labels,
            tags=tags,
            description=description,
            weights_of_model=weights_of,
        )
        return self._connection.call(self._stub.CreateModel, request)

    def get(self, model: str) -> v1.Model:
        """One version.

        Raises:
            NotFound: If there is none.
        """
        return self._connection.call(self._stub.GetModel, v1.GetModelRequest(model=model))

    def list(self, search: str = "", *, dataset: str = "", tags: Sequence[str] = ()) -> Iterator[v1.Model]:
        """Versions, page after page.

        Args:
            search: Part of a name, or the start of an id.
            dataset: Only those of one dataset.
            tags: Only those that carry all of these.
        """
        request = v1.ListModelsRequest(search=search, dataset=dataset, tags=tags, page_size=_PAGE)
        while True:
            answer = self._connection.call(self._stub.ListModels, request)
            yield from answer.models
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def clone(self, model: str, name: str, *, dataset: str = "", with_weights: bool = False) -> v1.Model:
        """Makes a version like another one, to be trained by itself.

        Args:
            model: The other one.
            name: Of the new one.
            dataset: Another dataset; empty keeps it.
            with_weights: Starts from its best weights.
        """
        request = v1.CloneModelRequest(model=model, name=name, dataset=dataset, with_weights=with_weights)
        return self._connection.call(self._stub.CloneModel, request)

    def delete(self, model: str) -> v1.Model:
        """Takes a version out of the lists.

        Raises:
            Refused: While it is being trained.
        """
        return self._connection.call(self._stub.DeleteModel, v1.DeleteModelRequest(model=model))

    def artifacts(self, model: str) -> Sequence[v1.Artifact]:
        """Its files, those of its newest training first."""
        request = v1.ListArtifactsRequest(model=model)
        return self._connection.call(self._stub.ListArtifacts, request).artifacts

    def pull(self, model: str, folder: str | Path, *, kind: str = "") -> Sequence[Path]:
        """Fetches the files of its newest training.

        Args:
            model: Which.
            folder: Where to; made if it is not there.
            kind: `weights`, `checkpoint`, `report` or `predictions`; empty fetches all.

        Returns:
            The files that were written.

        Raises:
            NotFound: If it has none.
            Damaged: If one did not arrive as it is on the server.
        """
        found = self.artifacts(model)
        if not found:
            raise NotFound(f"the model `{model}` has no files yet; train it first", code="NOT_FOUND")
        newest = [file for file in found if file.execution_id == found[0].execution_id]
        return [self.fetch(file, folder) for file in newest if not kind or file.kind == kind]

    def fetch(self, artifact: v1.Artifact, folder: str | Path) -> Path:
        """Fetches one file, checks it against its hash, and answers where it is.

        Raises:
            InvalidRequest: If its name would lead out of the folder.
            Damaged: If it did not arrive as it is on the server.
        """
        if Path(artifact.name).name != artifact.name or artifact.name in ("", ".", "..") or "\\" in artifact.name:
            raise InvalidRequest(f"the file name {artifact.name!r} cannot be used here", code="INVALID_ARGUMENT")
        target = Path(folder) / artifact.name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._files.fetch(f"/v1/artifacts/{artifact.id}", target, artifact.content_hash)
        return target
