"""What each KPI counts (KPIS.md section 6), and which fields the events have that it counts (KPIS.md G9)."""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass

from tests.oracle.attributions import FACETS
from tests.oracle.conditions import Where
from tests.oracle.links import Fields
from tests.oracle.messages import MESSAGE, OF_PROMPTS, OF_SHARES, PROMPT, SHARE, SIGNUP, START
from tests.oracle.segments import Deed

# KPIS.md section 5, the rows marked A.
ACTIVITY = frozenset(
    {
        "user.signed_up",
        "session.started",
        "session.ended",
        "action.performed",
        "feature.used",
        "task.completed",
        "onboarding.started",
        "onboarding.completed",
        "share.created",
        "share.retracted",
        "referral_message.sent",
        "survey.responded",
    }
)
# The kinds of share that every workspace has agreed on, by share_type and channel.
DEFINED = frozenset({("invite", "email"), ("link", "copy_link"), ("link", "button"), ("link", "social")})
# The fields by which the events of a name are told apart.
CARRIED: Mapping[str, Set[str]] = {
    SHARE: frozenset(OF_SHARES),
    MESSAGE: {"channel", "source_channel", "template", "customized"},
    PROMPT: frozenset(OF_PROMPTS),
    START: {"platform", "source_channel"},
    SIGNUP: frozenset(),
}
# The fields of what is drawn by the events of a name.
DRAWN: Mapping[str, Set[str]] = {
    PROMPT: {"kind"},
    START: CARRIED[SHARE],
    # Of somebody's first signup their referral, of a message the signups that it led to.
    SIGNUP: frozenset(FACETS),
    MESSAGE: frozenset(),
}
# What a question calls these fields; by the two of FILTERS it may be restricted as well.
DIMENSIONS = {
    "shareType": "share_type",
    "channel": "channel",
    "shareScope": "share_scope",
    "sourceChannel": "source_channel",
    "template": "template",
    "customized": "customized",
    "prompt": "prompt",
    "placement": "placement",
    "variant": "variant",
    "interactionKind": "kind",
    "objectType": "object_type",
    "feature": "feature",
    "platform": "platform",
    "referralKind": "referral_kind",
    "campaign": "campaign",
}
FILTERS = frozenset({"share_type", "channel"})


@dataclass(frozen=True)
class Events:
    """The valid events of a name whose `fields` together are one of `values`, or, `is_drawn`, that drew something.

    With `each` every one of them counts, by what its person was on its day; else whoever did any.
    """

    name: str
    each: bool = False
    fields: tuple[str, ...] = ()
    values: Collection[tuple[str | None, ...]] = ((),)
    is_drawn: bool = False

    @property
    def carried(self) -> Set[str]:
        """The fields by which these events are told apart."""
        return CARRIED[self.name] | (DRAWN[self.name] if self.is_drawn else set())

    def hold(self, deed: Deed, limits: Where = ()) -> bool:
        """Whether it is one of these and keeps, itself or by one thing that it drew, to what the fields may be."""
        if deed.event != self.name:
            return False
        own = [(name, allowed) for name, allowed in limits if name in CARRIED[self.name]]
        of_drawn = [(name, allowed) for name, allowed in limits if name not in CARRIED[self.name]]
        return (
            deed.is_valid
            and deed.begins
            and tuple(deed.fields[name] for name in self.fields) in self.values
            and _allowed(deed.fields, own)
            and (not self.is_drawn or any(_allowed(one, of_drawn) for one in deed.drew))
        )

    def has(self, deed: Deed, field: str) -> Set[str | None]:
        """What one of these has of a field: one value, unknown or not, or those of all that it drew."""
        if field in CARRIED[self.name]:
            return {deed.fields[field]}
        return {one[field] for one in deed.drew}


