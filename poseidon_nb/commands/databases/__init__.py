"""What `%do databases` does besides the operations of the API."""
