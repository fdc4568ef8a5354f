# Real clients push and pull real images; what comes back is what went in, and its findings are there.
. tests/e2e/lib.sh
. tests/e2e/images.sh
check "init" "$PORTWARDEN" init --data "$DATA" || exit 1
check "the sample advisories load" "$PORTWARDEN" feeds import sample advisories/sample --data "$DATA"
check "the server gets ready" start || exit 1
same_bytes() { # same_bytes LAYOUT REPOSITORY: by manifest digest, then every blob
    rm -rf "$WORK/back"
    "${SKOPEO[@]}" copy -q --src-tls-verify=false "docker://127.0.0.1:$PORT/$2:latest" "oci:$WORK/back:latest" &&
        same "$(digest_of "$WORK/back")" "$(digest_of "$1")" && diff -r "$1/blobs" "$WORK/back/blobs"
}
push() { "${SKOPEO[@]}" copy -q --dest-tls-verify=false "oci:$1:latest" "docker://127.0.0.1:$PORT/$2:latest"; }
has_finding() { # has_finding REPOSITORY DIGEST
    report "$1" "$2" >"$WORK/report.json" && jq -e '.findings | length > 0' "$WORK/report.json" >/dev/null
}
rows_of() { # rows_of DIGEST: sub-assessments of the whole subscription for this image
    local scope
    scope=/subscriptions/$("$PORTWARDEN" init --data "$DATA" --json | jq -r .subscription)
    local next="$URL$scope/providers/Microsoft.Security/subAssessments?api-version=2019-01-01-preview" page
    for page in {1..200}; do
        curl -fsS "$next" >"$WORK/page.json" || return 1
        jq -r --arg digest "$1" '.value[] | select(.properties.additionalData.imageDigest == $digest) | .name' "$WORK/page.json"
        next=$(jq -r '.nextLink // empty' "$WORK/page.json")
        [[ -n $next ]] || return 0
    done
}
rows_match() { # rows_match DIGEST: one row per (vulnerability, source package), names all unlike
    local rows want
    rows=$(rows_of "$1" | sort | uniq -d)
    [[ -z $rows ]] || { echo "names that occur twice: $rows"; return 1; }
    rows=$(rows_of "$1" | wc -l)
    want=$(jq '[.findings[] | [.id, (.package.source // "" | if . == "" then null else . end) // .package.name]] | unique | length' "$WORK/report.json")
    same "$rows" "$want"
}
database_image
names=(database)
declare -A layout=([database]=$IMAGE)
for name in debian-bookworm-min node-app python-app; do
    [[ -n $SANITIZED && $name != debian-bookworm-min ]] && continue
    if image "$name"; then
        names+=("$name") layout[$name]=$IMAGE
    else
        skip "skopeo: $name" "this image cannot be built here (it needs root and the shared test data)"
    fi
done
for name in "${names[@]}"; do
    digest=$(digest_of "${layout[$name]}")
    check "skopeo pushes $name" push "${layout[$name]}" "shop/$name"
    check "skopeo pulls $name back byte for byte" same_bytes "${layout[$name]}" "shop/$name"
    check "$name has findings" has_finding "shop/$name" "$digest"
    check "$name: sub-assessments, one per vulnerability and source package" rows_match "$digest"
done
check "a push of what is there already" push "${layout[database]}" shop/database
digest=$(digest_of "${layout[database]}")
check "skopeo inspects" "${SKOPEO[@]}" inspect --tls-verify=false "docker://127.0.0.1:$PORT/shop/database:latest"
lists() { same "$("${SKOPEO[@]}" list-tags --tls-verify=false "docker://127.0.0.1:$PORT/shop/database" | jq -r '.Tags[]')" latest; }
check "skopeo lists tags" lists
check "skopeo deletes" "${SKOPEO[@]}" delete --tls-verify=false "docker://127.0.0.1:$PORT/shop/database:latest"
gone() { same "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v2/shop/database/manifests/$digest")" 404; }
check "a deleted manifest is gone" gone

# podman keeps its own storage in the work folder
if [[ -n $SANITIZED ]]; then
    stop
    exit 0
fi
podman_do() { podman --root "$WORK/pods" --runroot "$WORK/podrun" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
if podman_do info >/dev/null 2>&1; then
    source=${layout[debian-bookworm-min]:-${layout[database]}}
    podman_round() {
        local id pushed
        id=$(podman_do pull -q "oci:$source:latest") && pushed=$WORK/podman.digest &&
            podman_do push -q --tls-verify=false --digestfile "$pushed" "$id" "127.0.0.1:$PORT/pods/app:v1" &&
            same "$(curl -fsS "$URL/v2/pods/app/manifests/v1" | sha256sum | cut -d' ' -f1)" "$(sed 's/sha256://' "$pushed")" &&
            podman_do rmi -f "$id" >/dev/null && podman_do pull -q --tls-verify=false "127.0.0.1:$PORT/pods/app:v1" >/dev/null &&
            has_finding pods/app "$(cat "$pushed")"
    }
    check "podman pushes and pulls, and the findings are there" podman_round
else
    skip "podman" "podman does not work on this machine: $(podman_do info 2>&1 | tail -n 1 | cut -c1-100)"
fi
check "the server stops cleanly" stop