# The sides that are about events with fields.
EVENTS: Mapping[str, Events] = {
    "product sharers": Events(SHARE, fields=("share_scope",), values=(("product",),)),
    "product shares": Events(SHARE, each=True, fields=("share_scope",), values=(("product",),)),
    "ICP sharers": Events(SHARE),
    "defined shares": Events(SHARE, each=True, fields=("share_type", "channel"), values=DEFINED),
    "messages": Events(MESSAGE, each=True),
    "customized messages": Events(MESSAGE, each=True, fields=("customized",), values=(("true",),)),
    "senders": Events(MESSAGE),
    "customizing senders": Events(MESSAGE, fields=("customized",), values=(("true",),)),
    "prompts": Events(PROMPT, each=True),
    "interacted prompts": Events(PROMPT, each=True, is_drawn=True),
    "viewers": Events(PROMPT),
    "interacting viewers": Events(PROMPT, is_drawn=True),
    "sessions": Events(START, each=True),
    "sharing sessions": Events(START, each=True, is_drawn=True),
    # Only the first signup of somebody draws their referral.
    "referred signups": Events(SIGNUP, is_drawn=True),
    "successful messages": Events(MESSAGE, each=True, is_drawn=True),
}
# The sides of each KPI, by what they count: a numerator, and of a rate a denominator.
BASIC: Mapping[str, tuple[str, str | None]] = {
    "total_active_users": ("active", None),
    "users_who_shared": ("product sharers", None),
    "share_actions": ("product shares", None),
    "product_sharing_rate": ("product sharers", "active"),
    "dau": ("active", None),
    "wau": ("active", None),
    "mau": ("active", None),
    "mau_rolling_30d": ("active", None),
    "identified_icp_users": ("open ICP users", None),
    "total_icp_users_active": ("active ICP users", None),
    "icp_users_who_shared": ("ICP sharers", None),
    "share_rate_among_icps": ("ICP sharers", "active ICP users"),
    "signups": ("signups", None),
    "new_accounts": ("new accounts", None),
    "product_adoption_rate": ("active", "open or active"),
}
OF_REFERRALS: Mapping[str, tuple[str, str | None]] = {
    "defined_share_events": ("defined shares", None),
    "referral_messages_sent": ("messages", None),
    "customized_referral_messages": ("customized messages", None),
    "personalized_referral_outreach_rate": ("customized messages", "messages"),
    "personalized_referral_outreach_rate_by_user": ("customizing senders", "senders"),
    "referral_prompts_displayed": ("prompts", None),
}
OF_LINKS: Mapping[str, tuple[str, str | None]] = {
    "referral_prompt_interaction_rate": ("interacting viewers", "viewers"),
    "referral_prompt_interaction_rate_by_impression": ("interacted prompts", "prompts"),
}
OF_SESSIONS: Mapping[str, tuple[str, str | None]] = {
    "total_sessions": ("sessions", None),
    "product_sharing_rate_by_session": ("sharing sessions", "sessions"),
}
OF_SIGNUPS: Mapping[str, tuple[str, str | None]] = {
    "new_users_from_referrals": ("referred signups", None),
    "referral_signup_rate": ("successful messages", "messages"),
}
KPIS = {**BASIC, **OF_REFERRALS, **OF_LINKS, **OF_SESSIONS, **OF_SIGNUPS}
RATES = frozenset(kpi for kpi, (_, whole) in KPIS.items() if whole)
OF_ICP = frozenset({"open ICP users", "active ICP users", "ICP sharers"})


def sides(kpi: str) -> list[str]:
    """What a KPI counts: a numerator, and of a rate a denominator."""
    return [side for side in KPIS[kpi] if side is not None]


def carries(side: str, field: str) -> bool:
    """Whether what a side counts has a field."""
    return side in EVENTS and field in EVENTS[side].carried


def carried(kpi: str) -> set[str]:
    """The fields of whatever a KPI counts."""
    return {field for field in DIMENSIONS.values() if any(carries(side, field) for side in sides(kpi))}


def counts_events(kpi: str) -> bool:
    """Whether a KPI counts events, not people."""
    return any(side in EVENTS and EVENTS[side].each for side in sides(kpi))


def _allowed(fields: Fields, limits: Iterable[tuple[str, Collection[str | None]]]) -> bool:
    return all(fields[name] in allowed for name, allowed in limits)
