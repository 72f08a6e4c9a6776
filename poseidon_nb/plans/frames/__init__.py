"""DataFrames as plans: an edited frame, or a file, becomes the steps that make the account equal to it.

`rows` reads a frame as plain rows, and `files` a file. `recognition` tells what a frame is about. `shown` remembers what the
listings of a kernel showed. `compare` decides for each cell whether it is an edit, and `matching` which resource a row is.
One module for each resource type (`droplets`, `records`, `firewalls`, `volumes`, `reserved_ips`, `tags`) declares what can be
edited, and turns differences into the chains of a `draft`. `planning` joins the parts.
"""
