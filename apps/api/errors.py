"""What a question gets that cannot be answered: one shape for every error (docs/errors.md)."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLSyntaxError

from apps.engine.refusals import Refusal
from apps.workspaces.policy import Refused

logger = logging.getLogger(__name__)

# The library's own limits have no error types of their own.
LIMITS = {
    "Document contains more than": "TOO_MANY_TOKENS",
    "Document is nested too deeply": "TOO_DEEP",
    "Variable values are nested too deeply": "TOO_DEEP",
}


def presented(error: GraphQLError) -> GraphQLError:
    """The error as a caller may see it.

    A refusal carries its code and fields; whatever is wrong with the document passes as it is; anything else
    is masked, with an id that is also in the log.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if isinstance(cause, Refusal):
        names = {"field": cause.field, "expected": cause.expected, "nearest": list(cause.nearest)}
        return _like(error, str(cause), {"code": cause.code, **names})
    if isinstance(cause, Refused):
        return _like(error, cause.message, {"code": cause.code})
    if cause is None and not _is_ours(error):
        return _like(error, error.message, {"code": _document_code(error), **(error.extensions or {})})
    return _masked(error, cause or error)


def _is_ours(error: GraphQLError) -> bool:
    """Whether a field failed while its answer was written, rather than an argument as it was read."""
    return error.path is not None and all(isinstance(node, FieldNode) for node in error.nodes or ())


def _document_code(error: GraphQLError) -> str:
    other = "BAD_SYNTAX" if isinstance(error, GraphQLSyntaxError) else "BAD_DOCUMENT"
    return next((code for words, code in LIMITS.items() if words in error.message), other)


def _masked(error: GraphQLError, cause: Exception) -> GraphQLError:
    error_id = uuid.uuid4().hex
    logger.error("error_id=%s path=%s", error_id, error.path, exc_info=cause)
    message = f"Something went wrong on our side. The log has it as {error_id}."
    return _like(error, message, {"code": "INTERNAL", "errorId": error_id})


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message, error.nodes, error.source, error.positions, path=error.path, extensions=extensions
    )
