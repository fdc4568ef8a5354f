# Bad input gets a clear error or a visible "incomplete: reason"; the server stays up and fast for others.
. tests/e2e/lib.sh
. tests/e2e/images.sh
"$PORTWARDEN" init --data "$DATA" >/dev/null
"$PORTWARDEN" feeds import sample advisories/sample --data "$DATA" >/dev/null 2>&1
check "the server gets ready" start || exit 1
check "hostile images, manifests and clients" python3 tests/e2e/hostile.py "$URL" "$WORK"

# a feed that is not JSON changes nothing
bad_feed() { # bad_feed FEED FILE
    local before after out
    before=$("$PORTWARDEN" feeds status --json --data "$DATA")
    out=$("$PORTWARDEN" feeds import "$1" "$2" --data "$DATA" 2>&1) && { echo "accepted: $out"; return 1; }
    after=$("$PORTWARDEN" feeds status --json --data "$DATA")
    same "$(jq -c '[.feeds[] | select(.records > 0) | {name, records}]' <<<"$after")" \
        "$(jq -c '[.feeds[] | select(.records > 0) | {name, records}]' <<<"$before")" && [[ $out == *"$(basename "$2")"* ]]
}
echo '<html>rate limit</html>' >"$WORK/page.html"
printf '{"cut": [1, 2' >"$WORK/cut.json"
for feed in osv debian-tracker alpine-secdb nvd kev epss; do
    check "feed $feed: a web page instead of data is refused and changes nothing" bad_feed "$feed" "$WORK/page.html"
done
check "feed debian-tracker: cut JSON is refused" bad_feed debian-tracker "$WORK/cut.json"

# usage errors help
usage() { # usage WANT-STATUS WANT-TEXT WORDS...
    local want=$1 text=$2 out status
    shift 2
    out=$("$PORTWARDEN" "$@" 2>&1)
    status=$?
    same "$status" "$want" && [[ $out == *"$text"* ]] || { echo "$out"; return 1; }
}
check "an unknown command suggests one" usage 2 scan scna
check "a missing target says what is missing" usage 2 TARGET scan
check "listening beyond loopback is refused" usage 2 "only this machine may ask" serve --data "$WORK/other" --listen 0.0.0.0:5999
check "a target that is not there" usage 3 "$WORK/nothing" scan "oci:$WORK/nothing:latest" --data "$DATA"
check "the server stops cleanly" stop

# a full disk: a small file system of its own
if [[ $(id -u) -eq 0 ]] && mkdir -p "$WORK/small" && mount -t tmpfs -o size=64m none "$WORK/small" 2>/dev/null; then
    full_disk() {
        local status=0 code
        DATA=$WORK/small/data
        "$PORTWARDEN" init --data "$DATA" >/dev/null && start || status=1
        database_image && "${SKOPEO[@]}" copy -q --dest-tls-verify=false "oci:$IMAGE:latest" "docker://127.0.0.1:$PORT/small/app:latest" || status=1
        random_layout "$WORK/toobig" 90
        "${SKOPEO[@]}" copy -q --dest-tls-verify=false "oci:$WORK/toobig:latest" "docker://127.0.0.1:$PORT/small/big:latest" 2>"$WORK/full.err" && { echo "a 90 MB push fitted in 64 MB"; status=1; }
        grep -qiE 'space|full|507|storage' "$WORK/full.err" || { echo "no word of the full disk:"; cat "$WORK/full.err"; status=1; }
        code=$(curl -s -o /dev/null -w '%{http_code}' "$URL/v2/small/app/manifests/latest")
        same "$code" 200 || status=1
        code=$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$URL/v2/small/app/manifests/$(digest_of "$IMAGE")")
        same "$code" 202 || status=1
        "${SKOPEO[@]}" copy -q --dest-tls-verify=false "oci:$IMAGE:latest" "docker://127.0.0.1:$PORT/small/after:latest" || status=1
        stop || status=1
        return $status
    }
    check "a full disk: clear error, reads, deletes and small pushes go on" full_disk
    umount -l "$WORK/small"
else
    skip "a full disk" "mounting a small tmpfs needs root"
fi
