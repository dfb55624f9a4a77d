"""The places within a value: which there are, and the same value with others in their stead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from domain.value_classes import nested_values, values_within
from domain.values import Place, Value


def places_in(value: Value) -> Iterator[Place]:
    """All places in a value, however deep, in the order of its fields."""
    for name in holding_places(type(value)):
        held = getattr(value, name)
        for item in held if isinstance(held, tuple) else (held,):
            if isinstance(item, Place):
                yield item
            elif isinstance(item, Value):
                yield from places_in(item)


def with_places(value: Value, seen: Callable[[Place], Place]) -> Any:
    """The same value with each of its places as it is seen; the same object if all stay as they are."""
    update: dict[str, Any] = {}
    for name in holding_places(type(value)):
        held = getattr(value, name)
        now = tuple(_seen(item, seen) for item in held) if isinstance(held, tuple) else _seen(held, seen)
        if now is not held and (not isinstance(held, tuple) or any(a is not b for a, b in zip(now, held, strict=True))):
            update[name] = now
    return value.model_copy(update=update) if update else value


def _seen(item: Any, seen: Callable[[Place], Place]) -> Any:
    if isinstance(item, Place):
        return seen(item)
    return with_places(item, seen) if isinstance(item, Value) else item


@cache
def holding_places(model: type[Value]) -> tuple[str, ...]:
    """The fields of a model that are places, or hold values with places."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if any(Place in values_within(nested) for nested in nested_values(field.annotation))
    )
