"""What an input gets that cannot be taken: one shape for every refusal (docs/errors.md)."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Self


class Refusal(ValueError):
    """A refused input: a `code`, the `field` at fault, what was `expected`, the `nearest` valid names."""

    def __init__(self, code: str, field: str, expected: str, nearest: Sequence[str] = ()) -> None:
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
        super().__init__(f"{field}: expected {expected}{hint}")
        self.code = code
        self.field = field
        self.expected = expected
        self.nearest = tuple(nearest)

    def within(self, path: str) -> Self:
        """The same refusal, of a field that is part of something else."""
        return type(self)(self.code, f"{path}.{self.field}", self.expected, self.nearest)


class ConditionError(Refusal):
    """A condition on people or accounts that means nothing; `field` is a path such as `rule[0].all[1].op`."""


def nearest(name: str, valid: Collection[str]) -> list[str]:
    """The three valid names most like a name, the most like first."""
    return get_close_matches(name[:100], sorted(valid), n=3)
