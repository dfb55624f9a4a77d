"""The values events are made of: labels, places, quantities, sources, and the codes of the field.

Everything here is immutable and strictly validated. A value says what somebody reported; it never
says more. Terms come from PA-X (agreement stages), ETH/PRIO (ceasefire classes), Kroc PAM
(implementation scores), OCHA (P-codes, sectors, access constraints), the Admiralty system (grades)
and EDTF (dates); each code names its source in its docstring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NewType, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.changing import worked_out_once
from domain.claimants import Claimant as Speaking
from domain.claimants import speaking
from domain.comparison import comparable
from domain.decimals import Exact, about, exact, more_than
from domain.edtf import Day, When
from domain.ids import ID_PATTERN
from domain.keys import compound, short_hash
from domain.language_tags import LanguageTag
from domain.sectors import Sector


class Value(BaseModel):
    """A frozen value: unknown fields are refused, types are not coerced, NaN and infinity are not numbers."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        ignored_types=(worked_out_once,),
    )


# --- identity ---------------------------------------------------------------------------------------------

FAMILY_NAMES = ("actors", "processes", "talks", "agreements", "convoys", "enrolments", "places")
IN_NO_PROCESS = frozenset(("actors", "places"))
"""Families whose subjects belong to no process: they are what processes are about, or who acts in them."""
SUBJECT_PATTERN = rf"^({'|'.join(FAMILY_NAMES)})/[a-z0-9][a-z0-9-]{{0,63}}$"

ActorId = NewType("ActorId", str)
ProcessId = NewType("ProcessId", str)
ConvoyId = NewType("ConvoyId", str)
PlaceId = NewType("PlaceId", str)
Subject = NewType("Subject", str)
"""`family/id`: the path of a subject and the name of its stream."""
EventId = NewType("EventId", UUID)


@dataclass(frozen=True)
class Refers:
    """Marks a field as a reference: what it names must have been recorded before.

    `to` is a family (the field holds an id of it), `subject` (a `family/id` path), `event` (an event id)
    or `claimant` (a path `actors/ID` refers, any other text describes).
    """

    to: str


# What a reference means is documented at its field.
ActorRef = Annotated[ActorId, Field(pattern=ID_PATTERN), Refers("actors")]
ProcessRef = Annotated[ProcessId, Field(pattern=ID_PATTERN), Refers("processes")]
AgreementRef = Annotated[
    str, Field(pattern=ID_PATTERN, description="Id of an agreement already reported."), Refers("agreements")
]
ConvoyRef = Annotated[str, Field(pattern=ID_PATTERN, description="Id of a convoy already reported."), Refers("convoys")]
PlaceRef = Annotated[PlaceId, Field(pattern=ID_PATTERN), Refers("places")]
SubjectRef = Annotated[Subject, Field(pattern=SUBJECT_PATTERN), Refers("subject")]
EventRef = Annotated[EventId, Refers("event")]

# Text on one line, and longer text. Control characters are refused: they have no meaning in a report and can
# make a terminal or a log lie. Tab and line breaks are allowed in longer text only.
Short = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e]*$")
]
LONG_TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]*$"
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=LONG_TEXT)]
Claimant = Annotated[Short, Refers("claimant")]
ZoneName = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e]*$")
]
"""A time zone by its IANA name. Which there are changes with the years: only new events are checked for it."""
CLOCK_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
ClockTime = Annotated[str, StringConstraints(pattern=CLOCK_PATTERN)]
"""A time of the day by the clock of the place."""
ItemId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


# --- names and places -------------------------------------------------------------------------------------


class Label(Value):
    """One name of a thing, in one language, as somebody uses it. Names are not neutral: say who uses them."""

    text: Short
    """The name as written."""
    lang: LanguageTag | None = None
    """Language, BCP 47, for example `en`, `ar`, `ar-Latn`."""
    script: Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]{3}$")] | None = None
    """Script, ISO 15924, for example `Arab`, `Latn`."""
    used_by: Claimant | None = None
    """Who uses this name: `actors/ID` or a description."""


