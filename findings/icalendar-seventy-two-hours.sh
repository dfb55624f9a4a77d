#!/usr/bin/env bash
# "PT72H" and "P3D" are two durations to RFC 5545 and one to each of three libraries, though not the same one.
#
# Expected: RFC 5545, 3.3.6: weeks and days are nominal (the same hour on a later day), hours are exact. Across a
#   change of the clocks they end at different instants. In Damascus the clocks went forward at midnight on 30 March
#   2018. From noon on 29 March (UTC+2) three days end at noon on 1 April (UTC+3, 09:00 UTC), and 72 hours at 13:00
#   (10:00 UTC).
# Seen: icalendar and ical.js add both on the clock face: the 72 hours last 71. node-ical adds both as exact time: the
#   three days end at 13:00. Each library is right for one of the two, and on other days nothing shows. icalendar also
#   writes the PT72H that it has read as P3D, so a file that merely passes through says something else afterwards, also
#   to a reader that follows the standard.
# Versions: icalendar 7.3.2 (with tzdata 2026.6), ical.js 2.2.1, node-ical 0.26.1.
# Consequence: Parley writes calendars with DTEND only, never DURATION; an hour is told in the text, with its offset.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check icalendar==7.3.2 tzdata==2026.6
npm install --loglevel=error --no-audit --no-fund --prefix "$work" ical.js@2.2.1 node-ical@0.26.1 > "$work/npm.log"

for duration in P3D PT72H; do
    # The zone is told in the file, as RFC 5545, 3.6.5, demands.
    sed 's/$/\r/' > "$work/$duration.ics" <<ICS
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Truce//EN
BEGIN:VTIMEZONE
TZID:Asia/Damascus
BEGIN:STANDARD
DTSTART:20171027T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20180330T000000
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:truce-$duration@example.org
DTSTAMP:20180301T000000Z
DTSTART;TZID=Asia/Damascus:20180329T120000
DURATION:$duration
SUMMARY:Truce
END:VEVENT
END:VCALENDAR
ICS
done

cat > "$work/show.py" <<'PY'
import sys
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

from icalendar import Calendar

for name in ("P3D", "PT72H"):
    (event,) = Calendar.from_ical(Path(sys.argv[1], f"{name}.ics").read_bytes()).walk("VEVENT")
    written = event["DURATION"].to_ical().decode()
    ends = f"{event.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    print(f"icalendar {version('icalendar')}: {name} ends {ends}, written again as {written}")
PY
cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
import ical from "node-ical";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const version = (name) => JSON.parse(read(`./node_modules/${name}/package.json`)).version;
const utc = (date) => date.toISOString().slice(0, 16).replace("T", " ") + " UTC";
for (const name of ["P3D", "PT72H"]) {
  const text = read(`./${name}.ics`);
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.register(calendar.getFirstSubcomponent("vtimezone"));
  const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
  const end = utc(event.endDate.toJSDate());
  console.log(`ical.js ${version("ical.js")}: ${name} ends ${end}, written again as ${event.duration}`);
  const other = Object.values(ical.sync.parseICS(text)).find((entry) => entry.type === "VEVENT");
  console.log(`node-ical ${version("node-ical")}: ${name} ends ${utc(other.end)}`);
}
JS
cat > "$work/expected" <<'TXT'
icalendar 7.3.2: P3D ends 2018-04-01 09:00 UTC, written again as P3D
icalendar 7.3.2: PT72H ends 2018-04-01 09:00 UTC, written again as P3D
ical.js 2.2.1: P3D ends 2018-04-01 09:00 UTC, written again as P3D
node-ical 0.26.1: P3D ends 2018-04-01 10:00 UTC
ical.js 2.2.1: PT72H ends 2018-04-01 09:00 UTC, written again as PT72H
node-ical 0.26.1: PT72H ends 2018-04-01 10:00 UTC
TXT
{ PYTHONTZPATH="" "$work/venv/bin/python" "$work/show.py" "$work" && node "$work/show.mjs"; } | tee "$work/seen"
echo "RFC 5545, 3.3.6: P3D ends 2018-04-01 09:00 UTC, PT72H ends 2018-04-01 10:00 UTC"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: one of the three now tells days and hours apart, or errs otherwise"
    exit 1
}
echo "HOLDS: none of the three tells three days from 72 hours, and they are not wrong in the same way"
