"""Is it the photovoltaic pattern? The shakeout test, on simulated runs and on tables of history."""
