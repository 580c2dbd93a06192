"""How near the scenarios come to what is reported, and what that hangs on: `docs/validation.md`.

`study` plays everything, `sensitivity` screens the free parameters, `pictures` draws, the pages write, `document`
puts them together, `fingerprint` knows what a document was made from.
"""
