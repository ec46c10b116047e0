"""Saved segments and ICP profiles in the admin: here, since conditions may name anything below, KPIs too."""

from apps.kpis.admin import profiles, segments

__all__ = ["profiles", "segments"]
