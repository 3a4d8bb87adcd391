"""Files over plain HTTP: datasets that are sent in pieces, and artifacts that are fetched and checked.

Must not know what files hold.
"""

import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trainyard.client.connection import Connection, pauses
from trainyard.client.errors import Damaged, InvalidRequest, TrainyardError, Unavailable, error_of

#: What is sent again at most when the line breaks.
_PIECE_BYTES = 8 << 20
_READ_BYTES = 1 << 20
#: After these a piece is tried again.
_MAY_PASS = ("UNAVAILABLE", "INTERNAL")
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class Files:
    """Sends and fetches files."""

    def __init__(self, connection: Connection) -> None:
        """Uses the address and token of a connection."""
        self._connection = connection

    def send(self, path: Path) -> str:
        """Sends a file, or every file below a folder but hidden ones and links.

        Args:
            path: An archive, a file or a folder.

        Returns:
            The id of the upload, which an import uses up.

        Raises:
            InvalidRequest: If there is nothing to send.
            TrainyardError: If the server does not take it.
        """
        files = files_of(path)
        announced = [{"name": name, "size_bytes": file.stat().st_size} for name, file in files]
        body = json.dumps({"files": announced}).encode()
        made = json.loads(self._ask("POST", "/v1/dataset-uploads", body, {"content-type": "application/json"})[1])
        upload = str(made["id"])
        try:
            for index, (_, file) in enumerate(files):
                self._send_file(f"/v1/dataset-uploads/{upload}/files/{index}", file)
        except BaseException:
            self.discard(upload)
            raise
        return upload

    def discard(self, upload: str) -> None:
        """Throws an upload away that is not needed any more; the server does so by itself after a day."""
        try:
            self._ask("DELETE", f"/v1/dataset-uploads/{upload}")
        except TrainyardError:
            return

    def fetch(self, path: str, target: Path, content_hash: str) -> None:
        """Fetches a file. It gets its name when it is whole.

        Args:
            path: On the server.
            target: Where it is written.
            content_hash: SHA-256, in hexadecimal digits.

        Raises:
            Damaged: If what arrived is something else.
            OSError: If it cannot be written.
        """
        unfinished = target.with_name(f".unfinished-{target.name}")
        hasher = hashlib.sha256()
        try:
            with self._request("GET", path) as answer, unfinished.open("wb") as file:
                _raise_for(answer)
                while piece := answer.read(_READ_BYTES):
                    hasher.update(piece)
                    file.write(piece)
            if hasher.hexdigest() != content_hash:
                raise Damaged(f"{target.name} arrived damaged; try again", code="DATA_LOSS")
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def _send_file(self, path: str, file: Path) -> None:
        size_bytes = file.stat().st_size
        offset = 0
        tries = pauses()
        with file.open("rb") as content:
            while offset < size_bytes:
                content.seek(offset)
                arrived = self._send_piece(path, content.read(_PIECE_BYTES), offset)
                if arrived is not None and arrived > offset:
                    offset, tries = arrived, pauses()
                    continue
                pause_secs = next(tries)
                if pause_secs is None:
                    text = f"the server does not take {file} beyond byte {offset}; check the line and its disk"
                    raise Unavailable(text, code="UNAVAILABLE")
                time.sleep(pause_secs)
                offset = offset if arrived is None else arrived

    def _send_piece(self, path: str, piece: bytes, offset: int) -> int | None:
        """The byte to go on from; None if the server does not tell."""
        headers = {"content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        try:
            # 409: an earlier try got further than its answer did.
            return _offset(self._ask("PATCH", path, piece, headers, accept=(409,))[0])
        except TrainyardError as error:
            if error.code not in _MAY_PASS:
                raise
        try:
            return _offset(self._ask("HEAD", path)[0])
        except TrainyardError as error:
            if error.code not in _MAY_PASS:
                raise
            return None

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> tuple[http.client.HTTPMessage, bytes]:
        with self._request(method, path, body, headers) as answer:
            if answer.status not in accept:
                _raise_for(answer)
            return answer.headers, answer.read()

    @contextmanager
    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        parts = urlsplit(self._connection.url)
        line: http.client.HTTPConnection
        timeout = self._connection.timeout_secs
        if parts.scheme == "https":
            context = ssl.create_default_context()
            line = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)
        else:
            line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        signed = {"authorization": f"Bearer {self._connection.token}", **(headers or {})}
        try:
            line.request(method, path, body, signed)
            yield line.getresponse()
        except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
            raise Unavailable(f"the server does not answer: {error!r}", code="UNAVAILABLE") from error
        finally:
            line.close()


def files_of(path: Path) -> list[tuple[str, Path]]:
    """A file, or every file below a folder: the name by which it is sent, and where it is.

    Raises:
        InvalidRequest: If there are none.
    """
    if path.is_file():
        return [(path.name, path)]
    found = sorted(
        (file.relative_to(path).as_posix(), file)
        for file in path.rglob("*")
        if file.is_file()
        and not file.is_symlink()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        raise InvalidRequest(f"{path} is not there or holds no files; check the path", code="INVALID_ARGUMENT")
    return found


def _offset(headers: http.client.HTTPMessage) -> int | None:
    text: Any = headers.get("upload-offset")
    return int(text) if text and text.isdigit() else None


def _raise_for(answer: http.client.HTTPResponse) -> None:
    if answer.status < 400:
        return
    body = answer.read()
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    code = _CODES.get(answer.status, "INTERNAL" if answer.status >= 500 else "UNKNOWN")
    raise error_of(
        code,
        str(told.get("message", f"the server answered {answer.status}")),
        reason=str(told.get("reason", "")),
        request_id=str(told.get("request_id", "")),
    )
