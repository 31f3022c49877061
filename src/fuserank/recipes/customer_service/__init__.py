"""Questions to a shop's help: an answer is a product, so what ranks products ranks answers; too weak an answer is not given."""
