# images.sh - real images for the end-to-end tests; sourced after lib.sh.
#
#   image NAME...      sets IMAGE to an OCI layout with tag "latest" (of the last name). Built by the shared
#                      script from package mirrors and kept in $PORTWARDEN_IMAGES or $BUILD/images; without
#                      the shared data debian-bookworm-min is the demo image and the others fail
#   database_image     sets IMAGE to a small image that holds only a package database
IMAGES=${PORTWARDEN_IMAGES:-$SOURCE/build/images}
image() {
    local name todo=()
    for name in "$@"; do
        IMAGE=$IMAGES/$name
        [[ -e $IMAGE/index.json ]] || todo+=("$name")
    done
    [[ ${#todo[@]} -gt 0 ]] || return 0
    if has_shared && [[ $(id -u) -eq 0 ]]; then
        mkdir -p "$IMAGES" && "$SHARED/images/build_images.sh" "$IMAGES" "${todo[@]}" >&2
        return
    fi
    [[ $* == debian-bookworm-min ]] || return 1
    mkdir -p "$SOURCE/build/demo"
    "$SOURCE/tools/demo-image" "$SOURCE/build/demo" >&2 || return 1
    IMAGE=$WORK/demo
    "${SKOPEO[@]}" copy -q "oci:$SOURCE/build/demo/oci:12" "oci:$IMAGE:latest" >&2
}
database_image() {
    IMAGE=$WORK/database
    [[ -e $IMAGE/index.json ]] && return 0
    PORTWARDEN_DEMO=database "$SOURCE/tools/demo-image" "$WORK/demo-database" >&2 &&
        "${SKOPEO[@]}" copy -q "oci:$WORK/demo-database/oci:12" "oci:$IMAGE:latest" >&2
}
digest_of() { # digest_of LAYOUT
    jq -r '.manifests[0].digest' "$1/index.json"
}
random_layout() { # random_layout DIR MEGABYTES: an image with one layer that does not compress
    head -c "$(($2 << 20))" /dev/urandom >"$WORK/noise" && tar -C "$WORK" -cf "$WORK/noise.tar" noise &&
        "$SOURCE/tools/make-oci" "$1" latest "$WORK/noise.tar" >/dev/null && rm -f "$WORK/noise" "$WORK/noise.tar"
}
scanned() { [[ $(curl -s -o /dev/null -w '%{http_code}' "$URL/api/v1/images/$1/$2/report") == 200 ]]; }
report() { # report REPOSITORY DIGEST: the server's findings as JSON; waits for them (202: not scanned yet)
    wait_until 60 scanned "$1" "$2" && curl -fsS "$URL/api/v1/images/$1/$2/report"
}
