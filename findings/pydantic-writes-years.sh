#!/usr/bin/env bash
# A span of days leaves pydantic as years, and comes back a day longer.
#
# Expected: a Python timedelta is an exact number of days and seconds. pydantic's documentation says that timedeltas
#   are written to JSON as ISO 8601 durations, so 365 days should be "P365D". "P1Y" is what ISO 8601 calls a nominal
#   duration: how many days it has depends on where in the calendar it begins.
# Seen: pydantic counts a year as 365 days when it writes. 364 days are "P364D", but 365 days are "P1Y", 400 days are
#   "P1Y35D", and the 1,461 days of four calendar years are "P4Y1D". pydantic reads its own text back without loss, so
#   its own tests pass. isodate and pendulum read the text by the calendar: a truce of 400 days from 22 October 2019
#   ends on 25 November 2020 for the writer and on 26 November for the readers, since a 29 February lies between.
# Versions: pydantic 2.14.4, isodate 0.7.2, pendulum 3.3.0.
# Consequence: Parley records both ends of a truce as dates, and no duration ever leaves it through pydantic.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check pydantic==2.14.4 isodate==0.7.2 pendulum==3.3.0

cat > "$work/show.py" <<'PY'
from datetime import date, timedelta
from importlib.metadata import version

import isodate
import pendulum
from pydantic import TypeAdapter

print(*(f"{name} {version(name)}" for name in ("pydantic", "isodate", "pendulum")))
spans = TypeAdapter(timedelta)
for start, days in [("2019-10-22", 364), ("2019-10-22", 365), ("2019-10-22", 400), ("2016-01-01", 1461)]:
    begin, exact = date.fromisoformat(start), timedelta(days=days)
    text = spans.dump_python(exact, mode="json")
    by_calendar = begin + isodate.parse_duration(text)
    also = pendulum.date(begin.year, begin.month, begin.day) + pendulum.parse(text)
    itself = begin + spans.validate_python(text)
    ends = f"ends {begin + exact}, pydantic {itself}, isodate {by_calendar}, pendulum {also}"
    print(f"{days} days from {start}: {text}; {ends}")
PY
cat > "$work/expected" <<'TXT'
pydantic 2.14.4 isodate 0.7.2 pendulum 3.3.0
364 days from 2019-10-22: P364D; ends 2020-10-20, pydantic 2020-10-20, isodate 2020-10-20, pendulum 2020-10-20
365 days from 2019-10-22: P1Y; ends 2020-10-21, pydantic 2020-10-21, isodate 2020-10-22, pendulum 2020-10-22
400 days from 2019-10-22: P1Y35D; ends 2020-11-25, pydantic 2020-11-25, isodate 2020-11-26, pendulum 2020-11-26
1461 days from 2016-01-01: P4Y1D; ends 2020-01-01, pydantic 2020-01-01, isodate 2020-01-02, pendulum 2020-01-02
TXT
"$work/venv/bin/python" "$work/show.py" | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: pydantic no longer writes 365 days as a year, or a reader reads it otherwise"
    exit 1
}
echo "HOLDS: a span of exact days is written as years, and two readers end it a day later"
