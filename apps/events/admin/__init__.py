"""Workspaces, what their events mean, and the events themselves in the admin."""

from apps.events.admin import definitions, shares, stored, workspaces

__all__ = ["definitions", "shares", "stored", "workspaces"]
