from __future__ import annotations

from bifrost_sdk.session import Session


def test_sequence_and_episode_are_made_with_the_shot_when_missing(session: Session) -> None:
    shot = session.shots.create("demo", "sq010", "sh020", episode="ep01", frames="1001-1096")
    assert shot.path == "shots/ep01/sq010/sh020"
    assert str(shot.frames) == "1001-1096"
    assert {node.revision for node in (*session.episodes.list(), *session.sequences.list())} == {shot.revision}
    assert session.shots.create("demo", "sq010", "sh030", episode="ep01").parent == shot.parent
    assert session.shots.ensure("demo", "sq010", "sh020", episode="ep01", frames="1-2") == shot
    assert session.shots.create("demo", session.get(shot.parent or ""), "sh040").path == "shots/ep01/sq010/sh040"


def test_shot_lies_higher_when_it_has_no_sequence(session: Session) -> None:
    assert session.shots.create("demo", None, "sh1").path == "shots/sh1"
    assert session.shots.create("demo", None, "sh1", episode="ep01").path == "shots/ep01/sh1"


def test_episodes_and_sequences_are_made_alone_when_asked(session: Session) -> None:
    episode = session.episodes.create("demo", "ep01", name="Pilot")
    assert (episode.path, episode.name) == ("shots/ep01", "Pilot")
    assert session.sequences.create("demo", "sq010").path == "shots/sq010"
    assert session.sequences.create("demo", "sq010", episode=episode).path == "shots/ep01/sq010"
    assert session.sequences.create("demo", "sq010", episode="ep02").path == "shots/ep02/sq010"


def test_casting_counts_when_an_asset_is_cast_again(session: Session) -> None:
    shot = session.shots.create("demo", "sq010", "sh020")
    sword = session.assets.create("demo", "prop", "sword")
    assert session.shots.cast(shot, sword).count == 1
    again = session.shots.cast(shot.ref, sword.ref, count=3)
    worn = session.shots.cast(shot.id, sword.id, variant="worn")
    assert again.count == 3
    assert {(each.count, each.variant) for each in session.shots.casting(shot)} == {(3, ""), (1, "worn")}
    assert session.shots.cast(shot, sword, count=3) == again
    assert session.shots.cast(session.get(shot.parent or ""), sword, variant="worn").id != worn.id
