"""What is publicly known of rivals beside a field of the form."""

from __future__ import annotations

from agents.game import Game
from tui.design import on_offer
from tui.speech import Speech


def rivals_of(game: Game, speech: Speech) -> dict[str, str]:
    """A short text by path of the plan, where something is known."""
    say, public = speech.say, game.observation.public
    world, home = game.parameters, game.parameters.domestic
    selling = [v for v in range(home) if public.sold[v, 0] > 0 and v != game.seat]
    texts = {}
    if selling:
        prices = sorted(float(public.price[v, 0]) for v in selling)
        texts["price"] = say("rivals {low} to {high}", low=f"{prices[0]:.3g}", high=f"{prices[-1]:.3g}")
        for path, places, titles in (
            ("product_node", public.node, game.world.nodes),
            ("product_memory", public.memory, game.world.memories),
        ):
            taken = [int(places[v, 0]) for v in selling]
            common = max(set(taken), key=taken.count)
            name = list(titles)[common]
            texts[path] = say(
                "{count} of {all} on {title}",
                count=taken.count(common),
                all=len(taken),
                title=speech.title(titles[name].title),
            )
    offered = on_offer(game)
    for index, node in enumerate(world.nodes):
        free, limit = float(offered[index]), float(game.now.wafer_limit[index, 0])
        texts[f"capacity.{node}"] = say("free {free} of {limit}", free=f"{free:.1f}", limit=f"{limit:.1f}")
    return texts
