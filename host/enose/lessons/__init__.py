"""On-chip learning as a job: specimens become lessons, a session, and what the chip answers before and after."""
