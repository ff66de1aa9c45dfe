"""Which way trabeculae run."""
