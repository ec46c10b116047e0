"""Whose an anonymous event is: the one place that says so, in SQL (KPIS.md G6, DESIGN section 4)."""

from __future__ import annotations

# An event's user, or else that of the latest alias of its anonymous id at or before it, or else of the earliest
# one: by primary key, null for a visitor who is nobody yet. `event` is a row of events_event.
USER_OF_EVENT = """coalesce(
    event.user_id,
    (SELECT alias.user_id FROM audience_identityalias AS alias
     WHERE alias.workspace_id = event.workspace_id AND alias.anonymous_id = event.anonymous_id
       AND alias.valid_from <= event.occurred_at
     ORDER BY alias.valid_from DESC, alias.message_id DESC LIMIT 1),
    (SELECT alias.user_id FROM audience_identityalias AS alias
     WHERE alias.workspace_id = event.workspace_id AND alias.anonymous_id = event.anonymous_id
     ORDER BY alias.valid_from, alias.message_id LIMIT 1))"""
