#!/usr/bin/env bash
# Of one file of incidents "03/04/2024" is 3 April; add a row further down, and the same cell is 4 March. Another
# library has it the other way round from the start.
#
# Expected: how a cell is read depends on the cell and on what one asks for; where day and month cannot be told
#   apart, a reader asks, or leaves the text.
# Seen: DuckDB looks for one form that fits all rows that it samples, and tries the day before the month: the file
#   of the first days of a month is read as days, and one row "04/25/2024" turns months and days of all the others,
#   without a word. pandas takes the month first from the first cell: March for the same file, and an error for the
#   month's later rows written with the day first. Polars reads the day first and, where a row does not fit, leaves
#   the whole column as text. So a monthly export is right or wrong by the days that something happened on.
# Versions: PyPI duckdb 2.0.1, pandas 3.1.1, polars 2.1.0.
# Consequence: Parley takes no date with slashes by machine. The forms show the reading of what is typed before it
#   is recorded.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0

cat > "$work/show.py" <<'PY'
import os
from importlib.metadata import version
from pathlib import Path

import duckdb
import pandas
import polars

print(*(f"{name} {version(name)}" for name in ("duckdb", "pandas", "polars")))
os.chdir(os.environ["work"])
for more in ("", "25/04/2024", "04/25/2024"):
    Path("incidents.csv").write_text("\n".join(["day,killed", "03/04/2024,2", "05/04/2024,1", f"{more},1" if more else ""]) + "\n")
    by_duckdb = duckdb.sql("select day from 'incidents.csv'").fetchall()[0][0]
    try:
        by_pandas = pandas.to_datetime(pandas.read_csv("incidents.csv")["day"])[0].date()
    except ValueError as error:
        by_pandas = type(error).__name__
    by_polars = polars.read_csv("incidents.csv", try_parse_dates=True)["day"][0]
    print(f"03/04/2024 beside {more or 'nothing':10} is {by_duckdb} (duckdb), {by_pandas} (pandas), {by_polars} (polars)")
PY
cat > "$work/expected" <<'TXT'
duckdb 2.0.1 pandas 3.1.1 polars 2.1.0
03/04/2024 beside nothing    is 2024-04-03 (duckdb), 2024-03-04 (pandas), 2024-04-03 (polars)
03/04/2024 beside 25/04/2024 is 2024-04-03 (duckdb), ValueError (pandas), 2024-04-03 (polars)
03/04/2024 beside 04/25/2024 is 2024-03-04 (duckdb), 2024-03-04 (pandas), 03/04/2024 (polars)
TXT
work=$work "$work/venv/bin/python" "$work/show.py" | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: a reader takes the order of day and month otherwise"
    exit 1
}
echo HOLDS
