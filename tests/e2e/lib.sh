# lib.sh - sourced by the end-to-end tests.
#
#   start [ARGS...]      starts "portwarden serve" on $DATA (default $WORK/data); sets SERVER (pid), PORT, URL
#   stop                 asks it to stop and waits; fails when it does not end with 0
#   check NAME COMMAND   one test: passes when the command succeeds; its output is shown on failure
#   skip NAME WHY
set -uo pipefail
DATA=${DATA:-$WORK/data}
SERVER=

say() { printf '%s\n' "$*" >&2; }
check() {
    local name=$1
    shift
    # not in a subshell: "check NAME start" must leave SERVER, PORT and URL behind
    if "$@" >"$WORK/check.out" 2>&1; then echo "ok - $name"; else
        echo "not ok - $name"
        tail -n 25 "$WORK/check.out" | sed 's/^/# /'
        return 1
    fi
}
skip() { echo "ok - $1 # SKIP $2"; }
same() { # same GOT WANT
    [[ $1 == "$2" ]] || {
        printf 'got  %s\nwant %s\n' "$1" "$2"
        return 1
    }
}
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
wait_until() { # wait_until SECONDS COMMAND...: asks again until it succeeds; bounded
    local ends=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [[ $SECONDS -lt $ends ]] || return 1
        sleep 0.1
    done
}
start() {
    PORT=${PORT:-$(free_port)}
    URL=http://127.0.0.1:$PORT
    "$PORTWARDEN" serve --data "$DATA" --listen "127.0.0.1:$PORT" "$@" >>"$WORK/server.out" 2>>"$WORK/server.log" &
    SERVER=$!
    wait_until 30 curl -fsS "$URL/readyz" || {
        say "the server did not get ready:"
        tail -n 20 "$WORK/server.log" >&2
        return 1
    }
}
stop() {
    [[ -n $SERVER ]] || return 0
    kill -TERM "$SERVER" 2>/dev/null
    wait "$SERVER"
    local status=$?
    SERVER=
    [[ $status -eq 0 ]] || {
        say "the server ended with $status"
        tail -n 20 "$WORK/server.log" >&2
        return 1
    }
}
ended() { # whatever happens, no process of ours outlives the test
    [[ -n $SERVER ]] && kill -KILL "$SERVER" 2>/dev/null
    cat "$WORK/server.log" >&2 2>/dev/null
}
trap ended EXIT
SHARED=${PORTWARDEN_TESTDATA:-$SOURCE/../shared/testdata}
has_shared() { [[ -d $SHARED ]]; }
SKOPEO=(skopeo --insecure-policy)
