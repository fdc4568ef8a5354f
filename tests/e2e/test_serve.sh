# The server with real clients: a push is scanned, findings are there by every face, survive a
# restart and a kill, and follow the advisories.
. tests/e2e/lib.sh

here() { # here NAME COMMAND: as check, in this shell: for what sets SERVER
    local name=$1
    shift
    if "$@"; then echo "ok - $name"; else
        echo "not ok - $name"
        return 1
    fi
}

# --- an image that needs nothing from elsewhere: a Debian package database of three packages ---
image() { # image NAME: oci layout $WORK/NAME
    rm -rf "$WORK/root" && mkdir -p "$WORK/root/etc" "$WORK/root/var/lib/dpkg" &&
        printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\nVERSION_CODENAME=bookworm\n' >"$WORK/root/etc/os-release" &&
        cat >"$WORK/root/var/lib/dpkg/status" <<STATUS &&
Package: demo-lib
Status: install ok installed
Architecture: amd64
Source: demo
Version: 1.0-1

Package: demo-tools
Status: install ok installed
Architecture: amd64
Source: demo
Version: 1.0-1

Package: calm
Status: install ok installed
Architecture: amd64
Version: 2.0-1
STATUS
        tar -C "$WORK/root" -cf "$WORK/$1.tar" etc var && tools/make-oci "$WORK/$1" latest "$WORK/$1.tar" >/dev/null
}
feed() { # feed FILE [FIXED]: a tracker document; demo is fixed in FIXED, or open
    local fixed=${2:-}
    python3 - "$1" "$fixed" <<'P'
import json, sys
release = {"status": "resolved", "fixed_version": sys.argv[2]} if sys.argv[2] else {"status": "open"}
release |= {"urgency": "not yet assigned", "repositories": {"bookworm": "1.0-1"}}
document = {"demo": {"CVE-2024-99901": {"description": "A <b>test</b> of text & escapes", "scope": "local",
                                       "releases": {"bookworm": release}}}}
for n in range(3):  # other packages: the document is whole
    document["other%d" % n] = {"CVE-2024-9980%d" % n: {"releases": {"bookworm": {"status": "open", "urgency": "low"}}}}
json.dump(document, open(sys.argv[1], "w"))
P
}
push() { "${SKOPEO[@]}" copy --dest-tls-verify=false "oci:$WORK/$1:latest" "docker://127.0.0.1:$PORT/$2"; }
report() { "$PORTWARDEN" report "$1" --json --data "$DATA" >"$WORK/report.json"; }
scanned() { wait_until 20 report "$1"; }
ask() { curl -fsS "$URL$1"; }
status_of() { curl -sS -o "$WORK/body" -w '%{http_code}' "$URL$1"; }
answers() { # answers PATH STATUS JQ: status and a condition on the body
    local got
    got=$(status_of "$1")
    same "$got" "$2" && { [[ -z ${3:-} ]] || jq -e "$3" "$WORK/body" >/dev/null || { cat "$WORK/body"; return 1; }; }
}
is() { jq -e "$1" "$WORK/report.json" >/dev/null || { jq -c '{state,reason,coverage,sample,incomplete,n:(.findings|length)}' "$WORK/report.json"; return 1; }; }

check "init" "$PORTWARDEN" init --data "$DATA" || exit 1
check "an image is made" image demo || exit 1
SUB=$("$PORTWARDEN" init --json --data "$DATA" | jq -r .subscription)
V=api-version=2019-01-01-preview
LIST=/subscriptions/$SUB/providers/Microsoft.Security/subAssessments

# 1. before any advisory
here "the server starts" start || exit 1
check "healthz" answers /healthz 200
check "readyz says what is ready" answers /readyz 200 '.ready and .store and .sandbox and .feeds == 0'
second() { "$PORTWARDEN" serve --data "$DATA" --listen 127.0.0.1:0 2>"$WORK/second"; same $? 3 && grep -q 'another server (process' "$WORK/second"; }
check "a second server is refused the folder" second
check "push" push demo team/demo:1
check "the image is scanned" scanned team/demo:1
check "without advisories it is unscanned, with the reason" is '.state == "unscanned" and (.reason | test("no advisories for Debian:12"))'
check "and not one row says healthy" answers "$LIST?$V" 200 '.value == []'

