"""The sectors of humanitarian work."""

from __future__ import annotations

from enum import StrEnum


class Sector(StrEnum):
    """The humanitarian clusters (IASC)."""

    CCCM = "CCCM"
    EARLY_RECOVERY = "early recovery"
    EDUCATION = "education"
    EMERGENCY_TELECOMS = "emergency telecoms"
    FOOD_SECURITY = "food security"
    HEALTH = "health"
    LOGISTICS = "logistics"
    NUTRITION = "nutrition"
    PROTECTION = "protection"
    SHELTER_NFI = "shelter/NFI"
    WASH = "WASH"
