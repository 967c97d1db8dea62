"""Count word groups that make prose hard to read, and fail above their limits.

Technical English names its subjects, negates verbs and avoids idioms. A high rate of the words in
`GROUPS` shows sentences that do otherwise: `whoever asks is told` instead of `the requester gets a
DM`. Rates are hits per 1,000 words, for each kind of text over the whole repository: comments with
docstrings, string texts, Markdown and test names. Code in backticks and addresses don't count. The
texts of HTML templates count as string texts, as do those of scripts.

`--files N` also lists the N files with the most hits above the limits.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
GROUPS = {
    "what": ("what(?:ever)?", "who(?:m|ever|mever|se)?", "whichever"),
    "people": ("(?:some|any|every|no)(?:body|one)", "people"),
    "say": ("says?", "said", "saying", "tells?", "told", "telling", "hears?", "heard"),
    "stiff": (
        *("gives?", "anew", "all the same", "for ever", "by (?:it|them)sel(?:f|ves)"),
        *("in the place of", "once more", "meanwhile", "hand(?:s|ed|ing)? in"),
        *("c[ao]mes? to nothing", "troubles?", "cures?", "shall", "mend(?:s|ed|ing)?", "owed"),
        *("ran out", "runs? out", "stands? (?:for|in|still)", "so (?:many|much|long)"),
        *("lets? go", "under way", "is no", "are no", "as well"),
    ),
}
"""Patterns of words and idioms, by group."""
LIMITS = {"what": 3.0, "people": 1.0, "say": 2.0, "stiff": 3.0}
"""Hits per 1,000 words."""
KINDS = ("comments", "strings", "markdown", "test names")
_WORDS = "words"
_MIN_STRING_WORDS = 3
"""Shorter strings are names and keys."""
_PATTERNS = {
    name: re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE) for name, words in GROUPS.items()
}
_NOT_PROSE = re.compile(r"#!|#\s*(?:noqa|type:|fmt:|pragma|ruff:|mypy:|-{5})")
_CODE = re.compile(r"```.*?```|``?[^`]*``?|<!--.*?-->|https?://\S+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019-]*")
_SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
_SCRIPT_STRING = re.compile(r"""["`]([^"`\n]*)["`]""")
_TEMPLATE_COMMENT = re.compile(r"\{#(.*?)#\}", re.DOTALL)
_TEMPLATE_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)
_SKIPPED = {"_proto", "build", "dist"}


def count_files(root: Path) -> Iterator[tuple[str, Path, Counter[str]]]:
    """Yield the counts of each kind of text in each file."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if any(part in _SKIPPED or part.startswith(".") for part in parts):
            continue
        if path.suffix in _READERS:
            for kind, text in _texts(path).items():
                yield kind, path, count(text)


def count(text: str) -> Counter[str]:
    """Count the words of a text and the hits of each group."""
    plain = _CODE.sub(" ", text)
    hits = Counter({name: len(found.findall(plain)) for name, found in _PATTERNS.items()})
    return hits + Counter({_WORDS: len(_WORD.findall(plain))})


def rates(counts: Counter[str]) -> Mapping[str, float]:
    """Return hits per 1,000 words by group."""
    return {name: counts[name] * 1000 / max(1, counts[_WORDS]) for name in GROUPS}


def find_problems(totals: Mapping[str, Counter[str]]) -> list[str]:
    """Return a line for each rate above its limit."""
    return [
        f"{kind}: {rate:.1f} of the group '{group}' per 1,000 words, at most {LIMITS[group]:g}"
        for kind, counts in totals.items()
        for group, rate in rates(counts).items()
        if rate > LIMITS[group]
    ]


def _texts(path: Path) -> dict[str, str]:
    return _READERS[path.suffix](path.read_text(encoding="utf-8"))


def _markdown_texts(source: str) -> dict[str, str]:
    return {"markdown": source}


def _python_texts(source: str) -> dict[str, str]:
    nodes = list(ast.walk(ast.parse(source)))
    docs = [node.value for node in nodes if isinstance(node, ast.Expr) and _text(node.value)]
    names = [
        node.name.removeprefix("test_").replace("_", " ")
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]
    strings = _strings(nodes, docs)
    return {
        "comments": "\n".join([*map(_text, docs), *_comments(source)]),
        "strings": "\n".join(text for text in strings if len(text.split()) >= _MIN_STRING_WORDS),
        "test names": "\n".join(names),
    }


def _script_texts(source: str) -> dict[str, str]:
    """Return the texts of a script or a style sheet."""
    comments = _SCRIPT_COMMENT.findall(source)
    strings = _SCRIPT_STRING.findall(_SCRIPT_COMMENT.sub("", source))
    return {
        "comments": "\n".join(comment.strip("/* ") for comment in comments),
        "strings": "\n".join(text for text in strings if len(text.split()) >= _MIN_STRING_WORDS),
    }


def _template_texts(source: str) -> dict[str, str]:
    comments = _TEMPLATE_COMMENT.findall(source)
    return {"comments": "\n".join(comments), "strings": _TEMPLATE_CODE.sub("\n", source)}


def _strings(nodes: list[ast.AST], docs: list[ast.expr]) -> list[str]:
    """Return all strings but docstrings; a formatted string is one text."""
    formatted = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in formatted for part in ast.walk(node)} | {id(doc) for doc in docs}
    plain = [_text(node) for node in nodes if id(node) not in parts]
    return plain + [" … ".join(filter(None, map(_text, node.values))) for node in formatted]


def _comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not _NOT_PROSE.match(token.string):
            yield token.string.lstrip("# ")


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _excess(counts: Counter[str]) -> float:
    """Return the hits above the limits."""
    words = counts[_WORDS] / 1000
    return sum(max(0.0, counts[group] - limit * words) for group, limit in LIMITS.items())


def _print_row(name: str, counts: Counter[str]) -> None:
    figures = "".join(f"{rate:8.1f}" for rate in rates(counts).values())
    print(f"{name:12}{counts[_WORDS]:8}{figures}")


_READERS = {
    ".py": _python_texts,
    ".md": _markdown_texts,
    ".js": _script_texts,
    ".css": _script_texts,
    ".html": _template_texts,
}
"""Readers of texts, by kind, for the suffix of a file."""


def main(root: Path = ROOT) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=0, metavar="N")
    shown = parser.parse_args().files
    counted = list(count_files(root))
    totals = {kind: Counter[str]() for kind in KINDS}
    for kind, _, counts in counted:
        totals[kind] += counts
    print(f"{'':12}{_WORDS:>8}" + "".join(f"{name:>8}" for name in GROUPS))
    for kind, counts in totals.items():
        _print_row(kind, counts)
    for kind, path, counts in sorted(counted, key=lambda each: -_excess(each[2]))[:shown]:
        print(f"{_excess(counts):6.0f} {kind:10} {path.relative_to(root)}")
    if problems := find_problems(totals):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
