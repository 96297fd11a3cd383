"""The simulated world: gas and sensors, the analog chips, and the whole board around them."""
