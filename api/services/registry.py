"""What a running server shares with each request, and how an endpoint gets it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from api.services.body_budget import BodyBudget
from api.services.capacity import Capacity, Questions
from api.services.event_streams import EventStreams
from api.services.log_watcher import LogWatcher
from api.services.metrics import Metrics
from api.services.status_cache import StatusCache
from api.services.wakeup import ReachedPositions
from api.settings import Settings
from ledger.ledger import Ledger
from ledger.writer import Writer
from projections.catch_up import reading_at
from projections.follower import FollowerStatus
from projections.storage.generations import ReadModels, ReadTransaction


@dataclass(frozen=True, slots=True)
class Services:
    """One running server."""

    settings: Settings
    ledger: Ledger
    writer: Writer
    log_watcher: LogWatcher
    views: ReadModels
    follower: FollowerStatus
    moved: ReachedPositions
    """Wakes when the read models have moved."""
    answered: ReachedPositions
    """Wakes when what events did to findings was answered."""
    metrics: Metrics
    followers: Capacity
    """Places of live streams."""
    questions: Questions
    event_streams: EventStreams
    status_cache: StatusCache = field(default_factory=StatusCache)
    body_budget: BodyBudget = field(default_factory=BodyBudget)

    def reading(self) -> AbstractContextManager[ReadTransaction]:
        """One snapshot of the read models, which has taken in what has come by now.

        Raises:
            Unavailable: the read models cannot be read, or are not complete yet; or what has come cannot be written.
        """
        return reading_at(self.views, datetime.now(UTC))


async def shared_services(request: Request) -> Services:
    # A dependency that is not async would run in a thread, for every request.
    services: Services = request.app.state.services
    return services


Shared = Annotated[Services, Depends(shared_services)]
"""An endpoint that takes `services: Shared` gets what the running server shares."""
