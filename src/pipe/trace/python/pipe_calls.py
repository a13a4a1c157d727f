"""Calls that import, run a text or reach an attribute by its name. Part of an item."""

import ast

from pipe_bindings import chain_of
from pipe_rules import CODE_RUNNERS, IMPORTERS


class Calls:
    def call(self, node):
        parts = chain_of(node.func)
        last = parts[-1] if parts else getattr(node.func, "attr", "")
        full = self.bindings.full_names(parts) if parts else set()
        first = node.args[0] if node.args else None
        if full & IMPORTERS or last in ("import_module", "__import__"):
            self.seen.add(id(node.func))
            self.names.update(parts or [last])
            self.import_call(node, first, ".".join(parts or [last]))
        elif full & CODE_RUNNERS:
            self.seen.add(id(node.func))
            self.code_call(node, first, ".".join(parts))
        elif full & {"builtins.getattr", "builtins.hasattr", "builtins.setattr", "builtins.delattr"}:
            self.seen.add(id(node.func))
            self.attribute_call(node)
        elif last in ("methodcaller", "attrgetter", "eval", "query", "evaluate") and first is not None:
            if not is_text(first):
                self.flags.add("dynamic")
        elif parts:
            # What is called is no module.
            self.seen.add(id(node.func))
            before = len(self.values)
            self.chain(node.func)
            del self.values[before:]
        if "allow_pickle" in {keyword.arg for keyword in node.keywords}:
            self.flags.add("dynamic")

    def attribute_call(self, node):
        """`getattr(x, 'name')` is `x.name`; with another name than a text it may be any attribute of what `x` is."""
        if len(node.args) < 2:
            self.flags.add("dynamic")
            return
        of, name = node.args[:2]
        parts = chain_of(of)
        if is_text(name):
            if parts:
                self.seen.add(id(of))
                for part in parts:
                    self.named(of, part)
                full = ast.Attribute(of, name.value, ast.Load(), lineno=node.lineno, col_offset=node.col_offset)
                self.chain(full)
        elif not parts or not (parts[0] in self.bindings.modules or parts[0] in self.bindings.members):
            self.flags.add("dynamic")

    def import_call(self, node, first, text):
        if not is_text(first) or any(isinstance(one, ast.Starred) for one in node.args):
            self.problem(node, "dynamic-import", text)
            return
        self.flags.add("dynamic")
        level = len(first.value) - len(first.value.lstrip("."))
        module, names = first.value.lstrip("."), None
        given = dict(zip(["name", "globals", "locals", "fromlist", "level"], node.args)) if "__import__" in text else {}
        if "__import__" not in text:
            given = dict(zip(["name", "package"], node.args))
        given.update({keyword.arg: keyword.value for keyword in node.keywords})
        package = given.get("package")
        if is_text(package) and level > 0:
            above = package.value.split(".")
            module = ".".join(above[: len(above) - level + 1] + ([module] if module else []))
            level = 0
        elif level > 0 and not (isinstance(package, ast.Name) and package.id in ("__package__", "__name__")):
            self.problem(node, "dynamic-import", text)
        if "fromlist" in given or "level" in given:
            try:
                names = [str(name) for name in ast.literal_eval(given.get("fromlist", ast.Tuple([], ast.Load()))) or ()]
                level = int(ast.literal_eval(given.get("level", ast.Constant(0))))
            except (ValueError, TypeError):
                self.problem(node, "dynamic-import", text)
        if None in given:
            self.problem(node, "dynamic-import", text)
        self.imported(node, module, level, names)

    def code_call(self, node, first, text):
        """`exec('import lib')`: a text is read as code."""
        self.flags.add("dynamic")
        if not is_text(first):
            self.problem(node, "dynamic-code", text)
            return
        try:
            tree = ast.parse(first.value.strip())
        except (SyntaxError, ValueError):
            return
        for one in ast.walk(tree):
            self.bindings.bind(one)
        for one in tree.body:
            for inner in ast.walk(one):
                if hasattr(inner, "lineno"):
                    inner.lineno, inner.col_offset = node.lineno, node.col_offset
        self.has_docstrings, before = False, self.has_docstrings
        self.walk(tree)
        self.has_docstrings = before


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
