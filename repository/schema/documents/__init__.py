"""What was answered: documents, skeletons to fill in, how they are read, written one way, merged and compared."""
