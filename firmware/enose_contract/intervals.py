"""How often a device may measure by itself."""

LEAST_INTERVAL_S = 10
MAX_INTERVAL_S = 604_800  # a week
