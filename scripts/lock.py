"""Pin every dependency, with hashes and without an index address, into requirements/."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCKS = {
    "runtime.txt": ["pyproject.toml"],  # for the image
    "build.txt": ["--group", "build"],  # for building the wheel
    "dev.txt": ["pyproject.toml", "--group", "dev"],  # for the development environment in .venv
}


def main() -> None:
    uv = Path(sys.executable).parent / "uv"
    for name, sources in LOCKS.items():
        subprocess.run(
            [
                uv,
                "pip",
                "compile",
                *sources,
                *("--universal", "--python-version", "3.11", "--upgrade"),
                *("--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"),
                *("--quiet", "--output-file", f"requirements/{name}"),
            ],
            cwd=ROOT,
            check=True,
        )


if __name__ == "__main__":
    main()
