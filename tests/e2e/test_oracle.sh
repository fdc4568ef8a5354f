# sanitized: no
# The findings of real images are exactly those that tools outside Portwarden compute: package
# managers list the packages, their own comparators order the versions.
. tests/e2e/lib.sh
. tests/e2e/images.sh
has_shared || {
    skip "oracle" "the shared test data is not here ($SHARED)"
    exit 0
}
FEEDS=$SHARED/feeds
EXPECTED=$SHARED/expected
import() { "$PORTWARDEN" feeds import "$1" "$FEEDS/$2" --data "$DATA"; }
check "init" "$PORTWARDEN" init --data "$DATA" || exit 1
check "import osv" import osv osv
check "import debian-tracker" import debian-tracker debian/tracker-derived.json.xz
check "import alpine-secdb" import alpine-secdb alpine
check "import nvd" import nvd nvd
check "import kev" import kev kev
check "import epss" import epss epss

layout() { # layout NAME: the database-only image as an OCI layout
    gzip -dc "$SHARED/images/$1.tar.gz" >"$WORK/layer.tar" && rm -rf "$WORK/$1" &&
        tools/make-oci "$WORK/$1" latest "$WORK/layer.tar" >/dev/null
}
scan() { "$PORTWARDEN" scan "oci:$1:latest" --format json --data "$DATA" >"$2"; }

# 1. frozen databases against frozen expectations
frozen() { # frozen IMAGE EXPECTED
    layout "$1" && scan "$WORK/$1" "$WORK/report.json" && tests/e2e/pairs.py "$WORK/report.json" "$EXPECTED/$2"
}
for name in debian-bullseye-min-20261121 debian-bookworm-min-20261121 debian-trixie-min-20261121 \
    debian-bookworm-web-20261121 debian-12-distroless-style-20261121; do
    check "$name: exactly the expected pairs" frozen "$name" "$name.dpkg.json"
done
for name in alpine-3.9.0-gliderlabs alpine-3.10.9 alpine-3.18.9 alpine-3.20.3; do
    check "$name: exactly the expected pairs" frozen "$name" "$name.apk.json"
done
check "node-app: exactly the expected pairs" frozen node-app-20261121 node-app.lang.json

# 2. what no reader reads is said, never healthy
coverage() { # coverage DIR WANT-COVERAGE WANT-REASON-KIND
    scan "$1" "$WORK/report.json" &&
        jq -e --arg want "$2" --arg kind "$3" '.coverage == $want and any(.incomplete[]; .kind == $kind)' \
            "$WORK/report.json" >/dev/null || {
        jq -c '{coverage, incomplete, findings: (.findings | length)}' "$WORK/report.json"
        return 1
    }
}
layout almalinux-9-micro-aarch64-20231124
check "AlmaLinux: unscanned, because of its rpm database" coverage "$WORK/almalinux-9-micro-aarch64-20231124" unscanned rpm-database
mkdir "$WORK/empty" && echo hello >"$WORK/empty/hello" && tar -C "$WORK/empty" -cf "$WORK/scratch.tar" hello &&
    tools/make-oci "$WORK/scratch" latest "$WORK/scratch.tar" >/dev/null
check "an image without package databases: unscanned" coverage "$WORK/scratch" unscanned no-packages

# 3. images built on the spot against oracles computed now
[[ -n ${PORTWARDEN_SKIP_BUILD:-} ]] && exit 0
names=(debian-bookworm-min node-app go-app java-app python-app)
[[ -z $FULL ]] || names+=(debian-bullseye-min debian-trixie-min debian-bookworm-web)
if [[ $(id -u) -ne 0 ]]; then
    skip "images built on the spot" "building them needs root"
    exit 0
fi
check "build ${names[*]}" image "${names[@]}" || exit 1
rootfs() { # rootfs NAME: its files with all layers applied, by umoci
    rm -rf "$WORK/bundle" && umoci unpack --image "$IMAGES/$1:latest" "$WORK/bundle" >/dev/null 2>&1 && echo "$WORK/bundle/rootfs"
}
mkdir -p "$WORK/bin"
printf '#!/bin/sh\nexit 1\n' >"$WORK/bin/go" && chmod +x "$WORK/bin/go" # Go binaries are not compared here
oracle_debian() { # oracle_debian NAME RELEASE
    local root
    root=$(rootfs "$1") && python3 "$EXPECTED/tools/expected_debian.py" "$root" "$2" "$FEEDS/debian/tracker-derived.json.xz" >"$WORK/want.json" &&
        scan "$IMAGES/$1" "$WORK/report.json" && tests/e2e/pairs.py "$WORK/report.json" "$WORK/want.json"
}
oracle_lang() { # oracle_lang NAME
    local root
    root=$(rootfs "$1") && PATH=$WORK/bin:$PATH "${python:-python3}" "$EXPECTED/tools/expected_lang.py" "$root" "$FEEDS" >"$WORK/want.lang.json" &&
        scan "$IMAGES/$1" "$WORK/report.json" && tests/e2e/pairs.py "$WORK/report.json" "$WORK/want.lang.json" "$root"
}
check "debian-bookworm-min as built: exactly the oracle's pairs" oracle_debian debian-bookworm-min bookworm
check "python-app as built, Debian: exactly the oracle's pairs" oracle_debian python-app bullseye
if [[ -n $FULL ]]; then
    check "debian-bullseye-min as built" oracle_debian debian-bullseye-min bullseye
    check "debian-trixie-min as built" oracle_debian debian-trixie-min trixie
    check "debian-bookworm-web as built" oracle_debian debian-bookworm-web bookworm
fi
if [[ -d /usr/lib/node_modules/npm/node_modules/semver ]]; then
    check "node-app as built: exactly the oracle's pairs" oracle_lang node-app
else
    skip "node-app as built" "the oracle needs npm's own semver in /usr/lib/node_modules"
fi
for python in python3 /usr/bin/python3; do $python -c 'import packaging' 2>/dev/null && break; done
if $python -c 'import packaging' 2>/dev/null; then
    check "python-app as built, PyPI: exactly the oracle's pairs" oracle_lang python-app
else
    skip "python-app as built, PyPI" "the oracle needs the Python module packaging"
fi
check "go-app: unscanned, because of its Go binaries" coverage "$IMAGES/go-app" unscanned go-binary
check "java-app: partly scanned, because of its jars" coverage "$IMAGES/java-app" partial jar
