"""What may have been meant by an id that is none, or a name in the place of an id: said by the refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import Request

from api.services.registry import Services
from domain.errors import Fault, Unavailable
from domain.event import Event
from domain.references import references
from domain.values import FAMILY_NAMES
from projections.queries.nearest import Candidate, nearest

FAMILY_OF: Mapping[str, str] = {"process": "processes", "actor": "actors", "place": "places"}
"""The family of what a parameter names."""
MOST_LOOKED_UP = 10
"""Faults of one request for which candidates are looked up."""


def did_they_mean(candidates: Sequence[Candidate]) -> str:
    """`did you mean eastern-kalamun (Eastern Kalamun)?`; empty without a candidate."""
    if not candidates:
        return ""
    *some, last = [one.id if one.name is None else f"{one.id} ({one.name})" for one in candidates]
    return f"did you mean {', '.join(some)} or {last}?" if some else f"did you mean {last}?"


def near_the_address(request: Request) -> dict[str, list[Candidate]]:
    """The candidates for each parameter of a request that names a subject which there is not.

    Only parameters of the address of the route, and filters, are looked at. Where the read models cannot be asked,
    there are no candidates.
    """
    services: Services | None = getattr(request.app.state, "services", None)
    route = request.scope.get("route")
    if services is None or route is None:
        return {}
    named = {name: value for name, value in request.query_params.items() if name in FAMILY_OF}
    named |= {name: str(value) for name, value in request.path_params.items()}
    near: dict[str, list[Candidate]] = {}
    try:
        with services.reading() as reading:
            for name, value in named.items():
                family = FAMILY_OF.get(name) or _family_before(name, route.path)
                if family is not None and (candidates := nearest(reading, family, value)):
                    near[name] = candidates
    except Unavailable:
        return {}
    return near


def _family_before(name: str, path: str) -> str | None:
    """The family that stands in an address before a parameter: `/v1/talks/{id}`."""
    before = re.search(rf"/([a-z]+)/\{{{re.escape(name)}(:[a-z]+)?\}}", path)
    return before[1] if before is not None and before[1] in FAMILY_NAMES else None


def with_candidates(services: Services, faults: Sequence[Fault], events: Mapping[str, Event]) -> list[Fault]:
    """Faults of an append with what may have been meant by the subjects they are about.

    Args:
        services: of the running server.
        faults: of references, of subjects that are not open, and of names in the place of ids.
        events: of the request, by the pointers to them; none, if it cannot be read.
    """
    named: list[Fault] = []
    looked_up = 0
    try:
        with services.reading() as reading:
            for fault in faults:
                named_there = fault.named or _named_at(fault.pointer, events)
                path = named_there if looked_up < MOST_LOOKED_UP else None
                looked_up += path is not None
                family, _, identity = (path or "").partition("/")
                hint = did_they_mean(nearest(reading, family, identity)) if path is not None else ""
                named.append(replace(fault, detail=f"{fault.detail}; {hint}") if hint else fault)
    except Unavailable:
        return list(faults)
    return named


def _named_at(pointer: str, events: Mapping[str, Event]) -> str | None:
    """The path of the subject that an event names at a pointer; None if it names none there."""
    for at, event in events.items():
        if pointer == f"{at}/subject":
            return event.subject
        if not pointer.startswith(f"{at}/"):
            continue
        for within, refers, name in references(event):
            if pointer == at + within and refers.to != "event":
                return name if refers.to in ("subject", "claimant") else f"{refers.to}/{name}"
    return None
