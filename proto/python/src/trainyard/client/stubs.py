"""The generated services, one of each, for what the pleasant methods leave out.

Must not know what they are used for.
"""

import grpc

from trainyard.v1 import (
    access_pb2_grpc,
    architectures_pb2_grpc,
    compute_pb2_grpc,
    datasets_pb2_grpc,
    filters_pb2_grpc,
    models_pb2_grpc,
    recipes_pb2_grpc,
    secrets_pb2_grpc,
    trainings_pb2_grpc,
    watch_pb2_grpc,
)


class Stubs:
    """Every method of the API, as it is in the `.proto` files.

    Attributes:
        access: Who a caller is, and sign-in links.
        architectures: Families of model versions.
        compute: Services, instances and machine types.
        datasets: Sets of labelled images.
        filters: Saved filters, and what a filter finds.
        models: Model versions and their files.
        recipes: Named lists of labels.
        secrets: Secrets.
        trainings: Trainings.
        watch: The live stream.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        """Makes them for a channel."""
        self.access = access_pb2_grpc.AccessServiceStub(channel)
        self.architectures = architectures_pb2_grpc.ArchitectureServiceStub(channel)
        self.compute = compute_pb2_grpc.ComputeServiceStub(channel)
        self.datasets = datasets_pb2_grpc.DatasetServiceStub(channel)
        self.filters = filters_pb2_grpc.FilterServiceStub(channel)
        self.models = models_pb2_grpc.ModelServiceStub(channel)
        self.recipes = recipes_pb2_grpc.RecipeServiceStub(channel)
        self.secrets = secrets_pb2_grpc.SecretServiceStub(channel)
        self.trainings = trainings_pb2_grpc.TrainingServiceStub(channel)
        self.watch = watch_pb2_grpc.WatchServiceStub(channel)
