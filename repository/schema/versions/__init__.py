"""The schema as it is handed out: its versions, their files and IRIs, and the steps between them."""
