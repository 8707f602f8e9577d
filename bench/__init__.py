"""Measurements: `make bench` prints a table and writes `bench/results.json`.

Every figure is a median of several runs. Where a real dockerd is installed (`docker.io`), it does the same
in the same run, turn by turn, and the ratio is what counts: machines differ, and this one is never idle.
"""
