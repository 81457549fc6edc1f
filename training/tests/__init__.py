"""Tests that need no data; from the repository root: python3 -m unittest discover -s training/tests -t ."""
