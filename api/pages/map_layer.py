"""A layer below the maps that the operator loads: lines and areas of a GeoJSON file, with whose they are.

No layer comes with Parley, since whose borders to draw is part of what is disputed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

Way = tuple[tuple[float, float], ...]
"""Points of a line, each a longitude and a latitude."""
NAMED = ("source", "date", "licence")
"""What the file must say of itself, beside its features: RFC 7946 calls these foreign members."""
MOST_BYTES = 20 * 1024 * 1024


class BadLayer(ValueError):
    """The file cannot be drawn. Its text says why."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Lines to draw below a map, and whose they are."""

    ways: tuple[Way, ...]
    source: str
    date: str
    licence: str


def layer_of(path: Path) -> Layer:
    """The layer of a file, read again when it has changed.

    Raises:
        BadLayer: it cannot be read, or lacks something.
    """
    try:
        state = path.stat()
        return _read(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise BadLayer(f"{path.name}: {error.strerror}") from None


@lru_cache(4)
def _read(path: Path, changed: int, size: int) -> Layer:  # noqa: ARG001  another time of change is another file
    if size > MOST_BYTES:
        raise BadLayer(f"{path.name}: more than {MOST_BYTES // 1024 // 1024} MB; simplify it")
    try:
        file: Any = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadLayer(f"{path.name}: this is no JSON: {error}") from None
    if not isinstance(file, dict) or file.get("type") != "FeatureCollection":
        raise BadLayer(f"{path.name}: this is no FeatureCollection of GeoJSON")
    lacking = [name for name in NAMED if not isinstance(file.get(name), str) or not file[name].strip()]
    if lacking:
        raise BadLayer(f"{path.name}: it must say its {', '.join(lacking)}, as texts beside `features`")
    try:
        ways = tuple(way for feature in file["features"] for way in _ways(feature["geometry"]) if len(way) > 1)
    except (KeyError, TypeError, ValueError, IndexError, RecursionError):
        raise BadLayer(f"{path.name}: a feature has no geometry that GeoJSON knows") from None
    return Layer(ways, *(file[name] for name in NAMED))


def _ways(geometry: Any) -> Iterator[Way]:
    """The lines of a geometry; points are left to reports."""
    if geometry is None:
        return
    match geometry["type"]:
        case "LineString":
            yield _way(geometry["coordinates"])
        case "MultiLineString" | "Polygon":
            yield from map(_way, geometry["coordinates"])
        case "MultiPolygon":
            for rings in geometry["coordinates"]:
                yield from map(_way, rings)
        case "GeometryCollection":
            for one in geometry["geometries"]:
                yield from _ways(one)
        case _:
            pass


def _way(coordinates: Any) -> Way:
    return tuple((float(point[0]), float(point[1])) for point in coordinates)
