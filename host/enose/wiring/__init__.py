"""A board's wiring for whoever builds it: as a table and as a picture, from the nets that its file describes."""
