"""The codes of events on any subject: roles, stances, proposals, incidents; and levels (PA-X)."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Level of a process, or of an agreement within it (PA-X)."""

    INTERSTATE = "interstate"
    INTERSTATE_INTRASTATE = "interstate-intrastate"
    INTRASTATE = "intrastate"
    INTRASTATE_LOCAL = "intrastate-local"


class Role(StrEnum):
    """Third-party and party roles as mediation practice names them (UN Guidance for Effective Mediation, PA-X)."""

    CONFLICT_PARTY = "conflict party"
    MEDIATOR = "mediator"
    FACILITATOR = "facilitator"
    COORDINATOR = "coordinator"
    GUARANTOR = "guarantor"
    SPONSOR = "sponsor"
    WITNESS = "witness"
    OBSERVER = "observer"
    MONITOR = "monitor"
    CONVENER = "convener"
    HOST = "host"
    CHAIR = "chair"
    ENDORSER = "endorser"
    NEUTRAL_INTERMEDIARY = "neutral intermediary"
    REPRESENTATIVE = "representative"
    COMMUNITY_REPRESENTATIVE = "community representative"
    IMPLEMENTER = "implementer"
    THIRD_PARTY = "third party"


class RoleScope(StrEnum):
    """What a guarantee or a monitoring covers: the safety of persons, that the terms are kept, safe passage."""

    SECURITY = "security"
    COMPLIANCE = "compliance"
    PASSAGE = "passage"


class Stance(StrEnum):
    """Where an actor stands. "Withdraws" takes back an earlier consent; "no answer" is a report, not a gap."""

    ACCEPTS = "accepts"
    ACCEPTS_ON_CONDITION = "accepts on condition"
    REFUSES = "refuses"
    WITHDRAWS = "withdraws"
    UNDECIDED = "undecided"
    NO_ANSWER = "no answer"
    UNKNOWN = "unknown"


class ProposalKind(StrEnum):
    """In which form something is put to others."""

    CONDITION = "condition"
    DRAFT = "draft"
    DEMAND = "demand"
    LIST = "list"
    LETTER = "letter"
    ULTIMATUM = "ultimatum"


class IncidentKind(StrEnum):
    """What kind of act it was, whoever did it."""

    SHELLING = "shelling"
    AIR_STRIKE = "air strike"
    GROUND_ATTACK = "ground attack"
    SMALL_ARMS_FIRE = "small arms fire"
    EXPLOSIVE_DEVICE = "explosive device"
    ARMED_CLASH = "armed clash"
    SNIPER_FIRE = "sniper fire"
    DRONE_STRIKE = "drone strike"
    LANDMINE = "landmine"
    ASSAULT = "assault"
    SEXUAL_VIOLENCE = "sexual violence"
    PROTEST = "protest"
    RIOT = "riot"
    ARREST = "arrest"
    ABDUCTION = "abduction"
    BLOCKADE = "blockade"
    LOOTING = "looting"
    OBSTRUCTION = "obstruction"
    THREAT = "threat"
    OTHER = "other"
    UNKNOWN = "unknown"


class CountedActs(StrEnum):
    """What a count of acts counts: violations of an agreement, or incidents."""

    VIOLATIONS = "violations"
    INCIDENTS = "incidents"


class AccessConstraint(StrEnum):
    """The nine types of OCHA's access monitoring and reporting framework, in short."""

    DENIAL_OF_NEEDS = "denial of needs"
    RESTRICTION_OF_BENEFICIARIES = "restriction of access by beneficiaries"
    ENTRY_RESTRICTIONS = "restrictions on entry into the country"
    MOVEMENT_RESTRICTIONS = "restrictions on movement within the country"
    INTERFERENCE = "interference in activities"
    VIOLENCE_AGAINST_AID = "violence against personnel, assets or facilities"
    HOSTILITIES = "active hostilities"
    MINES = "mines and unexploded ordnance"
    ENVIRONMENT = "physical environment"
