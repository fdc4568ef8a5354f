# kill -9 at any moment loses nothing that was acknowledged; the push resumes or is repeated and succeeds.
. tests/e2e/lib.sh
. tests/e2e/images.sh
"$PORTWARDEN" init --data "$DATA" >/dev/null
"$PORTWARDEN" feeds import sample advisories/sample --data "$DATA" >/dev/null 2>&1
check "the server gets ready" start || exit 1
rounds=$([[ -n $FULL ]] && echo 12 || echo 4)
[[ -z $SANITIZED ]] || rounds=2
crash_now() {
    kill -KILL "$SERVER"
    wait "$SERVER" 2>/dev/null
    SERVER=
}
push() { "${SKOPEO[@]}" copy -q --dest-tls-verify=false "oci:$1:latest" "docker://127.0.0.1:$PORT/$2:latest"; }

# 1. in the middle of a push, at moments that differ
random_layout "$WORK/noisy" 48
push_through_a_crash() { # push_through_a_crash ROUND
    push "$WORK/noisy" "crash/r$1" 2>/dev/null &
    local client=$!
    sleep "0.$((RANDOM % 30 + 2))"
    crash_now
    wait "$client" 2>/dev/null
    start && push "$WORK/noisy" "crash/r$1" && rm -rf "$WORK/back" &&
        "${SKOPEO[@]}" copy -q --src-tls-verify=false "docker://127.0.0.1:$PORT/crash/r$1:latest" "oci:$WORK/back:latest" &&
        diff -r "$WORK/noisy/blobs" "$WORK/back/blobs"
}
for ((i = 1; i <= rounds; i++)); do
    check "kill -9 in the middle of push $i, restart, push again, bytes are right" push_through_a_crash "$i"
done

