import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.masking import masked_log_softmax, masked_softmax


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e4, 1e4, width=32), st.booleans()), min_size=1, max_size=6))
def test_softmax_of_what_is_there(entries):
    logits, mask = torch.tensor([v for v, _ in entries]), torch.tensor([m for _, m in entries])
    expected = torch.zeros(len(entries))
    if mask.any():
        expected[mask] = torch.softmax(logits[mask], dim=0)
    torch.testing.assert_close(masked_softmax(logits, mask, dim=0), expected)


def test_nothing_there_is_zero_with_zero_gradient():
    logits, mask = torch.randn(2, 3, requires_grad=True), torch.zeros(2, 3, dtype=torch.bool)
    value = masked_softmax(logits, mask, dim=1).sum() + masked_log_softmax(logits, mask, dim=1).sum()
    value.backward()
    assert value.item() == 0
    assert torch.equal(logits.grad, torch.zeros(2, 3))
