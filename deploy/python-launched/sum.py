"""Adds the numbers on its standard input: a program as one would start it by hand, one process a call."""

import sys

total = sum(float(word) for word in sys.stdin.read().split())
print(f"{total:g}")
