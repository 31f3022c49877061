"""The steps of the chain, each one function: data in, artifact out. Flows and the command line only call them.

A step names its artifact by a fingerprint of everything it depends on, so what exists is not computed again.
"""