# 2. an upload in chunks goes on where it was
resume() {
    local place body=$WORK/chunk status range
    head -c 9000000 /dev/urandom >"$body"
    place=$(curl -fsS -D - -o /dev/null -X POST -H 'Content-Length: 0' "$URL/v2/crash/resume/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" {print $2}')
    head -c 5000000 "$body" | curl -fsS -o /dev/null -X PATCH -H 'Content-Type: application/octet-stream' --data-binary @- "$URL$place" || return 1
    crash_now
    start || return 1
    range=$(curl -fsS -D - -o /dev/null "$URL$place" | tr -d '\r' | awk 'tolower($1) == "range:" {print $2}')
    same "$range" 0-4999999 || return 1
    tail -c +5000001 "$body" | curl -fsS -o /dev/null -X PATCH -H 'Content-Type: application/octet-stream' --data-binary @- "$URL$place" || return 1
    local digest
    digest=sha256:$(sha256sum <"$body" | cut -d' ' -f1)
    [[ $place == *\?* ]] && place+="&" || place+="?"
    status=$(curl -sS -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Length: 0' "$URL${place}digest=$digest")
    same "$status" 201 && curl -fsS "$URL/v2/crash/resume/blobs/$digest" | cmp - "$body"
}
check "an acknowledged chunk survives kill -9 and the upload goes on" resume

# 3. whatever was acknowledged is there
acknowledged() {
    local i status
    database_image
    for i in {1..40}; do
        push "$IMAGE" "crash/ack$i" && echo "$i" >>"$WORK/acked"
    done 2>/dev/null &
    local client=$!
    sleep 1.7
    crash_now
    wait "$client" 2>/dev/null
    start || return 1
    [[ -s $WORK/acked ]] || { echo "nothing was acknowledged before the crash"; return 1; }
    for i in $(cat "$WORK/acked"); do
        status=$(curl -s -o "$WORK/manifest" -w '%{http_code}' "$URL/v2/crash/ack$i/manifests/latest")
        same "$status" 200 && same "sha256:$(sha256sum <"$WORK/manifest" | cut -d' ' -f1)" "$(digest_of "$IMAGE")" || return 1
    done
}
check "every acknowledged push is there after kill -9" acknowledged
findings() { report crash/ack1 "$(digest_of "$IMAGE")" >"$WORK/report.json" && jq -e '.findings | length > 10' "$WORK/report.json"; }
check "and is scanned" findings
check "the server stops cleanly" stop
check "fsck finds nothing wrong" "$PORTWARDEN" fsck --deep --data "$DATA"

# 4. backup while serving, restore, rebuild
check "start again" start || exit 1
check "backup of a running server" "$PORTWARDEN" backup "$WORK/backup.db" --data "$DATA"
check "stop" stop
tags() { curl -fsS "$URL/v2/crash/ack1/tags/list" | jq -c .tags; }
restore() {
    mkdir -p "$WORK/restored" && cp -r "$DATA"/. "$WORK/restored/" && rm -f "$WORK"/restored/*.db* "$WORK/restored/lock" &&
        cp "$WORK/backup.db" "$WORK/restored/$(basename "$(ls "$DATA"/*.db)")" && DATA=$WORK/restored start &&
        same "$(tags)" '["latest"]' && report crash/ack1 "$(digest_of "$IMAGE")" >/dev/null && stop
}
check "a restored backup serves the same images and findings" restore
rebuild() {
    mkdir -p "$WORK/rebuilt" && cp -r "$DATA"/. "$WORK/rebuilt/" && rm -f "$WORK"/rebuilt/*.db* "$WORK/rebuilt/lock" &&
        "$PORTWARDEN" fsck --rebuild --data "$WORK/rebuilt" &&
        "$PORTWARDEN" feeds import sample advisories/sample --data "$WORK/rebuilt" >/dev/null 2>&1 &&
        DATA=$WORK/rebuilt start && same "$(tags)" '["latest"]' && rm -rf "$WORK/back" &&
        "${SKOPEO[@]}" copy -q --src-tls-verify=false "docker://127.0.0.1:$PORT/crash/r1:latest" "oci:$WORK/back:latest" &&
        diff -r "$WORK/noisy/blobs" "$WORK/back/blobs" && stop
}
check "fsck --rebuild recovers repositories, tags and manifests from the blob store" rebuild

# 5. the process that reads layers dies again and again: no layer is lost
check "start once more" start || exit 1
unlike_image() { # unlike_image N: a package database behind 30 MB that no other image has, so its layer must be read
    mkdir -p "$WORK/z$1" && gzip -dc "$WORK/database/blobs/${layer/://}" | tar -C "$WORK/z$1" -xf - &&
        head -c 30000000 /dev/urandom >"$WORK/z$1/aaa-unlike" && tar --sort=name -C "$WORK/z$1" -cf "$WORK/z$1.tar" . &&
        tools/make-oci "$WORK/zygote$1" latest "$WORK/z$1.tar" >/dev/null
}
zygotes_die() {
    local i killed=0 ends
    database_image
    local layer
    layer=$(jq -r '.layers[0].digest' "$IMAGE/blobs/$(digest_of "$IMAGE" | tr : /)")
    for i in 1 2 3; do
        unlike_image "$i" || return 1
    done
    for i in 1 2 3; do push "$WORK/zygote$i" "zygote/r$i" || return 1; done &
    local client=$!
    ends=$((SECONDS + 4))
    while [[ $SECONDS -lt $ends ]] && kill -0 "$client" 2>/dev/null; do
        for pid in $(pgrep -P "$SERVER"); do kill -KILL "$pid" 2>/dev/null && killed=$((killed + 1)); done
        sleep 0.05
    done
    wait "$client" || return 1
    echo "killed $killed times"
    [[ $killed -gt 0 ]] || return 1
    for i in 1 2 3; do
        report "zygote/r$i" "$(digest_of "$WORK/zygote$i")" >"$WORK/report.json" || { echo "no report of image $i"; return 1; }
        jq -e '.coverage != "unscanned" and (.findings | length > 10)' "$WORK/report.json" >/dev/null || { jq -c '{coverage, incomplete}' "$WORK/report.json"; return 1; }
    done
}
check "the reader's process is killed again and again: no layer is lost" zygotes_die
check "the server stops cleanly after that" stop
