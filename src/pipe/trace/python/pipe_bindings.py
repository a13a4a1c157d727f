"""What the names of a file stand for."""

import ast

HOLDS_DOCSTRING = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
TYPING = {"typing", "typing_extensions"}


def children(node):
    """As ast.iter_child_nodes, in a third of its time, and without what says only whether a name is read or written."""
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            found.append(value)
    return found


def nodes_of(root):
    """It and all below it."""
    nodes = [root]
    # It grows while it is walked.
    for node in nodes:
        nodes += children(node)
    return nodes


class Bindings:
    """What the names of a file stand for, all of its scopes taken together."""

    def __init__(self, tree):
        self.modules = {}
        self.members = {}
        self.others = set()
        for node in nodes_of(tree):
            self.bind(node)

    def bind(self, node):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                self.modules.setdefault(name, set()).add(alias.name if alias.asname else name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                member = (node.module or "", node.level, alias.name)
                self.members.setdefault(alias.asname or alias.name, set()).add(member)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            self.others.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.others.add(node.name)
        elif isinstance(node, ast.arg):
            self.others.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.others.add(node.name)
        else:
            # Patterns of `match` bind texts.
            for field in ("name", "rest"):
                text = getattr(node, field, None)
                if isinstance(text, str) and not isinstance(node, ast.alias):
                    self.others.add(text)

    def is_annotations_late(self):
        return ("__future__", 0, "annotations") in self.members.get("annotations", ())

    def full_names(self, chain):
        """`s.path` after `import sys as s` is `sys.path`; what nothing binds is Python's own: `builtins.eval`."""
        root, rest = chain[0], chain[1:]
        found = {".".join([module, *rest]) for module in self.modules.get(root, ())}
        for module, level, name in self.members.get(root, ()):
            if level == 0:
                found.add(".".join([module, name, *rest]))
        if not found and root not in self.others and root not in self.members:
            found.add(".".join(["builtins", *chain]))
        return found

    def is_type_checking(self, test):
        """Whether the test is `TYPE_CHECKING` of typing and nothing else can be behind that name."""
        chain = chain_of(test)
        if chain is None or chain[0] in self.others:
            return False
        found = self.full_names(chain)
        return bool(found) and found <= {name + ".TYPE_CHECKING" for name in TYPING}


def chain_of(node):
    """`a.b.c` as its parts; None where it does not begin with a name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return [node.id, *reversed(parts)]


def is_docstring(body):
    first = body[0] if body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
