"""Faults of a PostgreSQL database, in words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg_pool import PoolClosed, PoolTimeout

from domain.errors import Unavailable

LOST = ("08", "57P")
"""SQLSTATE classes of a connection that ended: the server stopped, or is starting."""


AT_THE_DOOR = (
    ("28000", r'role ".*" does not exist|not permitted to log in|no pg_hba.conf entry'),
    ("28P01", r"authentication failed|no password supplied"),
    ("3D000", r'database ".*" does not exist'),
    ("42501", r'permission denied for database ".*"'),
    ("53300", r"too many clients|too many connections|connection slots"),
    ("57P03", r"the database system is|not accepting connections"),
)
"""What a server says that lets nobody in: the driver gives the words only, without the SQLSTATE that goes with them."""


def state_of(error: BaseException | None) -> str | None:
    """The SQLSTATE of the fault that an error came from; None if the server did not name one."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            states = (state for state, words in AT_THE_DOOR if re.search(words, str(error)))
            if state := error.sqlstate or next(states, None):
                return state
        error = error.__cause__
    return None


def lost(error: PersistenceError) -> bool:
    """Whether the connection ended, so that nobody knows what became of what was sent."""
    state, cause = state_of(error), error.__cause__
    if isinstance(cause, PoolClosed | PoolTimeout):
        return False  # there was none
    return state.startswith(LOST) if state else isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


MENDING = {
    "28": "refuses the user or the password: mend the URL, or let the user in",
    "3D": "does not exist: create it, or mend the URL",
    "25006": "takes no writes (it is a standby, or set read-only): name the primary",
    "42501": "gives the user too few rights: GRANT it CREATE on the database, and its own schemas",
    "42P01": "lacks tables of Parley: start the server again, it makes them",
    "53100": "has no room on its disk: make room, then send the request again",
    "53300": "has no connection to spare: raise its max_connections, or run fewer servers",
    "53": "has no room or memory to spare: see its log, then send the request again",
    "55P03": "is being written to by another server for too long, or waits for its standby: send the request again",
    "57014": "gave up on a question that took too long: send the request again in a moment",
    "57": "is stopping or starting: send the request again in a moment",
}
"""What to do about a fault, by the SQLSTATE that begins with this; the longest fits best."""


def _concerns_tls(error: BaseException) -> bool:
    """Whether a connection failed because of TLS: libpq says so only in words."""
    text = f"{error} {error.__cause__ or ''}"
    return "SSL" in text or "certificate" in text


@contextmanager
def available(where: str = "the database") -> Iterator[None]:
    """Turns the faults of the database into one refusal that says what to do, and gives none of its values."""
    try:
        yield
    except (psycopg.Error, PersistenceError) as error:
        state = state_of(error)
        if state is not None and state[:2] in ("22", "23"):
            raise  # an error of ours, not of the database
        fits = max((begin for begin in MENDING if (state or "").startswith(begin)), key=len, default=None)
        if fits is not None:
            detail = f"{where} {MENDING[fits]}"
        elif isinstance(error.__cause__, PoolClosed):
            detail = "the server is stopping: send the request again in a moment"
        elif state is None and _concerns_tls(error):
            detail = (
                f"{where} gives no TLS whose certificate can be verified: name its authority in the URL with "
                "sslrootcert=FILE, or, if nobody else can listen on the line, say sslmode=disable"
            )
        elif state is not None:
            detail = f"{where} failed (SQLSTATE {state}): see its log"
        else:
            detail = f"{where} cannot be reached: see that it runs and that the URL names it, then try again"
        raise Unavailable(detail) from error
