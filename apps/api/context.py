"""Who asks, of which workspace, and when: what every resolver is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

import strawberry
from django.http import HttpRequest

from apps.kpis.conditions import Reader
from apps.kpis.vocabulary import Vocabulary, vocabulary
from apps.workspaces.models import Scope, Workspace
from apps.workspaces.policy import Caller, authenticate, require


def actor(request: HttpRequest, now: datetime) -> Caller:
    """The caller behind a request's bearer key. Raises Refused unless it may read."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    caller = authenticate(secret.strip() if scheme.lower() == "bearer" else "", now)
    require(caller, Scope.READ, Scope.ADMIN)
    return caller


@dataclass
class Context:
    """One request's caller and its one instant: all its answers are as of `now`."""

    caller: Caller
    now: datetime

    @property
    def workspace(self) -> Workspace:
        """The only workspace that the request can see."""
        return self.caller.workspace

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The valid share types and channels, read once a request and only when asked for."""
        return vocabulary(self.workspace)

    @cached_property
    def reader(self) -> Reader:
        """Reads conditions; what they may name is looked up once a request and only when one names it."""
        return Reader(self.workspace, self.now)


Info: TypeAlias = strawberry.Info[Context, None]
