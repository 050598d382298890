"""What the session's table shows of measurements, and what is typed, pasted or sent into it."""
