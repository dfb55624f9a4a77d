#!/usr/bin/env bash
# A date of August 2017, as it is written in Damascus or Baghdad, is read as the day on which it is read.
#
# Expected: a reader of dates that lists Arabic knows how Arabic dates are written, or says that it cannot read one. One
#   library writes a date for a place (CLDR), the other reads it back.
# Seen: Arabic names its months in several ways. Of the names in use from Gaza to Basra none is read, and of those of
#   Algeria and Tunisia 5, of Morocco 6 of 12. Where the language is not given, and guessed, "5 آب 2017" is taken for
#   Urdu: the word means "now" there, the day and the year are dropped without a word, and the answer is the moment of
#   the call. No test with dates of Egypt, which `ar` stands for, shows any of this.
# Versions: PyPI dateparser 1.5.0, Babel 2.19.0.
# Consequence: Parley reads dates on its pages by the months of each of these places, shows the reading back before it
#   is recorded, and leaves alone what it does not understand in all its parts.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check dateparser==1.5.0 babel==2.19.0

cat > "$work/show.py" <<'PY'
from datetime import date, datetime
from importlib.metadata import version

from babel.dates import format_date
from dateparser.date import DateDataParser

print("PyPI dateparser", version("dateparser"), "Babel", version("babel"))
told, guessed = DateDataParser(languages=["ar"]), DateDataParser()
for place in ("ar_EG", "ar_SY", "ar_IQ", "ar_LB", "ar_JO", "ar_PS", "ar_DZ", "ar_TN", "ar_MA"):
    days = {date(2017, month, 5): format_date(date(2017, month, 5), "d MMMM y", locale=place) for month in range(1, 13)}
    read = [told.get_date_data(text).date_obj for text in days.values()]
    print(place, "read in Arabic:", sum(at is not None and at.date() == day for day, at in zip(days, read)), "of 12")
august = format_date(date(2017, 8, 5), "d MMMM y", locale="ar_SY")
before = datetime.now()
answer = guessed.get_date_data(august)
print(august, "with the language guessed:", answer.locale, answer.period)
print("the moment of the call:", before <= answer.date_obj <= datetime.now())
PY
cat > "$work/expected" <<'TXT'
PyPI dateparser 1.5.0 Babel 2.19.0
ar_EG read in Arabic: 12 of 12
ar_SY read in Arabic: 0 of 12
ar_IQ read in Arabic: 0 of 12
ar_LB read in Arabic: 0 of 12
ar_JO read in Arabic: 0 of 12
ar_PS read in Arabic: 0 of 12
ar_DZ read in Arabic: 5 of 12
ar_TN read in Arabic: 5 of 12
ar_MA read in Arabic: 6 of 12
5 آب 2017 with the language guessed: ur day
the moment of the call: True
TXT
cd "$work"
venv/bin/python show.py | tee seen
diff expected seen || {
    echo "CHANGED: the months are read in another way"
    exit 1
}
echo HOLDS
