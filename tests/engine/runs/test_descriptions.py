import sys
import threading

import pytest

from engine import catalog
from engine.errors import KindredError
from engine.runs import descriptions
from engine.runs.config import RunConfig
from engine.runs.descriptions import Describer, Description


@pytest.fixture(scope="module")
def describer():
    """One process for all tests, as it takes seconds to load torch."""
    asked = Describer()
    yield asked
    asked.close()


def run(architecture="hard_sharing", **settings):
    settings = {"dataset": "digits", "affinity": "none", "width": 8} | settings
    return RunConfig(architecture=architecture, **settings)


def test_this_process_needs_no_torch_for_it(describer):
    script = "import sys, engine.runs.descriptions; sys.exit('torch' in sys.modules)"
    assert descriptions.subprocess.run([sys.executable, "-c", script], cwd=descriptions.ROOT).returncode == 0


def test_hard_sharing_is_the_standard_and_its_numbers_can_be_counted(describer):
    (found,) = describer.describe([run(depth=2)])
    outputs = {"digit": 10, "loops": 3}  # all other tasks have one
    heads = (8 + 1) * sum(outputs.get(task["name"], 1) for task in found.tasks)
    trunk = (64 + 1) * 8 + (8 + 1) * 8
    assert (found.snt, found.shared, found.parameters, found.error) == (1, trunk, trunk + heads, "")


def test_tasks_are_those_of_the_data_set_in_order(describer):
    (yeast,) = describer.describe([run(dataset="yeast")])
    assert [task["name"] for task in yeast.tasks] == [f"Class{number}" for number in range(1, 15)]
    assert {task["loss"] for task in yeast.tasks} == {"binary_cross_entropy"}


def test_a_tower_for_every_task_costs_as_many_networks_as_there_are_tasks(describer):
    """Exactly as many trunks, with one set of heads; nearly as many SNT where the trunk is large beside the heads."""
    for width, least in ((8, 0.7), (512, 0.96)):
        hard, soft = describer.describe([run(width=width), run("soft_sharing", width=width)])
        tasks, heads = len(hard.tasks), hard.parameters - hard.shared
        assert (soft.shared, soft.parameters) == (0, tasks * hard.shared + heads)
        trunk, outputs = 64 * width + width * width, heads // (width + 1)
        expected = (tasks * trunk + width * outputs) / (trunk + width * outputs)
        assert soft.snt == pytest.approx(expected)
        assert least * tasks < soft.snt < tasks


def test_every_design_can_be_described_and_the_answers_keep_the_order_of_the_questions(describer):
    names = [entry.name for entry in catalog.entries("architecture")]
    one_by_one = [describer.describe([run(name)])[0] for name in names]
    assert describer.describe([run(name) for name in reversed(names)])[::-1] == one_by_one
    assert all(not found.error and found.parameters > found.shared for found in one_by_one)
    assert min(found.snt for found in one_by_one) == one_by_one[names.index("hard_sharing")].snt == 1


def test_what_cannot_be_built_says_why_beside_what_can(describer):
    bad = run("adashare", depth=1), run(trunk="nowhere.at_all:make"), run(primary="nothing")
    *found, good = describer.describe([*bad, run()])
    assert "depth of at least 2" in found[0].error
    assert "'nowhere.at_all:make' cannot be imported" in found[1].error
    assert "There is no task 'nothing'" in found[2].error
    assert all(each == Description(error=each.error) for each in found)
    assert good.snt == 1


def test_a_generated_task_is_described_too(describer):
    (plain, maxl) = describer.describe([run(), run(primary="digit", auxiliary="maxl", subclasses=3)])
    assert [task["name"] for task in maxl.tasks[:-1]] == [task["name"] for task in plain.tasks]
    assert maxl.parameters - plain.parameters == 30 * (8 + 1)
    (refused,) = describer.describe([run(primary="ink", auxiliary="maxl")])
    assert "'ink'" in refused.error and "squared_error" in refused.error


def test_questions_of_several_threads_get_each_its_own_answer(describer):
    widths, found = range(4, 12), {}

    def ask(width):
        found[width] = describer.describe([run(width=width)])[0].shared

    threads = [threading.Thread(target=ask, args=(width,)) for width in widths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {width: 65 * width + (width + 1) * width for width in widths}


def test_a_process_that_has_ended_is_begun_anew(describer):
    before = describer.describe([run()])
    first = describer._process
    first.kill()
    first.wait()
    assert describer.describe([run()]) == before
    assert describer._process is not first


def test_a_process_that_never_answers_is_one_sentence(monkeypatch):
    monkeypatch.setattr(descriptions.sys, "executable", "/bin/false")
    with pytest.raises(KindredError, match="ended without an answer"):
        Describer().describe([run()])


def test_closing_ends_the_process_and_a_later_question_begins_it_anew(monkeypatch):
    monkeypatch.setattr(descriptions.sys, "executable", "/bin/cat")  # loads nothing
    asked = Describer()
    asked.close()  # nothing has begun yet
    monkeypatch.setattr(
        descriptions.subprocess,
        "Popen",
        lambda *_, real=descriptions.subprocess.Popen, **also: real(
            ["/bin/sh", "-c", "while read -r _; do echo '[{\"snt\": 2.0}]'; done"], **also
        ),
    )
    assert asked.describe([run()]) == [Description(snt=2.0)]
    process = asked._process
    asked.close()
    assert process.poll() == 0
    assert asked.describe([run()]) == [Description(snt=2.0)]
    asked.close()
