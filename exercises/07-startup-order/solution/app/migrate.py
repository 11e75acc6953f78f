"""Brings the data into the form that this version of the app reads. It runs, and it ends.

It may run again at any time: what is there already is left alone.
"""

import time

import store

FORM = "1"

if store.ask("GET", "app:schema") == FORM:
    print(f"the data have form {FORM} already: nothing to do")
else:
    print(f"bringing the data into form {FORM} ...")
    time.sleep(2)  # Here there are no data yet. With some it would take its time.
    store.ask("SET", "app:schema", FORM)
    print("done")
