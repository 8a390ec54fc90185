"""How fast the hub is, beside what is written by hand for the one purpose: `make bench`."""
