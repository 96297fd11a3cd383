"""Where accuracy is lost between a trained network and a device, and what each non-ideality does alone.

trial -> steps, alone -> run -> what `enose waterfall` prints. All of it is simulated, a calibrated chip by its twin.
"""
