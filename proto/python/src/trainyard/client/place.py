"""Finds the server and what to sign in with, as the command line does.

Must not know how a call is made.
"""

import fcntl
import json
import os
from pathlib import Path

from trainyard.client.errors import NotSignedIn, Unavailable

_LOCAL_FOLDERS = (Path(".trainyard"), Path(".trainyard/demo"))
_DATABASE = "trainyard.db"


def data_folder() -> Path:
    """The data folder of the server on this machine.

    Returns:
        What TRAINYARD_DATA names; else one below the current folder that a server used; else the user's own.
    """
    if named := os.environ.get("TRAINYARD_DATA"):
        return Path(named).absolute()
    for folder in _LOCAL_FOLDERS:
        if (folder / _DATABASE).is_file():
            return folder.absolute()
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local" / "share") / "trainyard"


def server_url(folder: Path) -> str:
    """Where the server of a data folder listens.

    Raises:
        Unavailable: If none runs.
    """
    if not _is_locked(folder / "lock"):
        raise Unavailable(
            f"no server runs on the data folder {folder}; start one with `trainyard serve --data {folder}`, "
            "or set TRAINYARD_URL and TRAINYARD_TOKEN",
            code="UNAVAILABLE",
        )
    return str(json.loads((folder / "server.json").read_text("utf-8"))["url"])


def _is_locked(lock: Path) -> bool:
    # The file with the address may be left over; the lock ends with its server.
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def local_token(folder: Path) -> str:
    """The owner's token of a data folder.

    Raises:
        NotSignedIn: If it cannot be read.
    """
    try:
        return (folder / "local.token").read_text("utf-8").strip()
    except OSError as error:
        raise NotSignedIn(
            f"there is no token to sign in with ({error}); set TRAINYARD_TOKEN, or name the server's data folder by "
            "TRAINYARD_DATA",
            code="UNAUTHENTICATED",
        ) from error


def find(url: str | None, token: str | None) -> tuple[str, str]:
    """The server's address and the token.

    Args:
        url: What the program says; None takes TRAINYARD_URL, else the local server's.
        token: What the program says; None takes TRAINYARD_TOKEN, else the data folder's.

    Raises:
        Unavailable: If no server is named and none runs here.
        NotSignedIn: If there is no token.
    """
    folder = data_folder()
    url = url or os.environ.get("TRAINYARD_URL") or server_url(folder)
    token = token or os.environ.get("TRAINYARD_TOKEN", "").strip() or local_token(folder)
    return url.rstrip("/"), token
