"""Reports of one thing: several sources tell of one body, one decree, one proposal; shown once with all of them.

Two reports are of one thing if something that names it is the same, and nothing that both say tells it apart. What they
say in other words is no other thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from domain.edtf import When
from domain.lines import Cited

T = TypeVar("T")


def together(
    reports: Iterable[Cited[T]],
    same: Callable[[Cited[T], Cited[T]], bool],
    shared: Callable[[T], Hashable] = lambda data: None,  # noqa: ARG005
) -> list[list[Cited[T]]]:
    """The reports of each thing, in the order given.

    Args:
        reports: of things of one kind.
        same: whether two reports can be of one thing; all reports of a thing can, two by two.
        shared: what reports of one thing share at least, so that only those that share it are compared.
    """
    things: list[list[Cited[T]]] = []
    of_share: defaultdict[Hashable, list[list[Cited[T]]]] = defaultdict(list)
    for report in reports:
        likely = of_share[shared(report.data)]
        known = next((thing for thing in likely if all(same(one, report) for one in thing)), None)
        if known is None:
            things.append([report])
            likely.append(things[-1])
        else:
            known.append(report)
    return things


def differ(one: Any, other: Any) -> bool:
    """Whether both are said, and differ."""
    return one is not None and other is not None and one != other


def meet(one: When | None, other: When | None) -> bool:
    """Whether two dates may be one; what is not dated may be of any."""
    if one is None or other is None:
        return True
    return not (one.span.precedes(other.span) or other.span.precedes(one.span))
