"""What the results of an experiment say: `summary.analyse` collects all of it.

samples      an outcome of every run, all policies side by side
paired       differences from the baseline, run by run
verdicts     the shakeout test under each policy
robustness   regret, and how often an outcome is good enough
drivers      which uncertain parameters an outcome hangs on
discovery    where, among the uncertain parameters, a policy fails
survival     how long vendors last
summary      all of these

Functions give plain dataclasses. Texts in them (`note`, `reason`, `METHODS`) are whole sentences without figures, so
that they can be translated as they are; figures stand in fields of their own, NaN where they are not known.
"""
