"""What people and accounts are like at the end of a local day (KPIS.md G8, G9)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache

from tests.oracle.conditions import All, Condition, Not, Some, TraitIs, Value, meets, rule_condition
from tests.oracle.messages import ERASED, Raw, said, user_of
from tests.oracle.people import ACCOUNT, USER, People, Word

MATCHES = {"icp.matched": True, "icp.unmatched": False}


class Traits:
    """Traits by day, and who matches which ICP profile; `profiles` are the approved rules by slug."""

    def __init__(self, people: People, profiles: Mapping[str, list[Raw]]) -> None:
        self.people = people
        self.rules: dict[str, Condition] = {slug: rule_condition(rule) for slug, rule in profiles.items()}
        self._words: dict[tuple[str, str], dict[str, list[Word]]] = defaultdict(lambda: defaultdict(list))
        for raw, person in people.told:
            self._note(raw, person)

    def has(self, space: str, name: str) -> bool:
        """Whether users, or accounts, were ever told to have such a trait."""
        return (space, name) in self._words

    @cache  # noqa: B019 (an oracle lives as long as its questions)
    def values(self, space: str, name: str, day: date) -> dict[str, Value]:
        """The set values of a trait at a day's end; users without one have their primary account's."""
        words = self._words.get((space, name), {})
        own = {who: value for who, told in words.items() if (value := _last(told, day)) is not None}
        return own if space == ACCOUNT else self._handed_down(name, day) | own

    @cache  # noqa: B019
    def matching(self, profile: str | None, day: date) -> set[str]:
        """The users who match a profile, or any, at a day's end: a word said by hand beats the rule."""
        if profile is None:
            return set().union(*(self.matching(slug, day) for slug in self.rules))
        by_rule = {user for user in self.people.known(day) if self._holds(self.rules[profile], user, day)}
        told = self._words.get(("icp", profile), {})
        by_hand = {user: word for user, words in told.items() if (word := _last(words, day)) is not None}
        return {user for user in by_rule if user not in by_hand} | {
            user for user, is_in in by_hand.items() if is_in
        }

    def _handed_down(self, name: str, day: date) -> dict[str, Value]:
        of_accounts = self.values(ACCOUNT, name, day)
        primaries = {user: self.people.primary(user, day) for user in self.people.users}
        found: dict[str, Value] = {
            user: of_accounts[place.account]
            for user, place in primaries.items()
            if place and place.account in of_accounts
        }
        if name != "role":
            return found
        return found | {user: place.role for user, place in primaries.items() if place and place.role is not None}

    def _holds(self, rule: Condition, user: str, day: date) -> bool:
        if isinstance(rule, Some):
            return any(self._holds(part, user, day) for part in rule.parts)
        if isinstance(rule, All):
            return all(self._holds(part, user, day) for part in rule.parts)
        if isinstance(rule, Not):
            return not self._holds(rule.part, user, day)
        if not isinstance(rule, TraitIs):
            raise TypeError(f"a rule is about traits, not {rule}")
        return meets(self.values(USER, rule.name, day).get(user), rule)

    def _note(self, raw: Raw, person: str | None) -> None:
        account, event = self.people.account(raw), str(raw.get("event"))
        of_person = user_of(raw) not in (None, ERASED) and person is not None
        if raw["type"] == "identify" and of_person:
            self._keep(USER, str(person), raw)
        if raw["type"] == "group" and account is not None:
            self._keep(ACCOUNT, account, raw)
        if event in MATCHES and of_person:
            word = self.people.word(raw, {"value": MATCHES[event]})
            self._words["icp", str(said(raw)["profile"])][str(person)].append(word)

    def _keep(self, space: str, who: str, raw: Raw) -> None:
        for name, value in raw.get("traits", {}).items():
            self._words[space, name][who].append(self.people.word(raw, {"value": value}))


def _last(words: list[Word], day: date) -> Value:
    """The last value up to a day's end; None where there is none, or where it was unset."""
    known = [word for word in words if word.day <= day]
    return max(known, key=lambda word: word.at).says["value"] if known else None
