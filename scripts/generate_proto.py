"""Generate Python code from the .proto files of `teleport_client/_proto`, in place.

`--check` generates into a temporary folder, and fails if the committed files differ.
"""

import filecmp
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent.parent
PACKAGE = Path("teleport_client/_proto")
WELL_KNOWN = str(files("grpc_tools") / "_proto")


def generate(out: Path) -> None:
    sources = sorted(str(p.relative_to(ROOT)) for p in (ROOT / PACKAGE).glob("*.proto"))
    plugins = Path(sys.executable).parent
    arguments = [
        "protoc",
        f"--proto_path={ROOT}",
        f"--proto_path={WELL_KNOWN}",
        f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--mypy_grpc_out=quiet:{out}",
        *sources,
    ]
    if status := protoc.main(arguments):
        sys.exit(f"protoc failed with status {status}")
    _drop_empty_services(out / PACKAGE)


def _drop_empty_services(folder: Path) -> None:
    """Remove the empty `_pb2_grpc` pair that protoc writes for a file without a service."""
    for module in folder.glob("*_pb2_grpc.py"):
        if "_to_server(" not in module.read_text():
            module.unlink()
            module.with_suffix(".pyi").unlink(missing_ok=True)


def check() -> None:
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = {p.name: p for p in (Path(folder) / PACKAGE).iterdir()}
        stored = {p.name: p for p in (ROOT / PACKAGE).glob("*_pb2*")}
        different = sorted(
            name
            for name in fresh.keys() | stored.keys()
            if name not in fresh
            or name not in stored
            or not filecmp.cmp(fresh[name], stored[name], shallow=False)
        )
    if different:
        sys.exit(f"out of date, run `make proto`: {', '.join(different)}")


def main() -> None:
    if "--check" in sys.argv[1:]:
        check()
        return
    for old in (ROOT / PACKAGE).glob("*_pb2*"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        for module in (Path(folder) / PACKAGE).iterdir():
            shutil.move(module, ROOT / PACKAGE / module.name)


if __name__ == "__main__":
    main()
