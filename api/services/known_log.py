"""Whether a log is the one that was known, and worth serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.settings import Settings
from domain.errors import Unavailable

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from projections.storage.generations import ReadModels

SAMPLE = 200
"""Events that are compared with their digests before a log is served."""


def require_known(settings: Settings, ledger: Ledger, views: ReadModels) -> None:
    """Requires that the read models know no more of a log than is there: they are never rebuilt over what they witness.

    Raises:
        Unavailable: events are lost, or another log was put in the place of this one.
    """
    known, head = views.position(), ledger.head()  # in this order: others may be recording
    if known > head:
        raise Unavailable(
            f"the log in {settings.shown} ends at position {head:,}, but the read models know it up to {known:,}: "
            "events are lost, or an older copy was put in its place. Put back the newer log; or move this one away and "
            "`parley restore` the newest backup; or, if the loss is known and accepted, `parley rebuild`"
        )


def require_as_recorded(settings: Settings, ledger: Ledger) -> None:
    """Requires that the newest events and some others are there and what was recorded, by their digests.

    Raises:
        Unavailable: one is missing, or is not.
    """
    from ledger.sampling import sample  # slow to import

    seen = sample(ledger, SAMPLE)
    faults = [*(f"it lacks the event at position {position:,}" for position in seen.missing), *seen.changed]
    if faults:
        raise Unavailable(
            f"the log in {settings.shown} is damaged, {faults[0]}; `parley verify` names all that is wrong"
        )
