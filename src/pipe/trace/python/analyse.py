"""What a Python file holds, as the tracer of pipe wants it.

Reads lines of JSON, `{"path": ...}` or `{"environment": true}`, and answers each with one line. Nothing of the project is
imported or run. Works with Python 3.9 and later.
"""

import ast
import hashlib
import json
import os
import sys

# Calls at import time that change nothing outside their own result.
QUIET_CALLS = {
    "getLogger", "TypeVar", "ParamSpec", "NewType", "namedtuple", "compile", "Path", "PurePath", "frozenset", "set",
    "tuple", "list", "dict", "float", "int", "str", "bool", "bytes", "range", "field", "auto", "Literal", "Struct",
}
# Names through which code reaches other code that no import or name in it shows.
DYNAMIC = {"globals", "locals", "vars", "eval", "exec", "__dict__", "getmembers", "__getattr__", "modules", "_getframe", "fire"}
# Packages and functions that read docstrings.
DOCUMENTED = {"__doc__", "getdoc", "doctest", "docopt", "fire", "typer", "click"}
RESOURCES = {"importlib.resources", "pkg_resources", "importlib_resources"}


class Item:
    """A statement of the top level: what it means, the names in it and the files that it asks for."""

    def __init__(self, kind, name, node):
        self.kind = kind
        self.name = name
        self.names = set()
        self.imports = []
        self.problems = []
        self.dynamic = False
        self.effects = False
        walk(self, node)
        self.documented = digest(node)
        self.code = digest(without_docstrings(node))

    def json(self):
        return {
            "kind": self.kind,
            "name": self.name,
            "code": self.code,
            "documented": self.documented,
            "names": sorted(self.names),
            "imports": self.imports,
            "problems": self.problems,
            "dynamic": self.dynamic,
            "effects": self.effects,
        }


def digest(node):
    text = ast.dump(node, annotate_fields=False, include_attributes=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Docstrings(ast.NodeTransformer):
    """Takes docstrings out; a body that held nothing else becomes `pass`."""

    def generic_visit(self, node):
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and is_docstring(body):
            node.body = body[1:] or [ast.Pass()]
        return node


def is_docstring(body):
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(
        body[0].value.value, str
    )


def without_docstrings(node):
    # The tree is needed with them as well, so a copy is changed.
    return Docstrings().visit(ast.parse(ast.unparse(ast.Module(body=[node], type_ignores=[])))) if is_statement(node) else node


def is_statement(node):
    return isinstance(node, ast.stmt)


def is_type_checking(test):
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def is_main(test):
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and len(test.comparators) == 1
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
        and isinstance(test.ops[0], ast.Eq)
    )


def dotted(node):
    """`a.b.c` of nested attributes; None where something else is in the way."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join(reversed(parts + [node.id]))


def walk(item, root):
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and is_type_checking(node.test):
            # Never run: what type checkers read is no part of what the stage does.
            node.body = [ast.Pass()]
            stack.extend(node.orelse)
            continue
        look(item, node)
        stack.extend(ast.iter_child_nodes(node))


def look(item, node):
    if isinstance(node, ast.Import):
        for alias in node.names:
            item.imports.append(wanted(node, alias.name, 0, None))
            item.names.add((alias.asname or alias.name).split(".")[0])
            if alias.name in RESOURCES:
                problem(item, node, "data", alias.name)
    elif isinstance(node, ast.ImportFrom):
        names = [alias.name for alias in node.names]
        item.imports.append(wanted(node, node.module or "", node.level, names))
        item.names.update(names)
        item.names.update(alias.asname for alias in node.names if alias.asname)
        if "*" in names:
            item.dynamic = True
        full = node.module or ""
        if full in RESOURCES or (full == "importlib" and "resources" in names) or (full == "pkgutil" and "get_data" in names):
            problem(item, node, "data", full)
    elif isinstance(node, ast.Name):
        item.names.add(node.id)
        if node.id == "__file__":
            problem(item, node, "data", "__file__")
    elif isinstance(node, ast.Attribute):
        item.names.add(node.attr)
        path = dotted(node)
        if path == "sys.path":
            problem(item, node, "path", path)
        if path in ("importlib.resources", "pkgutil.get_data"):
            problem(item, node, "data", path)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        item.names.add(node.value)
    elif isinstance(node, ast.Call):
        call(item, node)
    elif isinstance(node, ast.keyword) and node.arg:
        item.names.add(node.arg)
    if item.names & DYNAMIC:
        item.dynamic = True


def call(item, node):
    name = dotted(node.func) or ""
    last = name.split(".")[-1]
    if last in ("import_module", "__import__"):
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            level = len(first.value) - len(first.value.lstrip("."))
            item.imports.append(wanted(node, first.value.lstrip("."), level, None))
        else:
            problem(item, node, "dynamic-import", name)
    elif last in ("run_path", "run_module", "spec_from_file_location", "SourceFileLoader"):
        problem(item, node, "dynamic-import", name)
    elif last in ("getattr", "hasattr", "methodcaller", "attrgetter"):
        at = 1 if last in ("getattr", "hasattr") else 0
        wanted_name = node.args[at] if len(node.args) > at else None
        if not (isinstance(wanted_name, ast.Constant) and isinstance(wanted_name.value, str)):
            item.dynamic = True


def wanted(node, module, level, names):
    return {"module": module, "level": level, "names": names, "line": node.lineno, "column": node.col_offset + 1}


def problem(item, node, kind, text):
    item.problems.append({"kind": kind, "text": text, "line": node.lineno, "column": node.col_offset + 1})


def has_effects(node):
    """Whether a statement of the top level does more than give names to things."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if isinstance(node, ast.ClassDef):
        return bool(node.decorator_list and not all(quiet(d) for d in node.decorator_list)) or bool(
            [k for k in node.keywords if k.arg == "metaclass"]
        )
    if isinstance(node, (ast.Try, ast.If)):
        parts = list(node.body) + list(node.orelse) + list(getattr(node, "finalbody", []))
        for handler in getattr(node, "handlers", []):
            parts += handler.body
        return any(has_effects(part) for part in parts)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return not all(isinstance(t, (ast.Name, ast.Tuple)) for t in targets) or not quiet(node.value)
    return True


