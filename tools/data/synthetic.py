"""A generated catalogue, for where MovieLens cannot be fetched. Invented titles, real structure: users have tastes."""

from __future__ import annotations

import random
from functools import cache
from itertools import accumulate

from .catalogue import Catalogue, Interaction, Item, User

_USERS = 400
_ITEMS = 600
_EVENTS_PER_USER = (40, 120)
_START = 1_600_000_000
_YEAR_OF_SECONDS = 365 * 86_400
_GENRES = ("Action", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller")
_OCCUPATIONS = ("artist", "doctor", "engineer", "librarian", "student", "teacher", "other")
_ADJECTIVES = (
    "Silent",
    "Crimson",
    "Last",
    "Hidden",
    "Northern",
    "Broken",
    "Electric",
    "Paper",
    "Golden",
    "Midnight",
    "Distant",
    "Restless",
    "Hollow",
    "Gentle",
    "Lost",
)
_NOUNS = (
    "Harbour",
    "Orchard",
    "Signal",
    "Mountain",
    "Winter",
    "Garden",
    "Bridge",
    "Island",
    "Engine",
    "River",
    "Window",
    "Letter",
    "Station",
    "Shadow",
    "Kingdom",
)
_FORMS = ("The {} {}", "{} {} Returns", "A {} {}")


@cache
def generate(seed: int = 100) -> Catalogue:
    """Generate a catalogue, once: nobody may change it.

    Args:
        seed: the same seed gives the same catalogue.
    """
    chance = random.Random(seed)
    items = [_item(number, chance) for number in range(_ITEMS)]
    users = [_user(number, chance) for number in range(_USERS)]
    interactions = [event for user in users for event in _events(user, items, chance)]
    return Catalogue(interactions, items, users)


def _item(number: int, chance: random.Random) -> Item:
    form, rest = _FORMS[number % len(_FORMS)], number // len(_FORMS)
    words = form.format(_ADJECTIVES[rest % len(_ADJECTIVES)], _NOUNS[rest // len(_ADJECTIVES) % len(_NOUNS)])
    year = chance.randint(1970, 2019)
    genres = tuple(sorted(chance.sample(_GENRES, chance.choice((1, 1, 2)))))
    return Item(f"i{number + 1}", f"{words} ({year})", genres, year, _START - chance.randrange(_YEAR_OF_SECONDS))


def _user(number: int, chance: random.Random) -> User:
    return User(f"u{number + 1}", chance.choice("FM"), chance.randint(16, 75), chance.choice(_OCCUPATIONS))


def _events(user: User, items: list[Item], chance: random.Random) -> list[Interaction]:
    favourites = set(chance.sample(_GENRES, 2))
    # Popularity falls with the item's number; a favourite genre makes an item ten times as likely.
    weights = [(10 if favourites & set(item.genres) else 1) / (20 + number) for number, item in enumerate(items)]
    cumulative = list(accumulate(weights))
    moment = _START + chance.randrange(_YEAR_OF_SECONDS)
    events = []
    for item in chance.choices(items, cum_weights=cumulative, k=chance.randint(*_EVENTS_PER_USER)):
        moment += chance.randrange(600, 86_400)
        events.append(Interaction(moment, user.user_id, item.item_id, "Click"))
        if favourites & set(item.genres) and chance.random() < 0.8:
            events.append(Interaction(moment + 60, user.user_id, item.item_id, "Watch"))
    return events
