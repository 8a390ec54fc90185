"""Ortoo: end-to-end encrypted referrals between the agencies that protect people from trafficking."""
