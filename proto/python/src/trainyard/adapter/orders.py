"""Listens to the runner: an order to stop, and the end of standard input, which means that the runner is gone.

Must not know what is trained.
"""

import json
import os
import signal
import threading
from types import FrameType

# As shells say that a signal ended a program.
_ENDED_BY_SIGNAL = 128


class Terminated(BaseException):
    """SIGTERM arrived: the time for stopping gracefully is over."""


class Orders:
    """What the runner ordered so far."""

    def __init__(self, descriptor: int) -> None:
        """Starts to listen.

        Args:
            descriptor: Where the runner's lines arrive.
        """
        self._stop = threading.Event()
        self._descriptor = descriptor
        threading.Thread(target=self._listen, name="trainyard-orders", daemon=True).start()
        signal.signal(signal.SIGTERM, self._terminate)
        # A forked worker ends by SIGTERM as any process does. Python forgets a signal that arrives while it forks, so
        # it is held back until the worker is ready for it.
        held = {signal.SIGTERM}
        os.register_at_fork(
            before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, held),
            after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, held),
            after_in_child=lambda: (
                signal.signal(signal.SIGTERM, signal.SIG_DFL),
                signal.pthread_sigmask(signal.SIG_UNBLOCK, held),
            ),
        )

    @property
    def stop(self) -> threading.Event:
        """Set as soon as the training should stop."""
        return self._stop

    def _listen(self) -> None:
        with os.fdopen(self._descriptor, "rb") as lines:
            for line in lines:
                try:
                    order = json.loads(line)
                except ValueError:
                    continue
                if isinstance(order, dict) and order.get("type") == "stop":
                    self._stop.set()
        # Nobody is left who could take a result, and what was started here must not go on alone.
        os._exit(_ENDED_BY_SIGNAL + signal.SIGHUP)

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()
        raise Terminated
