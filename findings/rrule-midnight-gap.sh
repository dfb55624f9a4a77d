#!/usr/bin/env bash
# Five nights from midnight, across a midnight that did not exist: four answers, and the standard itself gives two.
#
# Expected: zones change their clocks at two or three in the morning, so midnight is safe; and where it is not, RFC
#   5545 says what becomes of an instance whose local time does not exist.
# Seen: Damascus and Amman changed at midnight until 2022, and Beirut does still: the hour at which truces begin. 30
#   March 2018 had no 00:00 in Damascus. RFC 5545, 3.3.10, answers twice. Such an instance is ignored and not counted,
#   so that COUNT=5 runs on to 2 April; and, two pages on, it is read like a written time, with the offset before the
#   gap (3.3.5), so that it is 01:00 on 30 March and the last is on 1 April. rrule-temporal does the first,
#   recurring-ical-events the second. python-dateutil and rrule.js take the offset after the gap: the third night
#   begins at 23:00 on the 29th, which has two nights while the 30th has none. node-ical moves the night to 01:00 and
#   leaves all later nights there.
# Versions: python-dateutil 2.9.0.post0, recurring-ical-events 3.8.2 (icalendar 7.3.2, tzdata 2026.6), rrule 2.8.1,
#   rrule-temporal 2.2.8, node-ical 0.26.1 (which brings rrule-temporal 1.6.0).
# Consequence: Parley records each convoy and each truce by its own dates and expands no recurrence rule.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check \
    python-dateutil==2.9.0.post0 recurring-ical-events==3.8.2 icalendar==7.3.2 tzdata==2026.6
cat > "$work/package.json" <<'JSON'
{
  "private": true,
  "dependencies": {"node-ical": "0.26.1", "rrule": "2.8.1", "rrule-temporal": "2.2.8"},
  "overrides": {"node-ical": {"rrule-temporal": "1.6.0"}}
}
JSON
npm install --loglevel=error --no-audit --no-fund --prefix "$work" > "$work/npm.log"

# The zone is told in the file, as RFC 5545, 3.6.5, demands.
sed 's/$/\r/' > "$work/nights.ics" <<'ICS'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Nights//EN
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
UID:nights@example.org
DTSTAMP:20180301T000000Z
DTSTART;TZID=Asia/Damascus:20180328T000000
DURATION:PT5H
RRULE:FREQ=DAILY;COUNT=5
SUMMARY:Quiet night
END:VEVENT
END:VCALENDAR
ICS

cat > "$work/show.py" <<'PY'
import sys
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import recurring_ical_events
from dateutil.rrule import rrulestr
from icalendar import Calendar

ZONE = ZoneInfo("Asia/Damascus")


def show(name, starts):
    # By way of UTC: Python shows an hour that does not exist as it was written.
    local = [start.astimezone(UTC).astimezone(ZONE) for start in starts]
    print(f"{name} {version(name)}:", ", ".join(f"{start:%d/%m %H:%M}" for start in local))


show("python-dateutil", rrulestr("DTSTART;TZID=Asia/Damascus:20180328T000000\nRRULE:FREQ=DAILY;COUNT=5"))
calendar = Calendar.from_ical(Path(sys.argv[1]).read_bytes())
events = recurring_ical_events.of(calendar).between((2018, 3, 1), (2018, 5, 1))
show("recurring-ical-events", [event.start for event in events])
PY
cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import ical from "node-ical";
import rrule from "rrule";
import { RRuleTemporal } from "rrule-temporal";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Damascus", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const show = (name, instants) => {
  const { version } = JSON.parse(read(`./node_modules/${name}/package.json`));
  console.log(`${name} ${version}: ${instants.map((instant) => format.format(instant).replace(", ", " ")).join(", ")}`);
};
const rule = "DTSTART;TZID=Asia/Damascus:20180328T000000\nRRULE:FREQ=DAILY;COUNT=5";
show("rrule", rrule.rrulestr(rule).all());
const starts = new RRuleTemporal({ rruleString: rule }).all();
show("rrule-temporal", starts.map((start) => new Date(start.epochMilliseconds)));
const event = Object.values(ical.sync.parseICS(read("./nights.ics"))).find((entry) => entry.type === "VEVENT");
const instances = ical.expandRecurringEvent(event, { from: new Date("2018-03-01"), to: new Date("2018-05-01") });
show("node-ical", instances.map((instance) => instance.start));
JS
cat > "$work/expected" <<'TXT'
python-dateutil 2.9.0.post0: 28/03 00:00, 29/03 00:00, 29/03 23:00, 31/03 00:00, 01/04 00:00
recurring-ical-events 3.8.2: 28/03 00:00, 29/03 00:00, 30/03 01:00, 31/03 00:00, 01/04 00:00
rrule 2.8.1: 28/03 00:00, 29/03 00:00, 29/03 23:00, 31/03 00:00, 01/04 00:00
rrule-temporal 2.2.8: 28/03 00:00, 29/03 00:00, 31/03 00:00, 01/04 00:00, 02/04 00:00
node-ical 0.26.1: 28/03 00:00, 29/03 00:00, 30/03 01:00, 31/03 01:00, 01/04 01:00
TXT
export TZ=UTC PYTHONTZPATH="" # rrule answers in the zone of the process; Python takes the zones of tzdata
{ "$work/venv/bin/python" "$work/show.py" "$work/nights.ics" && node "$work/show.mjs"; } | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: a library treats the midnight that did not exist otherwise"
    exit 1
}
echo "HOLDS: four answers to one rule; they differ in the day of the third night and in the day of the last"
