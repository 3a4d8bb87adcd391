#!/bin/sh
# The whole protocol in plain shell: what a Train function reads, says and is told. It counts boxes, and learns nothing.
set -eu

say() { printf '%s\n' "$1"; }

# One value of a file of JSON without line breaks between key and value. A real function takes a library.
value() { tr -d '\n' <"$1" | sed -n "s/.*\"$2\": *\"\{0,1\}\([^\",}]*\).*/\1/p"; }

say '{"type":"hello","protocol":1}'
epochs=$(value "$TRAINYARD_JOB" epochs)
output=$(value "$TRAINYARD_JOB" output_dir)
train=$(value "$TRAINYARD_JOB" train)
done_before=0
resume=$(value "$TRAINYARD_JOB" resume)
if [ -n "$resume" ]; then done_before=$(cat "$resume"); fi

# Orders come on standard input; its end means that the runner is gone. A file tells the loop below what came.
orders="$output/orders"
self=$$
exec 3<&0
{
    while read -r order; do
        case $order in *'"stop"'*) echo stop >"$orders" ;; esac
    done
    kill -9 "$self"
} <&3 >/dev/null 2>&1 &
exec 3<&-
listener=$!
# Without it nothing holds the pipes open once this ends.
trap 'kill "$listener" 2>/dev/null || true' EXIT

boxes=$(grep -o '"bbox"' "$train" | wc -l | tr -d ' ')
echo "this line is no message, so it is a line of the log: $boxes boxes"

epoch=$done_before
while [ "$epoch" -lt "$epochs" ]; do
    if [ -e "$orders" ]; then
        say '{"type":"end","outcome":"stopped"}'
        exit 0
    fi
    epoch=$((epoch + 1))
    say "{\"type\":\"progress\",\"epoch\":$epoch,\"epochs\":$epochs,\"step\":1,\"steps\":1,\"phase\":\"training\"}"
    say "{\"type\":\"sample\",\"figure\":\"boxes\",\"legend\":\"train\",\"x\":$epoch,\"y\":$boxes}"
    echo "$epoch" >"$output/state"
    say "{\"type\":\"artifact\",\"path\":\"$output/state\",\"name\":\"state\",\"kind\":\"checkpoint\",\"epoch\":$epoch}"
done
echo "$boxes" >"$output/best.txt"
say "{\"type\":\"artifact\",\"path\":\"$output/best.txt\",\"name\":\"best.txt\",\"kind\":\"weights\"}"
say '{"type":"end","outcome":"succeeded"}'
