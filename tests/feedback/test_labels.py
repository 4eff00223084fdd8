"""What people judged becomes questions: one voice a person, no share too large, nothing where they differ."""

from __future__ import annotations

from collections import Counter

from everask.feedback.labels import Said, cap_shares, is_held_out, label


def said(
    question: str, passage: int, user: int | None = 1, weight: float = 0.8, unit: str = "", event: int = 0
) -> Said:
    return Said(question, passage, f"d{passage}", unit or f"u{passage}", weight, user, event)


def test_a_question_with_what_is_right_and_wrong() -> None:
    found, contradicted = label([said("Who?", 1), said("who", 2, weight=-0.4), said("where", 3, weight=0.1)])
    assert contradicted == 0
    (one,) = found
    assert (one.right, one.wrong, one.unit, one.key) == ((1,), (2,), "u1", "who")
    assert one.documents == {"d1", "d2"} and one.users == {1}


def test_of_one_person_the_strongest_act_counts_and_no_more() -> None:
    """Five opened sources of one person are not half a vote."""
    assert label([said("who", 1, weight=0.1, event=number) for number in range(5)]) == ([], 0)
    (one,) = label([said("who", 1, weight=0.1, user=user) for user in range(5)])[0]
    assert one.right == (1,)


def test_people_who_contradict_each_other_teach_nothing() -> None:
    assert label([said("who", 1, 1), said("who", 1, 2, weight=-0.8)]) == ([], 1)
    (one,) = label([said("who", 1, 1), said("who", 1, 2), said("who", 1, 3), said("who", 1, 4, -0.4)])[0]
    assert one.right == (1,)


def test_one_voice_beside_three_does_not_make_a_passage_right() -> None:
    (one,) = label([said("who", 1, user) for user in (1, 2, 3)] + [said("who", 9, 4)])[0]
    assert one.right == (1,)
    (one,) = label([said("who", 1, 1), said("who", 9, 2)])[0]
    assert one.right == (1, 9) and one.unit is None and not one.is_held_out


def test_ten_thousand_votes_of_one_of_twenty_are_a_tenth() -> None:
    flood = [said(f"flood {number}", number, 1, event=number) for number in range(10_000)]
    others = [said(f"{user} {number}", number, user) for user in range(2, 21) for number in range(10)]
    kept = Counter(one.user for one in cap_shares([*flood, *others]))
    assert sum(kept.values()) - kept[1] == len(others)
    assert kept[1] <= 2 / 20 * sum(kept.values())
    # Alone, or of two, nobody can say who is right.
    assert len(cap_shares(flood)) == 10_000
    assert len(cap_shares([*flood, said("other", 1, 2)])) == 10_001


def test_the_cap_changes_nothing_where_shares_are_equal() -> None:
    some = [said(f"{user} {number}", number, user) for user in range(5) for number in range(7)]
    assert set(cap_shares(some)) == set(some)
    assert cap_shares([]) == []


def test_about_half_of_the_documents_measure() -> None:
    share = sum(is_held_out(f"file:///{number}") for number in range(1_000)) / 1_000
    assert 0.45 < share < 0.55
