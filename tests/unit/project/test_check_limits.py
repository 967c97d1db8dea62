"""The limits script reports each limit that a tree exceeds."""

from pathlib import Path

import pytest

from scripts.check_limits import find_problems, function_lengths


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_small_tree_has_no_problems(tmp_path: Path) -> None:
    write(tmp_path / "bot/__init__.py", '"""The process."""\n')
    for number in range(12):
        write(tmp_path / f"bot/module_{number}.py", "X = 1\n" * 399)
    assert find_problems(tmp_path) == []


@pytest.mark.parametrize(("package", "limit"), [("bot", 12), ("commands", 12), ("tests", 20)])
def test_folder_with_too_many_files_is_a_problem(tmp_path: Path, package: str, limit: int) -> None:
    """Each folder counts for itself, and `__init__.py` doesn't count."""
    for number in range(limit + 1):
        write(tmp_path / package / f"inner/module_{number}.py")
        write(tmp_path / package / f"folder_{number}/module.py")
    write(tmp_path / package / "inner/__init__.py", '"""Inner."""\n')
    assert find_problems(tmp_path) == [
        f"{package}/inner: {limit + 1} Python files, at most {limit}"
    ]


def test_file_of_400_lines_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "workspace/long.py", "X = 1\n" * 400)
    write(tmp_path / "sandbox/page/static/long.js", "let x = 1;\n" * 400)
    write(tmp_path / "tests/long.py", "X = 1\n" * 400)
    assert find_problems(tmp_path) == [
        "workspace/long.py: 400 lines, at most 399",
        "sandbox/page/static/long.js: 400 lines, at most 399",
    ]


def function(name: str, lines: int) -> str:
    return f"def {name}():\n" + "    x = 1\n" * (lines - 1)


def test_median_above_9_lines_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "commands/a.py", function("a", 2) + function("b", 10) + function("c", 11))
    assert find_problems(tmp_path) == ["functions: 10 lines at the median, at most 9"]


def test_95th_percentile_above_30_lines_is_a_problem(tmp_path: Path) -> None:
    """Of twenty functions, one can be longer."""
    short = "".join(function(f"f{number}", 5) for number in range(18))
    write(tmp_path / "bot/a.py", short + function("g", 30) + function("h", 99))
    assert find_problems(tmp_path) == []
    write(tmp_path / "bot/a.py", short + function("g", 31) + function("h", 99))
    assert find_problems(tmp_path) == ["functions: 31 lines at the 95th percentile, at most 30"]


def test_functions_of_the_sandbox_are_measured_apart(tmp_path: Path) -> None:
    """Many short functions of the sandbox don't hide long ones of the bot."""
    write(tmp_path / "bot/a.py", function("a", 10))
    write(tmp_path / "sandbox/a.py", function("a", 2) + function("b", 2))
    assert find_problems(tmp_path) == ["functions: 10 lines at the median, at most 9"]
    write(tmp_path / "bot/a.py", function("a", 2))
    write(tmp_path / "sandbox/a.py", function("a", 10))
    (problem,) = find_problems(tmp_path)
    assert problem.startswith("functions of the sandbox: 10 lines")


def test_nested_functions_and_methods_are_measured() -> None:
    source = "class A:\n    async def a(self):\n        def b():\n            pass\n        b()\n"
    assert sorted(function_lengths(source)) == [2, 4]


def test_generated_code_is_not_measured(tmp_path: Path) -> None:
    write(tmp_path / "teleport_client/_proto/big_pb2.py", "X = 1\n" * 9000)
    assert find_problems(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["", "X = 1\n", '"""No period"""\n', '"""One sentence. And another one."""\n']
)
def test_package_without_a_one_sentence_docstring_is_a_problem(tmp_path: Path, text: str) -> None:
    write(tmp_path / "notifications/__init__.py", text)
    (problem,) = find_problems(tmp_path)
    assert problem.startswith("notifications/__init__.py: start the docstring with one sentence")
