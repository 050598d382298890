"""What a measurement and a dataset are asked: the fields, when each is required, the forms and templates."""
