#!/usr/bin/env bash
# A grid reference of a monitor lies elsewhere after a library was updated: up to 71 km for a square of 100 km.
#
# Expected: MGRS is a standard of armies, so what point "37SCT0334" is, is settled; and a new minor version of a library
#   leaves it where it was. A reference names a square, and the standard counts from its south-west corner.
# Seen: 1.5.0 gives that corner, 1.6.0 the middle of the square, as the library for JavaScript does. Between the two,
#   0.7 km for a square of 1 km, 7 km for one of 10 km. Nothing fails: both points lie in the square, and both libraries
#   give six digits and more, whatever the square.
# Versions: PyPI mgrs 1.5.0 and 1.6.0, npm mgrs 2.2.0.
# Consequence: Parley takes no grid references. A place has a point with the precision at which it is known, so a square is
#   a point and its size, and points are told apart only if they lie further apart than that.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for number in 1.5.0 1.6.0; do
    python3 -m venv "$work/$number"
    "$work/$number/bin/pip" install -q --disable-pip-version-check "mgrs==$number" packaging==25.0
done
npm install --loglevel=error --no-audit --no-fund --prefix "$work" mgrs@2.2.0 > "$work/npm.log"

cat > "$work/show.py" <<'PY'
from importlib.metadata import version

import mgrs

print("PyPI mgrs", version("mgrs"))
for square in ("37SCT", "37SCT03", "37SCT0334", "37SCT032343"):
    latitude, longitude = mgrs.MGRS().toLatLon(square)
    print(f"{square} {latitude:.4f} {longitude:.4f}")
PY
cat > "$work/show.mjs" <<'JS'
import { readFileSync } from "node:fs";
import module from "mgrs";

const { toPoint } = module;

const manifest = new URL("./node_modules/mgrs/package.json", import.meta.url);
console.log("npm mgrs", JSON.parse(readFileSync(manifest)).version);
for (const square of ["37SCT", "37SCT03", "37SCT0334", "37SCT032343"]) {
  const [longitude, latitude] = toPoint(square);
  console.log(square, latitude.toFixed(4), longitude.toFixed(4));
}
JS
cat > "$work/expected" <<'TXT'
PyPI mgrs 1.5.0
37SCT 33.4207 36.8490
37SCT03 33.6911 36.8423
37SCT0334 33.7277 36.8737
37SCT032343 33.7305 36.8758
PyPI mgrs 1.6.0
37SCT 33.8797 37.3781
37SCT03 33.7371 36.8951
37SCT0334 33.7323 36.8790
37SCT032343 33.7309 36.8763
npm mgrs 2.2.0
37SCT 33.8786 37.3809
37SCT03 33.7371 36.8951
37SCT0334 33.7323 36.8790
37SCT032343 33.7309 36.8763
TXT
cd "$work"
{ 1.5.0/bin/python show.py && 1.6.0/bin/python show.py && node show.mjs; } | tee seen
diff expected seen || {
    echo "CHANGED: a square is another point"
    exit 1
}
echo HOLDS
