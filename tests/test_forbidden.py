"""What no file of Kindred may do: unpickle, run text as code, or let a shell, or a reader that unpickles, at a file."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for room in ("app", "engine") for path in (ROOT / room).rglob("*.py"))

# multiprocessing, concurrent.futures and clients in processes pickle what goes from a process to its own child and
# back, through pipes that no other process can reach; none of them reads a file.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml", "jsonpickle", "runpy"}
NAMES = {"eval", "exec", "compile", "__import__"}
METHODS = {
    "read_pickle", "to_pickle", "read_hdf", "HDFStore", "read_html", "read_xml", "read_excel", "memmap",
    "fromregex", "genfromtxt", "loadtxt", "system", "popen", "execfile", "unsafe_load",
}  # fmt: skip
# Modules are imported by name only where the name is a constant, or comes from Kindred's own tables of names.
IMPORTERS = {
    "engine/catalog.py": "names of the catalog; one's own module:function is for the command line",
    "engine/__init__.py": "what it offers, by a constant table",
    "engine/grouping/solving.py": "solvers of the catalog",
    "engine/runs/worker.py": "sessions in KINDS",
    "engine/tracking/lightning.py": "one of two packages",
    "app/components/datasets.py": "data sets of the catalog that are read from disk",
}


def calls(path: Path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def owner(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def given(call: ast.Call, name: str):
    return next((ast.literal_eval(each.value) for each in call.keywords if each.arg == name), None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_unpickles_or_runs_text(path):
    where = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        imported = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in imported} & MODULES, f"line {node.lineno}"
    for call in calls(path):
        name, of = called(call), owner(call)
        line = f"line {call.lineno}: {ast.unparse(call)[:80]}"
        assert name not in METHODS, line
        assert not (name in NAMES and of in ("", "builtins")), line
        assert given(call, "allow_pickle") in (None, False) and not given(call, "shell"), line
        assert not given(call, "unsafe_allow_html"), line
        if of == "torch" and name == "load":
            assert given(call, "weights_only") is True, line
        if of in ("np", "numpy") and name in ("load", "savez", "save"):
            assert given(call, "allow_pickle") is False, line
        if name == "import_module" and not isinstance(call.args[0], ast.Constant):
            assert where in IMPORTERS, line


def test_what_is_looked_for_is_found():
    found = ast.parse("torch.load(x)\npd.read_pickle(y)\neval('1')\nnp.load(z)").body
    assert [called(each.value) for each in found] == ["load", "read_pickle", "eval", "load"]
    assert [owner(each.value) for each in found] == ["torch", "pd", "", "np"]
