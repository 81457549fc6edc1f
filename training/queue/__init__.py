"""The queue: every run of the list, one after the other, from the data to the figures, whatever stops it."""