def quiet(node):
    if node is None:
        return True
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and (dotted(one.func) or "").split(".")[-1] not in QUIET_CALLS | {"dataclass"}:
            return False
        if isinstance(one, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            return False
    return True


def is_plain_function(node):
    """A function whose definition does nothing: no decorator, defaults and annotations that call nothing."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.decorator_list:
        return False
    args = node.args
    parts = list(args.defaults) + [d for d in args.kw_defaults if d is not None]
    every = args.posonlyargs + args.args + args.kwonlyargs + [a for a in (args.vararg, args.kwarg) if a]
    parts += [a.annotation for a in every if a.annotation] + ([node.returns] if node.returns else [])
    return not any(isinstance(one, ast.Call) for part in parts for one in ast.walk(part))


def analyse(path):
    with open(path, "rb") as file:
        source = file.read()
    try:
        tree = ast.parse(source, filename=path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {
            "sha256": hashlib.sha256(source).hexdigest(),
            "items": [],
            "error": {
                "message": getattr(error, "msg", None) or str(error) or type(error).__name__,
                "line": getattr(error, "lineno", None) or 1,
                "column": getattr(error, "offset", None) or 1,
            },
        }
    items = []
    body = tree.body
    if is_docstring(body):
        first, body = body[0], body[1:]
        items.append(doc_item(first))
    for node in body:
        if isinstance(node, ast.If) and is_type_checking(node.test) and not node.orelse:
            continue
        kind, name = "other", None
        effects = has_effects(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            kind = "import"
        elif is_plain_function(node):
            kind, name = "function", node.name
        elif isinstance(node, ast.If) and is_main(node.test):
            kind, effects = "main", False
        item = Item(kind, name, node)
        item.effects = effects
        items.append(item)
    return {
        "sha256": hashlib.sha256(source).hexdigest(),
        "items": [item if isinstance(item, dict) else item.json() for item in items],
        "error": None,
    }


def doc_item(node):
    """The module's own docstring: it counts only where something reads docstrings."""
    item = Item("docstring", None, node)
    item.names.clear()
    return item.json()


def environment():
    """The interpreter: its version, the names of its own modules, and what is installed."""
    from importlib import metadata

    installed = {}
    local = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name is None:
            continue
        place = editable_place(distribution)
        for top in top_names(distribution):
            installed.setdefault(top, []).append([name, distribution.version])
            if place:
                local[top] = place
    folders = [os.path.realpath(p) for p in sys.path if p and os.path.isdir(p)]
    return {
        "version": ".".join(str(part) for part in sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "executable": os.path.realpath(sys.executable),
        "prefix": sys.prefix,
        "standard": sorted(getattr(sys, "stdlib_module_names", ()) or builtin_names()),
        "installed": installed,
        "local": local,
        "folders": folders,
    }


def builtin_names():
    """Python 3.9 has no list of its own modules."""
    folder = os.path.dirname(os.__file__)
    names = set(sys.builtin_module_names)
    for place in (folder, os.path.join(folder, "lib-dynload")):
        for entry in os.listdir(place) if os.path.isdir(place) else []:
            if entry != "site-packages":
                names.add(entry.split(".")[0])
    return names


def top_names(distribution):
    text = distribution.read_text("top_level.txt")
    if text:
        return [line.strip() for line in text.splitlines() if line.strip()]
    names = set()
    for file in distribution.files or []:
        parts = file.parts
        if parts and parts[0].endswith((".dist-info", ".data", ".egg-info")) or parts[0] in ("..", "__pycache__", "bin"):
            continue
        name = parts[0].split(".")[0] if len(parts) == 1 else parts[0]
        if name.isidentifier():
            names.add(name)
    return sorted(names) or [distribution.metadata["Name"].replace("-", "_")]


def editable_place(distribution):
    """Where the sources of an editable install stand; None for one that was copied."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return None
    url = json.loads(text)
    if not url.get("dir_info", {}).get("editable") or not url.get("url", "").startswith("file://"):
        return None
    from urllib.parse import unquote, urlparse

    return unquote(urlparse(url["url"]).path)


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("environment"):
            answer = environment()
        else:
            try:
                answer = analyse(request["path"])
            except OSError as error:
                answer = {"sha256": "", "items": [], "error": {"message": str(error), "line": 1, "column": 1}}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
