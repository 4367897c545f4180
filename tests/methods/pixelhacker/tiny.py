"""A network of toy size, and what it is fed."""

import torch

from retouch.methods.pixelhacker.config import Network
from retouch.methods.pixelhacker.convert import convert
from retouch.methods.pixelhacker.network import LcgModel

TINY = Network(
    in_channels=7,
    out_channels=3,
    block_out_channels=(16, 32),
    layers_per_block=1,
    heads=2,
    groups=4,
    cross_attention_dim=12,
    embedding_width=20,
    embedding_rows=6,
)


def model(seed=0, **changes):
    """In evaluation mode; its weights follow from `seed`, torch's own state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LcgModel(TINY.model_copy(update=changes)).eval()


def released(tensors, config):
    """The network with the weights of a released checkpoint, which become its own."""
    with torch.device("meta"):  # shapes only
        made = LcgModel(config)
    wanted = {name: value.shape for name, value in made.state_dict().items()}
    made.load_state_dict(convert(tensors, wanted), assign=True)
    return made.eval()


def inputs(batch=2, height=8, width=12, seed=0, dtype=torch.float32):
    """x, timesteps and ids; the categories take turns."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, 7, height, width, generator=draw, dtype=torch.float64)
    x[:, 3] = (x[:, 3] > 0).double()
    timesteps = torch.randint(1000, (batch,), generator=draw)
    categories = [("background", "foreground")[i % 2] for i in range(batch)]
    return x.to(dtype), timesteps, torch.tensor([TINY.ids(category) for category in categories])
