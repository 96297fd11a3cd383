"""Which limits a certificate's figures do not keep, in words."""

Figures = dict[str, tuple[float, float]]  # by name: the figure and its limit


def missed(at_most: Figures, at_least: Figures) -> tuple[str, ...]:
    """One text for each figure beyond its limit; a figure that is not a number keeps none."""
    above = [f"{name} {v:.4g} (at most {limit:g})" for name, (v, limit) in at_most.items() if not v <= limit]
    below = [f"{name} {v:.4g} (at least {limit:g})" for name, (v, limit) in at_least.items() if not v >= limit]
    return (*above, *below)
