"""The stories of tests/stories, told through nginx: https and wss, two processes, PostgreSQL and Redis."""

from tests.stories.test_scenarios import (  # noqa: F401 - collected here, with the hub of this folder
    test_the_shelter_is_told_within_a_second_and_opens_four_sections,
    test_three_terminals,
    test_two_scenarios_are_played_to_the_end,
)
