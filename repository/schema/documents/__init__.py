"""What was answered: documents, their places, how they are read, written one way, merged and compared."""
