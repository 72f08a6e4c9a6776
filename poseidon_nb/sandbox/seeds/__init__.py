"""The account at the start: `company` has the data, `builder` adds droplets and history, `resources` everything else."""
