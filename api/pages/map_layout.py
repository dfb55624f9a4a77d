"""Where places stand on a map of one process: points and rings as wide as what is not known, without a base map.

East is right in every language. No border is drawn, since whose it would be is part of what is disputed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from api.pages.layout import Drawing, DrawnRow, Mark, Shape
from api.pages.map_layer import Way
from api.pages.markup import plain, shortened
from domain.place_classes import RADIUS
from domain.values import Precision

WIDTH, TALLEST, FLATTEST, MARGIN = 1000, 720, 300, 60
"""Units of a map."""
DEGREE = 111.2
"""Kilometres of a degree of latitude."""
LINE = 17
"""Height of a line of a label."""
LETTER = 7.2
"""Width of a letter, about."""
TELLABLE = 2
"""Units between two points that can be told from each other."""
MOST_POINTS = 6_000
"""Points of a layer on one map: about 40 kB of a page before it is packed."""
OPEN_EXTENT = 16
"""Radius in units of a ring whose extent nobody says: of a country."""
LONGEST = 38
WELL_KNOWN = RADIUS[Precision.NEAR] or 0.0
"""Kilometres within which a place is known well."""
MOST_TIMES = 4
"""A ring is shown whole up to so many times the distance between the places that are known well."""
LEAST_REACH = 60
"""Kilometres up to which it is in any case."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map."""

    key: str
    lat: float
    lon: float
    precision: Precision
    lines: Sequence[str]
    """Its label: the name, then what is said of it."""
    link: str | None
    told: str
    alert: bool = False
    """Whether somebody says that it is closed or besieged, or reports disagree on it."""
    incidents: bool = False
    """Whether an incident is reported from there."""


@dataclass(frozen=True, slots=True)
class Map:
    """A map as it is laid out."""

    drawing: Drawing
    wider: list[str]
    """The names of places whose ring is wider than the map, so that it is not seen."""
    below: str = ""
    """Whose layer is drawn below it."""


def map_of(
    title: str,
    spots: Sequence[Spot],
    ways: Iterable[Sequence[str]],
    km: str,
    direction: str = "ltr",
    below: Iterable[Way] = (),
) -> Map:
    """Lays places out.

    Args:
        title: what it shows.
        spots: the places; one that reports put in several places has several.
        ways: routes, by the keys of places.
        km: the name of the scale, with `{number}` for its kilometres.
        direction: of the words, `ltr` or `rtl`.
        below: lines of a layer, drawn first as far as they are within.
    """
    middle = sum(spot.lat for spot in spots) / len(spots)
    squeeze = max(math.cos(math.radians(middle)), 0.05)
    first = spots[0].lon

    def flat(lon: float, lat: float) -> tuple[float, float]:
        """Kilometres east and south of a place of reference; the shorter way around the globe."""
        east = (lon - first + 180) % 360 - 180
        return east * DEGREE * squeeze, (middle - lat) * DEGREE

    at = [flat(spot.lon, spot.lat) for spot in spots]
    reach, wider = _reach(spots, at)
    west = min(x - r for (x, _), r in zip(at, reach, strict=True))
    east = max(x + r for (x, _), r in zip(at, reach, strict=True))
    north = min(y - r for (_, y), r in zip(at, reach, strict=True))
    south = max(y + r for (_, y), r in zip(at, reach, strict=True))
    wide, tall = max(east - west, 5.0), max(south - north, 5.0)
    scale = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / tall)
    height = round(max(FLATTEST, tall * scale + 2 * MARGIN))
    left, top = (WIDTH - wide * scale) / 2 - west * scale, (height - tall * scale) / 2 - north * scale

    def placed_at(x: float, y: float) -> tuple[float, float]:
        return round(left + x * scale, 1), round(top + y * scale, 1)

    placed = [placed_at(x, y) for x, y in at]
    by_key: dict[str, tuple[float, float]] = {}
    for spot, where in zip(spots, placed, strict=True):
        by_key.setdefault(spot.key, where)
    layer = _layer(([placed_at(*flat(lon, lat)) for lon, lat in way] for way in below), height)
    frame = [*layer, *_scale_bar(scale, height, km), *_ways(ways, by_key)]
    taken: list[tuple[float, float, float, float]] = []
    rows = [
        (
            DrawnRow(spot.lines[0], Mark(None, None), spot.link, spot.told),
            [*_ring(spot, where, scale), *_label(spot, where, taken, height, direction)],
        )
        for spot, where in zip(spots, placed, strict=True)
    ]
    return Map(Drawing(title, height, frame, rows), list(dict.fromkeys(spots[number].lines[0] for number in wider)))


def _reach(spots: Sequence[Spot], at: Sequence[tuple[float, float]]) -> tuple[list[float], list[int]]:
    """How many kilometres around each place the map shows, and the numbers of those whose ring goes beyond it.

    The whole ring is shown, unless there are places that are known so much better that they would fall into one.
    """
    radii = [0.0 if spot.precision is Precision.EXACT else RADIUS[spot.precision] or 0.0 for spot in spots]
    better = [number for number, radius in enumerate(radii) if radius <= WELL_KNOWN]
    ends = [at[number] for number in better]
    spread = max((math.dist(one, other) for one in ends for other in ends), default=0.0)
    most = max([MOST_TIMES * spread, *(2 * radii[number] for number in better), LEAST_REACH]) if better else math.inf
    wider = [number for number, radius in enumerate(radii) if radius > most]
    return [2.0 if number in wider else max(radius, 2.0) for number, radius in enumerate(radii)], wider


