"""The host: recordings, features, training, mapping, programming, calibration and report."""