# 2. advisories arrive: no image is read again
check "feed: one open vulnerability" feed "$WORK/open.json"
check "import" "$PORTWARDEN" feeds import debian-tracker "$WORK/open.json" --data "$DATA"
has() { report team/demo:1 && is "$1"; }
check "findings follow the advisories" wait_until 20 has '.state == "unhealthy" and (.findings | length) == 2'
check "each finding says package, state and feed" is 'all(.findings[]; .id == "CVE-2024-99901" and .state == "open" and .feed == "debian-tracker" and (.package.name | startswith("demo-")))'
check "REST: one row per source package" answers "$LIST?$V" 200 '(.value | length) == 1 and .value[0].properties.status.code == "Unhealthy" and (.value[0].properties.additionalData.packages | length) == 2'
NAME=$(jq -r '.value[0].name' "$WORK/body") ID=$(jq -r '.value[0].id' "$WORK/body")
KEY=dbd0cb49-b563-45e7-9724-889e799fa648
check "REST: by assessment" answers "/subscriptions/$SUB/providers/Microsoft.Security/assessments/$KEY/subAssessments?$V" 200 '(.value | length) == 1'
check "REST: one by its id" answers "$ID?$V" 200 ".name == \"$NAME\""
check "REST: one by name at the subscription" answers "/subscriptions/$SUB/providers/microsoft.security/assessments/$KEY/subassessments/$NAME?$V" 200 ".name == \"$NAME\""
check "REST: registry scope, other letter case" answers "/SUBSCRIPTIONS/$SUB/resourcegroups/DEFAULT/providers/microsoft.containerregistry/Registries/PORTWARDEN/providers/Microsoft.Security/subAssessments?$V" 200 '(.value | length) == 1'
check "REST: an encoded scope" answers "/subscriptions%2F$SUB/providers/Microsoft.Security/subAssessments?$V" 200 '(.value | length) == 1'
check "REST: no api-version" answers "$LIST" 400 '.error.code == "MissingApiVersionParameter"'
check "REST: an unknown api-version" answers "$LIST?api-version=1999-01-01" 400 '.error.code == "InvalidApiVersionParameter"'
check "REST: an unknown subscription" answers "/subscriptions/11111111-1111-1111-1111-111111111111/providers/Microsoft.Security/subAssessments?$V" 404 '.error.code == "SubscriptionNotFound"'
check "REST: an unknown registry" answers "/subscriptions/$SUB/resourceGroups/default/providers/Microsoft.ContainerRegistry/registries/nope/providers/Microsoft.Security/subAssessments?$V" 404 '.error.code == "ResourceNotFound"'
check "REST: an unknown group" answers "/subscriptions/$SUB/resourceGroups/nope/providers/Microsoft.Security/subAssessments?$V" 404 '.error.code == "ResourceGroupNotFound"'
check "REST: an unknown row" answers "/subscriptions/$SUB/providers/Microsoft.Security/assessments/$KEY/subAssessments/00000000-0000-0000-0000-000000000000?$V" 404 '.error.code == "ResourceNotFound"'
check "REST: a bad page size" answers "$LIST?$V&\$top=no" 400 '.error.code == "InvalidQueryParameterValue"'
check "REST: a foreign skip token" answers "$LIST?$V&\$skipToken=x" 400 '.error.code == "InvalidSkipToken"'

# 3. several images: pages
for n in 2 3 4; do check "push the same image as app$n" push demo "team/app$n:1"; done
check "all are scanned" scanned team/app4:1
pages() { # follows nextLink with pages of one; prints the names
    local url="$URL$LIST?$V&\$top=1"
    while [[ -n $url ]]; do
        curl -fsS -g "$url" >"$WORK/page" || return 1
        jq -r '.value[].name' "$WORK/page"
        url=$(jq -r '.nextLink // ""' "$WORK/page")
    done
}
paged() { same "$(pages | sort -u | wc -l)" 4 && same "$(pages | wc -l)" 4; }
check "paging gives each row once" paged

# 4. the same answer by every way
same_report() {
    "$PORTWARDEN" scan "oci:$WORK/demo:latest" --format json --data "$DATA" >"$WORK/scan.json" &&
        ask "/api/v1/images/team/demo/$(jq -r .image.digest "$WORK/scan.json")/report" >"$WORK/rest.json" &&
        diff <(jq -S '[.findings[] | {id,state,severity,fixed_version,package}] | sort_by(.package.name)' "$WORK/scan.json") \
            <(jq -S '[.findings[] | {id,state,severity,fixed_version,package}] | sort_by(.package.name)' "$WORK/rest.json")
}
check "scan, report and REST agree" same_report
exits() { "$PORTWARDEN" scan "oci:$WORK/demo:latest" --data "$DATA" --fail-on "$1" >"$WORK/table"; same $? "$2"; }
check "scan --fail-on critical: 0" exits critical 0
from_server() { "$PORTWARDEN" scan "127.0.0.1:$PORT/team/demo:1" --format json --data "$DATA" | jq -e '.findings | length == 2' >/dev/null; }
check "scan of an image in a registry" from_server
from_rootfs() { "$PORTWARDEN" scan "rootfs:$WORK/root" --format json --data "$DATA" | jq -e '(.findings | length) == 2 and .image.digest == null' >/dev/null; }
check "scan of a folder" from_rootfs
from_archive() {
    "${SKOPEO[@]}" copy "oci:$WORK/demo:latest" "docker-archive:$WORK/demo-archive.tar:demo:1" >/dev/null &&
        "$PORTWARDEN" scan "docker-archive:$WORK/demo-archive.tar" --format json --data "$DATA" | jq -e '(.findings | length) == 2' >/dev/null
}
check "scan of a docker archive" from_archive
damaged() {
    cp -r "$WORK/demo" "$WORK/bad"
    printf 'x' | dd of="$WORK/bad/blobs/$(jq -r '.packages[0].layer | sub(":"; "/")' "$WORK/scan.json")" bs=1 seek=40 conv=notrunc 2>/dev/null
    "$PORTWARDEN" scan "oci:$WORK/bad:latest" --data "$WORK/fresh" 2>"$WORK/second" >/dev/null
    same $? 3 && grep -q 'is damaged: its bytes have another digest' "$WORK/second"
}
check "a damaged layer is refused" damaged

