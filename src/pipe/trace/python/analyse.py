"""What a Python file holds, as the tracer of pipe wants it.

Reads lines of JSON, `{"path": ...}` or `{"environment": true}`, and answers each with one line. Nothing of the project is
imported or run. Works with Python 3.9 and later.
"""

import sys

# Modules of Python's own only, and ours: PYTHONPATH may lead to files of the project that have their names.
searched, own = sys.path[1:], sys.path[0]
places = (sys.base_prefix, sys.base_exec_prefix)
sys.path[:] = [path for path in searched if path.startswith(places) and "-packages" not in path] + [own]
sys.dont_write_bytecode = True

import ast  # noqa: E402
import hashlib  # noqa: E402
import json  # noqa: E402
import threading  # noqa: E402

from pipe_bindings import Bindings, chain_of, is_docstring, nodes_of  # noqa: E402
from pipe_item import Item  # noqa: E402
from pipe_rules import PLAIN_TYPES, QUIET_CALLS  # noqa: E402

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_main(node):
    """`if __name__ == '__main__':` and nothing else."""
    test = node.test
    return (
        not node.orelse
        and isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and len(test.comparators) == 1
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
        and isinstance(test.ops[0], ast.Eq)
    )


def has_effects(node, bindings):
    """Whether a statement of the top level does more than give names to things."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass, *FUNCTIONS)):
        return not all(quiet(one) for one in getattr(node, "decorator_list", ()))
    if isinstance(node, ast.ClassDef):
        parts = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        return (
            not all(quiet(part) for part in parts)
            or any(keyword.arg == "metaclass" for keyword in node.keywords)
            or any(has_effects(part, bindings) for part in node.body)
        )
    if isinstance(node, ast.If) and bindings.is_type_checking(node.test):
        return any(has_effects(part, bindings) for part in node.orelse)
    if isinstance(node, (ast.Try, ast.If)):
        parts = list(node.body) + list(node.orelse) + list(getattr(node, "finalbody", []))
        for handler in getattr(node, "handlers", []):
            parts += handler.body
        return any(has_effects(part, bindings) for part in parts) or not quiet(getattr(node, "test", None))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return not all(isinstance(t, (ast.Name, ast.Tuple)) for t in targets) or not quiet(node.value)
    return True


def quiet(node):
    if node is None:
        return True
    for one in nodes_of(node):
        if isinstance(one, ast.Call):
            parts = chain_of(one.func)
            if parts is None or parts[-1] not in QUIET_CALLS and parts != ["re", "compile"]:
                return False
        if isinstance(one, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            return False
    return True


def is_plain_function(node, bindings):
    """A function whose definition cannot do or fail at anything, and that Python itself never looks for by its name."""
    if not isinstance(node, FUNCTIONS) or node.decorator_list or "__" in node.name or getattr(node, "type_params", None):
        return False
    args = node.args
    if not all(is_plain_value(one) for one in [*args.defaults, *args.kw_defaults]):
        return False
    if bindings.is_annotations_late():
        return True
    every = args.posonlyargs + args.args + args.kwonlyargs + [a for a in (args.vararg, args.kwarg) if a]
    return all(is_plain_type(one, bindings) for one in [*(a.annotation for a in every), node.returns])


def is_plain_value(node):
    if node is None or isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) and is_number(node.operand.value)
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(is_plain_value(one) for one in node.elts)
    return isinstance(node, ast.Dict) and not node.keys


def is_number(value):
    return isinstance(value, (int, float, complex)) and not isinstance(value, bool)


def is_plain_type(node, bindings):
    if node is None or isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str)):
        return True
    if isinstance(node, ast.Subscript):
        return is_plain_type(node.value, bindings) and is_plain_type(node.slice, bindings)
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(is_plain_type(one, bindings) for one in node.elts)
    parts = chain_of(node)
    if parts is None or parts[0] in bindings.others:
        return False
    if parts[0] in bindings.modules or parts[0] in bindings.members:
        return not any(level for _, level, _ in bindings.members.get(parts[0], ()))
    return len(parts) == 1 and parts[0] in PLAIN_TYPES


def kind_of(node, bindings):
    """Its kind, the name by which it is reached, and how messages call it."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "import", None, "imports"
    if is_plain_function(node, bindings):
        return "function", node.name, "function " + node.name
    if isinstance(node, FUNCTIONS):
        return "other", None, "function " + node.name
    if isinstance(node, ast.ClassDef):
        return "other", None, "class " + node.name
    if isinstance(node, ast.If) and is_main(node) and "__name__" not in bindings.others:
        return "main", None, "__main__"
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        return "other", None, target.id if isinstance(target, ast.Name) else None
    return "other", None, None


def exported(body, source):
    """The texts of `__all__`, and whether more may be in it; None: there is none."""
    # Python takes other letters for these: only where there are none is the text enough.
    if b"__all__" not in source and source.isascii():
        return None
    names, found, is_open = [], False, False
    for node in body:
        mentions = [one for one in nodes_of(node) if isinstance(one, ast.Name) and one.id == "__all__"]
        if not mentions:
            continue
        found = True
        for one in nodes_of(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                names.append(one.value)
            elif isinstance(one, ast.Name) and one.id != "__all__" or isinstance(one, (ast.BinOp, ast.JoinedStr)):
                is_open = True
    return {"names": names, "open": is_open} if found else None


def analyse(path):
    with open(path, "rb") as file:
        source = file.read()
    sha256 = hashlib.sha256(source).hexdigest()
    try:
        body = ast.parse(source, filename=path).body
        bindings = Bindings(ast.Module(body=body, type_ignores=[]))
        items = []
        if is_docstring(body):
            items.append(docstring_item(body[0], bindings))
            body = body[1:]
        for node in body:
            if isinstance(node, ast.If) and bindings.is_type_checking(node.test) and not node.orelse:
                continue
            item = Item(*kind_of(node, bindings), node, bindings)
            if item.kind != "main" and has_effects(node, bindings):
                item.flags.add("effects")
            items.append(item.json())
        return {"sha256": sha256, "items": items, "all": exported(body, source), "error": None}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = getattr(error, "msg", None) or str(error) or type(error).__name__
        place = {"line": getattr(error, "lineno", None) or 1, "column": getattr(error, "offset", None) or 1}
        return {"sha256": sha256, "items": [], "all": None, "error": {"message": message, **place}}


def docstring_item(node, bindings):
    """The module's own docstring: it counts only where something reads docstrings."""
    item = Item("docstring", None, "docstring", node, bindings)
    item.names.clear()
    item.texts.clear()
    item.flags.clear()
    item.problems.clear()
    return item.json()


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("environment"):
            from pipe_interpreter import environment

            answer = environment(searched)
        else:
            try:
                answer = analyse(request["path"])
            except OSError as error:
                failed = {"message": str(error), "line": 1, "column": 1}
                answer = {"sha256": "", "items": [], "all": None, "error": failed}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


# A stack that deep expressions fit into.
sys.setrecursionlimit(20000)
threading.stack_size(256 * 1024 * 1024)
thread = threading.Thread(target=main)
thread.start()
thread.join()