def each_once(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Each of several names once, in the spelling that comes first."""
    first: dict[tuple[str | None, ...], Label] = {}
    for label in labels:
        first.setdefault((comparable(label.text), label.lang, label.script, comparable(label.used_by or "")), label)
    return tuple(first.values())


Labels = Annotated[tuple[Label, ...], Field(min_length=1, max_length=50)]


class Precision(StrEnum):
    """How precisely a place is known. Precision is knowledge, not permission."""

    EXACT = "exact"
    NEAR = "near"
    ROUTE = "route"
    ADMIN_3 = "admin 3"
    ADMIN_2 = "admin 2"
    ADMIN_1 = "admin 1"
    COUNTRY = "country"


class PlaceKind(StrEnum):
    """What a place is. Two descriptions of different kinds are two places; "other" tells nothing apart."""

    SETTLEMENT = "settlement"
    NEIGHBOURHOOD = "neighbourhood"
    CAMP = "camp"
    COUNTRY = "country"
    ADMIN_1 = "admin 1"
    ADMIN_2 = "admin 2"
    ADMIN_3 = "admin 3"
    AREA = "other area"
    ROUTE = "route"
    CHECKPOINT = "checkpoint"
    CROSSING = "crossing"
    FACILITY = "facility"
    OTHER = "other"


class PlaceCode(Value):
    """The code of a place in a scheme of codes."""

    scheme: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    """Whose codes they are, in small letters: `p-code` for OCHA's, `geonames`, `unlocode`, a register of its own."""
    value: Annotated[Short, StringConstraints(max_length=100)]
    """The code as that scheme writes it."""


Codes = Annotated[tuple[PlaceCode, ...], Field(max_length=20)]


_DESCRIBED, _MEANT, _WITHIN = "as described", "the place meant", "where that lies"
"""What a process makes of a description is kept beside its fields: it is no part of what is sent or compared."""


class Place(Value):
    """A place by its id, or by its names, its codes, its coordinates, or several of these."""

    id: PlaceRef | None = None
    """Id of a place already identified. Two ids are two places, whatever else is said."""
    labels: tuple[Label, ...] = Field(default=(), max_length=50)
    """Names of the place; the first is shown. Only a place that is named by its id needs none."""
    admin_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z0-9]{0,18}$")] | None = None
    """OCHA P-code, for example `SY0304`: of the place; at the precision of an area, of the area in which it lies."""
    codes: Codes = ()
    """Codes of the place itself, whatever the precision."""
    kind: PlaceKind | None = None
    """What it is, if that is said: settlement, camp, checkpoint …"""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Latitude in degrees north, WGS 84, -90 to 90."""
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Longitude in degrees east, WGS 84, -180 to 180."""
    precision: Precision | None = None
    """How precisely the place is known; required with coordinates."""

    @model_validator(mode="after")
    def has_a_name_or_an_id(self) -> Self:
        if not self.labels and self.id is None:
            raise ValueError("name the place: send `labels`, or the `id` of a place that was identified")
        return self

    @model_validator(mode="after")
    def coordinates_come_whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("send both lat and lon, or neither")
        if self.lat is not None and self.precision is None:
            raise ValueError("coordinates need a precision: send `precision`, for example 'near'")
        return self

    @property
    def described(self) -> str:
        """Its code or a name, and a hash of all that is said of it, as compared: identical descriptions have one."""
        if _DESCRIBED not in self.__dict__:
            self.__dict__[_DESCRIBED] = self._hashed()
        return str(self.__dict__[_DESCRIBED])

    def _hashed(self) -> str:
        names = sorted({comparable(label.text) for label in self.labels})
        codes = sorted({compound(code.scheme, comparable(code.value)) for code in self.codes})
        point = "" if self.lat is None or self.lon is None else f"{self.lat + 0.0!r} {self.lon + 0.0!r}"
        rest = (str(part or "") for part in (self.id, self.admin_code, self.kind, point, self.precision))
        begins = self.admin_code or (names[0] if names else f"places/{self.id}")
        return f"{begins[:60]}~{short_hash(compound(compound('', *names), compound('', *codes), *rest))}"

    @property
    def key(self) -> str:
        """What descriptions of one place share, as far as their process was looked at (`domain.place_meanings`)."""
        return str(self.__dict__.get(_MEANT, self.described))

    @property
    def gist(self) -> str:
        return self.key

    @property
    def within(self) -> tuple[str, ...]:
        """The keys of the places that contain it, as far as its process was looked at."""
        known: tuple[str, ...] = self.__dict__.get(_WITHIN, ())
        return known

    def meaning(self, key: str, labels: tuple[Label, ...], within: tuple[str, ...] = ()) -> Self:
        """The same description, as one of the place that has this key and lies there; where it has no name of its own,
        with these."""
        seen = self.model_copy(update={} if self.labels or not labels else {"labels": labels})
        seen.__dict__[_DESCRIBED], seen.__dict__[_MEANT], seen.__dict__[_WITHIN] = self.described, key, within
        return seen

    @property
    def name(self) -> str:
        """The name to show: the first one, else the path of the place."""
        return self.labels[0].text if self.labels else f"places/{self.id}"


