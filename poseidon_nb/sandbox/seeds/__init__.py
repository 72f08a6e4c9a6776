"""The account at the start: `company` has the data, `builder` creates droplets and history, `resources` all else."""