def _ring(spot: Spot, where: tuple[float, float], scale: float) -> list[Shape]:
    x, y = where
    radius = RADIUS[spot.precision]
    name = "place alert" if spot.alert else "place"
    shapes: list[Shape] = []
    if spot.precision is not Precision.EXACT:
        size = round(max(radius * scale, 9), 1) if radius is not None else OPEN_EXTENT
        shapes.append(Shape("circle", {"cx": x, "cy": y, "r": size, "class": "extent"}))
    if spot.precision in (Precision.EXACT, Precision.NEAR):
        point = f"M{x - 6} {y - 6}h12v12h-12z" if spot.alert else f"M{x} {y - 6}l6 6l-6 6l-6 -6z"
        shapes.append(Shape("path", {"d": point, "class": name}))
    else:  # an area has no point: a cross says where its ring was put
        shapes.append(Shape("path", {"d": f"M{x - 5} {y}h10M{x} {y - 5}v10", "class": f"{name} cross"}))
    if spot.incidents:
        shapes.append(Shape("path", {"d": f"M{x - 9} {y - 9}l18 18M{x + 9} {y - 9}l-18 18", "class": "incident"}))
    return shapes


def _label(
    spot: Spot,
    where: tuple[float, float],
    taken: list[tuple[float, float, float, float]],
    height: float,
    direction: str,
) -> list[Shape]:
    """The lines of a label beside its place, moved down, or up at the edge, until it covers no other one."""
    lines = [shortened(line, LONGEST) for line in spot.lines]
    x, y = where
    wide, tall = max(len(plain(line)) for line in lines) * LETTER + 6, len(lines) * LINE
    begin = x + 12 if x + 12 + wide < WIDTH else max(x - 12 - wide, 2)
    places = [y - LINE / 2 + step * LINE / 2 * side for step in range(60) for side in (1, -1)]
    inside = [top for top in places if 2 <= top <= height - tall - 2] or [2.0]
    top = next((top for top in inside if not _covers((begin, top, wide, tall), taken)), inside[0])
    taken.append((begin, top, wide, tall))
    shapes: list[Shape] = []
    if abs(top + LINE / 2 - y) > LINE:
        edge = begin if begin > x else begin + wide
        shapes.append(Shape("line", {"x1": x, "y1": y, "x2": round(edge, 1), "y2": round(top + 9, 1), "class": "lag"}))
    beside = {"x": round(begin, 1)} if begin > x else {"x": round(begin + wide, 1)}
    for number, line in enumerate(lines):
        attributes: dict[str, str | int | float] = {
            **beside,
            **({"direction": "rtl"} if direction == "rtl" else {}),
            **({"text-anchor": "end"} if (begin > x) == (direction == "rtl") else {}),
            "y": round(top + 13 + number * LINE, 1),
            "class": "label" if number == 0 else "tick",
        }
        shapes.append(Shape("text", attributes, line))
    return shapes


def _covers(box: tuple[float, float, float, float], taken: Iterable[tuple[float, float, float, float]]) -> bool:
    x, y, wide, tall = box
    return any(x < a + w and a < x + wide and y < b + h and b < y + tall for a, b, w, h in taken)


def _layer(ways: Iterable[Sequence[tuple[float, float]]], height: float) -> list[Shape]:
    """Lines of a layer, cut where they leave the map, and without points that nobody could tell from the one before."""
    shapes: list[Shape] = []
    points = 0
    for way in ways:
        part: list[tuple[float, float]] = []
        for before, after in pairwise(way):
            seen = _near_map(before, after, height)
            if seen and (not part or math.dist(part[-1], after) >= TELLABLE):
                part += [after] if part else [before, after]
            if part and not seen:
                shapes.append(_line_of(part))
                points, part = points + len(part), []
        if part:
            shapes.append(_line_of(part))
            points += len(part)
        if points > MOST_POINTS:
            break
    return shapes


def _near_map(one: tuple[float, float], other: tuple[float, float], height: float) -> bool:
    """Whether a stretch may be seen."""
    (x, y), (u, v) = one, other
    return max(x, u) >= 0 and min(x, u) <= WIDTH and max(y, v) >= 0 and min(y, v) <= height


def _line_of(points: Sequence[tuple[float, float]]) -> Shape:
    path = "L".join(f"{x:.0f} {y:.0f}" for x, y in points)
    return Shape("path", {"d": f"M{path}", "class": "context"})


def _ways(ways: Iterable[Sequence[str]], placed: Mapping[str, tuple[float, float]]) -> list[Shape]:
    """Straight lines between what is known of a route: the road itself is not known."""
    shapes: list[Shape] = []
    for way in ways:
        points = [placed[key] for key in way if key in placed]
        if len(points) > 1:
            path = "L".join(f"{x} {y}" for x, y in points)
            shapes.append(Shape("path", {"d": f"M{path}", "class": "way"}))
    return shapes


def _scale_bar(scale: float, height: float, km: str) -> list[Shape]:
    longest = 250 / scale
    power = 10.0 ** math.floor(math.log10(longest))
    length = next(power * times for times in (5, 2, 1) if power * times <= longest)
    end, y = round(12 + length * scale, 1), height - 12
    path = f"M12 {y - 5}v5H{end}v-5"
    name = km.format(number=f"{length:,.12g}")
    return [
        Shape("path", {"d": path, "class": "scale"}),
        Shape("text", {"x": 12, "y": y - 10, "class": "tick"}, name),
    ]
