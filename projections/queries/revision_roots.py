"""What revisions of revisions are about in the end."""

from __future__ import annotations

from collections.abc import Mapping

from domain.event import Recorded, Revision
from domain.revisions import DuplicateMarked, SubjectUnified
from projections.read_models.revisions import target_of


class RevisionRoots:
    """Looks up the reports, or unifications, that revisions end up at. What was found once is not looked for again.

    Args:
        filed: the events of a process, by id.
    """

    def __init__(self, filed: Mapping[str, Recorded]) -> None:
        self._filed = filed
        self._known: dict[str, frozenset[str]] = {}

    def of(self, recorded: Recorded) -> frozenset[str]:
        """Their ids; of a report, none."""
        roots: set[str] = set()
        waiting, met = [recorded], {recorded.key}
        while waiting:
            event = waiting.pop().event
            if event.key in self._known:
                roots |= self._known[event.key]
                continue
            if isinstance(event.data, SubjectUnified):
                roots.add(event.key)
                continue
            targets = {str(event.data.of)} if isinstance(event.data, DuplicateMarked) else set()
            targets |= {direct} if (direct := target_of(event)) is not None else set()
            for target in targets.intersection(self._filed) - met:
                met.add(target)
                if isinstance(self._filed[target].event.data, Revision):
                    waiting.append(self._filed[target])
                else:
                    roots.add(target)
        self._known[recorded.key] = frozenset(roots)
        return self._known[recorded.key]
