# Feeds over the network: from a mirror on this machine, by hand and by the server.
. tests/e2e/lib.sh

mkdir -p "$WORK/mirror"
kev() { # kev COUNT: a catalogue of so many entries
    python3 - "$1" >"$WORK/mirror/kev.json" <<'P'
import json, sys
entries = [{"cveID": "CVE-2024-%05d" % n, "vendorProject": "x", "product": "y", "vulnerabilityName": "z",
            "dateAdded": "2024-01-02", "shortDescription": "d", "requiredAction": "a", "dueDate": "2024-02-02",
            "knownRansomwareCampaignUse": "Unknown"} for n in range(1, int(sys.argv[1]) + 1)]
json.dump({"title": "t", "catalogVersion": "2024.01.02", "dateReleased": "2024-01-02T00:00:00Z",
           "count": len(entries), "vulnerabilities": entries}, sys.stdout)
P
}
kev 3
MIRROR_PORT=$(free_port)
python3 -m http.server "$MIRROR_PORT" --bind 127.0.0.1 --directory "$WORK/mirror" >/dev/null 2>&1 &
MIRROR=$!
both() { kill "$MIRROR" 2>/dev/null; ended; }
trap both EXIT
wait_until 10 curl -fsS "http://127.0.0.1:$MIRROR_PORT/kev.json"
export PORTWARDEN_FEEDS_KEV_URL=http://127.0.0.1:$MIRROR_PORT/kev.json
update() { "$PORTWARDEN" feeds update "$@" --data "$DATA"; }
records() { same "$("$PORTWARDEN" feeds status --json --data "$DATA" | jq '.feeds[] | select(.name == "kev") | .records')" "$1"; }
fails() { # fails STATUS WORDS COMMAND...
    local want=$1 words=$2 got=0 out
    shift 2
    out=$("$@" 2>&1) || got=$?
    same "$got" "$want" && grep -qF "$words" <<<"$out" || { echo "$out"; return 1; }
}
check "feeds update KEV" update kev
check "three entries" records 3
check "again: nothing changes" update kev
kev 4
check "one more" update kev
check "four entries" records 4
no_leftovers() { same "$(find "$DATA" -name 'fetch-*' | wc -l)" 0; }
check "nothing is left behind" no_leftovers
PORTWARDEN_FEEDS_KEV_URL=http://127.0.0.1:$MIRROR_PORT/absent.json check "an address that is gone" fails 3 "none of its documents exist" update kev
PORTWARDEN_FEEDS_KEV_URL=http://127.0.0.1:1/kev.json check "nobody there" fails 3 "feed kev:" update kev
check "what was there stays" records 4
check "an unknown feed" fails 2 'there is no feed "kve" with an address' update kve
check "an unknown key" fails 2 'did you mean "feeds.kev.url"?' env PORTWARDEN_DATA="$DATA" "$PORTWARDEN" feeds update kev --config <(printf 'feeds:\n  kev:\n    ulr: x\n')

# the server does it by itself, when it is told to
kev 6
{ # nothing but the mirror is asked
    printf 'feeds:\n  kev:\n    every: 1m\n'
    for name in debian-tracker alpine-secdb osv nvd epss; do printf '  %s:\n    every: "off"\n' "$name"; done
} >"$DATA/portwarden.yaml"
python3 - "$DATA/portwarden.db" <<'P'
import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
base.execute("UPDATE feed SET updated_at = updated_at - 3600, failed_at = 0 WHERE name = 'kev'")
base.commit()
P
start || exit 1
check "the server fetches what is due" wait_until 20 records 6
stop || echo "not ok - stop"
