"""`parley project`: the read models, brought up to date in a process of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from api.settings import Settings
from api.stopping import told_to_stop

if TYPE_CHECKING:
    from projections.follower import Follower

log = logging.getLogger(__name__)

REPORT = 60.0  # seconds between two lines of how far it is


def run(settings: Settings, started: Callable[[], None]) -> None:
    """Follows the log until SIGINT or SIGTERM.

    Args:
        settings: of the installation.
        started: called once it follows.

    Raises:
        Unavailable: the log or the read models cannot be opened.
    """
    from api import logs  # slow to import, as are these
    from api.tuning import tune
    from ledger.ledger import Ledger
    from projections.batch import open_read_models
    from projections.follower import Follower

    tune()
    with told_to_stop() as stop, ExitStack() as stack:
        ledger = Ledger(settings.log_at, office=settings.office, lock_timeout=settings.lock_timeout)
        stack.callback(ledger.close)
        views = open_read_models(settings.views_at)
        stack.callback(views.close)
        follower = Follower(views, ledger.read, ledger.head, sharing=False)
        stack.callback(follower.close)
        logs.configure(settings, usual="info")
        follower.start()
        threading.Thread(target=_report, args=(follower, stop), name="report", daemon=True).start()
        started()
        for _ in ledger.watch(stop):
            follower.nudge()


def _report(follower: Follower, stop: threading.Event) -> None:
    told = -1
    while not stop.wait(REPORT if told >= 0 else 1):
        if follower.position != told:
            told = follower.position
            log.info("the read models follow", extra={"position": told, "leads": follower.leads})
