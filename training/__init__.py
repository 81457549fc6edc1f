"""Trains the teachers, the codecs and the classifiers, and exports what the application ships: see README.md."""
