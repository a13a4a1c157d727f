"""What a statement of Python means, which names are in it, and what in it cannot be followed."""

import ast
import re

from pipe_bindings import HOLDS_DOCSTRING, chain_of, children, is_docstring
from pipe_calls import Calls
from pipe_digest import digest
from pipe_rules import (
    CODE_RUNNERS,
    CRITICAL_MODULES,
    DOC_ATTRIBUTES,
    DOC_CALLS,
    DOC_MODULES,
    DYNAMIC,
    DYNAMIC_ATTRIBUTES,
    DYNAMIC_MODULES,
    IMPORTERS,
    PROBLEM_ATTRIBUTES,
    PROBLEM_MODULES,
    PROBLEMS,
    SOURCE_ATTRIBUTES,
    SOURCE_CALLS,
    SOURCE_MODULES,
)

NAME = re.compile(r"[^\W\d]\w*")
DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
SCRIPT = re.compile(r"[\w./-]+\.py")


class Item(Calls):
    """A statement of the top level: what it means, the names in it and the files that it asks for."""

    def __init__(self, kind, name, label, node, bindings):
        self.kind = kind
        self.name = name
        self.label = label
        self.bindings = bindings
        self.names = set()
        self.imports = []
        self.problems = []
        self.values = []
        self.texts = set()
        self.flags = set()
        # Parts of what was understood as a whole.
        self.seen = set()
        self.has_docstrings = False
        self.walk(node)
        self.code = digest(node, bindings, False)
        self.documented = digest(node, bindings, True) if self.has_docstrings else self.code

    def json(self):
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            "code": self.code,
            "documented": self.documented,
            "names": sorted(self.names - {""}),
            "imports": self.imports,
            "values": [list(one) for one in sorted(set(self.values))],
            "texts": sorted(self.texts),
            "problems": self.problems,
            "flags": sorted(self.flags),
        }

    def walk(self, root):
        stack = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.If) and self.bindings.is_type_checking(node.test):
                # Never run: what type checkers read is no part of what the stage does.
                stack.extend(node.orelse)
                continue
            if id(node) not in self.seen:
                self.look(node)
            below = children(node)
            if isinstance(node, HOLDS_DOCSTRING) and is_docstring(node.body):
                self.has_docstrings = True
                below = [child for child in below if child is not node.body[0]]
            # The parts of a chain are looked at with its outermost one.
            if isinstance(node, ast.Attribute) and chain_of(node) is not None:
                continue
            stack.extend(below)

    def look(self, node):
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imported(node, alias.name, 0, None)
                self.names.update(alias.name.split("."), [alias.asname or ""])
        elif isinstance(node, ast.ImportFrom):
            self.imported_from(node)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            self.chain(node)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                self.text(node, node.value)
        elif isinstance(node, ast.Call):
            self.call(node)
        elif isinstance(node, ast.keyword):
            self.named(node, node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self.names.update(node.names)
        elif isinstance(node, ast.Subscript):
            self.subscript(node)
        for name in getattr(node, "kwd_attrs", ()):
            self.names.add(name)

    def imported(self, node, module, level, names):
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.imports.append({"module": module, "level": level, "names": names, "line": line, "column": column})
        if level > 0:
            return
        for one in prefixes(module):
            if one in DYNAMIC_MODULES:
                self.flags.add("dynamic")
            if one in DOC_MODULES:
                self.flags.add("docs")
            if one in SOURCE_MODULES:
                self.flags.add("source")
            if one in PROBLEM_MODULES:
                self.problem(node, PROBLEM_MODULES[one], one)

    def imported_from(self, node):
        module = node.module or ""
        names = [alias.name for alias in node.names]
        self.imported(node, module, node.level, names)
        self.names.update(module.split("."), names, [alias.asname or "" for alias in node.names])
        if "*" in names:
            self.flags.add("dynamic")
        if node.level > 0:
            return
        for alias in node.names:
            full = module + "." + alias.name
            if full in PROBLEM_MODULES:
                self.problem(node, PROBLEM_MODULES[full], full)
            elif full in IMPORTERS | CODE_RUNNERS:
                # Under its own name it is seen where it is called.
                if alias.asname not in (None, alias.name):
                    self.problem(node, "dynamic-import" if full in IMPORTERS else "dynamic-code", full)
            else:
                self.meant(node, full)

    def chain(self, node):
        """A name with its attributes, used as a value."""
        if isinstance(node, ast.Attribute):
            self.named(node, node.attr)
        parts = chain_of(node)
        if parts is None:
            return
        for part in parts:
            self.named(node, part)
        if len(parts) > 1 and parts[-1] == "TYPE_CHECKING" and not isinstance(node.ctx, ast.Load):
            self.problem(node, "dynamic-code", ".".join(parts))
        for full in self.bindings.full_names(parts):
            self.meant(node, full)
            if full in IMPORTERS:
                self.problem(node, "dynamic-import", ".".join(parts))
            elif full in CODE_RUNNERS:
                self.problem(node, "dynamic-code", ".".join(parts))
            elif full in CRITICAL_MODULES:
                self.problem(node, "passed-on", full)
        self.value(parts)

    def value(self, parts):
        """A module that is passed on may be looked through by whoever gets it."""
        root, rest = parts[0], parts[1:]
        for module in self.bindings.modules.get(root, ()):
            self.values.append((module, 0, ".".join(rest)))
        for module, level, name in self.bindings.members.get(root, ()):
            self.values.append((module, level, ".".join([name, *rest])))

    def meant(self, node, full):
        """`full`: a name of Python's own modules, perhaps by way of another module that has it, or of no interest."""
        parts = full.split(".")
        for start in range(len(parts)):
            for one in prefixes(".".join(parts[start:])):
                if one in PROBLEMS:
                    self.problem(node, PROBLEMS[one], one)
                    return
                if one in DYNAMIC:
                    self.flags.add("dynamic")
                if one in DOC_CALLS:
                    self.flags.add("docs")
                if one in SOURCE_CALLS:
                    self.flags.add("source")

    def named(self, node, name):
        if name is None:
            return
        self.names.add(name)
        if name in DYNAMIC_ATTRIBUTES:
            self.flags.add("dynamic")
        if name in DOC_ATTRIBUTES:
            self.flags.add("docs")
        if name in SOURCE_ATTRIBUTES:
            self.flags.add("source")
        if name in PROBLEM_ATTRIBUTES:
            self.problem(node, PROBLEM_ATTRIBUTES[name], name)

    def text(self, node, text):
        """A text may be looked up as a name, start a script or name a module."""
        if text.isidentifier():
            self.named(node, text)
            return
        self.names.update(NAME.findall(text))
        if "lineno" in self.names:
            self.flags.add("source")
        if SCRIPT.fullmatch(text) or DOTTED.fullmatch(text):
            self.texts.add(text)

    def subscript(self, node):
        parts = chain_of(node.value)
        index = node.slice
        if parts and isinstance(index, ast.Constant) and index.value == 0:
            if "sys.argv" in self.bindings.full_names(parts):
                self.problem(node, "data", "sys.argv[0]")

    def problem(self, node, kind, text):
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        found = {"kind": kind, "text": text, "line": line, "column": column}
        if found not in self.problems:
            self.problems.append(found)


def prefixes(dotted):
    parts = dotted.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
