"""The live stream, which goes on where it was when its line broke.

Must not know what is done with what it brings.
"""

import time
from collections.abc import Iterator

import grpc

from trainyard.client.connection import Connection, error_from, pauses
from trainyard.client.stubs import Stubs
from trainyard.v1 import watch_pb2 as v1


def events(connection: Connection, stubs: Stubs, request: v1.WatchRequest) -> Iterator[v1.WatchEvent]:
    """Everything after the cursor of the request, then `caught_up`, then what changes, with a heartbeat in between.

    Nothing comes twice and nothing is missed, however often the line breaks. The iterator ends the stream when it is
    closed or thrown away.

    Args:
        connection: The way to the server.
        stubs: Of its channel.
        request: What to watch.

    Raises:
        TrainyardError: If the server refuses it, or stays away.
    """
    request = v1.WatchRequest.FromString(request.SerializeToString())
    tries = pauses()
    while True:
        try:
            for event in connection.stream(stubs.watch.Watch, request):
                tries = pauses()
                yield event
                # Whoever reads it has had it by now.
                request.cursor = max(request.cursor, event.cursor)
        except grpc.RpcError as error:
            problem = error_from(error)
            pause_secs = next(tries)
            if problem.code not in ("UNAVAILABLE", "CANCELLED") or pause_secs is None:
                raise problem from error
            time.sleep(pause_secs)
        else:
            # The server ended it without an error: it stops, or cut off a reader that was too slow.
            time.sleep(next(tries) or 0)
