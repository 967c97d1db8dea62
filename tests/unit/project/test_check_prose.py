"""The prose script counts each kind of text and reports rates above the limits."""

from collections import Counter
from pathlib import Path

import pytest

from scripts import check_prose
from scripts.check_prose import KINDS, count, count_files, find_problems

GOOD = "The requester gets a message when a reviewer approves the access request. " * 20


@pytest.mark.parametrize(
    ("word", "group"),
    [("whoever", "what"), ("nobody", "people"), ("told", "say"), ("anew", "stiff")],
)
def test_each_group_is_limited(word: str, group: str) -> None:
    """One hit in 240 words is more than 3 in 1,000."""
    counts = count(f"{GOOD} {word}")
    assert {name for name in check_prose.GROUPS if counts[name]} == {group}
    (problem,) = find_problems({"comments": counts})
    assert problem.startswith(f"comments: 4.1 of the group '{group}' per 1,000 words")


def test_rate_at_the_limit_is_not_a_problem() -> None:
    assert find_problems({"strings": Counter(words=1000, what=3, people=1, say=2, stiff=3)}) == []
    assert len(find_problems({"strings": Counter(words=999, what=3)})) == 1


def test_each_kind_of_text_is_counted_for_itself(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        '"""Docstring words."""\n'
        "def test_two_names():  # comment\n"
        "    return f'one two {3} four', 'short one'\n"
    )
    (tmp_path / "a.md").write_text("Text with `code` and\n```\nmore code\n```\n")
    counted = Counter[str]()
    for kind, _, counts in count_files(tmp_path):
        counted[kind] += counts["words"]
    assert counted == {"comments": 3, "strings": 3, "test names": 2, "markdown": 3}
    assert set(counted) == set(KINDS)


def test_scripts_styles_and_templates_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(
        '// One comment.\nconst text = "three words here"; /* two words */\n'
        'open("https://example.com/a");\n'
    )
    (tmp_path / "a.css").write_text("/* Another comment. */\np { color: red; }\n")
    (tmp_path / "a.html").write_text(
        '{# Hidden words. #}\n<p title="x">{% if a %}Shown to {{ name }}{% endif %}</p>\n'
    )
    counted = Counter[str]()
    for kind, _, counts in count_files(tmp_path):
        counted[kind] += counts["words"]
    assert counted == {"comments": 8, "strings": 5}


def test_generated_and_hidden_files_are_skipped(tmp_path: Path) -> None:
    for folder in ("_proto", ".venv/lib"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.md").write_text("Whoever is told.")
    assert list(count_files(tmp_path)) == []


def test_script_fails_above_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["check_prose.py", "--files", "1"])
    (tmp_path / "a.md").write_text(GOOD)
    check_prose.main(tmp_path)
    (tmp_path / "a.md").write_text(f"{GOOD} Somebody {GOOD}")
    with pytest.raises(SystemExit) as ended:
        check_prose.main(tmp_path)
    assert "markdown: 2.1 of the group" in str(ended.value)
    assert "markdown   a.md" in capsys.readouterr().out
