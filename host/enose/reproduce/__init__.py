"""The papers' figures, reproduced by simulation: each reproduction answers rows of item, paper, here and limit."""
