#!/usr/bin/env bash
# "Until the end of the holiday": by one library Eid al-Fitr in Sudan ends on 13 April 2024 at six in the evening, by the
# other with that day, six hours later. The first also writes the beginning with an offset that is none.
#
# Expected: two libraries of public holidays give days of the civil calendar. Those of an Islamic feast may differ by a
#   day, since the moon decides; a day itself begins and ends at midnight. A text "2024-04-10 00:00:00 -0600" is midnight
#   at UTC-06:00, which is no time of Sudan (UTC+02:00).
# Seen: both agree on the days, 10 to 13 April. The JavaScript library lets days of the Islamic calendar run from six in
#   the evening to six in the evening of the place: isHoliday() is true on 9 April at 19:00 and false on 13 April at
#   18:30, which is a holiday by the Python library. Its text "-0600" means six hours before; read as an offset it is
#   06:00 UTC, 14 hours after the beginning that the same record states in "start".
# Versions: npm date-holidays 3.37.0, PyPI holidays 0.109.
# Consequence: Parley keeps a term "until the end of the holiday" as an event in the words of its source and computes no
#   end from a table; who knows the end states it as a date of its own.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check holidays==0.109
npm install --loglevel=error --no-audit --no-fund --prefix "$work" date-holidays@3.37.0 > "$work/npm.log"

cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import Holidays from "date-holidays";

const manifest = new URL("./node_modules/date-holidays/package.json", import.meta.url);
console.log("npm date-holidays", JSON.parse(readFileSync(manifest)).version);
const sudan = new Holidays("SD");
const [feast] = sudan.getHolidays(2024).filter(({ rule }) => rule.startsWith("1 Shawwal"));
console.log("date: ", feast.date, "read as", new Date(feast.date).toISOString());
console.log("start:", feast.start.toISOString(), "end:", feast.end.toISOString());
for (const local of ["2024-04-09T19:00", "2024-04-10T12:00", "2024-04-13T17:30", "2024-04-13T18:30"]) {
  console.log(local, Boolean(sudan.isHoliday(new Date(`${local}:00+02:00`))));
}
JS
cat > "$work/show.py" <<'PY'
from importlib.metadata import version

import holidays

print("PyPI holidays", version("holidays"))
sudan = holidays.country_holidays("SD", years=2024, language="en_US")
print([day.isoformat() for day, name in sorted(sudan.items()) if "Fitr" in name])
PY
cat > "$work/expected" <<'TXT'
npm date-holidays 3.37.0
date:  2024-04-10 00:00:00 -0600 read as 2024-04-10T06:00:00.000Z
start: 2024-04-09T16:00:00.000Z end: 2024-04-13T16:00:00.000Z
2024-04-09T19:00 true
2024-04-10T12:00 true
2024-04-13T17:30 true
2024-04-13T18:30 false
PyPI holidays 0.109
['2024-04-10', '2024-04-11', '2024-04-12', '2024-04-13']
TXT
{ TZ=UTC node "$work/show.mjs" && "$work/venv/bin/python" "$work/show.py"; } | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: one of the two libraries lets the feast end otherwise"
    exit 1
}
echo "HOLDS: one feast ends at six in the evening or at midnight, and an offset that is written is none"
