"""Files and messages are parsed as data: nothing in the program runs what it reads."""

import ast

import pytest
from places import ROOT

SOURCES = sorted(
    path for part in ("pipeline", "daemon", "tools") for path in (ROOT / part).rglob("*.py")
)
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {"recv_pyobj", "send_pyobj", "unsafe_load"}


def faults(tree: ast.AST):
    """Yield what in a module could run data."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield node.module
        elif isinstance(node, ast.Call):
            yield from _call_faults(node)


def _call_faults(call: ast.Call):
    name = ast.unparse(call.func)
    settings = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in CALLS or name.split(".")[-1] in METHODS:
        yield name
    if name == "torch.load":
        yield name
    if name in ("np.load", "numpy.load") and settings.get("allow_pickle", "False") != "False":
        yield name
    if settings.get("shell") == "True":
        yield f"{name} with a shell"


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unpickles_or_evaluates(path):
    assert list(faults(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "np.load(f, allow_pickle=True)",
        "torch.load(f)",
        "socket.recv_pyobj()",
        "eval(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_search_finds_each_kind(line):
    assert list(faults(ast.parse(line)))
