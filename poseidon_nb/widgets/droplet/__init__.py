"""One droplet with buttons: what its panel has in another way than that of many. What both do is next door in `fleet`.

What a droplet is in words is in `droplet_facts`, for fleets and actions speak of droplets too.
"""
