"""Policy experiments: policies, uncertain parameters and outcomes in one file, and the runs that it asks for."""
