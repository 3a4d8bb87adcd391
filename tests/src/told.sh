#!/bin/sh
# A Train function that says what a test tells it. The number of its training's epochs says which test that is.
number=$(tr ',' '\n' < "$TRAINYARD_JOB" | sed -n 's/.*"epochs": *\([0-9][0-9]*\).*/\1/p')
words="$(dirname "$0")/words-$number"
echo '{"type":"hello","protocol":1}'
if [ -p "$words" ]; then
    # A file that it may be told to keep.
    echo weights > weights.bin
    cat "$words"
    # As if it were killed: its training goes round again.
    if [ -e "$words.again" ]; then exit 137; fi
fi
echo '{"type":"end","outcome":"succeeded"}'