Area = Annotated[tuple[Place, ...], Field(min_length=1, max_length=200)]


# --- quantities -------------------------------------------------------------------------------------------

Number = Annotated[int, Field(ge=0, le=10**15)] | Annotated[float, Field(ge=0, le=1e15)]


class Qualifier(StrEnum):
    """The word a source puts before a number; it is kept, since it changes what the number says."""

    EXACT = "exact"
    ABOUT = "about"
    MORE_THAN = "more than"
    UP_TO = "up to"
    AT_LEAST = "at least"
    SEVERAL = "several"


class Quantity(Value):
    """A number as a claim with a range. A claimed zero is a claim too.

    Send `value` with its qualifier, or `low` and `high`, or both. `several` needs no number.
    """

    value: Number | None = None
    """The number named, 0 or more."""
    low: Number | None = None
    """The least it may be, if the source says so."""
    high: Number | None = None
    """The most it may be, if the source says so."""
    qualifier: Qualifier = Qualifier.EXACT
    """The source's word for how sure the number is."""
    unit: Short = "persons"
    """What is counted, in the plural: persons, households, armed groups, cities, trucks, tonnes …"""
    verbatim: Short | None = None
    """The source's own words for the number."""
    parts: tuple[Part, ...] = Field(default=(), max_length=50)
    """Of whom, or of what, how many: within the number, and never added to it. Parts may overlap."""

    @model_validator(mode="after")
    def parts_nest_a_little(self) -> Self:
        if self.parts and _depth(self) > MOST_NESTED:
            raise ValueError(f"parts have parts only {MOST_NESTED} deep: say the innermost in a figure of their own")
        return self

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.value is None and self.low is None and self.high is None and self.qualifier is not Qualifier.SEVERAL:
            raise ValueError("a quantity needs a value, a low, a high, or the qualifier 'several'")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high: swap them")
        if self.value is not None and (
            (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)
        ):
            raise ValueError("value lies outside low and high: widen them or correct the value")
        least, most = self.range
        if most is not None and least > most:
            raise ValueError("no number is left between the qualifier and low or high: correct one of them")
        return self

    @worked_out_once
    def range(self) -> tuple[Exact, Exact | None]:
        """The least and the most the claim allows, exactly as written; None means no upper bound.

        "More than" a whole number starts one above it. "About" without a stated range is read as ten per cent
        to either side: our convention, for comparing claims only; the stored claim keeps its word.
        "Several" without a number starts at 2.
        """
        low: Exact = 0
        high: Exact | None = None
        if self.value is not None:
            value = exact(self.value)
            match self.qualifier:
                case Qualifier.EXACT:
                    low, high = value, value
                case Qualifier.ABOUT:
                    low, high = about(value)
                case Qualifier.MORE_THAN:
                    low = more_than(value)
                case Qualifier.UP_TO:
                    high = value
                case Qualifier.AT_LEAST | Qualifier.SEVERAL:
                    low = value
        elif self.qualifier is Qualifier.SEVERAL:
            low = 2
        return (
            exact(self.low) if self.low is not None else low,
            exact(self.high) if self.high is not None else high,
        )


class Part(Value):
    """A part of a number: of whom, or of what, so many."""

    who: Short
    """Of whom, or of what: `children`, `aid workers`, `members of the armed group`."""
    of: ActorRef | None = None
    """The actor to which they belong, if it is identified."""
    quantity: Quantity
    """How many."""


Quantity.model_rebuild()
MOST_NESTED = 4


