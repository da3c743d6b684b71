#!/bin/sh
# Fails: the caller gets 500 without a body, and /history/{id} has this text and the exit code.
echo "half an answer, which nobody gets"
echo "the disk is full of ideas" >&2
exit 3
