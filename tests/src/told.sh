#!/bin/sh
# A Train function that says what a test tells it. The number of its training's epochs says which test that is.
setting() {
    tr ',' '\n' < "$TRAINYARD_JOB" | sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p"
}
words="$(dirname "$0")/words-$(setting epochs)"
echo '{"type":"hello","protocol":1}'
if [ -e "$words" ]; then
    # A file that it may be told to keep.
    echo weights > weights.bin
    ear="$words-$(setting attempt)"
    mkfifo "$ear"
    cat "$ear"
    if [ -e "$words-again" ]; then
        # Its training is told to go round again, and this attempt to stop.
        read -r _
        echo '{"type":"end","outcome":"stopped"}'
        exit
    fi
fi
echo '{"type":"end","outcome":"succeeded"}'
