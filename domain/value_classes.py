"""Which classes of values the fields of values hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from domain.values import Value


def nested_values(annotation: Any) -> Iterator[type[Value]]:
    """The classes of values that an annotation of a field names."""
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from nested_values(argument)


@cache
def values_within(model: type[Value]) -> frozenset[type[Value]]:
    """A class of values, and all classes of values that it holds, however deep; a class may hold itself."""
    within, waiting = {model}, [model]
    while waiting:
        for field in waiting.pop().model_fields.values():
            new = set(nested_values(field.annotation)) - within
            within |= new
            waiting += new
    return frozenset(within)
