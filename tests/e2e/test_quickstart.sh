# sanitized: no
# The README's first command, on a copy of the tree, as root and as an ordinary user.
. tests/e2e/lib.sh
# nothing outside this machine is asked: the official addresses stand for ones that nobody answers
for feed in DEBIAN_TRACKER ALPINE_SECDB OSV NVD KEV EPSS; do
    export "PORTWARDEN_FEEDS_${feed}_URL=http://127.0.0.1:1/feed" "PORTWARDEN_FEEDS_${feed}_EVERY=off"
done
copy() { # copy DIR: the tree as a clone would have it, with what is already built
    mkdir -p "$1" && git -C "$SOURCE" ls-files -z | rsync -a --from0 --files-from=- "$SOURCE/" "$1/" &&
        mkdir -p "$1/build" && if [[ -d $SOURCE/build/demo ]]; then cp -r "$SOURCE/build/demo" "$1/build/"; fi
}
run() { # run DIR WORDS...: ./quickstart --once; at least 10 findings, at least one High with its fix
    local dir=$1 port out status
    shift
    port=$(free_port)
    out=$("$@" "$dir/quickstart" --once --listen "127.0.0.1:$port" 2>&1)
    status=$?
    printf '%s\n' "$out"
    [[ $status -eq 0 ]] && [[ $out == *demo/debian:12* ]] &&
        jq -e '(.findings | length) >= 10 and any(.findings[]; (.severity == "high" or .severity == "critical") and .fixed_version != "" and .fixed_version != null)' \
            "$dir/data/quickstart.json" >/dev/null
}
check "a copy of the tree" copy "$WORK/tree" || exit 1
check "./quickstart --once" run "$WORK/tree"
check "./quickstart --once again, warm" run "$WORK/tree"
on_a_terminal() { # progress and colour; steps that end at once must not end the server
    local port out i
    for i in 1 2 3; do
        port=$(free_port)
        out=$(script -qec "$WORK/tree/quickstart --once --listen 127.0.0.1:$port" /dev/null 2>&1 </dev/null) || { printf '%s\n' "$out"; return 1; }
        [[ $out == *"critical"*"Next"* ]] || { printf '%s\n' "$out"; return 1; }
    done
}
check "./quickstart --once on a terminal" on_a_terminal
database() { rm -rf "$WORK/tree/data" "$WORK/tree/build/demo" && PORTWARDEN_DEMO=database run "$WORK/tree"; }
check "./quickstart --once where no image can be built" database
if has_shared; then
    with_feeds() { rm -rf "$WORK/tree/data" && run "$WORK/tree" env && cd "$WORK/tree" && port=$(free_port) && ./quickstart --once --listen "127.0.0.1:$port" --feeds "$SHARED/feeds" --data "$WORK/tree/data-feeds" && jq -e '.sample == false' "$WORK/tree/data-feeds/quickstart.json"; }
    check "./quickstart --once --feeds DIR" with_feeds
    in_reach() { # the official addresses answer: a mirror on this machine stands for them
        local port status=0
        port=$(free_port)
        python3 -m http.server "$port" --bind 127.0.0.1 --directory "$SHARED/feeds" >/dev/null 2>&1 &
        local mirror=$!
        wait_until 10 curl -fsS -o /dev/null "http://127.0.0.1:$port/SOURCES.md"
        rm -rf "$WORK/tree/data"
        run "$WORK/tree" env PORTWARDEN_FEEDS_KEV_URL="http://127.0.0.1:$port/kev/known_exploited_vulnerabilities.json" \
            PORTWARDEN_FEEDS_DEBIAN_TRACKER_URL="http://127.0.0.1:$port/debian/tracker-derived.json.xz" &&
            jq -e '.sample == false and (.findings | length) > 50' "$WORK/tree/data/quickstart.json" || status=1
        kill "$mirror"
        return $status
    }
    check "./quickstart --once with the official feeds in reach" in_reach
fi
if [[ $(id -u) -eq 0 ]] && id nobody >/dev/null 2>&1; then
    as_user() { # nobody has no sudo: everything is installed already
        chmod 755 "$WORK" && rm -rf "$WORK/tree/data" "$WORK/tree/data-feeds" && chown -R nobody "$WORK/tree" &&
            cd "$WORK/tree" && run "$WORK/tree" setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$WORK/tree" XDG_RUNTIME_DIR="$WORK/tree"
    }
    check "./quickstart --once as an ordinary user" as_user
else
    skip "./quickstart --once as an ordinary user" "needs root to become one"
fi
refuses() { # a word it does not know
    local out
    out=$("$SOURCE/quickstart" --onec 2>&1)
    same "$?" 2 && [[ $out == *onec* ]]
}
check "an unknown word is refused" refuses
