"""One best answer to a question, or none: what ranks products, cut to its first place and told when to be silent."""
