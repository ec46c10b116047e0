"""The texts that lead to a person, found and replaced wherever somebody wrote them down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from apps.audience import suppression
from apps.privacy.person import Person
from apps.workspaces.exactjson import to_json

# Those of Segment's reserved traits that say who somebody is.
NAMING = ("email", "name", "username", "phone", "address", "avatar")
# What others have too, in the same trait, leads to nobody; nor does a single word, such as May.
CONTACTS = """
    SELECT DISTINCT told.value #>> '{}' FROM audience_traitchange AS told
    WHERE told.user_id = ANY(%(users)s) AND jsonb_typeof(told.value) = 'string'
      AND (told.name = ANY(%(naming)s) OR strpos(told.value #>> '{}', '@') > 0)
      AND length(told.value #>> '{}') >= 5 AND told.value #>> '{}' ~ '[^[:alpha:]]'
      AND NOT EXISTS (
        SELECT FROM audience_traitchange AS other
        WHERE other.workspace_id = %(workspace)s AND other.user_id <> ALL(%(users)s)
          AND other.name = told.name AND other.value = told.value)"""


@dataclass(frozen=True)
class Words:
    """Ids, addresses and names of one person, each with the opaque text that takes its place.

    The same word always gets the same text, so what is done again changes nothing.
    """

    tokens: Mapping[str, str]

    @classmethod
    def of(cls, person: Person) -> Words:
        """Their ids, and what their traits say of who they are."""
        with connection.cursor() as cursor:
            cursor.execute(
                CONTACTS,
                {"workspace": person.workspace_id, "users": list(person.users), "naming": list(NAMING)},
            )
            contacts = [contact for (contact,) in cursor.fetchall()]
        return cls.all(person.workspace_id, [*person.ids, *contacts])

    @classmethod
    def all(cls, workspace_id: int, words: Iterable[str]) -> Words:
        return cls({word: f"erased-{suppression.digest(workspace_id, word).hex()[:16]}" for word in words})

    @cached_property
    def written(self) -> list[str]:
        """How the words may stand in a text, in lower case: as they are, or as either way of writing JSON does."""
        return sorted({form.lower() for word in self.tokens for form in _forms(word)})

    @cached_property
    def in_json(self) -> list[str]:
        """How they may stand in a JSON value, in lower case: addresses within a text, others as the whole text."""
        inner = {form for word in self.tokens if "@" in word for form in _forms(word)}
        whole = {f'"{form}"' for word in self.tokens for form in _forms(word)}
        return sorted(form.lower() for form in inner | whole)

    def without(self, value: Any) -> Any:
        """Free properties: null where a word is the whole text, "(erased)" for an address within a text."""
        return self._replaced(value, dict.fromkeys(self.tokens))

    def renamed(self, value: Any) -> Any:
        """A value that people are counted by, with opaque texts for those words that can mean nothing else.

        A user may be called "pro" or "42": such a word stays, for others' plans and levels are called so too.
        """
        return self._replaced(value, {word: self.tokens[word] for word in self.tokens if _is_distinctive(word)})

    def _replaced(self, value: Any, instead: Mapping[str, str | None]) -> Any:
        if isinstance(value, str):
            return instead[value] if value in instead else self._addresses.sub("(erased)", value)
        if isinstance(value, list):
            return [self._replaced(one, instead) for one in value]
        if isinstance(value, dict):
            renamed = {key: self.tokens[key] if key in instead else key for key in value}
            return {renamed[key]: self._replaced(one, instead) for key, one in value.items()}
        return value

    def are_in(self, text: str) -> bool:
        """Whether a text, such as a line of a log, has one of the words in it."""
        return self._anywhere.search(text) is not None

    def blanked(self, text: str) -> str:
        """A text, such as a message id, with something opaque in place of the words."""
        return self._anywhere.sub("(erased)", text)

    @cached_property
    def _addresses(self) -> re.Pattern[str]:
        return _pattern(_apart(re.escape(word)) for word in self.tokens if "@" in word)

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return _pattern(pattern for word in self.tokens for pattern in _patterns(word))


def _forms(word: str) -> set[str]:
    return {word, to_json(word)[1:-1], json.dumps(word)[1:-1]}


def _is_distinctive(word: str) -> bool:
    return len(word) >= (6 if word.isdigit() else 5) and not word.isalpha()


def _patterns(word: str) -> list[str]:
    """A word of a few characters, or a small number, means somebody only where it is the whole of a JSON value."""
    forms = sorted(re.escape(form) for form in _forms(word))
    if len(word) >= (6 if word.isdigit() else 3):
        return [_apart(form) for form in forms]
    whole = [f'"{form}"' for form in forms]
    return [*whole, rf'(?<=Id":){word}\b', rf'(?<=Id": ){word}\b'] if word.isdigit() else whole


def _apart(pattern: str) -> str:
    return rf"(?<!\w){pattern}(?!\w)"


def _pattern(patterns: Iterable[str]) -> re.Pattern[str]:
    # An address goes before the id that it begins with; and without a word nothing may match.
    longest_first = sorted(patterns, key=len, reverse=True)
    return re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)
