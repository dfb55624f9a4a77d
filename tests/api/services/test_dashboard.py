"""The dashboard, the alerts and the page about them ask for metrics that are there, with labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from tests.api.sending import begin

PLACE = Path(__file__).parents[3] / "docs" / "operations"
DASHBOARD: dict[str, Any] = json.loads((PLACE / "grafana-dashboard.json").read_text(encoding="utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((PLACE / "alerts.yml").read_text(encoding="utf-8"))
PAGE = (PLACE / "observability.md").read_text(encoding="utf-8")

PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
ASKED = [
    *[(f"{panel['title']}", target["expr"]) for panel in PANELS for target in panel["targets"]],
    *[(rule["alert"], rule["expr"]) for rule in RULES],
]
WORDS = {"sum", "min", "max", "rate", "histogram_quantile", "vector", "by", "and", "or"}
OF_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus adds to every metric."""


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """Which database it is plays no part here."""
    return tmp_path / "parley-data"


@pytest.fixture
def there(client: TestClient) -> dict[str, set[str]]:
    """What `/metrics` prints: each name with its labels."""
    begin(client)
    found: dict[str, set[str]] = {"up": set()}  # made by Prometheus
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def used(expression: str) -> tuple[set[str], set[str], set[str]]:
    """The metrics that a PromQL expression reads, the labels that it asks of them, and those that it groups by."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', expression)
    asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", " ".join(re.findall(r"\{([^}]*)\}", bare))))
    grouped = {name for words in re.findall(r"\bby\s*\(([^)]*)\)", bare) for name in re.findall(r"\w+", words)}
    rest = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby\s*\([^)]*\)", " ", bare)
    names = set(re.findall(r"\b[a-zA-Z_:][\w:]*", rest)) - WORDS
    return names, asked, grouped


def unbalanced(expression: str) -> str | None:
    """The first bracket or quote that has no partner."""
    partner, open_ = {")": "(", "]": "[", "}": "{"}, []
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", expression)
    for letter in bare:
        if letter in "([{":
            open_.append(letter)
        elif letter == '"' or (letter in partner and (not open_ or open_.pop() != partner[letter])):
            return letter
    return open_[-1] if open_ else None


@pytest.mark.parametrize("broken", ['up{job="a}', "sum(up", "up[5m)", "up}"])
def test_an_expression_that_cannot_be_read_is_found(broken: str) -> None:
    assert unbalanced(broken) is not None


def test_what_an_expression_uses_is_found() -> None:
    expression = 'sum by (le, a) (rate(x_bucket{b=~"c{d}", e!="f"}[$__rate_interval])) / (y or vector(0)) > 0.5'
    assert used(expression) == ({"x_bucket", "y"}, {"b", "e"}, {"le", "a"})
    assert unbalanced(expression) is None


@pytest.mark.parametrize(("title", "expression"), ASKED)
def test_what_is_asked_for_is_there(there: dict[str, set[str]], title: str, expression: str) -> None:
    assert unbalanced(expression) is None
    names, asked, grouped = used(expression)
    assert names, "it reads something"
    for name in names:
        assert name in there, f"{title} reads {name}, which is not there"
        assert asked | grouped <= there[name] | OF_PROMETHEUS, f"{title} asks {name} for labels that it does not have"


def test_each_panel_says_what_it_shows() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert shown <= used(target["expr"])[2], f"{panel['title']} names a label that it does not group by"
            assert target["datasource"]["uid"] == "${datasource}"


def test_the_dashboard_asks_for_its_data_source() -> None:
    first = DASHBOARD["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    assert "__inputs" not in DASHBOARD
    assert "id" not in DASHBOARD


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert re.fullmatch(r"\d+m", rule["for"])
    assert set(rule["annotations"]) == {"summary", "description"}
    assert len(rule["annotations"]["description"]) > 80
    grouped = used(rule["expr"])[2]
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert named <= (grouped or OF_PROMETHEUS | {"projection"})


def described() -> Iterator[tuple[str, set[str]]]:
    for name, labels in re.findall(r"^\| `(parley_\w+)` \| (.*?) \|", PAGE, re.MULTILINE):
        yield name, set(re.findall(r"`(\w+)`", labels))


def test_the_page_tells_every_metric(client: TestClient) -> None:
    begin(client)
    families = [
        family
        for family in text_string_to_metric_families(client.get("/metrics").text)
        if not family.name.endswith("_created")
    ]
    names = {family.name + ("_total" if family.type == "counter" else ""): family for family in families}
    assert dict(described()) == {
        name: {label for sample in family.samples for label in sample.labels} - {"le"} for name, family in names.items()
    }


def test_the_page_shows_a_line_as_it_is() -> None:
    from tests.api.services.test_logs import ACCESS

    (line,) = re.findall(r"```json\n(.*)\n```", PAGE)
    assert set(json.loads(line)) == ACCESS
