"""What one attempt at a training is given: `job.json`, as typed values.

Must not know what is done with it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainyard.adapter import yolo
from trainyard.adapter.data import Subset
from trainyard.adapter.failures import ConfigurationFailure

#: The version of the protocol that this package speaks.
PROTOCOL = 1
#: The environment variable that holds the path of `job.json`.
JOB_VARIABLE = "TRAINYARD_JOB"


class Configuration(Mapping[str, Any]):
    """The settings, all resolved: `configuration["epochs"]`, or `configuration.epochs`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Wraps the values as the manifest's settings name them."""
        self._values = dict(values)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 (a setting is what the manifest says)
        """The value of a setting.

        Raises:
            ConfigurationFailure: If the manifest has no such setting.
        """
        try:
            return self._values[key]
        except KeyError:
            raise ConfigurationFailure(
                f"there is no setting `{key}`; there are {', '.join(sorted(self._values)) or 'none'}",
                "add it to the settings of the manifest, and save the manifest again",
            ) from None

    def __getattr__(self, key: str) -> Any:  # noqa: ANN401
        """The value of a setting, by its name."""
        if key.startswith("_"):
            raise AttributeError(key)
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
        """The value of a setting, or the default if the manifest has none of this name."""
        return self._values.get(key, default)

    def __contains__(self, key: object) -> bool:
        """Whether the manifest has such a setting."""
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        """The names of the settings."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many settings there are."""
        return len(self._values)


@dataclass(frozen=True)
class Job:
    """Everything that an attempt depends on.

    Attributes:
        execution_id: What this is a try at.
        attempt: Which try, counted from 1.
        architecture_id: The `id` of the manifest.
        variant: The name of the variant; empty if the manifest has none.
        configuration: The settings.
        labels: Class names in class order.
        train: What is learnt from.
        validation: What it is measured on.
        output_dir: An empty folder for results.
        initial_weights: Weights of another version to start from, or None.
        resume: The newest checkpoint of earlier attempts, or None. It comes before `initial_weights`.
    """

    execution_id: str
    attempt: int
    architecture_id: str
    variant: str
    configuration: Configuration
    labels: tuple[str, ...]
    train: Subset
    validation: Subset
    output_dir: Path
    initial_weights: Path | None
    resume: Path | None

    @classmethod
    def read(cls, path: Path | None = None, suffix: str = "") -> "Job":
        """Reads a job.

        Args:
            path: The file; None takes the one that the runner names in the environment.
            suffix: What names of weights and checkpoints should end in, with the dot; the runner knows one for all.

        Raises:
            ConfigurationFailure: If it is of another version of the protocol.
        """
        text = json.loads((path or Path(os.environ[JOB_VARIABLE])).read_text("utf-8"))
        if text.get("protocol") != PROTOCOL:
            raise ConfigurationFailure(
                f"the runner speaks version {text.get('protocol')} of the protocol, this package version {PROTOCOL}",
                "install the version of the package that belongs to the server",
            )
        return cls(
            execution_id=text["execution_id"],
            attempt=text["attempt"],
            architecture_id=text["architecture_id"],
            variant=text["variant"],
            configuration=Configuration(text["configuration"]),
            labels=tuple(text["labels"]),
            train=Subset(Path(text["data"]["train"])),
            validation=Subset(Path(text["data"]["validation"])),
            output_dir=Path(text["output_dir"]),
            initial_weights=_named(text.get("initial_weights"), suffix),
            resume=_named(text.get("resume"), suffix),
        )

    def yolo_yaml(self) -> Path:
        """Lays the data out as Ultralytics reads it, with links to the images.

        Returns:
            The file to give as `data`.
        """
        return yolo.lay_out(self.output_dir.parent / "yolo", self.labels, {"train": self.train, "val": self.validation})


def _named(text: str | None, suffix: str) -> Path | None:
    if not text:
        return None
    path = Path(text).absolute()
    if not suffix or path.suffix == suffix:
        return path
    link = path.with_suffix(suffix)
    if not link.is_symlink():
        link.symlink_to(path)
    return link
