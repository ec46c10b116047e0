"""Single messages of a random stream about who people are, what they are like and where they belong."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from random import Random
from typing import Any

from tests.oracle.drawn import ACCOUNTS, Draw
from tests.oracle.messages import Raw
from tests.oracle.values import OF_ACCOUNTS, OF_USERS, Values

PROFILES = ("best", "second-best", "far-out")
ROLES = ("admin", "admin", "viewer", "owner", None)


@dataclass(frozen=True)
class Describe:
    """Draws what is said of the people and accounts of one stream."""

    draw: Draw
    values: Values

    @property
    def dice(self) -> Random:
        return self.draw.dice

    def anything(self) -> Raw:
        kinds = (self.identify, self.group, self.membership, self.life, self.account, self.match)
        return self.dice.choices(kinds, (36, 20, 20, 18, 7, 6))[0]()

    def identify(self, **traits: object) -> Raw:
        return self.draw.message("identify") | {"traits": traits or self.values.some(OF_USERS)}

    def group(self) -> Raw:
        """Of somebody who belongs there by that, or of a visitor who does not."""
        told = self.values.some(OF_ACCOUNTS) if self.dice.random() < 0.7 else {}
        raw = self.draw.message("group") | {"groupId": self.dice.choice(ACCOUNTS), "traits": told}
        if self.dice.random() < 0.2:
            return self.draw.nobodys(raw) | {"anonymousId": self.dice.choice(self.draw.visitors)}
        return raw

    def membership(self) -> Raw:
        change = self.dice.choices(("added", "role_changed", "removed"), (5, 2, 3))[0]
        said: Raw = {"role": self.dice.choice(ROLES)} if change != "removed" else {}
        if change != "removed" and self.dice.random() < 0.5:
            said["is_primary"] = self.dice.choice((True, True, False))
        return self._of_account(f"membership.{change}", said)

    def life(self) -> Raw:
        """Somebody signs up or leaves."""
        if self.dice.random() < 0.7:
            return self.draw.signup()
        return self.draw.track("user.deactivated", {})

    def account(self) -> Raw:
        return self._of_account(self.dice.choices(("account.created", "account.closed"), (4, 1))[0], {})

    def match(self) -> Raw:
        """A word by hand that beats a profile's rule."""
        name = self.dice.choice(("icp.matched", "icp.unmatched"))
        return self.draw.track(name, {"profile": self.dice.choice(PROFILES)})

    def recognition(self, visitor: str) -> Raw:
        """An anonymous id turns out to be somebody's."""
        return self.identify() | {"anonymousId": visitor}

    def basics(self) -> list[Raw]:
        """Every trait is told at least once of the first person and of some account; all accounts are created."""
        told = [self.identify(**{name: self.values.of(name)}) for name in OF_USERS]
        groups = [self.group() | {"traits": {name: self.values.of(name)}} for name in OF_ACCOUNTS]
        internal = self.group() | {"groupId": "acme", "traits": {"is_internal": True}}
        created = [self._of_account("account.created", {}, account) for account in ACCOUNTS]
        return [*(raw | {"userId": self.draw.people[0]} for raw in told), *groups, internal, *created]

    def merges(self) -> list[Raw]:
        """At least five that can be believed, and some that cannot, depending on which comes first."""
        a, b, c, d, *others = self.dice.sample(self.draw.people[1:], 9)
        users = [(a, b), (b, c), (c, a), (d, a), (d, c), *zip(others[::2], others[1::2], strict=False)]
        aliases = [(self.dice.choice(self.draw.visitors), a), (self.draw.fresh("old"), others[-1]), (b, d)]
        x, y, z = self.dice.sample(ACCOUNTS, 3)
        return [
            *(self._merged(*pair) for pair in users),
            *(self.draw.message("alias") | {"previousId": old, "userId": new} for old, new in aliases),
            *(self._accounts_merged(*pair) for pair in ((x, y), (y, z), (z, x))[: self.dice.randint(1, 3)]),
        ]

    def recognitions(self) -> list[Raw]:
        """Most visitors are recognised, some of them as two people, before, between and after their visits."""
        known = self.dice.sample(self.draw.visitors, len(self.draw.visitors) - 2)
        return [self.recognition(visitor) for visitor in chain(known, known[:3])]

    def moves(self) -> list[Raw]:
        """People who share something as they move to another account, or shortly before."""
        return list(chain.from_iterable(map(self._move, self.dice.sample(self.draw.people, 8))))

    def without_a_point(self) -> list[Raw]:
        """Messages that name nobody to be merged into, no account, or a merge to be undone."""
        return [
            self.draw.track("user.merged", {}),
            self.draw.track("account.created", {}),
            self.draw.track("user.unmerged", {"into": "user-1"}),
        ]

    def _move(self, person: str | int) -> tuple[Raw, Raw]:
        moved = self._of_account("membership.added", {"is_primary": True})
        at = self.draw.moments.before(datetime.fromisoformat(moved["timestamp"]))
        share = self.draw.share() | {"userId": person, "timestamp": self.draw.moments.write(at)}
        return moved | {"userId": person}, share

    def _merged(self, loser: str | int, survivor: str | int) -> Raw:
        return self.draw.track("user.merged", {"into": survivor}) | {"userId": loser}

    def _accounts_merged(self, loser: str | int, survivor: str | int) -> Raw:
        return self.draw.track("account.merged", {"account": loser, "into": survivor})

    def _of_account(self, event: str, said: dict[str, Any], account: str | int | None = None) -> Raw:
        """The account, any if none is given, is a property of the event, or of its context."""
        account = account or self.dice.choice(ACCOUNTS)
        if self.dice.random() < 0.5:
            return self.draw.track(event, said | {"account": account})
        return self.draw.track(event, said) | {"context": {"groupId": account}}
