"""The meaning of a statement as a digest: what its author may write otherwise is not in it."""

import ast
import hashlib

from pipe_bindings import HOLDS_DOCSTRING, is_docstring


def digest(node, bindings, docs):
    parts = []
    write(node, parts, bindings, docs)
    return hashlib.sha256("".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def write(node, parts, bindings, docs):
    """The tree as text: no places, no comments, no spelling (`u'a'`, `del (a, b)`), docstrings only where `docs` says so."""
    kind = type(node).__name__
    if isinstance(node, ast.Constant):
        value = node.value
        # A long integer has no decimal text.
        text = hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
        parts.append("%s %s;" % (type(value).__name__, text))
        return
    parts.append(kind + "(")
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            if field == "body" and isinstance(node, ast.If) and bindings.is_type_checking(node.test):
                value = []
            elif field == "body" and not docs and isinstance(node, HOLDS_DOCSTRING) and is_docstring(value):
                value = value[1:] or [ast.Pass()]
            elif isinstance(node, ast.Delete):
                value = list(flat(value))
            parts.append("[")
            for one in value:
                if isinstance(one, ast.AST):
                    write(one, parts, bindings, docs)
                else:
                    parts.append(repr(one) + ",")
            parts.append("]")
        elif isinstance(value, ast.AST):
            write(value, parts, bindings, docs)
        else:
            parts.append(repr(value) + ",")
    parts.append(")")


def flat(targets):
    for target in targets:
        if isinstance(target, (ast.Tuple, ast.List)):
            yield from flat(target.elts)
        else:
            yield target
