#!/usr/bin/env bash
# A humanitarian table writes 5 March 2024 as 20240305, the basic form of ISO 8601; the HXL tools read it as a day
# in August 1970, and a comparison of dates then leaves the row out.
#
# Expected: the tools document that dates in many forms are brought to ISO 8601; the basic form is of ISO 8601
#   itself, and other readers of dates (among them the library of the Humanitarian Data Exchange) take it as the day
#   it says.
# Seen: a whole number above 100,000 is taken as seconds since 1970, one from 2,200 on as days since then: 20240305
#   becomes 1970-08-23, and 45356, which is that same day in a spreadsheet, becomes 2094-03-06. Nothing is said
#   about it. A selection of March 2024 leaves both out.
# Versions: PyPI libhxl 5.2.2, hdx-python-utilities 4.2.5.
# Consequence: Parley takes dates in one grammar (EDTF, with hyphens) and refuses a number where a date is required.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check libhxl==5.2.2 hdx-python-utilities==4.2.5

cat > "$work/convoys.csv" <<'CSV'
Place,Arrived
#loc+name,#date+arrived
hyphens,2024-03-05
basic,20240305
serial,45356
in words,5 March 2024
CSV
cat > "$work/show.py" <<'PY'
from importlib.metadata import version

from hdx.utilities.dateparse import parse_date

print("libhxl", version("libhxl"), "hdx-python-utilities", version("hdx-python-utilities"))
print("by the library of the exchange: 20240305 is", parse_date("20240305").date())
PY
cat > "$work/expected" <<'TXT'
libhxl 5.2.2 hdx-python-utilities 4.2.5
by the library of the exchange: 20240305 is 2024-03-05
hxlclean --date:
Place,Arrived
#loc+name,#date+arrived
hyphens,2024-03-05
basic,1970-08-23
serial,2094-03-06
in words,2024-03-05
hxlselect, from 1 to 31 March 2024:
Place,Arrived
#loc+name,#date+arrived
hyphens,2024-03-05
in words,5 March 2024
TXT
{
    "$work/venv/bin/python" "$work/show.py"
    echo 'hxlclean --date:'
    "$work/venv/bin/hxlclean" --date '#date' "$work/convoys.csv" | tr -d '\r'
    echo 'hxlselect, from 1 to 31 March 2024:'
    "$work/venv/bin/hxlselect" --query '#date>=2024-03-01' "$work/convoys.csv" \
        | "$work/venv/bin/hxlselect" --query '#date<=2024-03-31' | tr -d '\r'
} | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: the tools read a date of eight digits otherwise"
    exit 1
}
echo HOLDS
