"""Calibration: free parameters of a scenario fitted to reported figures, and which of them the figures pin down.

loss.py          what a fit minimises
objective.py     from places of the free parameters to distances from the targets
journal.py       every evaluation on disk, so that what was stopped goes on
evaluations.py   evaluations by processes, each played once
search.py        CMA-ES over the whole space, Gauss-Newton at its end
profile.py       how far each parameter can be moved before the fit gets worse
fit.py           the three together, and what came of them
scenario_file.py the fitted scenario as a file that extends the one it began with
report.py        the fit for people and for machines
"""
