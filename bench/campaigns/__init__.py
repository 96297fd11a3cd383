"""Long campaigns of faults and of hours against the real firmware: one file each, one JSON document each.

Every campaign prints what it found and ends with 1 where a limit was missed. They run by `make prove`; `make test` runs
seeded subsets of them through the same commands. Nothing here touches hardware: every figure is simulated.
"""
