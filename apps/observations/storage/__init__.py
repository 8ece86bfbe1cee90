"""The forms in which observations rest: partitions, marks, segments, source sets, and the columns they are read into."""
