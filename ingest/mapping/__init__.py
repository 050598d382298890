"""What the mappings of all formats share: a draft of the document, times, arrays, and what speaks of people."""
