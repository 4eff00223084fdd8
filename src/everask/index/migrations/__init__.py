"""The schema's history, run by Alembic when a store is older than the code."""
