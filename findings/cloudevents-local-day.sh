#!/usr/bin/env bash
# A report of 28 February, sent as a CloudEvent, arrives as one of 27 February, though the object in memory says 28.
#
# Expected: the CloudEvents specification 1.0.2 wants the attribute "time" to be a timestamp of RFC 3339, which carries
#   its offset; an SDK hands it on as it is, like every other attribute. A report from Damascus at half past one in the
#   morning keeps "2018-02-28T01:30:00+03:00", and its first ten characters are the day at the place.
# Seen: the JavaScript SDK keeps the text on the object that one makes oneself, so a test that looks at event.time
#   passes. In whatever it sends (JSON or headers), and in whatever it receives, "time" becomes UTC:
#   2018-02-27T22:30:00.000Z. The instant is right, the offset is lost, and with it the day. An extension attribute
#   with the same text goes through untouched, so one event may show two days. The Python SDK keeps the offset both
#   ways.
# Versions: npm cloudevents 10.0.0, PyPI cloudevents 2.2.0.
# Consequence: in Parley the day of an event is a date in its payload, never the day of a timestamp of the envelope.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check cloudevents==2.2.0
npm install --loglevel=error --no-audit --no-fund --prefix "$work" cloudevents@10.0.0 > "$work/npm.log"

cat > "$work/event.json" <<'JSON'
{"specversion": "1.0", "id": "1", "source": "/reports", "type": "org.example.truce",
 "time": "2018-02-28T01:30:00+03:00", "reportedat": "2018-02-28T01:30:00+03:00",
 "datacontenttype": "application/json", "data": {"kept": true}}
JSON
cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { CloudEvent, HTTP } from "cloudevents";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
console.log("npm cloudevents", JSON.parse(read("./node_modules/cloudevents/package.json")).version);
const made = new CloudEvent(JSON.parse(read("./event.json")));
console.log("made:     ", made.time, made.reportedat);
const sent = JSON.parse(HTTP.structured(made).body);
console.log("as JSON:  ", sent.time, sent.reportedat);
const { headers } = HTTP.binary(made);
console.log("as header:", headers["ce-time"], headers["ce-reportedat"]);
const message = { headers: { "content-type": "application/cloudevents+json" }, body: read("./event.json") };
const received = HTTP.toEvent(message);
console.log("received: ", received.time, received.reportedat);
JS
cat > "$work/show.py" <<'PY'
import json
import sys
from importlib.metadata import version
from pathlib import Path

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

print("PyPI cloudevents", version("cloudevents"))
received = JSONFormat().read(CloudEvent, Path(sys.argv[1]).read_bytes())
print("received: ", received.get_time().isoformat())
print("as JSON:  ", json.loads(JSONFormat().write(received))["time"])
PY
cat > "$work/expected" <<'TXT'
npm cloudevents 10.0.0
made:      2018-02-28T01:30:00+03:00 2018-02-28T01:30:00+03:00
as JSON:   2018-02-27T22:30:00.000Z 2018-02-28T01:30:00+03:00
as header: 2018-02-27T22:30:00.000Z 2018-02-28T01:30:00+03:00
received:  2018-02-27T22:30:00.000Z 2018-02-28T01:30:00+03:00
PyPI cloudevents 2.2.0
received:  2018-02-28T01:30:00+03:00
as JSON:   2018-02-28T01:30:00+03:00
TXT
{ node "$work/show.mjs" && "$work/venv/bin/python" "$work/show.py" "$work/event.json"; } | tee "$work/seen"
diff "$work/expected" "$work/seen" || {
    echo "CHANGED: one of the two SDKs treats the offset otherwise"
    exit 1
}
echo "HOLDS: one SDK sends and receives the time of a report as that of the day before, the other as it was written"
