"""The transparency log. It knows bytes, not referrals."""
