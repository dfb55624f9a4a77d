#!/usr/bin/env bash
# One locale, one table of formats, two calendars: for Persian a server writes 5 March 2024, the browser 15 Esfand 1402;
# for the Arabic of Syria the server writes 1,234, the browser the same number in Arabic-Indic digits.
#
# Expected: Babel and Intl both take their formats from the CLDR, so a page that a server renders and a line that its
#   script adds look alike for one locale.
# Seen: Babel has the Gregorian calendar only, and by default Latin digits, whatever the locale prefers; Intl takes the
#   calendar and the digits that the CLDR prefers for it. Both agree on "ar" and on Russian, so a test with these does
#   not show it. Babel writes the digits of the locale if numbering_system="default" is given; nothing gives it the
#   calendar. Intl writes as Babel does with "-u-ca-gregory-nu-latn" behind the locale.
# Versions: PyPI babel 2.19.0; Intl of Node 20 (the CLDR and ICU that it carries are not pinned, and not printed).
# Consequence: in Parley all dates and numbers of a page are written on the server, its script writes none, and digits
#   are Latin in every language.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check babel==2.19.0

cat > "$work/show.py" <<'PY'
from datetime import date

import babel
from babel.dates import format_date
from babel.numbers import format_decimal

print("PyPI babel", babel.__version__)
for name in ("fa", "ar_SY", "ar", "ru"):
    written = format_date(date(2024, 3, 5), "d MMMM y", locale=name), format_decimal(1234, locale=name)
    print(name.replace("_", "-"), *written, sep=" | ")
print("numbers of the locale", format_decimal(1234, locale="ar_SY", numbering_system="default"), sep=" | ")
PY
cat > "$work/show.mjs" <<'JS'
console.log("Intl of Node");
const day = new Date(Date.UTC(2024, 2, 5));
const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
for (const name of ["fa", "ar-SY", "ar", "ru", "fa-u-ca-gregory-nu-latn"]) {
  const parts = new Intl.DateTimeFormat(name, options).formatToParts(day);
  const written = ["day", "month", "year"].map((type) => parts.find((part) => part.type === type)?.value).join(" ");
  console.log([name, written, new Intl.NumberFormat(name).format(1234)].join(" | "));
}
JS
cat > "$work/expected" <<'TXT'
PyPI babel 2.19.0
fa | 5 مارس 2024 | 1,234
ar-SY | 5 آذار 2024 | 1,234
ar | 5 مارس 2024 | 1,234
ru | 5 марта 2024 | 1 234
numbers of the locale | 1٬234
Intl of Node
fa | ۱۵ اسفند ۱۴۰۲ | ۱٬۲۳۴
ar-SY | ٥ آذار ٢٠٢٤ | ١٬٢٣٤
ar | 5 مارس 2024 | 1,234
ru | 5 марта 2024 | 1 234
fa-u-ca-gregory-nu-latn | 5 مارس 2024 | 1,234
TXT
{ "$work/venv/bin/python" "$work/show.py" && node "$work/show.mjs"; } | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: the two write dates and numbers of these locales otherwise"
    exit 1
}
echo "HOLDS: one locale is written in two calendars and in two kinds of digits"
