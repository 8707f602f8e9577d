"""Wire records of the Docker Engine API and of OCI images: data only."""
