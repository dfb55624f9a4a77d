"""What is mistyped, and names in the place of ids: the nearest is named, and advice is what can be typed."""

from __future__ import annotations

import pytest

from tests.api.cli.test_commands import Run, lines, place, run, seeded
from tests.api.cli.test_doubles import said

__all__ = ["place", "run", "seeded"]  # fixtures


def test_a_name_stands_for_its_id(seeded: Run) -> None:
    for command in (
        ("status", "Eastern Kalamun"),
        ("history", "EASTERN KALAMUN"),
        ("claims", "Éastern kalamun"),
        ("findings", "eastern kalamun"),
        ("explain", "Eastern-Kalamun"),
        ("changes", "Eastern Kalamun", "--since", "3"),
        ("deadlines", "--process", "Eastern Kalamun"),
        ("replay", "--process", "Eastern Kalamun", "--type", "TalksScheduled"),
        ("processes", "--actor", "Russia"),
    ):
        answered = seeded(*command)
        assert answered.stdout
        assert "is eastern-kalamun." in answered.stderr or "Russia is russia." in answered.stderr, command


def test_what_is_close_is_named(seeded: Run) -> None:
    for command, meant in (
        (("status", "kalamun"), "eastern-kalamun (Eastern Kalamun)"),
        (("history", "Estern Kalamoun"), "eastern-kalamun (Eastern Kalamun)"),
        (("deadlines", "--process", "eastern-kalmun"), "eastern-kalamun (Eastern Kalamun)"),
        (("replay", "--process", "eastern-kalmun"), "eastern-kalamun (Eastern Kalamun)"),
        (("replay", "--subject", "talks/eastern-kalamun"), "eastern-kalamun-truce"),
        (("replay", "--subject", "talk/first"), "the family talks?"),
        (("processes", "--actor", "rusia"), "russia (Russia)"),
        (("replay", "--type", "TalkScheduled"), "TalksScheduled"),
        (("event-types", "TalkScheduled"), "TalksScheduled"),
        (("findings", "--rule", "silense"), "silence"),
        (("processes", "--finding", "silense"), "silence"),
    ):
        told = seeded(*command, code=1).stderr
        assert f"did you mean {meant}" in told, told
        for over_http in ("/v1/", "GET ", "^", "[a-z", "%2B"):
            assert over_http not in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"subject": "processes/estern-kalamun"}, "did you mean eastern-kalamun (Eastern Kalamun)?"),
        ({"sources": [{"publisher": "A", "claimant": "actors/rusia"}]}, "did you mean russia (Russia)?"),
        ({"sensitivity": "hihg"}, "did you mean 'high'? Send 'low'"),
        ({"sources": [{"publishr": "A"}]}, "did you mean `publisher`?"),
        ({"data": {"text": "T", "speeker": "b"}}, "unknown field: remove it, or did you mean `speaker`?"),
        ({"data": {"text": "T", "quux": "b"}}, "unknown field: remove it; the fields here are "),
        ({"subject": "processes/Eastern Kalamun"}, "did you mean eastern-kalamun (Eastern Kalamun)?"),
        ({"data": {"text": "T", "speaker": "Russia"}}, "did you mean russia (Russia) or russian-military"),
        ({"subject": "process/eastern-kalamun"}, "did you mean the family processes?"),
        ({"type": "StatmentMade"}, "did you mean StatementMade? `parley event-types` lists them"),
    ],
)  # fmt: skip
def test_a_line_is_told_what_it_may_mean(seeded: Run, change: dict[str, object], told: str) -> None:
    line = {**said("StatementMade", text="The road is open."), "subject": "processes/eastern-kalamun", **change}
    assert told in seeded("append", "-", input=lines(line), code=1).stderr


def test_no_advice_shows_a_pattern() -> None:
    from domain.vocabulary import PAYLOADS, model_of, pattern_hint

    patterns = {
        pattern for name in PAYLOADS for pattern in str(model_of(name).model_json_schema()).split("'pattern': ")[1:]
    }
    assert patterns
    for pattern in patterns:
        assert "[0-9]" not in pattern_hint(pattern)


def test_what_carries_an_id_of_another_register(seeded: Run) -> None:
    ids = [{"scheme": "pa-x-agreement", "id": "1234"}]
    data = {"processes": ["eastern-kalamun"], "title": [{"text": "A text"}], "ids": ids}
    agreement = {**said("AgreementReported"), "subject": "agreements/text", "sources": [], "data": data}
    seeded("append", "-", input=lines(agreement))
    for arguments in (("pa-x-agreement", "1234"), ("pa-x-agreement",)):
        assert "1234  agreements/text “A text”" in seeded("subjects", *arguments).stdout
    assert '"of_event": false' in seeded("subjects", "pa-x-agreement", "1234", "--json").stdout
    told = seeded("subjects", "pa-x-agreement", "1235", code=1).stderr
    assert told == "There is nothing with this id of the register pa-x-agreement. Did you mean 1234?\n"
    told = seeded("subjects", "pa-x-agrement", "1", code=1).stderr
    assert told == "There is no id of the register pa-x-agrement. Did you mean pa-x-agreement?\n"
    assert seeded("subjects", "ucdp", code=1).stderr == "There is no id of the register ucdp.\n"
    refused = seeded("subjects", "PA-X", code=1).stderr
    assert "--scheme: send the name of a register or code book" in refused


def test_a_field_of_a_value_within_is_told_where_it_belongs(seeded: Run) -> None:
    place = {**said("PlaceIdentified"), "subject": "places/jarut", "data": {"labels": [{"text": "J"}], "lat": 33.8}}
    assert "or did you mean it within `point`, as `lat`?" in seeded("append", "-", input=lines(place), code=1).stderr


def test_a_measure_or_claimant_of_no_claim_names_the_nearest(seeded: Run) -> None:
    for options, meant in (
        (("--measure", "members of armed group"), "members of armed groups"),
        (("--measure", "Armed Groups"), "members of armed groups"),
        (("--claimant", "TAS"), "TASS"),
    ):
        told = seeded("claims", "eastern-kalamun", *options)
        assert "No such claim is recorded." in told.stdout
        assert told.stderr == f"Did you mean {meant}?\n"
    assert seeded("claims", "eastern-kalamun", "--claimant", "tass").stderr == ""
    assert seeded("claims", "eastern-kalamun", "--measure", "quux").stderr == ""
    assert seeded("claims", "eastern-kalamun", "--claimant", "TAS", "--as-of", "2017-10-29").stderr != ""
