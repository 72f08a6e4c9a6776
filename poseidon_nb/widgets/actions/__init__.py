"""What an account's droplets, volumes and images are doing, whoever started it: `model` decides, `panel` shows."""
