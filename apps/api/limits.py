"""Documents that are refused before they are executed: too long, too deep, too wide.

Strawberry's own depth and alias limiters take exponential time over nested fragments, which is what
they should refuse, and fail over an unknown fragment; these measure every fragment once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)
from strawberry.extensions import SchemaExtension

MAX_CHARACTERS = 10 * 1024
MAX_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Size:
    """How deep a selection goes, and how many aliases and fields it has when its fragments are written out."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0

    def beside(self, other: Size) -> Size:
        return Size(max(self.depth, other.depth), self.aliases + other.aliases, self.fields + other.fields)


LIMITS = Size(depth=12, aliases=100, fields=1000)
CODES = {"depth": "TOO_DEEP", "aliases": "TOO_MANY_ALIASES", "fields": "TOO_MANY_FIELDS"}


class MaxLength(SchemaExtension):
    """Refuses a document of more than MAX_CHARACTERS before it is parsed."""

    def on_operation(self) -> Iterator[None]:
        length = len(self.execution_context.query or "")
        if length > MAX_CHARACTERS:
            message = f"The document has {length:,} characters; at most {MAX_CHARACTERS:,} are taken."
            raise GraphQLError(message, extensions={"code": "DOCUMENT_TOO_LONG"})
        yield


class MaxSize(ValidationRule):
    """Refuses an operation that is larger than LIMITS in any way."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._known: dict[str, Size] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        size = self._of(node.selection_set)
        for name, code in CODES.items():
            found, limit = getattr(size, name), getattr(LIMITS, name)
            if found > limit:
                message = f"The operation is too large: {name} {found:,}, at most {limit:,}."
                self.report_error(GraphQLError(message, node, extensions={"code": code}))

    def _of(self, selected: SelectionSetNode | None) -> Size:
        return reduce(Size.beside, map(self._one, selected.selections if selected else ()), Size())

    def _one(self, node: SelectionNode) -> Size:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        inner = self._of(getattr(node, "selection_set", None))
        if not isinstance(node, FieldNode):
            return inner
        # How deep the schema may be looked into, graphql-core limits itself.
        depth = 0 if node.name.value.startswith("__") else inner.depth + 1
        return Size(depth, inner.aliases + bool(node.alias), inner.fields + 1)

    def _fragment(self, name: str) -> Size:
        if name not in self._known:
            # One that spreads itself, or is not there, has an error of its own.
            self._known[name] = Size()
            fragment: FragmentDefinitionNode | None = self.context.get_fragment(name)
            self._known[name] = self._of(fragment.selection_set) if fragment else Size()
        return self._known[name]
