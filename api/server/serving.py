"""Serving: a socket, the server around the app, and the file by which commands find it."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from api.server.discovery import address, announce, running_server, withdraw
from api.server.signals import stopping_quietly
from api.settings import Settings, open_ledger, open_views

log = logging.getLogger(__name__)


class PortInUse(Exception):
    """The port is another program's, or the address is not this machine's. Its text says what to do."""


class DataInUse(Exception):
    """The data directory is another server's, or holds another log. Its text says what to do."""


def listening(settings: Settings) -> socket.socket:
    """A socket on the host and port of the settings.

    Raises:
        PortInUse: the port is another program's, or the address is not this machine's.
    """
    family, kind, protocol, _, where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    if sys.platform != "win32":  # there it would let two programs share the port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(where)
        sock.listen(2048)
    except OSError as error:
        sock.close()
        reason = "is taken by another program" if "in use" in str(error) else f"cannot be used ({error.strerror})"
        raise PortInUse(f"port {settings.port} on {settings.host} {reason}: name another with --port") from None
    return sock


def run_server(settings: Settings, sock: socket.socket, started: Callable[[str], None], *, quiet: bool = False) -> None:
    """Runs the server on a socket until Ctrl-C, SIGTERM or SIGHUP stops it.

    Args:
        settings: of the server.
        sock: bound to where it listens.
        started: called with the URL once it answers.
        quiet: whether only what is wrong is logged, unless the settings name a level.

    Raises:
        DataInUse: a server runs on the data directory already.
        Unavailable: the log cannot be opened, is shorter than it was known to be, or is not what was recorded.
        WorkerFailed: a worker could not start.
    """
    from api.app import create_app
    from api.server import workers  # slow to import, as are these
    from api.server.projection_process import Projector
    from api.server.uvicorn_server import Server
    from api.services import known_log, logs

    other = running_server(settings.data)
    if other and settings.database_url is None:
        raise DataInUse(f"a server runs on {settings.data} already, at {other}: use that one, or stop it first")
    # Refuse what cannot be served now: uvicorn would print a traceback.
    with closing(open_ledger(settings)) as ledger, closing(open_views(settings)) as views:
        known_log.require_known(settings, ledger, views)
        known_log.require_as_recorded(settings, ledger)
        ledger.note_reached()
    url = address(settings.host, sock.getsockname()[1])
    logs.configure(settings, usual="warning" if quiet else "info")

    def announced() -> None:
        try:
            announce(settings.data, url)
        except OSError:  # a full disk keeps nobody from reading
            log.warning("commands do not find this server by themselves: server.json cannot be written")
        started(url)

    with stopping_quietly(), ExitStack() as stack:
        stack.callback(withdraw, settings.data)
        if settings.workers > 1:
            workers.run_workers(settings, sock, announced)
            return
        projector = stack.enter_context(closing(Projector(settings))) if settings.project else None
        app = create_app(settings, projector)
        Server(app, settings, log_level="warning", on_start=announced).run([sock])


@contextmanager
def free_socket(settings: Settings, *, chosen: bool) -> Iterator[tuple[socket.socket, bool]]:
    """A socket on the port of the settings, or on any free one if that is taken and nobody has chosen it.

    Raises:
        PortInUse: the chosen port is taken.
    """
    other = False
    try:
        sock = listening(settings)
    except PortInUse:
        if chosen:
            raise
        other = True
        sock = listening(settings.model_copy(update={"port": 0}))
    with closing(sock):
        yield sock, other
