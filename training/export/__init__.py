"""What the application gets: graphs, weights, calibration, gate and fixtures."""
