"""Statuses of an answer above 0, which are no errors, for both sides; the firmware's reads them under a fault only."""

HANGS = 127  # the transfer never comes back
FRAGMENTS = 126  # it is done, and the heap is in pieces from now on
RAISES = 125  # the driver raises what nobody expects
