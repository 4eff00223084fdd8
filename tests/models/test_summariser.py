"""What the cited answer is taught: targets, batches, the model in torch, and the adapter that ships."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from everask import packs
from everask.models.summariser.targets import figures, make_sentence, wrong_figures
from everask.pipeline.models import ADAPTERS

pytest.importorskip("torch")
pytest.importorskip("gguf")

import torch
from gguf import GGUFReader

from everask.models.summariser.data import Example, batch_of
from everask.train.writer import Layer, Writer
from everask.train.writer_file import BASE_KEY, hash_of, write_adapter
from everask.train.writer_tokens import read_tokens

from .small_writer import LAYERS, write_small


def test_a_target_ends_where_the_answer_has_been_given() -> None:
    text = (
        "The tower (also called the lantern) was finished in 1893 by local masons, and it has since then"
        " been painted twice; visitors may climb it in summer."
    )
    short = make_sentence(text, ("1893",), "When was the tower finished?", "en")
    begun = "The tower was finished in 1893 by local masons"
    assert short == f"{begun}, and it has since then been painted twice."


def test_asides_that_hold_the_answer_stay() -> None:
    text = "The bridge (built in 1901) is closed."
    assert make_sentence(text, ("1901",), "When was it built?", "en") == text


def test_notes_and_marks_that_no_answer_may_hold_are_taken_out() -> None:
    made = make_sentence("Sie ist 12 km lang.[Anm. 3]", ("12 km",), "Wie lang ist sie?", "de")
    assert made == "Sie ist 12 km lang."


def test_traditional_characters_stay_and_a_full_stop_comes() -> None:
    made = make_sentence("大夏大學與光華大學合併", ("光華大學",), "與哪所大學合併？", "zh")
    assert made == "大夏大學與光華大學合併。"


def test_what_lost_its_answer_is_no_target() -> None:
    assert make_sentence("It rained.", ("1893",), "When?", "en") is None
    assert make_sentence("x" * 400, (), "What?", "en") is None


def test_figures_are_compared_in_every_script() -> None:
    assert figures("١٬٢٠٠ شخص، 1,200") == ["1200", "1200"]
    assert not wrong_figures("कुल ३२ लोग", ["32 people"])
    assert wrong_figures("33 people", ["32 people"])


def test_every_example_comes_once_before_any_comes_again() -> None:
    examples = [Example("a", (one,), (0,)) for one in range(10)]
    drawn = [one.prompt[0] for number in range(5) for one in batch_of(examples, number, 4, seed=3)]
    assert set(Counter(drawn[:10]).values()) == {1} and set(Counter(drawn[10:]).values()) == {1}
    assert drawn == [one.prompt[0] for number in range(5) for one in batch_of(examples, number, 4, seed=3)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file of Qwen2's form, as small as can be, with weights drawn at random."""
    return write_small(tmp_path_factory.mktemp("gguf") / "small.gguf")


def test_examples_in_one_row_do_not_see_each_other(base: Path) -> None:
    model = Writer(base, rank=4, alpha=8.0)
    one, other = [1, 2, 3, 4, 5], [7, 8, 9]
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        together, alone = model([one, other]), model([other])
    assert torch.allclose(together[len(one) :].float(), alone.float(), atol=2e-2)


def test_it_learns_and_only_its_adapter_changes(base: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Writer(base, rank=4, alpha=8.0, first=1)
    before = model.tokens_VD.clone()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-2)
    losses = []
    for _ in range(15):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model.loss([[1, 2, 3], [4, 5]], [[6, 7], [8]])
        torch.autograd.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    assert torch.equal(before, model.tokens_VD)
    write_adapter(tmp_path / "answer.gguf", model.matrices(), 8.0, base, {"recipe": "test"})
    read = GGUFReader(tmp_path / "answer.gguf")
    assert read.fields["adapter.type"].contents() == "lora"
    assert read.fields[BASE_KEY].contents() == hash_of(base)
    assert len(read.tensors) == 2 * (LAYERS - 1) * len(Layer.parts)
    assert {one.name.split(".")[1] for one in read.tensors} == {"1", "2"}


def test_the_shipped_adapter_is_of_the_pack_that_it_is_used_with() -> None:
    for pack, name in ADAPTERS.items():
        file = Path(str(files("everask") / "weights" / name))
        assert file.stat().st_size < 40_000_000
        assert GGUFReader(file).fields[BASE_KEY].contents() == packs.PACKS[pack].sha256


def test_tokens_are_those_of_the_pack() -> None:
    gguf = packs.find("qwen2.5-0.5b", packs.default_folder())
    if gguf is None:
        pytest.skip("the pack qwen2.5-0.5b is not installed: everask models pull qwen2.5-0.5b")
    tokens = read_tokens(gguf)
    text = "<|im_start|>user\nWie viele? 12,5 km – 大夏大學 ทดสอบ [1]<|im_end|>\n"
    cut = tokens.cut(text)
    assert tokens.join(cut) == text and cut[0] == 151644 and tokens.end in cut
