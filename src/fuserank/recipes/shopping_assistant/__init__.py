"""A shopper talks, in text or voice; what was said before is carried on by rules, and every reason is a fact of a row."""
