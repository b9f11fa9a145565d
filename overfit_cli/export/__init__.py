"""Stored runs for other programs: columns, Parquet files, an MLflow tracking store."""
