"""The coordinators' day: what happens between agencies, who looked at it; never what referrals say."""
