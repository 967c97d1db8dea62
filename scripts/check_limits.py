"""Check the sizes of folders, files and functions, and the docstrings of packages.

Small units keep the tree readable: a reader finds the folder for a task by its name, and a file or
a function fits on a screen. Generated code doesn't count. Functions are measured with `ast` from
`def` to the last line, nested ones included. The sandbox's page also has scripts, styles and
templates, which the limit of a file's lines covers.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from math import ceil
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "commands", "notifications", "workspace", "teleport_client")
"""The packages of the bot."""
LARGE_FOLDERS = ("sandbox", "tests")
"""Packages with another limit for folders."""
SHORT_FILES = (*PACKAGES, "sandbox", "scripts")
"""Folders with a limit for the lines of a file."""
SHORT_FUNCTIONS = {"functions": PACKAGES, "functions of the sandbox": ("sandbox",)}
"""Folders whose functions are measured together."""
MAX_FILES, MAX_FILES_OF_LARGE_FOLDERS = 12, 20
MAX_FILE_LINES = 399
MAX_MEDIAN_LINES, MAX_P95_LINES = 9, 30
_GENERATED = "_proto"
_PYTHON = (".py",)
_WRITTEN = (".py", ".js", ".css", ".html")
_SENTENCE_END = re.compile(r"[.!?](?=\s)")


def find_problems(root: Path) -> list[str]:
    """Return a line for each limit that a folder, a file or the functions exceed."""
    return [
        *chain.from_iterable(_folder_problems(root, name, MAX_FILES) for name in PACKAGES),
        *chain.from_iterable(
            _folder_problems(root, name, MAX_FILES_OF_LARGE_FOLDERS) for name in LARGE_FOLDERS
        ),
        *chain.from_iterable(_file_problems(root, name) for name in SHORT_FILES),
        *chain.from_iterable(
            _function_problems(root, label, names) for label, names in SHORT_FUNCTIONS.items()
        ),
        *chain.from_iterable(_docstring_problems(root, name) for name in PACKAGES + LARGE_FOLDERS),
    ]


def function_lengths(source: str) -> list[int]:
    """Return the number of lines of each function, nested ones included."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _files(root: Path, package: str, suffixes: Sequence[str] = _PYTHON) -> list[Path]:
    paths = (path for path in (root / package).rglob("*") if path.suffix in suffixes)
    return sorted(path for path in paths if _GENERATED not in path.relative_to(root).parts)


def _folder_problems(root: Path, package: str, limit: int) -> Iterator[str]:
    modules = [path.parent for path in _files(root, package) if path.name != "__init__.py"]
    for folder in dict.fromkeys(modules):
        if (count := modules.count(folder)) > limit:
            yield f"{folder.relative_to(root)}: {count} Python files, at most {limit}"


def _file_problems(root: Path, package: str) -> Iterator[str]:
    for path in _files(root, package, _WRITTEN):
        if (count := len(path.read_text().splitlines())) > MAX_FILE_LINES:
            yield f"{path.relative_to(root)}: {count} lines, at most {MAX_FILE_LINES}"


def _function_problems(root: Path, label: str, packages: Sequence[str]) -> Iterator[str]:
    paths = chain.from_iterable(_files(root, name) for name in packages)
    lengths = sorted(chain.from_iterable(function_lengths(path.read_text()) for path in paths))
    if not lengths:
        return
    middle, long = median(lengths), lengths[ceil(0.95 * len(lengths)) - 1]
    if middle > MAX_MEDIAN_LINES:
        yield f"{label}: {middle:g} lines at the median, at most {MAX_MEDIAN_LINES}"
    if long > MAX_P95_LINES:
        yield f"{label}: {long} lines at the 95th percentile, at most {MAX_P95_LINES}"


def _docstring_problems(root: Path, package: str) -> Iterator[str]:
    for path in _files(root, package):
        if path.name == "__init__.py" and not _is_one_sentence(_summary(path)):
            yield f"{path.relative_to(root)}: start the docstring with one sentence on its contents"


def _summary(path: Path) -> str:
    """Return the first paragraph of the module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0]


def _is_one_sentence(text: str) -> bool:
    return text.endswith(".") and not _SENTENCE_END.search(text)


def main() -> None:
    if problems := find_problems(ROOT):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
