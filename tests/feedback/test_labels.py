"""What people judged becomes questions: one voice a person, no share too large, nothing where they differ."""

from __future__ import annotations

from collections import Counter

from everask.feedback.labels import Said, believe, cap_shares, is_held_out, label


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


def team(number: int, people: range) -> list[Said]:
    """Each of these people names the right place of so many questions, or the passage after it."""
    return [
        Said(f"question {one}", 100 * one + user % 2, "d", f"u{one}", 0.8, user, 0)
        for one in range(number)
        for user in people
    ]


def test_who_contradicts_the_others_is_not_believed_where_nobody_else_judged() -> None:
    honest = team(8, range(1, 4))
    against = [said(f"question {one}", 9_000 + one, 9) for one in range(8)]
    alone = [said(f"alone {one}", one, 9) for one in range(20)]
    assert believe([*honest, *against, *alone]) == honest


def test_a_few_differences_cost_nobody_their_voice() -> None:
    honest = team(8, range(1, 4))
    seldom = [said(f"question {one}", 9_000 + one, 9) for one in range(4)]
    often = [said(f"question {one}", 9_000 + one, 3) for one in range(3)]
    assert believe([*honest, *seldom, *often]) == [*honest, *seldom, *often]


def test_of_people_who_all_differ_nobody_is_disbelieved() -> None:
    two = [said(f"question {one}", 100 * one + 50 * user, user) for one in range(30) for user in (1, 2)]
    many = [said(f"question {one}", 100 * one + 10 * user, user) for one in range(30) for user in range(6)]
    assert believe(two) == two and believe(many) == many and believe([]) == []


def test_clicks_neither_support_nor_contradict() -> None:
    some = [*team(8, range(1, 4)), *(said(f"question {one}", 9_000, 9, 0.1) for one in range(8))]
    assert believe(some) == some
