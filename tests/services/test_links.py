from __future__ import annotations

from bifrost_sdk.session import Session


def test_link_is_seen_from_both_ends_when_made(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    shot = session.shots.create("demo", "sq010", "sh020")
    link = session.links.create(hero, shot.ref, type="seen-in", description="first look")
    assert session.links.of(hero.ref) == session.links.of(shot) == [link]
    assert session.links.get(link.id) == link
    session.links.delete(link)
    assert session.links.of(hero) == []
