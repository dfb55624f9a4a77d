"""The benchmarks themselves: a server that does not start is no slow server, and what fell is named."""

from __future__ import annotations

import pytest

from tests.benchmarks.checking import fallen
from tests.benchmarks.servers import serving

BEFORE = """
| what | Parley | against | ratio |
| --- | --- | --- | --- |
| appends | 2,000/s, median 6.70 ms | stock: 500/s | 4.00 of stock, 0.22 of empty |
| status | 10.00 ms | the same before: 10.00 ms | 1.00 |
| gone | 1/s | nothing: 1/s | 1.00 |
"""


def test_a_server_that_ends_fails_with_what_it_said() -> None:
    with (
        pytest.raises(RuntimeError, match=r"exit code 1.*the port is taken"),
        serving("-c", "exit('the port is taken')"),
    ):
        pass


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("| appends | 1,700/s, median 6.70 ms | stock: 500/s | 3.40 of stock, 0.01 of empty |", False),
        ("| appends | 1,500/s, median 6.70 ms | stock: 500/s | 3.00 of stock, 0.22 of empty |", True),
        ("| status | 12.00 ms | the same before: 10.00 ms | 1.20 |", False),
        ("| status | 13.00 ms | the same before: 10.00 ms | 1.30 |", True),
        ("| new | 1/s | nothing: 100/s | 0.01 |", False),
    ],
)
def test_what_is_worse_by_more_than_a_fifth_is_named(line: str, named: bool) -> None:
    assert [one.partition(":")[0] for one in fallen([line], BEFORE)] == ([line.split("|")[1].strip()] if named else [])
