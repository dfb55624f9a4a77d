#!/usr/bin/env bash
# A report stamped 01:30 at +03:00 is read by the library of the Humanitarian Data Exchange as 01:30 UTC, three
# hours later than it was written, and the answer carries an offset as if it had been read.
#
# Expected: RFC 3339 is read with its offset, as datetime.fromisoformat and JavaScript do; where a reader drops an
#   offset, it gives a time without one.
# Seen: parse_date by default parses no zone (timezone_handling=0, which its docstring states) and attaches UTC to
#   what is left. Offset, "Z", zone letters and none give one and the same instant. So a report of 01:30+03:00
#   on the 5th (22:30Z) comes after one of 23:00Z on the 4th. With timezone_handling=5 all is as
#   expected.
# Versions: PyPI hdx-python-utilities 4.2.5.
# Consequence: Parley reads times with an offset only, keeps the text as sent and compares instants; whoever brings
#   data over with this library asks for timezone_handling=5.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check hdx-python-utilities==4.2.5

cat > "$work/show.py" <<'PY'
from datetime import UTC, datetime
from importlib.metadata import version

from hdx.utilities.dateparse import parse_date

print("hdx-python-utilities", version("hdx-python-utilities"))
for text in ("2024-03-05T01:30:00+03:00", "2024-03-05T01:30:00Z", "2024-03-05T01:30:00-08:00", "2024-03-04T23:00:00Z"):
    read = datetime.fromisoformat(text).astimezone(UTC).isoformat()
    print(text, "by Python:", read, "by default:", parse_date(text).isoformat(), "asked to:", parse_date(text, timezone_handling=5).isoformat())
PY
cat > "$work/expected" <<'TXT'
hdx-python-utilities 4.2.5
2024-03-05T01:30:00+03:00 by Python: 2024-03-04T22:30:00+00:00 by default: 2024-03-05T01:30:00+00:00 asked to: 2024-03-04T22:30:00+00:00
2024-03-05T01:30:00Z by Python: 2024-03-05T01:30:00+00:00 by default: 2024-03-05T01:30:00+00:00 asked to: 2024-03-05T01:30:00+00:00
2024-03-05T01:30:00-08:00 by Python: 2024-03-05T09:30:00+00:00 by default: 2024-03-05T01:30:00+00:00 asked to: 2024-03-05T09:30:00+00:00
2024-03-04T23:00:00Z by Python: 2024-03-04T23:00:00+00:00 by default: 2024-03-04T23:00:00+00:00 asked to: 2024-03-04T23:00:00+00:00
TXT
"$work/venv/bin/python" "$work/show.py" | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: an offset is read otherwise"
    exit 1
}
echo HOLDS
