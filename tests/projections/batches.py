"""A short log for the tests of catching up, and what the tables of the read models hold."""

from __future__ import annotations

from sqlalchemy import func, inspect, select

from domain.event import Recorded, Unreadable
from projections.read_models.figures import SERIES
from projections.read_models.incident_counts import INCIDENT_COUNTS
from projections.storage import generations as generations_module
from projections.storage.generations import ReadModels
from tests.projections.world import opened, recorded
from tests.spec import wire

LOG = recorded(
    [
        *opened("actors/committee", "processes/first", "talks/first", "convoys/first"),
        wire("TalksScheduled", occurred="2017-10-27", data={"when": "2017-10-29"}),
        wire("FigureReported", subject="processes/first"),
        wire("IncidentReported", subject="processes/first"),
        wire("RoleTaken", subject="talks/first", data={"actor": "committee", "role": "host"}),
        wire("TalksConvened", occurred="2017-10-29", data={}),
        wire("ConvoyDeparted", occurred="2017-10-29", data={}),
    ]
)


def rows(found: ReadModels) -> dict[str, int]:
    """How many rows each table of the live generation has."""
    with found.reading() as reading:
        return {
            name: reading.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in reading.tables.by_name().items()
        }


def generations(found: ReadModels) -> dict[int, bool]:
    """Each generation that has not given way, and whether it is live."""
    with found.restructuring() as connection:
        table = generations_module.generations
        query = select(table.c.generation, table.c.live).where(table.c.retired_at.is_(None))
        return {row.generation: row.live for row in connection.execute(query)}


def generations_with_tables(found: ReadModels) -> set[int]:
    with found.restructuring() as connection:
        names = inspect(connection).get_table_names()
    return {int(name.rpartition("_")[2]) for name in names if name != "generations"}


def times_applied(found: ReadModels) -> int:
    """How many events the claims and tallies count: they would count an event twice if it were applied twice."""
    with found.reading() as reading:
        series, tallies = reading.table(SERIES), reading.table(INCIDENT_COUNTS)
        claims = reading.connection.execute(select(func.sum(series.c.claims))).scalar() or 0
        return int(claims) + int(reading.connection.execute(select(func.sum(tallies.c.events))).scalar() or 0)


def strange(one: Recorded) -> Unreadable:
    return Unreadable(one.position, one.version, one.subject, "TalksBlessed", "there is no such type of event")


def figure_reports(count: int) -> list[Recorded]:
    return recorded(
        [
            *opened("processes/first"),
            *[wire("FigureReported", subject="processes/first", claimant=f"office {n % 3}") for n in range(count)],
        ]
    )
