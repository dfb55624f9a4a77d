#!/usr/bin/env bash
# A yearly rule on the Islamic calendar (RFC 7529) is repeated on the Gregorian one, without a word.
#
# Expected: RFC 7529 (4) lets a rule name its calendar: with RSCALE=ISLAMIC-CIVIL;FREQ=YEARLY from 15 June 2018 (1
#   Shawwal 1439, the feast at the end of Ramadan) the next are on the days of 1 Shawwal: 5 June 2019, 24 May 2020, 13
#   May 2021. A library that does not know the part, or not that calendar, should refuse the rule. An example of the
#   RFC itself (4.3) is the Chinese New Year: 10 February 2013, 31 January 2014, 19 February 2015.
# Seen: rrule-temporal announces RFC 7529 and computes the Chinese example rightly. Its list of calendars has no
#   Islamic one, and the rule is then computed as if RSCALE were not there: 15 June every year, which in 2019 is 11
#   Shawwal. ical.js drops the part while parsing: the Chinese New Year stays on 10 February for ever, and the rule
#   written out again has no RSCALE any more. recurring-ical-events does refuse, but says that UNTIL is missing from a
#   rule that needs none.
# Versions: rrule-temporal 2.2.8, ical.js 2.2.1, recurring-ical-events 3.8.2 (icalendar 7.3.2), convertdate 2.5.1 for
#   the arithmetic calendar.
# Consequence: a truce "for the feast" is recorded in Parley with the dates of that year; no rule repeats it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check \
    recurring-ical-events==3.8.2 icalendar==7.3.2 convertdate==2.5.1 tzdata==2026.6
npm install --loglevel=error --no-audit --no-fund --prefix "$work" ical.js@2.2.1 rrule-temporal@2.2.8 > "$work/npm.log"

cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
import { RRuleTemporal } from "rrule-temporal";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const version = (name) => JSON.parse(read(`./node_modules/${name}/package.json`)).version;
for (const [calendar, start] of [["CHINESE", "2013-02-10"], ["ISLAMIC-CIVIL", "2018-06-15"]]) {
  const rule = `RSCALE=${calendar};FREQ=YEARLY;COUNT=4`;
  const text = `DTSTART:${start.replaceAll("-", "")}T000000Z\nRRULE:${rule}`;
  const days = new RRuleTemporal({ rruleString: text }).all().map((time) => time.toPlainDate().toString());
  console.log(`rrule-temporal ${version("rrule-temporal")} ${calendar}: ${days.join(" ")}`);
  const recur = ICAL.Recur.fromString(rule);
  const iterator = recur.iterator(ICAL.Time.fromDateString(start));
  const other = [];
  for (let day = iterator.next(); day; day = iterator.next()) other.push(day.toString());
  console.log(`ical.js ${version("ical.js")} ${calendar}: ${other.join(" ")}, written again as ${recur}`);
}
JS
cat > "$work/show.py" <<'PY'
from importlib.metadata import version

import recurring_ical_events
from convertdate import islamic
from icalendar import Calendar

feasts = ["%d-%02d-%02d" % islamic.to_gregorian(year, 10, 1) for year in range(1439, 1443)]
print("1 Shawwal, convertdate", version("convertdate"), *feasts)
print("15 June 2019 is the day", islamic.from_gregorian(2019, 6, 15)[::-1])
lines = [
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Feast//EN", "BEGIN:VEVENT", "UID:feast@example.org",
    "DTSTAMP:20180601T000000Z", "DTSTART;VALUE=DATE:20180615", "RRULE:RSCALE=ISLAMIC-CIVIL;FREQ=YEARLY;COUNT=4",
    "END:VEVENT", "END:VCALENDAR", "",
]
calendar = Calendar.from_ical("\r\n".join(lines))
name = f"recurring-ical-events {version('recurring-ical-events')}"
try:
    print(name, [event.start for event in recurring_ical_events.of(calendar).between((2018, 1, 1), (2022, 1, 1))])
except recurring_ical_events.BadRuleStringFormat as refusal:
    print(name, "refuses:", refusal)
PY
cat > "$work/expected" <<'TXT'
rrule-temporal 2.2.8 CHINESE: 2013-02-10 2014-01-31 2015-02-19 2016-02-08
ical.js 2.2.1 CHINESE: 2013-02-10 2014-02-10 2015-02-10 2016-02-10, written again as FREQ=YEARLY;COUNT=4
rrule-temporal 2.2.8 ISLAMIC-CIVIL: 2018-06-15 2019-06-15 2020-06-15 2021-06-15
ical.js 2.2.1 ISLAMIC-CIVIL: 2018-06-15 2019-06-15 2020-06-15 2021-06-15, written again as FREQ=YEARLY;COUNT=4
1 Shawwal, convertdate 2.5.1 2018-06-15 2019-06-05 2020-05-24 2021-05-13
15 June 2019 is the day (11, 10, 1440)
recurring-ical-events 3.8.2 refuses: UNTIL parameter is missing: RSCALE=ISLAMIC-CIVIL;FREQ=YEARLY;COUNT=4
TXT
{ node "$work/show.mjs" && "$work/venv/bin/python" "$work/show.py"; } | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: a library now heeds, refuses or keeps RSCALE otherwise"
    exit 1
}
echo "HOLDS: two libraries repeat a feast of the Islamic calendar on the same Gregorian day"
