"""Bytes, headers, keys and timestamps of every input, right and wrong, through the real path: `make fuzz`.

`samples` is one record, `makers` and `pools` make valid and odd ones, `mutations` change them, `drive` draws
a history of them, `history` takes it and judges, `readers` are the other places that read foreign bytes,
`shrink` makes a failure small.
"""
