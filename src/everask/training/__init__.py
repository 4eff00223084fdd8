"""Trains what serves, on the user's own documents; a program of its own, that the command line starts.

Joins the store, the recipes in `models` and the gate. Stands above all rooms and beside `serve`, which
never imports it: serving needs neither torch nor this. Run by `everask train`.
"""
