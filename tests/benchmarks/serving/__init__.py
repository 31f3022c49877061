"""`make bench-serving`: the service over HTTP beside peers that take the same requests, into docs/bench/serving.json."""
