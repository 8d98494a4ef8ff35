#!/bin/sh
# The service starts by itself.
echo 'run it anew' >&2
