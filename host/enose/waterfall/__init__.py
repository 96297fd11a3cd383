"""Where accuracy is lost between a trained network and a device, and what each non-ideality does alone.

trial -> steps, alone -> run -> the answer of `enose waterfall`. Figures are of the simulated chip but for a real one's twin.
"""
