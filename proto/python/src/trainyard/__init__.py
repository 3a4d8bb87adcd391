"""Trainyard: a client of its server, and a frame for Train functions of your own.

The client is imported when it is first asked for, so that a Train function needs neither gRPC nor protobuf.
"""

from typing import TYPE_CHECKING

from trainyard.adapter.adapter import Adapter, run
from trainyard.adapter.data import Box, Image, Subset
from trainyard.adapter.failures import (
    ConfigurationFailure,
    DataFailure,
    Diverged,
    Failure,
    ResourcesFailure,
    Stopped,
)
from trainyard.adapter.job import Configuration, Job
from trainyard.adapter.predictions import Prediction
from trainyard.adapter.run import Run
from trainyard.client.errors import TrainingFailed, TrainyardError

if TYPE_CHECKING:
    from trainyard.client.client import Client
    from trainyard.client.trainings import Training

__all__ = [
    "Adapter",
    "Box",
    "Client",
    "Configuration",
    "ConfigurationFailure",
    "DataFailure",
    "Diverged",
    "Failure",
    "Image",
    "Job",
    "Prediction",
    "ResourcesFailure",
    "Run",
    "Stopped",
    "Subset",
    "Training",
    "TrainingFailed",
    "TrainyardError",
    "run",
]


def __getattr__(name: str) -> object:
    """Imports what needs gRPC."""
    if name == "Client":
        from trainyard.client.client import Client

        return Client
    if name == "Training":
        from trainyard.client.trainings import Training

        return Training
    raise AttributeError(f"module `trainyard` has no attribute `{name}`")
