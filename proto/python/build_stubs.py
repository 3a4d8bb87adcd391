"""Makes the Python of the API from its `.proto` files while the package is built.

Must not know what the API holds. What is made lies in `src/trainyard/v1`, and git ignores it.
"""

import sys
from importlib import resources
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def make_stubs(package: Path) -> list[Path]:
    """Writes the modules and their types, and answers which.

    Args:
        package: The folder of `pyproject.toml`.

    Raises:
        RuntimeError: If there is nothing to make them from, or the compiler refuses it.
    """
    made = package / "src" / "trainyard" / "v1"
    protos = package.parent
    sources = sorted((protos / "trainyard" / "v1").glob("*.proto"))
    if not sources:
        # A source distribution brings them along.
        brought = sorted(made.glob("*_pb2*"))
        if not brought:
            raise RuntimeError(f"no .proto files in {protos / 'trainyard' / 'v1'}; build in a whole checkout")
        return brought
    from grpc_tools import protoc

    for old in made.glob("*_pb2*"):
        old.unlink()
    source = package / "src"
    arguments = [
        "protoc",
        f"--proto_path={protos}",
        f"--proto_path={resources.files('grpc_tools') / '_proto'}",
        f"--plugin=protoc-gen-mypy={tool('protoc-gen-mypy')}",
        f"--plugin=protoc-gen-mypy_grpc={tool('protoc-gen-mypy_grpc')}",
        f"--python_out={source}",
        f"--grpc_python_out={source}",
        f"--mypy_out={source}",
        f"--mypy_grpc_out={source}",
        *map(str, sources),
    ]
    if protoc.main(arguments) != 0:
        raise RuntimeError("the compiler of .proto files refused them, see above")
    return sorted(made.glob("*_pb2*"))


def tool(name: str) -> str:
    """The path of a program that was installed beside this Python, whatever PATH says.

    Raises:
        RuntimeError: If it is not there.
    """
    import shutil
    import sysconfig

    folders = [
        sysconfig.get_path("scripts"),
        *(str(Path(entry).parents[2] / "bin") for entry in sys.path if "site-packages" in entry),
    ]
    for folder in folders:
        if found := shutil.which(name, path=folder):
            return found
    if found := shutil.which(name):
        return found
    raise RuntimeError(f"there is no {name}; install mypy-protobuf into this environment")


class StubsHook(BuildHookInterface[Any]):
    """What hatchling calls before it packs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Makes the stubs for a wheel, a source distribution or an editable installation."""
        make_stubs(Path(self.root))


if __name__ == "__main__":
    for path in make_stubs(Path(__file__).parent):
        print(path)
