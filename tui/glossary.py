"""The terms of the game, each in one or two plain sentences; marked with N_, said by the help screen."""

from __future__ import annotations

from dataclasses import dataclass

from tui.speech import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """A term and what it means."""

    term: str
    text: str


GLOSSARY = (
    Entry(N_("AI card"), N_(
        "An accelerator card: chips and memory on a board that run AI models. It is what you sell.")),
    Entry(N_("Node"), N_(
        "The foundry's manufacturing process, such as 7nm. A newer node computes more per card, yields less at first "
        "and is scarcer.")),
    Entry(N_("Foundry"), N_("The factory that makes chips for vendors without one. Its capacity is shared by all.")),
    Entry(N_("Wafer"), N_(
        "A round slice of silicon with dozens of chips on it. Foundry capacity is counted in wafers.")),
    Entry(N_("Yield"), N_(
        "The share of chips on a wafer that work. It rises with every wafer that the industry makes on a node.")),
    Entry(N_("Tape-out"), N_(
        "Handing a finished design to the foundry. It costs a lump of money, and sometimes has to be done again.")),
    Entry(N_("HBM"), N_(
        "High-bandwidth memory, stacked beside the chip. It is fast, dear and scarce; plain memory is slower and "
        "plentiful.")),
    Entry(N_("Roofline"), N_(
        "What limits a card: reading text is bound by how much it computes, writing text by how fast its memory "
        "delivers. A good card has both in balance.")),
    Entry(N_("Token"), N_(
        "A piece of text, about a word. What buyers want is tokens; a card is a means to make them.")),
    Entry(N_("Training and inference"), N_(
        "Training makes a model and asks for dependable clusters; inference uses it and asks for cheap tokens.")),
    Entry(N_("Adaptation"), N_(
        "Work on the software that makes a family of models run well on your cards. New generations of models undo "
        "part of it.")),
    Entry(N_("Lock-in"), N_(
        "Buyers stay with cards that they already use, because moving software and people costs money and time.")),
    Entry(N_("Installed base"), N_("Cards in use. They wear out after some years; until then their users help you.")),
    Entry(N_("Price elasticity"), N_(
        "By how many per cent sales fall when the price rises by one per cent. Above one, a lower price brings more "
        "revenue.")),
    Entry(N_("Gross margin"), N_(
        "What is left of revenue after the cost of the cards sold, as a share. Research, service and overhead come out "
        "of it.")),
    Entry(N_("Learning rate"), N_(
        "By how much the unit cost falls each time that cumulated output doubles. Experience makes cards cheaper.")),
    Entry(N_("Take-or-pay"), N_(
        "A capacity contract has to be paid for in part even if you leave it idle. It makes over-capacity expensive.")),
    Entry(N_("Prepayment"), N_("Money paid to the foundry in advance, for a better place in its queue.")),
    Entry(N_("Rationing"), N_(
        "When cards are short, buyers are served in part; some turn to others, some wait, some give up.")),
    Entry(N_("Runway"), N_(
        "How many quarters your cash lasts at last quarter's gross profit. At zero without credit you fail.")),
    Entry(N_("Founders' share"), N_(
        "The part of the company that founders still own. Every round of funding sells some of it; the score counts "
        "what is left.")),
    Entry(N_("Guidance fund"), N_(
        "Public money for vendors that ask for funds and do not get all from investors. It keeps firms alive, and with "
        "them their capacity.")),
    Entry(N_("Domestic-content rule"), N_("A share of buyers may buy domestic cards only, whatever imports offer.")),
    Entry(N_("Joint procurement"), N_("Buyers that ask for prices together; they look at price more closely.")),
    Entry(N_("Herfindahl-Hirschman index"), N_(
        "How concentrated a market is: the sum of squared shares. 0.1 is ten equal firms, 1 is a monopoly.")),
    Entry(N_("Shakeout"), N_(
        "Many firms enter, capacity outruns demand, prices fall below cost, and most firms leave within a few years.")),
    Entry(N_("Photovoltaic shakeout"), N_(
        "China's solar industry from 2011: about six firms in ten went, prices fell, few large ones stayed. The game "
        "asks if AI chips repeat it.")),
    Entry(N_("Price war"), N_(
        "Vendors undercut each other, often below cost, because idle capacity has to be paid for anyway.")),
    Entry(N_("Share of all money"), N_(
        "What buyers spent on your cards over all they spent on cards, imports included. Cards that nobody could "
        "deliver do not count.")),
    Entry(N_("Percentage point"), N_(
        "A difference of shares: from 8 to 9 per cent is one point, though it is an eighth more.")),
)  # fmt: skip
"""In the order in which a newcomer meets them."""
