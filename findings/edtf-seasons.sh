#!/usr/bin/env bash
# "Spring 2018" (EDTF 2018-21) ends on 31 March in one library and on 31 May in another.
#
# Expected: ISO 8601-2:2019 and the EDTF specification give the seasons the codes 21 to 24 and say of them only that
#   they do not depend on the place; they name no months. Two readers might therefore differ by hemisphere. In the
#   northern one everybody takes three months from March, June, September and December.
# Seen: edtf.js counts seasons like quarters: spring is January to March, winter is October to December. The Python
#   package edtf takes March to May for spring, but for winter December alone. So they share one month of spring,
#   March. 15 April 2018 is in spring for one and in summer for the other, and 15 January 2019 in the winter of 2018
#   for neither. Nothing in either answer shows that its months are a choice.
# Versions: npm edtf 4.11.1, PyPI edtf 5.0.2.
# Consequence: Parley has its own reader, whose seasons are meteorological and northern: spring is March to May, and
#   winter goes on to the end of February.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check edtf==5.0.2
npm install --loglevel=error --no-audit --no-fund --prefix "$work" edtf@4.11.1 > "$work/npm.log"

cat > "$work/show.py" <<'PY'
from importlib.metadata import version

from edtf import parse_edtf

print("PyPI edtf", version("edtf"))
for text in ("2018-21", "2018-22", "2018-23", "2018-24"):
    season = parse_edtf(text)
    print(text, *("%04d-%02d-%02d" % bound()[:3] for bound in (season.lower_strict, season.upper_strict)))
PY
cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import edtf from "edtf";

const about = readFileSync(new URL("./node_modules/edtf/package.json", import.meta.url), "utf8");
console.log("npm edtf", JSON.parse(about).version);
for (const text of ["2018-21", "2018-22", "2018-23", "2018-24"]) {
  const season = edtf(text);
  console.log(text, ...[season.min, season.max].map((bound) => new Date(bound).toISOString().slice(0, 10)));
}
for (const [season, day] of [["2018-21", "2018-04-15"], ["2018-22", "2018-04-15"], ["2018-24", "2019-01-15"]])
  console.log(`${season} covers ${day}: ${edtf(season).covers(edtf(day))}`);
JS
cat > "$work/expected" <<'TXT'
PyPI edtf 5.0.2
2018-21 2018-03-01 2018-05-31
2018-22 2018-06-01 2018-08-31
2018-23 2018-09-01 2018-11-30
2018-24 2018-12-01 2018-12-31
npm edtf 4.11.1
2018-21 2018-01-01 2018-03-31
2018-22 2018-04-01 2018-06-30
2018-23 2018-07-01 2018-09-30
2018-24 2018-10-01 2018-12-31
2018-21 covers 2018-04-15: false
2018-22 covers 2018-04-15: true
2018-24 covers 2019-01-15: false
TXT
{ "$work/venv/bin/python" "$work/show.py" && node "$work/show.mjs"; } | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: one of the two gives the seasons other months"
    exit 1
}
echo "HOLDS: two readers of one standard share one month of spring, and neither has a January in its winter"
