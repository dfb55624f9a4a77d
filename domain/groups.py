"""Things that are linked two by two, and the groups that this makes of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Groups(Generic[T]):
    """Disjoint sets: whatever is linked, directly or by others, is one group. Linking costs nearly nothing, however
    large the groups are."""

    def __init__(self) -> None:
        self._above: dict[T, T] = {}
        self._size: dict[T, int] = {}

    @property
    def members(self) -> Iterable[T]:
        """All that was linked or asked for, in the order in which it came."""
        return self._above.keys()

    def of(self, member: T) -> T:
        """What stands for the group of a member: the same for all of its members, until the group is joined."""
        above = self._above
        if member not in above:
            above[member] = member
            self._size[member] = 1
        while (higher := above[member]) != member:
            above[member] = above[higher]
            member = higher
        return member

    def join(self, one: T, other: T) -> T:
        """Links two members, and returns what stands for their group now."""
        large, small = self.of(one), self.of(other)
        if large == small:
            return large
        if self._size[large] < self._size[small]:
            large, small = small, large
        self._above[small] = large
        self._size[large] += self._size.pop(small)
        return large

    def all(self) -> list[list[T]]:
        """The groups, each with its members, in the order in which these came."""
        groups: dict[T, list[T]] = {}
        for member in list(self._above):
            groups.setdefault(self.of(member), []).append(member)
        return list(groups.values())