# 5. pages for people
page() { ask / >"$WORK/page.html" && grep -q 'team/demo' "$WORK/page.html" && grep -q unhealthy "$WORK/page.html"; }
check "the page of images" page
detail() {
    local digest
    digest=$(jq -r .image.digest "$WORK/scan.json")
    ask "/images/$digest" >"$WORK/page.html" && grep -q 'CVE-2024-99901' "$WORK/page.html" && ! grep -q '<b>test</b>' "$WORK/page.html"
}
check "the page of an image; text of others is no markup" detail
check "metrics" answers /metrics 200
check "an unknown path" answers /nowhere 404 '.error.code'

# 6. a fix is published; healthy in the end
check "feed: fixed in 1.0-2" feed "$WORK/fixed.json" 1.0-2
check "import the fix" "$PORTWARDEN" feeds import debian-tracker "$WORK/fixed.json" --data "$DATA"
check "the fix is offered" wait_until 20 has 'all(.findings[]; .state == "fixed" and .fixed_version == "1.0-2")'
since=$(jq -r '.findings[0].first_seen' "$WORK/report.json")
check "feed: it was fixed in 1.0-1 already" feed "$WORK/gone.json" 1.0-1
check "import" "$PORTWARDEN" feeds import debian-tracker "$WORK/gone.json" --data "$DATA"
check "nothing is left: healthy" wait_until 20 has '.state == "healthy" and .findings == []'
check "REST: a healthy row for each image" answers "$LIST?$V" 200 '[.value[].properties.status.code] == ["Healthy","Healthy","Healthy","Healthy"]'
check "import the open one again" "$PORTWARDEN" feeds import debian-tracker "$WORK/open.json" --data "$DATA"
check "and it is back" wait_until 20 has '(.findings | length) == 2'
[[ -n $since ]] || exit 1

# 7. stop and start
here "SIGTERM: stops with 0" stop
here "start again" start
check "the findings are still there" answers "$LIST?$V" 200 '(.value | length) == 4'
pulled() { rm -rf "$WORK/back" && "${SKOPEO[@]}" copy --src-tls-verify=false "docker://127.0.0.1:$PORT/team/demo:1" "oci:$WORK/back:latest" >/dev/null; }
check "the image can be pulled" pulled

# 8. kill -9 in the middle of pushes: what was acknowledged is there, nothing is half-visible
killed() {
    head -c 100000000 /dev/urandom >"$WORK/root/noise" && tar -C "$WORK/root" -cf "$WORK/big.tar" etc var noise &&
        tools/make-oci "$WORK/big" latest "$WORK/big.tar" >/dev/null || return 1
    push big team/big:1 >/dev/null 2>&1 &
    local pusher=$!
    sleep 0.4
    kill -KILL "$SERVER"
    wait "$SERVER" 2>/dev/null
    SERVER=
    wait "$pusher" # it fails, or had just finished
    return 0
}
here "kill -9 in the middle of a push" killed
here "start after the kill" start
check "what was there is there" answers "$LIST?$V" 200 '(.value | length) >= 4'
check "the push goes through now" push big team/big:1
check "and its image is scanned" scanned team/big:1
check "with its findings" is '(.findings | length) == 2'
check "backup of a running server" "$PORTWARDEN" backup "$WORK/copy.db" --data "$DATA"
check "the copy holds the rows" test -s "$WORK/copy.db"
check "fsck beside the running server" "$PORTWARDEN" fsck --deep --data "$DATA"
here "stop" stop

# 9. rows again from bytes alone
lost() { mv "$DATA/portwarden.db" "$WORK/lost.db" && rm -f "$DATA/portwarden.db-wal" "$DATA/portwarden.db-shm"; }
check "the database is lost" lost
check "fsck --rebuild" "$PORTWARDEN" fsck --rebuild --deep --data "$DATA"
check "fsck finds nothing wrong" "$PORTWARDEN" fsck --data "$DATA"
here "start on the rebuilt rows" start
check "the image can be pulled again" pulled
check "it is scanned again" scanned team/demo:1
here "stop at last" stop
