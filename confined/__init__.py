"""Running our programs over strangers' files, and the jobs around such runs: what reading and computing share."""
