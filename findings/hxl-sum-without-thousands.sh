#!/usr/bin/env bash
# The sum of a column of people killed is 37 before the table is cleaned, and 1,237 after: aggregation passes over
# numbers with a separator of thousands, which the cleaning of the same library can read.
#
# Expected: where one tool of a suite reads "1,200" as a number, the others do; and what a sum leaves out shows in
#   its result.
# Seen: hxlcount, hxlselect and hxlsort convert with float(), so "1,200" is no number to them: the sum leaves it out
#   (a line on standard error says "skipping", the table does not, and the count of rows still counts it), the
#   maximum is 30, and "#affected>100" finds no row. hxlclean --number makes 1200 of it.
# Versions: PyPI libhxl 5.2.2.
# Consequence: Parley takes numbers as JSON numbers alone, names field and fix where it finds a text, and never adds
#   up what it could not read.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check libhxl==5.2.2 six==1.17.0 # which it imports and does not name

cat > "$work/tolls.csv" <<'CSV'
District,Killed
#adm1+name,#affected+killed
Upper,"1,200"
Upper,30
Upper,7
CSV
total() { "$work/venv/bin/hxlcount" -t '#adm1' -a 'count() as Rows#meta+count' \
    -a 'sum(#affected+killed) as Sum#affected+sum' -a 'max(#affected+killed) as Most#affected+max' "$@" | tr -d '\r'; }
cat > "$work/expected" <<'TXT'
libhxl 5.2.2
as it came:
District,Rows,Sum,Most
#adm1+name,#meta+count,#affected+sum,#affected+max
Upper,3,37,30
rows above 100: 0
after hxlclean --number:
District,Rows,Sum,Most
#adm1+name,#meta+count,#affected+sum,#affected+max
Upper,3,1237,1200
TXT
{
    "$work/venv/bin/python" -c 'from importlib.metadata import version; print("libhxl", version("libhxl"))'
    echo 'as it came:'
    total "$work/tolls.csv" 2> "$work/said"
    echo "rows above 100: $("$work/venv/bin/hxlselect" --query '#affected>100' "$work/tolls.csv" 2>> "$work/said" | tail -n +3 | wc -l)"
    echo 'after hxlclean --number:'
    "$work/venv/bin/hxlclean" --number '#affected' "$work/tolls.csv" | total
} | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: aggregation reads numbers otherwise"
    exit 1
}
echo HOLDS
