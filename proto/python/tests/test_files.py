"""Files over plain HTTP, against the real server: what breaks off, what is in the way, and what is refused."""

import socket
import threading
from pathlib import Path

import pytest
from conftest import Server

from trainyard import Client
from trainyard.client import files
from trainyard.client.errors import InvalidRequest, NotFound
from trainyard.v1 import models_pb2


class BreakingLine:
    """Passes bytes on to the server, and cuts the first connections off after so many."""

    def __init__(self, server: Server, cuts: int, after_bytes: int) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        self.target = (host, int(port))
        self.cuts = cuts
        self.after_bytes = after_bytes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        passed = 0
        try:
            while piece := source.recv(4096):
                target.sendall(piece)
                passed += len(piece)
                if is_request and passed > self.after_bytes and self.cuts > 0:
                    self.cuts -= 1
                    break
        except OSError:
            pass
        for line in (source, target):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def test_an_upload_goes_on_where_its_line_broke(
    server: Server, tmp_path: Path, scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    archive = tmp_path / "scenes.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, path in files.files_of(scenes):
            packed.write(path, name)
    size_bytes = archive.stat().st_size
    monkeypatch.setattr(files, "_PIECE_BYTES", size_bytes // 2)
    line = BreakingLine(server, cuts=2, after_bytes=size_bytes // 3)
    with Client(line.url, server.token) as client:
        report = client.datasets.upload(archive, "by-a-bad-line", split=(50, 50, 0))
    line.listener.close()
    assert report.items_added == 40
    assert line.cuts == 0


def test_files_of_a_folder_leave_hidden_ones_and_links_out(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("a/one", "two", ".three", ".hidden/four"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to(tmp_path / "two")
    assert [name for name, _ in files.files_of(tmp_path)] == ["a/one", "two"]
    with pytest.raises(InvalidRequest, match="holds no files"):
        files.files_of(tmp_path / "nowhere")


def test_an_import_of_nonsense_is_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"this is no archive")
    with pytest.raises(InvalidRequest):
        client.datasets.upload(tmp_path / "set.zip", "nonsense")
    with pytest.raises(NotFound):
        client.datasets.get("nonsense")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(client: Client, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be used here"):
        client.models.fetch(models_pb2.Artifact(id="x", name=name), tmp_path)
