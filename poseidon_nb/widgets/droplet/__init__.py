"""One droplet with buttons: `model` decides and has `acting` send, `panel` shows.

What a droplet is in words is next door in `droplet_facts`, for fleets and actions speak of droplets too.
"""
