"""The demo: a sample company, and a dozen orders carried through the real path by the real roles.

`company` and `masters` make who and what, `orders` lists the orders as data, `carry` takes each of
them as far as it goes, `mailbox` keeps the mails of the demo on this machine, and `report` reads from
the database what happened. `runner` puts them together for `bench --site SITE metalcraft-demo`.
"""
