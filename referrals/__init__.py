"""Sealed referrals, consent, and the steps that answer them."""