def _depth(whole: Quantity) -> int:
    return 1 + max((_depth(part.quantity) for part in whole.parts), default=-1)


class Counting(StrEnum):
    """What kind of count a figure is. The three are never mixed."""

    STOCK = "stock"
    FLOW = "flow"
    CUMULATIVE = "cumulative"


def require_period(counting: Counting, period: When | None) -> None:
    """Checks that a flow has a period.

    Raises:
        ValueError: it has none.
    """
    if counting is Counting.FLOW and period is None:
        raise ValueError("a flow needs its `period`: from when to when it was counted")


class Modality(StrEnum):
    """A plan is not an outcome: whether something is so, was announced, or is only possible."""

    ACTUAL = "actual"
    ANNOUNCED = "announced"
    POSSIBLE = "possible"


# --- sources ----------------------------------------------------------------------------------------------


class Mode(StrEnum):
    """How the publisher has it from the claimant."""

    OBSERVED = "observed"
    QUOTED = "quoted"
    PARAPHRASED = "paraphrased"
    DOCUMENT = "document"
    UNATTRIBUTED = "unattributed"


class SourceKind(StrEnum):
    """Published to all, a party's own paper, a note from the field, or given in confidence."""

    PUBLISHED = "published"
    PARTY_DOCUMENT = "party document"
    FIELD_NOTE = "field note"
    CONFIDENTIAL = "confidential"


class Source(Value):
    """Who says so: the publisher, and inside it the claimant."""

    publisher: Short
    """Who made it known: a news agency, a bulletin, an office for its field notes."""
    claimant: Claimant | None = None
    """Who says so inside the source: `actors/ID` of an identified actor, or a description such as
    `one field commander, unnamed`, or `unattributed`."""
    mode: Mode | None = None
    """How the publisher has it: observed, quoted, paraphrased, document, unattributed."""
    derived_from: Short | None = None
    """The source this one repeats, if it is not first-hand; two copies of one report are one source."""
    kind: SourceKind | None = None
    """Published, party document, field note or confidential."""
    published: Day | None = None
    """Day of publication."""
    url: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^https?://[^\s\x00-\x1f\x85]+$")] | None = None
    """Where it can be read."""
    grade: Annotated[str, StringConstraints(pattern=r"^[A-F][1-6]$")] | None = None
    """Admiralty grade: reliability of the source A-F and credibility of the information 1-6, two axes.
    F and 6 mean "cannot be judged", not "low"."""

    @property
    def speaker(self) -> Speaking:
        """Who says so: the claimant; where none is named, the source that this one repeats, else the publisher."""
        return speaking(self.claimant, self.publisher, self.derived_from)


class Basis(StrEnum):
    """How we come to record this: a report of others, our own observation, or an inference of ours."""

    REPORTED = "reported"
    OBSERVED = "observed"
    INFERRED = "inferred by us"


class Sensitivity(StrEnum):
    """How much harm disclosure could do. Future movements and travel of delegates are high."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    SEVERE = "severe"


# --- people as cohorts, loads, harm -----------------------------------------------------------------------


class Cohort(Value):
    """People as a group. No event holds anything about one private person."""

    category: Short
    """Who: `fighters`, `civilians`, `wounded`, `detained women` …"""
    quantity: Quantity | None = None
    """How many, if anybody says."""
    place: Place | None = None
    """Where they were taken, or came from, if it is a place of their own."""


class Item(Value):
    """Cargo of one kind."""

    description: Short
    """What: `food baskets`, `surgical kits` …"""
    quantity: Quantity | None = None
    """How much; the unit says of what (`tonnes`, `baskets`)."""
    sector: Sector | None = None
    """The humanitarian cluster it belongs to."""


class HarmCategory(StrEnum):
    """What was suffered."""

    KILLED = "killed"
    INJURED = "injured"
    DETAINED = "detained"
    ABDUCTED = "abducted"
    MISSING = "missing"
    DISPLACED = "displaced"
    PROPERTY = "property"


class Harm(Value):
    """Harm of one category to one group of people or things."""

    category: HarmCategory
    """Killed, injured, detained, abducted, missing, displaced or property."""
    who: Short | None = None
    """To whom: `civilians`, `combatants`, `aid workers` …"""
    quantity: Quantity
    """How many."""
