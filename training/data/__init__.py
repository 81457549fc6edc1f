"""Images and labels: what a split is, the layouts it is read from, and the reduction that every image passes."""
