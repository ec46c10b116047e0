"""What lists of events can be filtered by. Instants without a zone are UTC."""

from __future__ import annotations

from django.forms import DateTimeInput
from django_filters import BooleanFilter, CharFilter, FilterSet, IsoDateTimeFilter


class Instant(DateTimeInput):
    """A browser's own field for a date and a time."""

    input_type = "datetime-local"


class EventFilter(FilterSet):  # type: ignore[misc]
    """Any event."""

    definition = CharFilter("definition__name", label="Event")
    user = CharFilter("user__external_id", label="User")
    account = CharFilter("account__external_id", label="Account")
    channel = CharFilter(label="Channel")
    occurred_from = IsoDateTimeFilter("occurred_at", "gte", label="Occurred from (UTC)", widget=Instant)
    occurred_before = IsoDateTimeFilter("occurred_at", "lt", label="Occurred before (UTC)", widget=Instant)


class ShareEventFilter(EventFilter):
    """Shares."""

    share_type = CharFilter(label="Share type")
    share_scope = CharFilter(label="Share scope")
    object_type = CharFilter(label="Object type")
    is_error = BooleanFilter(label="Is an error")


class ReferralMessageFilter(EventFilter):
    """Referral messages."""

    source_channel = CharFilter(label="Source channel")
    template = CharFilter(label="Template")
    status = CharFilter(label="Status")
    customized = BooleanFilter(label="Customized")


class RejectedEventFilter(FilterSet):  # type: ignore[misc]
    """Messages that could not be taken."""

    code = CharFilter(label="Code")
    message_id = CharFilter(label="Message id")
    received_from = IsoDateTimeFilter("received_at", "gte", label="Received from (UTC)", widget=Instant)
    received_before = IsoDateTimeFilter("received_at", "lt", label="Received before (UTC)", widget=Instant)
