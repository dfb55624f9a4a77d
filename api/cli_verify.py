"""`parley verify`: every row of the log and of the read models, compared with what it should be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.cli_check import NO_VIEWS, Faults, Finding, check_place, has_views, how_far, require_log, views_file_faults
from api.cli_words import times
from api.settings import Settings

if TYPE_CHECKING:
    from ledger.ledger import Ledger

Told = Callable[[str, int, int], None]
"""Takes what is being done, how far it is, and how far it goes (0 if that is not known)."""


@dataclass(slots=True)
class Verified:
    """What was found."""

    findings: list[Finding] = field(default_factory=list)
    position: int | None = None
    """The last position of the log that was looked at."""
    sha256: str | None = None
    """Of the whole log up to there, as `parley backup` tells it; None if it is damaged."""

    @property
    def sound(self) -> bool:
        return all(finding.sound for finding in self.findings)


def verify(settings: Settings, told: Told) -> Verified:
    """Looks at everything. It takes long, and no more memory for a long log than for a short one.

    Args:
        settings: where the log and the read models are.
        told: of each step.

    Raises:
        Unreachable: there is no log.
        Unavailable: the log or the read models cannot be read.
    """
    require_log(settings)
    found = Verified(list(check_place(settings, thoroughly=True)))
    if found.sound:
        from ledger.ledger import Ledger  # slow to import

        with closing(Ledger(settings.log_at, office=settings.office, lock_timeout=settings.lock_timeout)) as ledger:
            _log(ledger, found, told)
            _views(settings, ledger, found, told)
    return found


def _log(ledger: Ledger, found: Verified, told: Told) -> None:
    from ledger.verify import verify

    faults = Faults()
    seen = verify(ledger, faults.add, told)
    found.position = seen.position
    if seen.sum is None:
        found.findings += [Finding("log", text, sound=False) for text in faults.named()]
        return
    found.sha256 = seen.sum.sha256
    told_of = f"{times(seen.position, 'event')} on {times(seen.subjects, 'subject')}: each is as it was recorded"
    found.findings.append(Finding("log", told_of))


def _views(settings: Settings, ledger: Ledger, found: Verified, told: Told) -> None:
    if not found.sound:
        found.findings.append(Finding("read models", "not compared: they can only be as good as the log"))
        return
    if not has_views(settings):
        found.findings.append(NO_VIEWS)
        return
    if faulty := views_file_faults(settings):
        found.findings += faulty
        return

    from projections.batch import open_read_models
    from projections.compare import compare

    faults = Faults()
    with closing(open_read_models(settings.views_at)) as views:
        here = views.progress()
        head = ledger.head()
        if here is None or not here.complete or here.position > head or here.halted is not None:
            found.findings.append(how_far(here, head))
            return
        position = compare(views, ledger.read, faults.add, told)
    found.findings += [Finding("read models", text, sound=False) for text in faults.named()]
    if not faults.found:
        found.findings.append(Finding("read models", f"each row is what the log gives, up to position {position:,}"))
