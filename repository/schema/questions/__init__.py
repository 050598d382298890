"""What a measurement and a dataset are asked: the fields, when each is required, and the forms."""
