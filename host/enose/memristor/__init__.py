"""Memristors that were measured: their loops read from files, and models fitted to them."""
