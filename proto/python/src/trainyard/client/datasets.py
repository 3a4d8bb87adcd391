"""Datasets: bring images and labels in, look at them, and part them into subsets.

Must not know how calls are sent.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from trainyard.client.connection import Connection
from trainyard.client.files import Files
from trainyard.client.stubs import Stubs
from trainyard.v1 import datasets_pb2 as v1

Task = Literal["detection", "classification"]
SubsetName = Literal["train", "validation", "test"]
Format = Literal["voc", "coco", "yolo", "folder"]

_TASKS = {"detection": v1.TASK_DETECTION, "classification": v1.TASK_CLASSIFICATION}
_SUBSETS = {"train": v1.SUBSET_TRAIN, "validation": v1.SUBSET_VALIDATION, "test": v1.SUBSET_TEST}
_FORMATS = {
    "voc": v1.DATASET_FORMAT_VOC,
    "coco": v1.DATASET_FORMAT_COCO,
    "yolo": v1.DATASET_FORMAT_YOLO,
    "folder": v1.DATASET_FORMAT_FOLDER,
}
_PAGE = 500


class Datasets:
    """Sets of labelled images. Where one is named, its id is as good as its name."""

    def __init__(self, connection: Connection, stubs: Stubs, files: Files) -> None:
        """Made by the client."""
        self._connection = connection
        self._stub = stubs.datasets
        self._files = files

    def create(self, name: str, task: Task = "detection") -> v1.Dataset:
        """Makes an empty one, to upload into.

        Raises:
            AlreadyExists: If the name is taken.
        """
        request = v1.CreateDatasetRequest(name=name, task=_TASKS[task])
        return self._connection.call(self._stub.CreateDataset, request)

    def get(self, dataset: str) -> v1.Dataset:
        """One dataset with its counts.

        Raises:
            NotFound: If there is none.
        """
        return self._connection.call(self._stub.GetDataset, v1.GetDatasetRequest(dataset=dataset))

    def list(self) -> Iterator[v1.Dataset]:
        """All of them, page after page."""
        request = v1.ListDatasetsRequest(page_size=_PAGE)
        while True:
            answer = self._connection.call(self._stub.ListDatasets, request)
            yield from answer.datasets
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def items(self, dataset: str, filter: str = "", subset: SubsetName | None = None) -> Iterator[v1.Item]:  # noqa: A002
        """Its items with their annotations, page after page.

        Args:
            dataset: Which.
            filter: A whole query or a bare filter (DQL); empty finds all.
            subset: Only those of one subset.

        Raises:
            InvalidRequest: If the filter cannot be read.
        """
        request = v1.ListItemsRequest(dataset=dataset, filter=filter, page_size=_PAGE, without_total=True)
        if subset:
            request.subset = _SUBSETS[subset]
        while True:
            answer = self._connection.call(self._stub.ListItems, request)
            yield from answer.items
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def upload(
        self,
        path: str | Path,
        name: str,
        *,
        format: Format | None = None,  # noqa: A002
        split: tuple[int, int, int] | None = None,
        seed: int = 0,
    ) -> v1.ImportReport:
        """Sends a folder or an archive of labelled images, and imports it. All or nothing.

        Args:
            path: A folder, or an archive (zip, tar, tar.gz, tar.zst).
            name: Of the dataset; one that is there gets what is new.
            format: How labels are written; None finds out.
            split: Percent of train, validation and test, if the data brings no split of its own.
            seed: Decides that split.

        Returns:
            What was added, and which files were rejected and why.

        Raises:
            InvalidRequest: If there is nothing to send, or it cannot be read.
        """
        upload = self._files.send(Path(path))
        request = v1.ImportDatasetRequest(upload_id=upload, name=name)
        return self._import(request, format, split, seed)

    def import_folder(
        self,
        path: str,
        name: str,
        *,
        format: Format | None = None,  # noqa: A002
        split: tuple[int, int, int] | None = None,
        seed: int = 0,
    ) -> v1.ImportReport:
        """Imports a folder of the server's machine, as `upload` does.

        Args:
            path: A whole path there.
            name: Of the dataset.
            format: How labels are written; None finds out.
            split: Percent of train, validation and test, if the data brings no split of its own.
            seed: Decides that split.
        """
        return self._import(v1.ImportDatasetRequest(path=path, name=name), format, split, seed)

    def tag(self, dataset: str, subset: SubsetName | None, filter: str = "{}") -> v1.ItemsChange:  # noqa: A002
        """Gives the items that a filter finds to one subset; None takes them out of all."""
        selection = v1.ItemSelection(dataset=dataset, filter=filter)
        chosen = _SUBSETS[subset] if subset else v1.SUBSET_UNSPECIFIED
        return self._connection.call(self._stub.TagItems, v1.TagItemsRequest(selection=selection, subset=chosen))

    def split(self, dataset: str, percent: tuple[int, int, int] = (80, 20, 0), seed: int = 0) -> v1.ItemsChange:
        """Parts all items into train, validation and test by chance, decided by the seed alone."""
        selection = v1.ItemSelection(dataset=dataset, filter="{}")
        request = v1.SplitItemsRequest(selection=selection, split=_split(percent, seed))
        return self._connection.call(self._stub.SplitItems, request)

    def _import(
        self,
        request: v1.ImportDatasetRequest,
        format: Format | None,  # noqa: A002
        split: tuple[int, int, int] | None,
        seed: int,
    ) -> v1.ImportReport:
        if format:
            request.format = _FORMATS[format]
        if split:
            request.split.CopyFrom(_split(split, seed))
        return self._connection.last_of(self._stub.ImportDataset, request).report


def _split(percent: tuple[int, int, int], seed: int) -> v1.Split:
    train, validation, test = percent
    return v1.Split(train_percent=train, validation_percent=validation, test_percent=test, seed=seed)
