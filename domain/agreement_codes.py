"""The codes of the family of agreements: stages, classes and purposes of ceasefires, signatures, endings."""

from __future__ import annotations

from enum import StrEnum


class AgreementStage(StrEnum):
    """What kind of agreement it is (PA-X). It orders nothing."""

    PRE_NEGOTIATION = "pre-negotiation"
    SUBSTANTIVE_PARTIAL = "substantive-partial"
    SUBSTANTIVE_COMPREHENSIVE = "substantive-comprehensive"
    IMPLEMENTATION = "implementation"
    RENEWAL = "renewal"
    CEASEFIRE = "ceasefire"
    OTHER = "other"


class Written(StrEnum):
    """Whether there is a text. Many local agreements are oral, or partly so."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    UNKNOWN = "unknown"


class CeasefireClass(StrEnum):
    """Class of a ceasefire (ETH/PRIO)."""

    CESSATION = "cessation of hostilities"
    WITH_COMPLIANCE = "with compliance mechanism"
    DEFINITIVE = "definitive"


class CeasefirePurpose(StrEnum):
    """Purposes of a ceasefire (ETH/PRIO); several may hold."""

    HUMANITARIAN = "humanitarian"
    PEACE_PROCESS = "peace process"
    HOLIDAY = "holiday"
    ELECTION = "election"
    OTHER = "other"
    UNCLEAR = "unclear"


class Side(StrEnum):
    """How many sides declare it (ETH/PRIO)."""

    UNILATERAL = "unilateral"
    BILATERAL = "bilateral"
    MULTILATERAL = "multilateral"


class SigningCapacity(StrEnum):
    """In which capacity an actor signs. A witness or mediator who signs owes nothing by it."""

    PARTY = "party"
    GUARANTOR = "guarantor"
    WITNESS = "witness"
    MEDIATOR = "mediator"
    OTHER = "other"


class SigningAct(StrEnum):
    """What is done to a text: initialled (the wording is settled), signed (consent), acceded (joined later)."""

    INITIALLED = "initialled"
    SIGNED = "signed"
    ACCEDED = "acceded"


class ObligationStanding(StrEnum):
    """What stands beside a score."""

    NOT_DUE = "not due"
    OVERDUE = "overdue"
    BLOCKED = "blocked"
    NO_INFORMATION = "no information"


class ExtensionWay(StrEnum):
    """How a term goes on: by a decision (explicitly), or because nobody ended it (tacitly)."""

    EXPLICITLY = "explicitly"
    TACITLY = "tacitly"


class Verification(StrEnum):
    """How far a violation is verified, apart from who did it and from whether that is disputed."""

    ALLEGED = "alleged"
    UNDER_VERIFICATION = "under verification"
    SUBSTANTIATED = "substantiated"
    NOT_SUBSTANTIATED = "not substantiated"
    INCONCLUSIVE = "inconclusive"
    RESOLVED = "resolved"


class AgreementEnding(StrEnum):
    """How an agreement ends. A violation or a suspension is not an end."""

    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DENOUNCED = "denounced"
    COLLAPSED = "collapsed"
    NEVER_IN_FORCE = "never in force"
    UNKNOWN = "unknown"


class AgreementRelation(StrEnum):
    """How an agreement stands to an earlier one."""

    RENEWS = "renews"
    IMPLEMENTS = "implements"
    EXTENDS = "extends"
    AMENDS = "amends"
    SUPERSEDES = "supersedes"
    RESPONDS_TO = "responds to"
    PART_OF = "part of"
