"""The time zones of processes and of their subjects: what is known of them, apart from any date.

Zones are cut by position only, as the names of actors are: they are no news. They say when a day has passed
(`domain.spans`), and play no part in what follows what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import tzinfo

from domain.event import Event, ProcessOpening
from domain.lines import Line
from domain.processes import ProcessOpened
from domain.spans import ANYWHERE, Zones
from domain.values import Subject
from domain.zones import zone


def agreed_zone(line: Line[str]) -> str | None:
    """The name of the zone of a process; None if it is missing, contested, or not known to this version."""
    name = line.value
    return name if name is not None and known_zone(name) is not None else None


def known_zone(name: str) -> tzinfo | None:
    """The zone of this name; None if the tables that are installed have none."""
    try:
        return zone(name)
    except ValueError:
        return None


def zones_in(processes: Iterable[str], names: Mapping[str, str]) -> Zones:
    """The zones of a subject of these processes, given the zones of processes by id; none, if one of them has none."""
    zones = [known_zone(names[process]) if process in names else None for process in processes]
    known = [zone for zone in dict.fromkeys(zones) if zone is not None]
    return tuple(known) if known and None not in zones else ANYWHERE


def zones_of(events: Iterable[Event], joined: Mapping[Subject, Subject]) -> dict[Subject, Zones]:
    """The zones of all subjects that have any, also under the ids that gave way.

    Args:
        events: those in effect, under the subjects that stay, in any order.
        joined: the subjects that gave way, each with the one that stays.
    """
    lines: dict[Subject, Line[str]] = {}
    belongs: dict[Subject, dict[str, None]] = defaultdict(dict)
    for event in sorted((event for event in events if event.data.opens), key=lambda event: event.order):
        if isinstance(event.data, ProcessOpened):
            if event.data.time_zone is not None:
                lines[event.subject] = lines.get(event.subject, Line()).advance(event.data.time_zone, event)
            belongs[event.subject][event.subject.partition("/")[2]] = None
        elif isinstance(event.data, ProcessOpening):
            stays = (joined.get(Subject(f"processes/{name}"), f"processes/{name}") for name in event.data.processes)
            belongs[event.subject].update((path.partition("/")[2], None) for path in stays)
    names = {path.partition("/")[2]: name for path, line in lines.items() if (name := agreed_zone(line)) is not None}
    if not names:
        return {}
    zones = {subject: zones_in(processes, names) for subject, processes in belongs.items()}
    zones |= {subject: zones[stays] for subject, stays in joined.items() if stays in zones}
    return {subject: zone for subject, zone in zones.items() if zone}
