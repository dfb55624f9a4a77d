"""The codes of the family of convoys: what moves, by which means, and what becomes of a passage."""

from __future__ import annotations

from enum import StrEnum


class ConvoyKind(StrEnum):
    """What a convoy, a corridor or a movement is for."""

    AID = "aid"
    EVACUATION = "evacuation"
    RETURN = "return"
    MEDICAL = "medical"
    EXCHANGE = "exchange"
    REMAINS = "remains"
    CORRIDOR = "corridor"
    MOVEMENT = "movement"


class Means(StrEnum):
    """By which means people or goods move."""

    TRUCKS = "trucks"
    BUSES = "buses"
    PRIVATE_VEHICLES = "private vehicles"
    ON_FOOT = "on foot"
    AMBULANCES = "ambulances"
    TRAIN = "train"
    BOAT = "boat"
    AIRCRAFT = "aircraft"
    OTHER = "other"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


class Passage(StrEnum):
    """What is reported of a corridor or a passage. Announced is not opened, and opened is not used."""

    AGREED = "agreed"
    ANNOUNCED = "announced"
    OPENED = "opened"
    USED = "used"
    CLOSED = "closed"
    FAILED = "failed"
    UNCLEAR = "unclear whether it opened"
