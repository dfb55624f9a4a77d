#!/usr/bin/env bash
# A local agreement of Nepal dated 1 Jestha 2062 was signed on 15 May 2005 by one library and on 14 May by the
# other.
#
# Expected: the calendar of Nepal is an arithmetic one, or at least past months are settled: two libraries differ in
#   the far future if at all.
# Seen: the lengths of its months (29 to 32 days) follow no rule; each library carries a table. Those give Baisakh
#   2062 31 days or 30, so of May and June 2005, in the war, 32 days have another date. After that they agree for 22
#   years, and tests with dates of today notice nothing; from June 2027 on 489 of 2,270 days are apart.
# Versions: PyPI nepali-datetime 1.0.8.5, npm nepali-date-converter 3.4.0.
# Consequence: Parley converts no dates between calendars: a date is recorded as the Gregorian day (or span) that
#   the source or the reporter gives, the words of the source beside it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check nepali-datetime==1.0.8.5
npm install --loglevel=error --no-audit --no-fund --prefix "$work" nepali-date-converter@3.4.0 > "$work/npm.log"

cat > "$work/show.py" <<'PY'
from datetime import date, timedelta
from importlib.metadata import version

import nepali_datetime

print("PyPI nepali-datetime", version("nepali-datetime"))
print("1 Jestha 2062 is", nepali_datetime.date(2062, 2, 1).to_datetime_date())
with open("python.txt", "w") as days:
    day = date(1990, 1, 1)
    while day < date(2033, 9, 1):
        nepali = nepali_datetime.date.from_datetime_date(day)
        days.write(f"{day} {nepali.year}-{nepali.month}-{nepali.day}\n")
        day += timedelta(days=1)
PY
cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import module from "nepali-date-converter";

const NepaliDate = module.default ?? module;
const manifest = new URL("./node_modules/nepali-date-converter/package.json", import.meta.url);
console.log("npm nepali-date-converter", JSON.parse(readFileSync(manifest)).version);
console.log("1 Jestha 2062 is", new NepaliDate(2062, 1, 1).toJsDate().toISOString().slice(0, 10));
const apart = [];
for (const line of readFileSync("python.txt", "utf8").trim().split("\n")) {
  const [day, byPython] = line.split(" ");
  const [year, month, date] = day.split("-").map(Number);
  const nepali = new NepaliDate(new Date(year, month - 1, date));
  if (`${nepali.getYear()}-${nepali.getMonth() + 1}-${nepali.getDate()}` !== byPython) apart.push(day);
}
const early = apart.filter((day) => day < "2026");
console.log("days apart, 1990 to 2025:", early.length, "from", early[0], "to", early.at(-1));
const late = apart.filter((day) => day >= "2026");
console.log("days apart, 2026 to August 2033:", late.length, "from", late[0]);
JS
cat > "$work/expected" <<'TXT'
PyPI nepali-datetime 1.0.8.5
1 Jestha 2062 is 2005-05-15
npm nepali-date-converter 3.4.0
1 Jestha 2062 is 2005-05-14
days apart, 1990 to 2025: 32 from 2005-05-14 to 2005-06-14
days apart, 2026 to August 2033: 489 from 2027-06-15
TXT
cd "$work"
{ venv/bin/python show.py && node show.mjs; } | tee seen
diff expected seen || {
    echo "CHANGED: one of the two tables is another"
    exit 1
}
echo HOLDS
