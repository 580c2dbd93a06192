"""Reports: results as one page for a browser, in English or Chinese, with pictures that can be taken out.

texts        all texts in both languages, from texts.yaml
words        numbers, units, intervals and lists in one language
charts       how panels and figures look, and how they become SVG and PNG
panels       each kind of panel, as Vega-Lite
material     the results of an experiment with their analysis, and how both are called
findings     what the analysis says, in plain sentences
figures      the figures of the report on an experiment
tables       its tables
provenance   its end: method, policies, uncertain parameters, versions
experiment   the report on an experiment
runs         the report on the runs of one scenario
page         a report as HTML
"""
