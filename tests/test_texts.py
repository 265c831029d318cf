"""Every text is there in every language, and none stands in the code.

``python -m tests.test_texts FILE …`` lists what stands in these files.
"""

import ast
import re
import sys
from pathlib import Path

import pytest

from engine.texts import LANGUAGES, texts

ROOT = Path(__file__).parents[1]
PYTHON = [
    path for folder in ("app", "engine/charts", "engine/reports") for path in sorted((ROOT / folder).rglob("*.py"))
]
SCRIPTS = [path for folder in ("app", "engine") for path in sorted((ROOT / folder).rglob("*.js"))]
# Files that say nothing to a reader of pages: messages of a log, of other programs, and before a page is there.
_UNREAD = {f"app/{name}.py" for name in ("server", "metrics", "endpoints", "access")} | {"app/components/uploads.py"}
# What only looks like a text: names in the store, of types, of keys on a keyboard, of places in plotly.
_NO_TEXT = {
    "Kindred", "CelebA, TAG affinity (published)", "generated labels", "learning curves", "Value", "Vary", "Enter",
    "everything known", "top center", "bottom center", "bottom right", "Escape", "Home", "End", "use strict",
}  # fmt: skip
_SAID = re.compile(r"[A-Za-z]{2,}[,.:;]? [A-Za-z]{2,}|^[A-Z][a-z]+$|[A-Za-z]{3,}\.$")
_CODE = re.compile(r"[<>;=]|%[{]|kindred-|^[a-z_.]+\.$|^\(.*: .*\)$|^(px|border-|linear-gradient)")
_NAMED = re.compile(r"{(\w+)")


def _is_text(said: str) -> bool:
    return bool(_SAID.search(said)) and not _CODE.search(said) and said not in _NO_TEXT


def hardcoded(path: Path) -> list[tuple[int, str]]:
    """Lines and texts in a Python file that a reader would be told, whatever the language. What is raised is an
    error's sentence, which is not translated; a constant in capitals called ``SNIPPET`` or ``CSS`` is code."""
    tree = ast.parse(path.read_text("utf-8"))
    spared: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            spared |= {id(each.value) for each in node.body if isinstance(each, ast.Expr)}
        if isinstance(node, ast.Raise | ast.Assert) or (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and re.search(r"SNIPPET|CSS|BOOTSTRAP|HTML|SCRIPT", node.targets[0].id)
        ):
            spared |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("compile", "html"):
            spared |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.Subscript):  # a key
            spared |= {id(each) for each in ast.walk(node.slice)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in spared
        and _is_text(node.value)
    ]


def hardcoded_in_script(path: Path) -> list[tuple[int, str]]:
    """The same of a JavaScript file, in which comments and errors of the console are spared."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        code = re.sub(r"(^|\s)//.*$|/\*.*?(\*/|$)|^\s*\*.*$", "", line)
        for quoted in re.findall(r'"([^"]*)"|`([^`]*)`', code):
            said = re.sub(r"\$\{[^}]*\}", "", "".join(quoted))
            if _is_text(said) and not re.search(r"Error\(|console\.", code):
                found.append((number, said))
    return found


@pytest.mark.parametrize("which", [name for name in LANGUAGES if name != "en"])
def test_every_language_has_the_same_texts_which_name_the_same_values(which):
    english, other = (
        {key: value for key, value in texts(each).items() if not key.startswith("catalog.")} for each in ("en", which)
    )
    assert set(english) == set(other)
    for key, value in english.items():
        assert _values(value) == _values(other[key]), key


def _values(value):
    return set(_NAMED.findall(value)) if isinstance(value, str) else set(_NAMED.findall(value["other"]))


def test_every_text_is_used():
    code = "\n".join(
        path.read_text("utf-8")
        for folder in ("app", "engine")
        for kind in ("py", "js")
        for path in (ROOT / folder).rglob(f"*.{kind}")
    )
    pieces = set(re.findall(r"[A-Za-z0-9_.]+", code))
    begun = tuple(piece for piece in pieces if piece.endswith(("_", ".")) and len(piece) > 1)

    def used(key: str) -> bool:
        """Whether the key, or its end in a script, is written, or begins like one that is put together."""
        whole = [key, key.removesuffix("_help")]  # of an input of that name
        ends = [".".join(each.split(".")[place:]) for each in whole for place in range(key.count(".") + 1)]
        return any(end in pieces for end in ends) or any(end.startswith(begun) for end in ends)

    assert not [key for key in texts("en") if not used(key)]


@pytest.mark.parametrize("path", [path for path in PYTHON if str(path.relative_to(ROOT)) not in _UNREAD], ids=str)
def test_no_text_stands_in_the_code(path):
    assert not hardcoded(path)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_stands_in_a_script(path):
    assert not hardcoded_in_script(path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for line, said in (hardcoded_in_script if name.endswith(".js") else hardcoded)(Path(name)):
            print(f"{name}:{line}: {said[:100]!r}")
