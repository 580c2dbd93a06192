"""What is publicly known of rivals beside a field of the form."""

from __future__ import annotations

from agents.game.plan import Plan
from agents.game.view import GameView
from tui.design import on_offer, open_from
from tui.ladder import wafers
from tui.speech import Speech, three


def rivals_of(game: GameView, plan: Plan, speech: Speech) -> dict[str, str]:
    """A short text by path of the plan, where something is known; of choices, how many rivals made the plan's."""
    say, public = speech.say, game.observation.public
    world, home = game.parameters, game.parameters.domestic
    selling = [v for v in range(home) if public.sold[v, 0] > 0 and v != game.seat]
    texts = {}
    if selling:
        prices = sorted(float(public.price[v, 0]) for v in selling)
        texts["price"] = say("rivals {low} to {high}", low=three(prices[0]), high=three(prices[-1]))
        for path, places, names in (
            ("product_node", public.node, world.nodes),
            ("product_memory", public.memory, world.memories),
        ):
            chosen = [names[places[v, 0]] for v in selling].count(str(plan.value(path)))
            texts[path] = say("{count} of {all} rivals", count=chosen, all=len(selling))
    offered = on_offer(game)
    for index, node in enumerate(world.nodes):
        free, limit = float(offered[index]), float(game.now.wafer_limit[index, 0])
        texts[f"capacity.{node}"] = (
            say("free {free} of {limit}", free=wafers(free), limit=wafers(limit))
            if limit > 0
            else say("opens {quarter}", quarter=open_from(game, index) or say("never"))
        )
    return texts
